//! The way to a provider: what is remembered of somebody who is sent there. It is stored under the hash of the
//! state, bound to the browser that began, and used up when they come back.

use super::discovery;
use super::exchange;
use super::{Known, at_issuer, known};
use crate::crypto::{self, Aad};
use crate::gate::is_fresh;
use crate::nexus::Nexus;
use crate::people::{self, Opened};
use crate::store::{on, single, sql};
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nexus_domain::sign_in::{ProviderKind, Purpose};
use nexus_domain::{Code, ProviderId, Refusal, Timestamp, UserId, timestamp};
use oauth2::{AuthUrl, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, Scope};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;
use url::Url;

/// How long somebody may take at the provider.
const LIFE: i64 = 10 * timestamp::MINUTE;

/// What somebody wants of a provider.
#[derive(Debug)]
pub struct Start {
    pub provider: ProviderId,
    pub purpose: Purpose,
    /// Where they go when it worked: a path of this instance.
    pub next: String,
    /// The page that they began on, to come back to when it did not.
    pub back: String,
    /// Who is signed in.
    pub opened: Option<Opened>,
    /// What only this browser's session knows.
    pub browser: SecretString,
    pub ip: IpAddr,
}

/// What has to be known when they come back.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub nonce: String,
    pub verifier: String,
    pub next: String,
    pub back: String,
}

/// A flow that was used up.
pub(super) struct Flow {
    pub provider: ProviderId,
    pub user: Option<UserId>,
    pub purpose: Purpose,
    pub begun: Timestamp,
    pub kept: Kept,
}

#[derive(sqlx::FromRow)]
struct FlowRow {
    provider_id: ProviderId,
    user_id: Option<UserId>,
    purpose: String,
    sealed: Vec<u8>,
    created_at: Timestamp,
}

fn place(state_hash: &[u8]) -> Aad {
    Aad::new("nexus/sign-in-flow/v1").field(state_hash)
}

/// Remembers what is wanted; answers with the address at the provider.
pub async fn start(nexus: &Nexus, start: Start) -> Result<String> {
    nexus.limits.request(start.ip, nexus.now()).await?;
    let provider = known(nexus, start.provider).await?;
    let user = who_may(nexus, &start, &provider).await?;
    let kept = Kept { nonce: fresh(nexus)?, verifier: fresh(nexus)?, next: start.next, back: start.back };
    let state = fresh(nexus)?;
    let address = address(nexus, &provider, start.purpose, &state, &kept).await?;
    let state_hash = nexus.keyring.mac("sign-in-state", state.as_bytes())?;
    let browser_hash = nexus.keyring.mac("sign-in-browser", start.browser.expose_secret().as_bytes())?;
    let sealed = serde_json::to_vec(&kept).map_err(|_| Error::Impossible("a flow is JSON"))?;
    let sealed = nexus.keyring.seal_for_people(&place(&state_hash), &sealed)?;
    let (now, purpose) = (nexus.now(), start.purpose);
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!(
                    "INSERT INTO sign_in_flows (state_hash, browser_hash, provider_id, user_id, purpose, sealed,
                         created_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                ))
                .bind(state_hash.as_slice())
                .bind(browser_hash.as_slice())
                .bind(provider.id)
                .bind(user)
                .bind(purpose.as_str())
                .bind(sealed)
                .bind(now)
                .bind(now.plus(LIFE))
                .execute(c)
                .await
                .map(|_| ()))?;
                Ok(())
            })
        })
        .await?;
    Ok(address)
}

/// Who has to come back, where somebody is signed in. Linking changes how a person signs in, so it needs a
/// fresh sign-in, and a session that a tenant's provider did not open.
async fn who_may(nexus: &Nexus, start: &Start, provider: &Known) -> Result<Option<UserId>> {
    let opened = || start.opened.ok_or_else(|| Refusal::new(Code::Unauthorized, "Sign in first"));
    match start.purpose {
        Purpose::SignIn | Purpose::Join => Ok(None),
        Purpose::Link => {
            let opened = opened()?;
            people::refuse_confined(nexus, opened).await?;
            if !is_fresh(opened.signed_in_at, nexus.now()) {
                return Err(
                    Refusal::new(Code::StepUpRequired, "Confirm that it is you: sign in again").into()
                );
            }
            Ok(Some(opened.user))
        }
        Purpose::StepUp => {
            let opened = opened()?;
            refuse_stranger(&opened, provider)?;
            Ok(Some(opened.user))
        }
    }
}

/// A tenant's provider confirms the sessions that it opened and no others: whoever runs it could confirm
/// anybody.
fn refuse_stranger(opened: &Opened, provider: &Known) -> Result<()> {
    let opened_by_it = opened.proof.means == people::Means::Provider(provider.id);
    let may = provider.kind.tells_when() && (provider.tenant.is_none() || opened_by_it);
    if may {
        Ok(())
    } else {
        Err(Refusal::new(Code::Forbidden, "This provider cannot confirm this session").into())
    }
}

/// What a browser's session keeps, so that only this browser can come back from a provider.
pub fn browser_secret(nexus: &Nexus) -> Result<String> {
    fresh(nexus)
}

