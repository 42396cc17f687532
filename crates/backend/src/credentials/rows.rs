//! Keys as they are stored, made into what they stand for.

use super::{Allowed, Credential, Known};
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::store::{on, single, sql};
use crate::{Error, Result, workload};
use nexus_domain::credential::{self, environment_prefix};
use nexus_domain::keys::Access;
use nexus_domain::network::Networks;
use nexus_domain::service::ServiceKind;
use nexus_domain::{EnvironmentId, IdentityId, KeyId, ServiceId, TenantId, Timestamp, WorkloadSessionId};
use sqlx::FromRow;

#[derive(FromRow)]
struct ServiceKeyRow {
    id: KeyId,
    tenant_id: TenantId,
    tenant_slug: String,
    seq: i64,
    tenant_cidrs: String,
    mac: Vec<u8>,
    expires_at: Option<Timestamp>,
    service_id: ServiceId,
    endpoint_slug: Option<String>,
    #[sqlx(try_from = "String")]
    kind: ServiceKind,
    #[sqlx(try_from = "String")]
    access: Access,
}

/// A list of networks as it is stored; one that cannot be read lets nobody in.
pub(crate) fn networks(stored: &str) -> Networks {
    let texts: Vec<String> = serde_json::from_str(stored).unwrap_or_else(|_| vec![String::new()]);
    Networks::stored(&texts)
}

pub(super) async fn service_key(nexus: &Nexus, prefix: &str, key_id: &str) -> Result<Option<Known>> {
    let now = nexus.now();
    let mut tx = nexus.db.begin_read().await?;
    let row: Option<ServiceKeyRow> = on!(tx, |c| {
        sqlx::query_as(sql!(
        "SELECT k.id, k.tenant_id, t.slug AS tenant_slug, t.seq, t.allowed_cidrs AS tenant_cidrs, k.mac, k.expires_at,
                k.service_id, s.endpoint_slug, s.kind, k.access
         FROM service_keys k JOIN services s ON s.id = k.service_id JOIN tenants t ON t.id = k.tenant_id
         WHERE k.key_id = $1 AND (k.expires_at IS NULL OR k.expires_at > $2)"
    ))
    .bind(key_id)
    .bind(now)
    .fetch_optional(c)
    .await
    })?;
    tx.rollback().await?;
    Ok(row.map(|row| Known {
        mac: row.mac,
        expires_at: row.expires_at,
        seq: row.seq,
        allowed: Allowed { tenant: networks(&row.tenant_cidrs), key: Networks::default() },
        credential: Credential {
            endpoint_slug: row.endpoint_slug,
            actor: Actor {
                tenant: row.tenant_id,
                tenant_slug: row.tenant_slug,
                ip: None,
                who: Who::ServiceKey {
                    id: row.id,
                    prefix: credential::shown(prefix, key_id),
                    service: row.service_id,
                    kind: row.kind,
                    access: row.access,
                },
            },
        },
    }))
}

#[derive(FromRow)]
struct WorkloadSessionRow {
    id: WorkloadSessionId,
    tenant_id: TenantId,
    tenant_slug: String,
    seq: i64,
    tenant_cidrs: String,
    mac: Vec<u8>,
    expires_at: Timestamp,
    identity_id: IdentityId,
    rule: String,
    #[sqlx(try_from = "String")]
    access: Access,
    service_id: ServiceId,
    endpoint_slug: Option<String>,
}

/// A session of a program, by the digits of its token; with what its rule allows now.
pub(super) async fn workload_session(nexus: &Nexus, key_id: &str) -> Result<Option<Known>> {
    let row: Option<WorkloadSessionRow> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT ws.id, ws.tenant_id, t.slug AS tenant_slug, t.seq, t.allowed_cidrs AS tenant_cidrs, ws.mac,
                ws.expires_at, ws.identity_id, i.name AS rule, i.access, ws.service_id, s.endpoint_slug
         FROM workload_sessions ws JOIN workload_identities i ON i.id = ws.identity_id
         JOIN services s ON s.id = ws.service_id JOIN tenants t ON t.id = ws.tenant_id
         WHERE ws.key_id = $1 AND ws.expires_at > $2"
    ))
    .bind(key_id)
    .bind(nexus.now())
    .fetch_optional(pool)
    .await)?;
    Ok(row.map(|row| Known {
        mac: row.mac,
        expires_at: Some(row.expires_at),
        seq: row.seq,
        allowed: Allowed { tenant: networks(&row.tenant_cidrs), key: Networks::default() },
        credential: Credential {
            endpoint_slug: row.endpoint_slug,
            actor: Actor {
                tenant: row.tenant_id,
                tenant_slug: row.tenant_slug,
                ip: None,
                who: Who::WorkloadSession {
                    session: row.id,
                    identity: row.identity_id,
                    label: workload::label(key_id, &row.rule),
                    service: row.service_id,
                    access: row.access,
                    until: row.expires_at,
                },
            },
        },
    }))
}

