//! A program asks for a session. Everything that is wrong with what it shows gets one answer; that the keys of its
//! provider cannot be had is another one, because it may come back with the same token.

use super::Trusted;
use super::providers;
use super::refused::{self, Wanted};
use super::rules::claims_of;
use super::sessions::{self, Opening};
use super::verify::{Examined, examine};
use crate::gate::{Actor, Who};
use crate::jwt::Token;
use crate::nexus::Nexus;
use crate::store::{on, single, sql};
use crate::work::Work;
use crate::{Error, Result, credentials, tiers};
use nexus_domain::keys::Access;
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::workload::{
    AccessToken, CheckKind, IdentityProviderKind, Proof, RuleClaims, SignedRequest, TokenClaims,
    TokenExchange, check_rule, passed,
};
use nexus_domain::{Code, IdentityId, IdentityProviderId, ProjectId, Refusal, ServiceId, TenantId};
use sqlx::FromRow;
use std::net::IpAddr;
use uuid::Uuid;

/// More providers than this are not tried for one token.
const MAX_TRIED: usize = 8;
/// How much of what a token says of itself stands for it where failed attempts are counted, in bytes.
const MAX_ACCOUNT: usize = 300;

/// A service that a program wants to read.
#[derive(FromRow)]
struct Service {
    id: ServiceId,
    tenant: TenantId,
    tenant_slug: String,
    tenant_cidrs: String,
    project_id: ProjectId,
    #[sqlx(try_from = "String")]
    kind: ServiceKind,
    project: String,
    environment: String,
    service: String,
}

impl Service {
    fn path(&self) -> ServicePath {
        ServicePath {
            project: self.project.clone(),
            environment: self.environment.clone(),
            service: self.service.clone(),
        }
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            project: self.project.clone(),
            environment: self.environment.clone(),
            service: self.service.clone(),
        }
    }
}

/// A rule of it.
#[derive(FromRow)]
struct Rule {
    id: IdentityId,
    provider_id: IdentityProviderId,
    name: String,
    claims: String,
    #[sqlx(try_from = "String")]
    access: Access,
    max_lifetime: Option<i64>,
}

impl Rule {
    fn pins(&self) -> RuleClaims {
        claims_of(&self.claims)
    }
}

/// What the service believes.
struct Believed {
    service: Service,
    providers: Vec<Trusted>,
    rules: Vec<Rule>,
    available: Result<(), Refusal>,
}

fn unauthorized() -> Error {
    Refusal::new(Code::Unauthorized, "This lets nobody in here; why, stands in the audit log of the tenant")
        .into()
}

/// Gives a session of the service at this endpoint for a token, or a signed request, that one of its rules lets in.
pub async fn exchange(
    nexus: &Nexus,
    endpoint: &str,
    asked: TokenExchange,
    ip: IpAddr,
) -> Result<AccessToken> {
    nexus.limits.request(ip, nexus.now()).await?;
    let named = asked.provider.clone();
    let proof = asked.proof()?;
    let account = account(endpoint, &proof, ip);
    nexus.limits.room(ip, &account, nexus.now()).await?;
    let outcome = Box::pin(decide(nexus, endpoint, &named, &proof, ip)).await;
    if let Err(Error::Refused(refusal)) = &outcome
        && refusal.code == Code::Unauthorized
    {
        nexus.limits.attempt(ip, &account, nexus.now()).await?;
    }
    outcome
}

/// Whom failed attempts are counted for: the workload that the token says it is, at this service. Somebody else's
/// failures do not keep it out. Who says nothing of themselves is counted by the address alone.
fn account(endpoint: &str, proof: &Proof, ip: IpAddr) -> String {
    let says = match proof {
        Proof::Token(text) => Token::read(text).map(|token| who(&token.claims)).unwrap_or_default(),
        Proof::Request(request) => signer(request),
    };
    if says.trim().is_empty() {
        return format!("workload {ip}");
    }
    let end = says.char_indices().map(|(at, _)| at).find(|at| *at >= MAX_ACCOUNT).unwrap_or(says.len());
    format!("workload {endpoint} {}", says.get(..end).unwrap_or_default())
}

fn who(claims: &TokenClaims) -> String {
    format!("{} {}", claims.text("iss").unwrap_or_default(), claims.text("sub").unwrap_or_default())
}

fn signer(request: &SignedRequest) -> String {
    let named = |name: &&String| name.eq_ignore_ascii_case("authorization");
    let value = request.headers.keys().find(named).and_then(|name| request.headers.get(name));
    let key = value.and_then(|value| value.split_once("Credential=")?.1.split('/').next());
    key.unwrap_or_default().to_owned()
}

async fn decide(
    nexus: &Nexus,
    endpoint: &str,
    named: &str,
    proof: &Proof,
    ip: IpAddr,
) -> Result<AccessToken> {
    let Some(believed) = believed(nexus, endpoint).await? else { return Err(unauthorized()) };
    let (mut unready, mut used) = (false, None);
    for provider in candidates(&believed, named, proof) {
        let examined = examine(nexus, provider, proof).await;
        if examined.unready {
            unready = true;
            continue;
        }
        match matching(&believed, provider, &examined) {
            Ok(rule) => {
                used = Some((provider, rule, examined));
                break;
            }
            Err(reason) => refused::note(nexus, provider, &believed.service.wanted(), reason, ip),
        }
    }
    match used {
        Some((provider, rule, examined)) => open(nexus, &believed, provider, rule, examined, ip).await,
        None if unready => {
            let message = "The provider's keys cannot be had now; try again";
            Err(Refusal::new(Code::Unavailable, message).into())
        }
        None => Err(unauthorized()),
    }
}

