//! Refresh tokens: each is used once and gives the next one. One that comes a second time was stolen, or the
//! one before was, and nobody can tell which; so the whole grant ends (RFC 9700, section 4.14.2). There is no
//! grace for a second try: an app asks once at a time.

use super::client::{self, Client};
use super::issue::{Grant, Pair, store};
use super::standing::{Holder, Shown};
use super::{Answer, Basic, Form, still_held, stored_scopes};
use crate::Result;
use crate::credentials::mac_of_text;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{Tx, on, single, sql};
use crate::work::Target;
use nexus_domain::action::Action;
use nexus_domain::credential::{self, Family};
use nexus_domain::oauth::problem::{Problem, ProblemCode};
use nexus_domain::oauth::{REFRESH_LIFE, TokenAnswer, read_scopes};
use nexus_domain::role::Scopes;
use nexus_domain::{OauthAppId, OauthGrantId, TenantId, Timestamp};
use serde_json::json;
use sqlx::FromRow;
use std::net::IpAddr;
use subtle::ConstantTimeEq;

/// A token as it is stored, with the person of its grant.
#[derive(FromRow)]
pub(super) struct TokenRow {
    #[sqlx(flatten)]
    pub holder: Holder,
    pub grant_id: OauthGrantId,
    pub app_id: Option<OauthAppId>,
    key_id: String,
    mac: Vec<u8>,
    pub kind: String,
    pub scopes: String,
    /// What the app may ask for now.
    app_scopes: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

impl TokenRow {
    /// What was given, as far as the app may still have it.
    pub fn held(&self) -> Scopes {
        still_held(&self.scopes, self.app_scopes.as_deref())
    }

    fn actor(&self, ip: IpAddr) -> Actor {
        let shown = Shown { value: self.key_id.clone(), ..Shown::default() };
        self.holder.clone().actor(self.grant_id, self.held(), shown, Some(ip))
    }
}

/// The token with this text, whether it still holds or not; none for an app that is disabled.
pub(super) async fn find(nexus: &Nexus, text: &str) -> Result<Option<TokenRow>> {
    let Some(parsed) = credential::parse(text) else { return Ok(None) };
    if !matches!(parsed.family, Family::OauthAccess | Family::OauthRefresh) {
        return Ok(None);
    }
    let mac = mac_of_text(nexus, text)?.unwrap_or_default();
    let row: Option<TokenRow> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT o.tenant_id, t.slug AS tenant_slug, g.user_id, u.email, m.role, m.handle, a.name AS app_name,
                o.grant_id, g.app_id, o.key_id, o.mac, o.kind, o.scopes, a.scopes AS app_scopes, o.created_at,
                o.expires_at, o.used_at
         FROM oauth_tokens o JOIN oauth_grants g ON g.tenant_id = o.tenant_id AND g.id = o.grant_id
         JOIN tenants t ON t.id = o.tenant_id JOIN users u ON u.id = g.user_id
         JOIN memberships m ON m.tenant_id = g.tenant_id AND m.user_id = g.user_id
         LEFT JOIN oauth_apps a ON a.tenant_id = g.tenant_id AND a.id = g.app_id
         WHERE o.key_id = $1 AND (g.app_id IS NULL OR a.enabled)"
    ))
    .bind(parsed.key_id)
    .fetch_optional(pool)
    .await)?;
    let wanted = if parsed.family == Family::OauthAccess { "access" } else { "refresh" };
    Ok(row.filter(|row| bool::from(row.mac.as_slice().ct_eq(mac.as_slice())) && row.kind == wanted))
}

/// Gives the next pair for a refresh token. The access token's scopes may be fewer than the grant's.
pub(super) async fn refresh(nexus: &Nexus, form: &Form, client: &Client, ip: IpAddr) -> Answer<TokenAnswer> {
    let text = form.need("refresh_token", "refresh_token is missing")?;
    let row = find(nexus, text).await?.filter(|row| row.kind == "refresh" && row.app_id == client.id());
    let row = row.ok_or(Problem::invalid_grant())?;
    let actor = row.actor(ip);
    if row.used_at.is_some() {
        end(nexus, &actor, row.grant_id, "refresh_token_used_twice").await?;
        return Err(Problem::invalid_grant().into());
    }
    if row.expires_at <= nexus.now() {
        return Err(Problem::invalid_grant().into());
    }
    let held = row.held();
    let scopes = match form.get("scope") {
        None => held,
        Some(asked) => read_scopes(asked, &held)
            .ok_or(Problem::new(ProblemCode::InvalidScope, "scope names less than was given, never more"))?,
    };
    let grant = Grant {
        tenant: row.holder.tenant_id,
        id: row.grant_id,
        user: row.holder.user_id,
        app: row.app_id,
        scopes: stored_scopes(&row.scopes),
    };
    match rotate(nexus, grant, row.key_id, scopes).await? {
        Some(answer) => Ok(answer),
        None => {
            end(nexus, &actor, row.grant_id, "refresh_token_used_twice").await?;
            Err(Problem::invalid_grant().into())
        }
    }
}