/// A key of an environment, by either of its values or by its id.
#[derive(FromRow)]
pub(super) struct EnvironmentKeyRow {
    pub id: KeyId,
    pub tenant_id: TenantId,
    tenant_slug: String,
    seq: i64,
    tenant_cidrs: String,
    key_id: String,
    mac: Vec<u8>,
    #[sqlx(default)]
    old_mac: Option<Vec<u8>>,
    #[sqlx(default)]
    old_expires_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    environment_id: EnvironmentId,
    environment_slug: String,
    #[sqlx(rename = "type")]
    kind: String,
    scopes: String,
    allowed_cidrs: String,
    pub signing_sealed: Option<Vec<u8>>,
    pub signing_wrapped_key: Option<Vec<u8>>,
    pub signing_made_at: Option<Timestamp>,
}

impl EnvironmentKeyRow {
    /// What stands for one of its values, which ends at the time given; of a token's key the value is
    /// none that is shown.
    pub fn known(self, value: String, mac: Vec<u8>, until: Option<Timestamp>) -> Known {
        // Of a token's key the value has another form.
        let is_of_a_key = value.len() == self.key_id.len();
        let digits = if is_of_a_key { &value } else { &self.key_id };
        let prefix = credential::shown(&environment_prefix(&self.environment_slug), digits);
        Known {
            mac,
            expires_at: until,
            seq: self.seq,
            allowed: Allowed { tenant: networks(&self.tenant_cidrs), key: networks(&self.allowed_cidrs) },
            credential: Credential {
                endpoint_slug: None,
                actor: Actor {
                    tenant: self.tenant_id,
                    tenant_slug: self.tenant_slug,
                    ip: None,
                    who: Who::EnvironmentKey {
                        id: self.id,
                        prefix,
                        environment: self.environment_id,
                        environment_slug: self.environment_slug,
                        // Scopes that cannot be read are no scopes.
                        scopes: serde_json::from_str(&self.scopes).unwrap_or_default(),
                        publishable: self.kind != "secret",
                        value,
                        until,
                        token: None,
                        at: None,
                    },
                },
            },
        }
    }

    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

/// A key by the digits of its value, or of one that it had before, while that is valid.
pub(super) async fn environment_key(nexus: &Nexus, key_id: &str) -> Result<Option<Known>> {
    let now = nexus.now();
    let mut tx = nexus.db.begin_read().await?;
    let row: Option<EnvironmentKeyRow> = on!(tx, |c| {
        sqlx::query_as(sql!(
        "SELECT k.id, k.tenant_id, t.slug AS tenant_slug, t.seq, t.allowed_cidrs AS tenant_cidrs, k.key_id, k.mac,
                o.mac AS old_mac, o.expires_at AS old_expires_at, k.expires_at, k.environment_id,
                e.slug AS environment_slug, k.type, k.scopes, k.allowed_cidrs, k.signing_sealed,
                k.signing_wrapped_key, k.signing_made_at
         FROM environment_keys k JOIN environments e ON e.id = k.environment_id
         JOIN tenants t ON t.id = k.tenant_id
         LEFT JOIN environment_key_old_values o ON o.environment_key_id = k.id AND o.key_id = $1
         WHERE k.id IN (SELECT id FROM environment_keys WHERE key_id = $1 UNION ALL
                        SELECT environment_key_id FROM environment_key_old_values WHERE key_id = $1)
               AND k.revoked_at IS NULL
               AND (k.expires_at IS NULL OR k.expires_at > $2)"
    ))
    .bind(key_id)
    .bind(now)
    .fetch_optional(c)
    .await
    })?;
    tx.rollback().await?;
    let Some(mut row) = row else { return Ok(None) };
    if row.key_id == key_id {
        let (mac, until) = (std::mem::take(&mut row.mac), row.expires_at);
        return Ok(Some(row.known(key_id.to_owned(), mac, until)));
    }
    let old = row.old_mac.take().zip(row.old_expires_at.filter(|end| *end > now));
    Ok(old.map(|(mac, end)| row.known(key_id.to_owned(), mac, Some(end))))
}

/// A secret key by its id, with what signs tokens for it.
pub(super) async fn signing_key(nexus: &Nexus, id: KeyId) -> Result<Option<EnvironmentKeyRow>> {
    let now = nexus.now();
    let mut tx = nexus.db.begin_read().await?;
    let row = on!(tx, |c| sqlx::query_as(sql!(
        "SELECT k.id, k.tenant_id, t.slug AS tenant_slug, t.seq, t.allowed_cidrs AS tenant_cidrs, k.key_id, k.mac,
                k.expires_at, k.environment_id, e.slug AS environment_slug, k.type, k.scopes, k.allowed_cidrs,
                k.signing_sealed, k.signing_wrapped_key, k.signing_made_at
         FROM environment_keys k JOIN environments e ON e.id = k.environment_id
         JOIN tenants t ON t.id = k.tenant_id
         WHERE k.id = $1 AND k.revoked_at IS NULL AND k.type = 'secret' AND k.signing_sealed IS NOT NULL
               AND (k.expires_at IS NULL OR k.expires_at > $2)"
    ))
    .bind(id)
    .bind(now)
    .fetch_optional(c)
    .await)
    .map_err(Error::from)?;
    tx.rollback().await?;
    Ok(row)
}