/// The providers that may be meant: the named one, or those of the named kind, and only where a rule of the service
/// takes their word and the token says that it is theirs and for them.
fn candidates<'b>(believed: &'b Believed, named: &str, proof: &Proof) -> Vec<&'b Trusted> {
    let by_id = Uuid::try_parse(named).ok().map(IdentityProviderId);
    let by_kind = IdentityProviderKind::parse(named);
    let meant = |provider: &&Trusted| match by_id {
        Some(id) => provider.id == id,
        None => by_kind == Some(provider.kind) && fits(provider, proof),
    };
    believed.providers.iter().filter(meant).take(MAX_TRIED).collect()
}

/// Whether a token says that it is of this provider and for it; of several clusters with one issuer, it is for one.
fn fits(provider: &Trusted, proof: &Proof) -> bool {
    let Proof::Token(text) = proof else { return !provider.kind.has_tokens() };
    let Ok(token) = Token::read(text) else { return provider.kind.has_tokens() };
    token.claims.text("iss") == Some(&provider.issuer)
}

/// The rule that lets it in, or why none does. Of several it is the one that pins most.
fn matching<'b>(
    believed: &'b Believed,
    provider: &Trusted,
    examined: &Examined,
) -> Result<&'b Rule, CheckKind> {
    if !examined.passed() {
        return Err(examined.reason());
    }
    let mut best: Option<(usize, &Rule)> = None;
    for rule in believed.rules.iter().filter(|rule| rule.provider_id == provider.id) {
        let pins = rule.pins();
        let fits = passed(&check_rule(provider.kind, &pins, &examined.claims));
        if fits && best.is_none_or(|(most, _)| pins.len() > most) {
            best = Some((pins.len(), rule));
        }
    }
    best.map(|(_, rule)| rule).ok_or(CheckKind::Claim)
}

/// What is only asked of who has shown who they are, and then the session.
async fn open(
    nexus: &Nexus,
    believed: &Believed,
    provider: &Trusted,
    rule: &Rule,
    examined: Examined,
    ip: IpAddr,
) -> Result<AccessToken> {
    believed.available.clone()?;
    let service = &believed.service;
    if !credentials::networks(&service.tenant_cidrs).admit(Some(ip)) {
        return Err(
            Refusal::new(Code::IpNotAllowed, "This tenant takes no credential from your address").into()
        );
    }
    let claims = &examined.claims;
    let subject = ["sub", "arn"].iter().find_map(|name| claims.text(name)).unwrap_or_default().to_owned();
    let seconds = rule.max_lifetime.unwrap_or(provider.max_lifetime).min(provider.max_lifetime);
    let opening = Opening {
        identity: rule.id,
        rule: rule.name.clone(),
        claims: rule.claims.clone(),
        access: rule.access,
        service: service.id,
        path: service.path(),
        subject,
        seconds,
        signature_hash: examined.signature_hash,
    };
    match sessions::begin(nexus, &service.tenant_slug, ip, provider, opening).await? {
        Some(made) => {
            Ok(AccessToken { access_token: made.text, token_type: "Bearer".to_owned(), expires_in: seconds })
        }
        None => {
            refused::note(nexus, provider, &service.wanted(), CheckKind::Request, ip);
            Err(unauthorized())
        }
    }
}

/// What the service at this endpoint believes; none where nothing is there that could let a program in.
async fn believed(nexus: &Nexus, endpoint: &str) -> Result<Option<Believed>> {
    let service: Option<Service> = single!(nexus.db, |pool| {
        sqlx::query_as(sql!(
        "SELECT s.id, s.tenant_id AS tenant, t.slug AS tenant_slug, t.allowed_cidrs AS tenant_cidrs, s.project_id,
                s.kind, p.slug AS project, e.slug AS environment, s.slug AS service
         FROM services s JOIN projects p ON p.id = s.project_id JOIN environments e ON e.id = s.environment_id
         JOIN tenants t ON t.id = s.tenant_id
         WHERE s.endpoint_slug = $1"
    ))
    .bind(crate::store::findable(endpoint))
    .fetch_optional(pool)
    .await
    })?;
    let Some(service) = service.filter(|service| service.kind == ServiceKind::Backend) else {
        return Ok(None);
    };
    let reader = Actor {
        tenant: service.tenant,
        tenant_slug: service.tenant_slug.clone(),
        who: Who::Operator,
        ip: None,
    };
    nexus.read(&reader, move |w| Box::pin(async move { read(w, service).await.map(Some) })).await
}

async fn read(w: &mut Work, service: Service) -> Result<Believed> {
    let rules: Vec<Rule> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, provider_id, name, claims, access, max_lifetime FROM workload_identities
         WHERE tenant_id = $1 AND service_id = $2 ORDER BY id"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .fetch_all(c)
    .await)?;
    let mut trusted = Vec::new();
    for row in providers::rows(w).await? {
        if rules.iter().any(|rule| rule.provider_id == row.id) {
            trusted.push(row.trusted(service.tenant)?);
        }
    }
    let available = match tiers::require_workload_identity(w, service.project_id).await {
        Ok(()) => Ok(()),
        Err(Error::Refused(refusal)) => Err(refusal),
        Err(error) => return Err(error),
    };
    Ok(Believed { service, providers: trusted, rules, available })
}