/// Uses a refresh token up by one statement; `None` where somebody was faster. It is no change of the
/// tenant: nothing that is remembered of it becomes untrue.
async fn rotate(nexus: &Nexus, grant: Grant, key_id: String, scopes: Scopes) -> Result<Option<TokenAnswer>> {
    let (pair, now) = (Pair::make(nexus)?, nexus.now());
    nexus
        .write(move |tx| {
            Box::pin(async move {
                // The grant first, then its tokens, like whoever ends it: otherwise two could wait for each other.
                if !goes_on(tx, &grant, now).await? {
                    return Ok(None);
                }
                let used = on!(*tx, |c| sqlx::query(sql!(
                    "UPDATE oauth_tokens SET used_at = $3
                     WHERE tenant_id = $1 AND key_id = $2 AND kind = 'refresh' AND used_at IS NULL AND expires_at > $3"
                ))
                .bind(grant.tenant)
                .bind(key_id)
                .bind(now)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
                if used != 1 {
                    return Ok(None);
                }
                forget_ended(tx, &grant, now).await?;
                store(tx, &grant, &pair, &scopes, now).await?;
                Ok(Some(pair.into_answer(&scopes)))
            })
        })
        .await
}

/// Access tokens of a grant whose hour is over are of no more use.
async fn forget_ended(tx: &mut Tx, grant: &Grant, now: Timestamp) -> Result<()> {
    on!(*tx, |c| {
        sqlx::query(sql!(
        "DELETE FROM oauth_tokens WHERE tenant_id = $1 AND grant_id = $2 AND kind = 'access' AND expires_at <= $3"
    ))
    .bind(grant.tenant)
    .bind(grant.id)
    .bind(now)
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}

/// Moves the end of a grant; `false` where it ended at this moment.
async fn goes_on(tx: &mut Tx, grant: &Grant, now: Timestamp) -> Result<bool> {
    let rows = on!(*tx, |c| sqlx::query(sql!(
        "UPDATE oauth_grants SET expires_at = $3, last_used_at = $4 WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(grant.tenant)
    .bind(grant.id)
    .bind(now.plus(REFRESH_LIFE))
    .bind(now)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Ends a grant with everything that was given out for it, and says why in the audit log.
pub(super) async fn end(nexus: &Nexus, actor: &Actor, grant: OauthGrantId, why: &'static str) -> Result<()> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let tenant = w.actor.tenant;
                if !remove(&mut w.tx, tenant, grant).await? {
                    w.nothing_to_do();
                    return Ok(());
                }
                let details = json!({ "grant": grant, "reason": why });
                w.record(Action::OauthGrantEnd, &Target::default(), details).await
            })
        })
        .await
}

/// Whether there was such a grant; its tokens go with it.
pub(super) async fn remove(tx: &mut Tx, tenant: TenantId, grant: OauthGrantId) -> Result<bool> {
    let rows = on!(*tx, |c| sqlx::query(sql!("DELETE FROM oauth_grants WHERE tenant_id = $1 AND id = $2"))
        .bind(tenant)
        .bind(grant)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Ends a token, where it is one of the app's (RFC 7009): a refresh token with its whole grant, an access
/// token alone. What is no token of the app's is answered the same.
pub async fn revoke(nexus: &Nexus, form: &Form, basic: Option<&Basic>, ip: IpAddr) -> Answer<()> {
    nexus.limits.request(ip, nexus.now()).await?;
    form.refuse_repeated()?;
    let text = form.need("token", "token is missing")?;
    let client = client::identify(nexus, form, basic, ip).await?;
    let Some(row) = find(nexus, text).await?.filter(|row| row.app_id == client.id()) else { return Ok(()) };
    let actor = row.actor(ip);
    if row.kind == "refresh" {
        end(nexus, &actor, row.grant_id, "revoked_by_app").await?;
        return Ok(());
    }
    let key_id = row.key_id;
    nexus
        .change(&actor, move |w| {
            Box::pin(async move {
                let rows = on!(w.tx, |c| sqlx::query(sql!(
                    "DELETE FROM oauth_tokens WHERE tenant_id = $1 AND key_id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(key_id.as_str())
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
                if rows != 1 {
                    w.nothing_to_do();
                    return Ok(());
                }
                let shown = credential::shown(credential::OAUTH_ACCESS, &key_id);
                w.record_event("oauth_token.revoked", &Target::named(&shown), json!({})).await
            })
        })
        .await
        .map_err(super::Failure::from)
}
