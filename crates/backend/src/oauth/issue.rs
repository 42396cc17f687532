//! Giving out tokens: a grant begins with the first pair of them, and goes on with the next.

use super::to_store;
use crate::Result;
use crate::credentials::{Made, make};
use crate::nexus::Nexus;
use crate::store::{Tx, on, sql};
use nexus_domain::credential::{OAUTH_ACCESS, OAUTH_REFRESH};
use nexus_domain::oauth::{ACCESS_LIFE, MAX_GRANTS, REFRESH_LIFE, TokenAnswer, write_scopes};
use nexus_domain::role::Scopes;
use nexus_domain::timestamp::SECOND;
use nexus_domain::{OauthAppId, OauthGrantId, TenantId, Timestamp, UserId};

/// An access token and a refresh token that were just made.
pub(super) struct Pair {
    access: Made,
    refresh: Made,
}

impl Pair {
    pub fn make(nexus: &Nexus) -> Result<Self> {
        Ok(Self { access: make(nexus, OAUTH_ACCESS)?, refresh: make(nexus, OAUTH_REFRESH)? })
    }

    /// What the app is told; the only time that the tokens are shown.
    pub fn into_answer(self, scopes: &Scopes) -> TokenAnswer {
        TokenAnswer {
            access_token: self.access.text,
            token_type: "Bearer".to_owned(),
            expires_in: ACCESS_LIFE / SECOND,
            refresh_token: self.refresh.text,
            scope: write_scopes(scopes),
        }
    }
}

/// The grant that tokens are of.
pub(super) struct Grant {
    pub tenant: TenantId,
    pub id: OauthGrantId,
    pub user: UserId,
    pub app: Option<OauthAppId>,
    pub scopes: Scopes,
}

/// Begins a grant. One more than an app may have of a person ends the oldest.
pub(super) async fn begin(tx: &mut Tx, grant: &Grant, now: Timestamp) -> Result<()> {
    let scopes = to_store(&grant.scopes)?;
    on!(*tx, |c| sqlx::query(sql!(
        "INSERT INTO oauth_grants (tenant_id, id, user_id, app_id, scopes, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)"
    ))
    .bind(grant.tenant)
    .bind(grant.id)
    .bind(grant.user)
    .bind(grant.app)
    .bind(scopes)
    .bind(now)
    .bind(now.plus(REFRESH_LIFE))
    .execute(c)
    .await
    .map(|_| ()))?;
    let built_in = grant.app.is_none();
    on!(*tx, |c| sqlx::query(sql!(
        "DELETE FROM oauth_grants WHERE tenant_id = $1 AND id IN
             (SELECT id FROM oauth_grants
              WHERE tenant_id = $1 AND user_id = $2 AND (app_id = $3 OR ($4 AND app_id IS NULL))
              ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET $5)"
    ))
    .bind(grant.tenant)
    .bind(grant.user)
    .bind(grant.app)
    .bind(built_in)
    .bind(MAX_GRANTS)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// Stores a pair: the access token with its scopes, the refresh token with those of the grant.
pub(super) async fn store(
    tx: &mut Tx,
    grant: &Grant,
    pair: &Pair,
    access_scopes: &Scopes,
    now: Timestamp,
) -> Result<()> {
    let both = [
        (&pair.access, "access", to_store(access_scopes)?, now.plus(ACCESS_LIFE)),
        (&pair.refresh, "refresh", to_store(&grant.scopes)?, now.plus(REFRESH_LIFE)),
    ];
    for (made, kind, scopes, expires_at) in both {
        on!(*tx, |c| sqlx::query(sql!(
            "INSERT INTO oauth_tokens (tenant_id, grant_id, key_id, mac, kind, scopes, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        ))
        .bind(grant.tenant)
        .bind(grant.id)
        .bind(made.key_id.as_str())
        .bind(made.mac.as_slice())
        .bind(kind)
        .bind(scopes)
        .bind(now)
        .bind(expires_at)
        .execute(c)
        .await
        .map(|_| ()))?;
    }
    Ok(())
}
