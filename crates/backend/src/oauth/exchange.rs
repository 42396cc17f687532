//! The address where tokens are given out. A code is consumed by one statement; a second use of it ends what
//! the first one gave (RFC 6749, section 4.1.2).

use super::client::{self, Client};
use super::issue::{Grant, Pair, begin, store};
use super::refresh::{self, end};
use super::standing::{Holder, Shown};
use super::{Answer, Basic, Failure, Form, device, stored_scopes};
use crate::Result;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, single, sql};
use crate::work::Target;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nexus_domain::oauth::TokenAnswer;
use nexus_domain::oauth::problem::{Problem, ProblemCode};
use nexus_domain::{OauthAppId, OauthGrantId, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use std::net::IpAddr;
use subtle::ConstantTimeEq;
use uuid::Uuid;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Answers a request to `/oauth/token`.
pub async fn exchange(nexus: &Nexus, form: &Form, basic: Option<&Basic>, ip: IpAddr) -> Answer<TokenAnswer> {
    let begun = nexus.now();
    nexus.limits.request(ip, begun).await?;
    form.refuse_repeated()?;
    let kind = form.need("grant_type", "grant_type is missing")?;
    let client = client::identify(nexus, form, basic, ip).await?;
    let account = format!("oauth token {ip}");
    nexus.limits.attempt(ip, &account, begun).await?;
    let answer = match kind {
        "authorization_code" => by_code(nexus, form, &client, ip).await,
        "refresh_token" => refresh::refresh(nexus, form, &client, ip).await,
        DEVICE => device::poll(nexus, form, &client, ip).await,
        _ => Err(Problem::new(ProblemCode::UnsupportedGrantType, "This grant_type is not known here").into()),
    };
    let guessed = matches!(&answer, Err(Failure::Problem(it)) if it.code == ProblemCode::InvalidGrant);
    if !guessed {
        nexus.limits.succeeded(ip, &account, begun, nexus.now()).await?;
    }
    answer
}

#[derive(FromRow)]
struct CodeRow {
    #[sqlx(flatten)]
    holder: Holder,
    app_id: OauthAppId,
    redirect_uri: String,
    challenge: String,
    scopes: String,
    grant_id: Option<OauthGrantId>,
    expires_at: Timestamp,
}

async fn by_code(nexus: &Nexus, form: &Form, client: &Client, ip: IpAddr) -> Answer<TokenAnswer> {
    let code = form.need("code", "code is missing")?;
    let redirect_uri = form.need("redirect_uri", "redirect_uri is missing")?;
    let verifier = form.need("code_verifier", "code_verifier is missing")?;
    let Some((tenant, app)) = client.app else {
        return Err(Problem::new(ProblemCode::UnauthorizedClient, "This app takes the device flow").into());
    };
    let hash = nexus.keyring.mac("oauth-code", code.as_bytes())?;
    let row: Option<CodeRow> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT k.tenant_id, t.slug AS tenant_slug, k.user_id, u.email, m.role, m.handle, a.name AS app_name, k.app_id,
                k.redirect_uri, k.challenge, k.scopes, k.grant_id, k.expires_at
         FROM oauth_codes k JOIN tenants t ON t.id = k.tenant_id JOIN users u ON u.id = k.user_id
         JOIN memberships m ON m.tenant_id = k.tenant_id AND m.user_id = k.user_id
         JOIN oauth_apps a ON a.tenant_id = k.tenant_id AND a.id = k.app_id
         WHERE k.tenant_id = $1 AND k.code_hash = $2"
    ))
    .bind(tenant)
    .bind(hash.as_slice())
    .fetch_optional(pool)
    .await)
    .map_err(crate::Error::from)?;
    let row = row.filter(|row| row.app_id == app).ok_or(Problem::invalid_grant())?;
    if let Some(gave) = row.grant_id {
        let actor = row.holder.actor(gave, stored_scopes(&row.scopes), Shown::default(), Some(ip));
        return Err(again(nexus, actor, gave).await);
    }
    let is_right = row.redirect_uri == redirect_uri && proves(verifier, &row.challenge);
    if !is_right || row.expires_at <= nexus.now() {
        return Err(Problem::invalid_grant().into());
    }
    let grant = Grant {
        tenant,
        id: OauthGrantId(Uuid::now_v7()),
        user: row.holder.user_id,
        app: Some(app),
        scopes: stored_scopes(&row.scopes),
    };
    let actor = row.holder.actor(grant.id, grant.scopes.clone(), Shown::default(), Some(ip));
    match consume(nexus, &actor, grant, hash).await? {
        Consumed::Gave(answer) => Ok(answer),
        Consumed::Before(gave) => Err(again(nexus, actor, gave).await),
        Consumed::Gone => Err(Problem::invalid_grant().into()),
    }
}

/// Ends what a code gave that is shown a second time.
async fn again(nexus: &Nexus, actor: Actor, gave: OauthGrantId) -> Failure {
    match end(nexus, &actor, gave, "code_used_twice").await {
        Ok(()) => Problem::invalid_grant().into(),
        Err(error) => error.into(),
    }
}

enum Consumed {
    Gave(TokenAnswer),
    /// Somebody was faster.
    Before(OauthGrantId),
    Gone,
}

/// Uses a code up, and begins the grant.
async fn consume(nexus: &Nexus, actor: &Actor, grant: Grant, hash: [u8; 32]) -> Result<Consumed> {
    let pair = Pair::make(nexus)?;
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let used = on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE oauth_codes SET grant_id = $3
                     WHERE tenant_id = $1 AND code_hash = $2 AND grant_id IS NULL AND expires_at > $4"
                ))
                .bind(grant.tenant)
                .bind(hash.as_slice())
                .bind(grant.id)
                .bind(w.now)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
                if used != 1 {
                    w.nothing_to_do();
                    let row: Option<(Option<OauthGrantId>,)> = on!(w.tx, |c| sqlx::query_as(sql!(
                        "SELECT grant_id FROM oauth_codes WHERE tenant_id = $1 AND code_hash = $2"
                    ))
                    .bind(grant.tenant)
                    .bind(hash.as_slice())
                    .fetch_optional(c)
                    .await)?;
                    return Ok(row.and_then(|(gave,)| gave).map_or(Consumed::Gone, Consumed::Before));
                }
                begin(&mut w.tx, &grant, w.now).await?;
                store(&mut w.tx, &grant, &pair, &grant.scopes, w.now).await?;
                let details = json!({ "app": grant.app, "scopes": grant.scopes });
                w.record_event("oauth_grant.begun", &Target::default(), details).await?;
                Ok(Consumed::Gave(pair.into_answer(&grant.scopes)))
            })
        })
        .await
}

/// Whether the verifier is the one of the challenge (RFC 7636, section 4.6).
fn proves(verifier: &str, challenge: &str) -> bool {
    let fits = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    fits && bool::from(hash.as_bytes().ct_eq(challenge.as_bytes()))
}