/// 256 random bits as text.
fn fresh(nexus: &Nexus) -> Result<String> {
    let bytes: [u8; 32] = crypto::random(nexus.keyring.random())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

async fn address(
    nexus: &Nexus,
    provider: &Known,
    purpose: Purpose,
    state: &str,
    kept: &Kept,
) -> Result<String> {
    let endpoints = discovery::endpoints(nexus, provider).await.map_err(|unusable| {
        tracing::warn!(provider = %provider.id, issuer = provider.issuer, %unusable, "a provider cannot be used");
        Refusal::new(Code::Unavailable, format!("{} cannot be reached right now; try again, or sign in another way", provider.name))
    })?;
    let endpoint = AuthUrl::new(endpoints.authorization_endpoint.clone()).map_err(at_issuer)?;
    let client = exchange::client(nexus, provider).map_err(at_issuer)?.set_auth_uri(endpoint);
    let challenge =
        PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(kept.verifier.clone()));
    let state = state.to_owned();
    let mut request = client.authorize_url(|| CsrfToken::new(state)).set_pkce_challenge(challenge);
    for scope in scopes(provider.kind) {
        request = request.add_scope(Scope::new((*scope).to_owned()));
    }
    if provider.kind != ProviderKind::Github {
        request = request.add_extra_param("nonce", kept.nonce.clone());
    }
    if purpose == Purpose::StepUp {
        // Asked for by name too, for those who send it only then.
        let wanted = r#"{"id_token":{"auth_time":{"essential":true}}}"#;
        request = request.add_extra_param("max_age", "0").add_extra_param("claims", wanted);
    }
    Ok(request.url().0.to_string())
}

const fn scopes(kind: ProviderKind) -> &'static [&'static str] {
    match kind {
        ProviderKind::Github => &["read:user", "user:email"],
        ProviderKind::Google | ProviderKind::Oidc => &["openid", "email", "profile"],
    }
}

/// Uses a flow up; `None` for one that is not there, is over, or was made for another browser.
pub(super) async fn consume(nexus: &Nexus, state: &str, browser: &SecretString) -> Result<Option<Flow>> {
    let state_hash = nexus.keyring.mac("sign-in-state", state.as_bytes())?;
    let browser_hash = nexus.keyring.mac("sign-in-browser", browser.expose_secret().as_bytes())?;
    let now = nexus.now();
    let row: Option<FlowRow> = nexus
        .write(move |tx| {
            Box::pin(async move {
                Ok(on!(*tx, |c| sqlx::query_as(sql!(
                    "DELETE FROM sign_in_flows WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > $3
                     RETURNING provider_id, user_id, purpose, sealed, created_at"
                ))
                .bind(state_hash.as_slice())
                .bind(browser_hash.as_slice())
                .bind(now)
                .fetch_optional(c)
                .await)?)
            })
        })
        .await?;
    let Some(row) = row else { return Ok(None) };
    let kept = nexus.keyring.open_for_people(&place(&state_hash), &row.sealed)?;
    let kept = serde_json::from_slice(&kept).map_err(|_| Error::Impossible("a flow is JSON"))?;
    let purpose = Purpose::parse(&row.purpose).ok_or(Error::Impossible("an unknown purpose"))?;
    Ok(Some(Flow { provider: row.provider_id, user: row.user_id, purpose, begun: row.created_at, kept }))
}

/// Where a form of a sign-in page may end up: the servers of the providers that it offers. A browser checks the
/// whole way of a form against the page's policy.
pub async fn form_targets(
    nexus: &Nexus,
    tenant: Option<&str>,
    opened: Option<Opened>,
) -> Result<Vec<String>> {
    let mut servers: Vec<(ProviderKind, String)> =
        nexus.settings.providers.iter().map(|own| (own.kind, own.issuer.clone())).collect();
    let user = opened.map(|opened| opened.user);
    let rows: Vec<(String, String)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT p.kind, p.issuer FROM sign_in_providers p JOIN tenants t ON t.id = p.tenant_id
         WHERE p.enabled AND t.slug = $1
         UNION
         SELECT p.kind, p.issuer FROM memberships m JOIN sign_in_providers p ON p.tenant_id = m.tenant_id
         WHERE p.enabled AND m.user_id = $2"
    ))
    .bind(tenant)
    .bind(user)
    .fetch_all(pool)
    .await)?;
    for (kind, issuer) in rows {
        servers.push((super::kind_of(&kind)?, issuer));
    }
    let mut targets = BTreeSet::new();
    for (kind, issuer) in servers {
        targets.insert(origin(&issuer));
        targets.insert(discovery::remembered(nexus, kind, &issuer).and_then(|endpoint| origin(&endpoint)));
    }
    Ok(targets.into_iter().flatten().collect())
}

/// Scheme, host and port, of something that a policy can name.
fn origin(address: &str) -> Option<String> {
    let origin = Url::parse(address).ok()?.origin();
    let text = origin.ascii_serialization();
    (origin.is_tuple() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-/[]_".contains(&b)))
        .then_some(text)
}
