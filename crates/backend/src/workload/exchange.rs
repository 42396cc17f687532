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
use crate::store::{findable, on, single, sql};
use crate::work::Work;
use crate::{Error, Result, credentials, tiers};
use nexus_domain::keys::Access;
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::workload::{
    AccessToken, CheckKind, IdentityProviderKind, Proof, RuleClaims, TokenClaims, TokenExchange, check_rule,
    passed,
};
use nexus_domain::{Code, IdentityId, IdentityProviderId, ProjectId, Refusal, ServiceId, TenantId};
use serde_json::Value;
use sqlx::FromRow;
use std::net::IpAddr;
use uuid::Uuid;

/// More providers than this are not tried for one token.
const MAX_TRIED: usize = 8;

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

/// Which provider a program names, by its id or its kind, and what it shows, taken apart once.
struct Asked<'p> {
    id: Option<IdentityProviderId>,
    kind: Option<IdentityProviderKind>,
    proof: &'p Proof,
    /// None where a request is shown, or what is no token.
    token: Option<Token<'p>>,
}

impl<'p> Asked<'p> {
    fn of(named: &str, proof: &'p Proof) -> Self {
        let token = match proof {
            Proof::Token(text) => Token::read(text).ok(),
            Proof::Request(_) => None,
        };
        let id = Uuid::try_parse(named).map(IdentityProviderId).ok();
        Self { id, kind: IdentityProviderKind::parse(named), proof, token }
    }

    fn sought(&self) -> Sought {
        let issuer = |token: &Token<'_>| findable(token.claims.text("iss").unwrap_or_default());
        Sought {
            id: self.id,
            kind: self.kind.map(IdentityProviderKind::as_str),
            issuer: self.token.as_ref().map(issuer),
        }
    }
}

/// The providers to be read: one by its id, or those of a kind and, where a token tells, of an issuer.
struct Sought {
    id: Option<IdentityProviderId>,
    kind: Option<&'static str>,
    issuer: Option<String>,
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
    // Failed attempts are counted by the address alone. What a token says of itself nobody has checked yet: counted by
    // that, anybody could keep a workload out with garbage in its name. Nobody guesses a signature, so that it need
    // not be counted how often one workload is tried from everywhere.
    let account = format!("workload {ip}");
    nexus.limits.room(ip, &account, nexus.now()).await?;
    let outcome = Box::pin(decide(nexus, endpoint, &named, &proof, ip)).await;
    if let Err(Error::Refused(refusal)) = &outcome
        && refusal.code == Code::Unauthorized
    {
        nexus.limits.attempt(ip, &account, nexus.now()).await?;
    }
    outcome
}

async fn decide(
    nexus: &Nexus,
    endpoint: &str,
    named: &str,
    proof: &Proof,
    ip: IpAddr,
) -> Result<AccessToken> {
    let asked = Asked::of(named, proof);
    let Some(believed) = believed(nexus, endpoint, asked.sought()).await? else { return Err(unauthorized()) };
    let (mut unready, mut used) = (false, None);
    for provider in candidates(&believed, &asked) {
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
/// takes their word and the token says that it is theirs. Several may have one issuer (clusters, above all): where the
/// token says that it is for one of them, the others are neither asked, so that nobody waits for a stranger that hangs,
/// nor told, so that their log is not filled with tokens of others. That nobody has checked yet what it says does no
/// harm: it chooses only who checks it.
fn candidates<'b>(believed: &'b Believed, asked: &Asked<'_>) -> Vec<&'b Trusted> {
    let Asked { id, kind, proof, token } = asked;
    if let Some(id) = id {
        return believed.providers.iter().filter(|provider| provider.id == *id).collect();
    }
    let fits = |provider: &&Trusted| match (proof, token) {
        (Proof::Request(_), _) => !provider.kind.has_tokens(),
        (Proof::Token(_), None) => provider.kind.has_tokens(),
        (Proof::Token(_), Some(token)) => token.claims.text("iss") == Some(&provider.issuer),
    };
    let mut found: Vec<&Trusted> =
        believed.providers.iter().filter(|provider| *kind == Some(provider.kind)).filter(fits).collect();
    if let Some(audience) = token.as_ref().and_then(|token| audience(&token.claims))
        && found.iter().any(|provider| provider.audience == audience)
    {
        found.retain(|provider| provider.audience == audience);
    }
    found.truncate(MAX_TRIED);
    found
}

/// The one audience that a token says it is for.
fn audience(claims: &TokenClaims) -> Option<&str> {
    match claims.get("aud")? {
        Value::Array(all) => match all.as_slice() {
            [only] => only.as_str(),
            _ => None,
        },
        other => other.as_str(),
    }
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

/// Whom the service at this endpoint may believe of this; none where nothing is there that could let a program in.
async fn believed(nexus: &Nexus, endpoint: &str, sought: Sought) -> Result<Option<Believed>> {
    let service: Option<Service> = single!(nexus.db, |pool| {
        sqlx::query_as(sql!(
        "SELECT s.id, s.tenant_id AS tenant, t.slug AS tenant_slug, t.allowed_cidrs AS tenant_cidrs, s.project_id,
                s.kind, p.slug AS project, e.slug AS environment, s.slug AS service
         FROM services s JOIN projects p ON p.id = s.project_id JOIN environments e ON e.id = s.environment_id
         JOIN tenants t ON t.id = s.tenant_id
         WHERE s.endpoint_slug = $1"
    ))
    .bind(findable(endpoint))
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
    nexus.read(&reader, move |w| Box::pin(async move { read(w, service, sought).await.map(Some) })).await
}

async fn read(w: &mut Work, service: Service, sought: Sought) -> Result<Believed> {
    let rules: Vec<Rule> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, provider_id, name, claims, access, max_lifetime FROM workload_identities
         WHERE tenant_id = $1 AND service_id = $2 ORDER BY id"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .fetch_all(c)
    .await)?;
    // Keys that were uploaded are large, and nobody has shown anything yet: only those that may be meant are read.
    let rows: Vec<providers::Row> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT p.id, p.name, p.kind, p.issuer, p.keys_from, p.jwks_url, p.jwks, p.audience, p.max_lifetime,
                p.algorithms, p.created_at, p.created_by, p.trusted_since, CAST(0 AS BIGINT) AS identities
         FROM identity_providers p
         WHERE p.tenant_id = $1
           AND EXISTS (SELECT 1 FROM workload_identities i
                       WHERE i.tenant_id = $1 AND i.service_id = $2 AND i.provider_id = p.id)
           AND (p.id = $3 OR (p.kind = $4 AND p.issuer = COALESCE($5, p.issuer)))
         ORDER BY p.name"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(sought.id)
    .bind(sought.kind)
    .bind(sought.issuer)
    .fetch_all(c)
    .await)?;
    let trusted = rows.into_iter().map(|row| row.trusted(service.tenant)).collect::<Result<_>>()?;
    let available = match tiers::require_workload_identity(w, service.project_id).await {
        Ok(()) => Ok(()),
        Err(Error::Refused(refusal)) => Err(refusal),
        Err(error) => return Err(error),
    };
    Ok(Believed { service, providers: trusted, rules, available })
}
