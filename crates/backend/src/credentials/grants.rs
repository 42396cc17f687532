//! Access tokens of apps, made into the person that they act for: with the role that the person has now, cut
//! down to what was given and to what the app may still ask for. Remembered like keys, until the tenant's
//! number changes; every change of a role, an app or a membership is one.

use super::rows::networks;
use super::{Allowed, Credential, Known};
use crate::Result;
use crate::nexus::Nexus;
use crate::oauth::{Holder, Shown, still_held};
use crate::store::{Tx, on, sql};
use nexus_domain::network::Networks;
use nexus_domain::{EnvironmentId, OauthAppId, OauthGrantId, Timestamp};
use sqlx::FromRow;

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    holder: Holder,
    grant_id: OauthGrantId,
    app_id: Option<OauthAppId>,
    seq: i64,
    tenant_cidrs: String,
    mac: Vec<u8>,
    scopes: String,
    app_scopes: Option<String>,
    expires_at: Timestamp,
}

pub(super) async fn access_token(nexus: &Nexus, key_id: &str) -> Result<Option<Known>> {
    let now = nexus.now();
    let mut tx = nexus.db.begin_read().await?;
    let row: Option<Row> = on!(tx, |c| {
        sqlx::query_as(sql!(
        "SELECT o.tenant_id, t.slug AS tenant_slug, t.seq, t.allowed_cidrs AS tenant_cidrs, g.user_id, u.email, m.role,
                m.handle, a.name AS app_name, o.grant_id, g.app_id, o.mac, o.scopes, a.scopes AS app_scopes, o.expires_at
         FROM oauth_tokens o JOIN oauth_grants g ON g.tenant_id = o.tenant_id AND g.id = o.grant_id
         JOIN tenants t ON t.id = o.tenant_id JOIN users u ON u.id = g.user_id
         JOIN memberships m ON m.tenant_id = g.tenant_id AND m.user_id = g.user_id
         LEFT JOIN oauth_apps a ON a.tenant_id = g.tenant_id AND a.id = g.app_id
         WHERE o.key_id = $1 AND o.kind = 'access' AND o.expires_at > $2 AND (g.app_id IS NULL OR a.enabled)"
    ))
    .bind(key_id)
    .bind(now)
    .fetch_optional(c)
    .await
    })?;
    let environments = match &row {
        Some(row) => environments(&mut tx, row).await?,
        None => Vec::new(),
    };
    tx.rollback().await?;
    Ok(row.map(|row| {
        let shown = Shown { environments, value: key_id.to_owned(), until: Some(row.expires_at) };
        let scopes = still_held(&row.scopes, row.app_scopes.as_deref());
        Known {
            expires_at: Some(row.expires_at),
            seq: row.seq,
            allowed: Allowed { tenant: networks(&row.tenant_cidrs), key: Networks::default() },
            mac: row.mac,
            credential: Credential {
                endpoint_slug: None,
                actor: row.holder.actor(row.grant_id, scopes, shown, None),
            },
        }
    }))
}

/// The environments that a grant sees: live for an app, the person's own ones for the command line.
async fn environments(tx: &mut Tx, row: &Row) -> Result<Vec<EnvironmentId>> {
    let is_app = row.app_id.is_some();
    let rows: Vec<(EnvironmentId,)> = on!(*tx, |c| {
        sqlx::query_as(sql!(
        "SELECT id FROM environments
         WHERE tenant_id = $1 AND ((kind = 'live' AND $3) OR (kind = 'developer' AND owner_id = $2 AND NOT $3))"
    ))
    .bind(row.holder.tenant_id)
    .bind(row.holder.user_id)
    .bind(is_app)
    .fetch_all(c)
    .await
    })?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
