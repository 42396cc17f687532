//! Which configs have a key in their values: whoever looks at a key sees who would break without it.

use super::Kind;
use crate::Result;
use crate::services::Resolved;
use crate::store::{on, sql};
use crate::work::Work;

/// More of them are not told.
const TOLD: i64 = 50;

/// The configs, as service and key, that get this service's value under a key: its own, and those of services that
/// inherit it and have no value of their own under the key.
pub(crate) async fn referrers(
    w: &mut Work,
    service: &Resolved,
    kind: Kind,
    key: &str,
) -> Result<Vec<(String, String)>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT s.slug, n.key FROM services s
         JOIN entries n ON n.service_id IN (s.id, s.umbrella_id)
         JOIN entry_references r ON r.entry_id = n.id AND r.kind = $3 AND r.key = $4
         WHERE s.tenant_id = $1 AND s.id IN (SELECT id FROM services WHERE id = $2
             UNION ALL SELECT id FROM services WHERE umbrella_id = $2)
           AND n.kind = 'config' AND n.deleted_at IS NULL AND n.active_version > 0
           AND (n.service_id = s.id OR NOT EXISTS (SELECT 1 FROM entries o WHERE o.service_id = s.id
               AND o.kind = 'config' AND o.key = n.key AND o.deleted_at IS NULL AND o.active_version > 0))
           AND (s.id = $2 OR NOT EXISTS (SELECT 1 FROM entries t WHERE t.service_id = s.id
               AND t.kind = $3 AND t.key = $4 AND t.deleted_at IS NULL AND t.active_version > 0))
         ORDER BY s.slug, n.key LIMIT $5"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(kind.as_str())
    .bind(key)
    .bind(TOLD)
    .fetch_all(c)
    .await)?)
}
