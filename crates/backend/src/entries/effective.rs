//! Everything of a kind that a service has: its own entries, and its umbrella's where it has none.

use super::Kind;
use crate::Result;
use crate::store::{on, sql};
use crate::work::Work;
use nexus_domain::{EntryId, ServiceId, Timestamp};
use sqlx::FromRow;
use uuid::Uuid;

/// An entry with its ACTIVE version.
#[derive(FromRow)]
pub(crate) struct EffectiveRow {
    pub id: EntryId,
    pub service_id: ServiceId,
    pub key: String,
    pub number: i64,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub payload: Option<Vec<u8>>,
    pub wrapped_key: Option<Vec<u8>>,
    pub size: i64,
    pub created_at: Timestamp,
}

/// The entries of a kind that a service has with a value, its own before its umbrella's, in no order.
pub(crate) async fn all_effective(
    w: &mut Work,
    service: ServiceId,
    umbrella: Option<ServiceId>,
    kind: Kind,
) -> Result<Vec<EffectiveRow>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT n.id, n.service_id, n.key, v.number, v.type, v.payload, v.wrapped_key, v.size, v.created_at
         FROM entries n JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE n.tenant_id = $1 AND n.service_id = $2 AND n.kind = $4 AND n.deleted_at IS NULL
         UNION ALL
         SELECT n.id, n.service_id, n.key, v.number, v.type, v.payload, v.wrapped_key, v.size, v.created_at
         FROM entries n JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE n.tenant_id = $1 AND n.service_id = $3 AND n.kind = $4 AND n.deleted_at IS NULL
           AND (SELECT o.id FROM entries o WHERE o.service_id = $2 AND o.kind = $4 AND o.key = n.key
               AND o.deleted_at IS NULL AND o.active_version > 0) IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(umbrella.unwrap_or(ServiceId(Uuid::nil())))
    .bind(kind.as_str())
    .fetch_all(c)
    .await)?)
}

/// The service's own entries of a kind that nobody has given a value yet.
pub(crate) async fn without_value(w: &mut Work, service: ServiceId, kind: Kind) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT key FROM entries WHERE tenant_id = $1 AND service_id = $2 AND kind = $3
           AND deleted_at IS NULL AND active_version = 0 ORDER BY key"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(kind.as_str())
    .fetch_all(c)
    .await)?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}
