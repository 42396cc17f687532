//! How large a snapshot is: what is stored counts as it is, and a config with references as what it
//! becomes. Judged by lengths, on the state that a change leaves; no secret is opened.

use super::references::references_of_service;
use crate::Result;
use crate::configs::value_of;
use crate::store::{on, sql};
use crate::work::Work;
use nexus_domain::measure::{Template, lengths};
use nexus_domain::resolve::MAX_RESOLVED_BYTES;
use nexus_domain::snapshot::{INLINE_FILE_BYTES, MAX_SNAPSHOT_BYTES};
use nexus_domain::template::Reference;
use nexus_domain::{Code, Refusal, ServiceId};
use sqlx::FromRow;
use std::collections::{BTreeMap, HashMap};

/// Refuses a write after which a snapshot would be too large: of this service, or of every service
/// that inherits from it.
pub(crate) async fn check_snapshot_size(w: &mut Work, service: ServiceId) -> Result<()> {
    let rows = stored(w, service).await?;
    let limit = MAX_SNAPSHOT_BYTES;
    let mut known = Known::default();
    for row in rows {
        if row.bytes > limit || grown(w, &mut known, &row).await? > limit {
            let message = "What programs would read of this service would pass 16 MiB";
            return Err(over(message, "snapshot_bytes", limit));
        }
    }
    Ok(())
}

fn over(message: impl Into<String>, quota: &str, limit: i64) -> crate::Error {
    Refusal::new(Code::QuotaExceeded, message).with("quota", quota).with("limit", limit).into()
}

/// What is stored of a service, own and inherited.
#[derive(FromRow)]
struct Stored {
    id: ServiceId,
    umbrella_id: Option<ServiceId>,
    bytes: i64,
}

async fn stored(w: &mut Work, service: ServiceId) -> Result<Vec<Stored>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT s.id, s.umbrella_id, CAST(SUM(LENGTH(n.key) + 64
             + CASE WHEN v.type <> 'file' THEN v.size WHEN v.size > $3 THEN 128 ELSE v.size * 4 / 3 END)
             AS BIGINT) AS bytes
         FROM services s
         JOIN entries n ON n.service_id IN (s.id, s.umbrella_id) AND n.deleted_at IS NULL
             AND (n.service_id = s.id OR NOT EXISTS (SELECT 1 FROM entries o WHERE o.service_id = s.id
                 AND o.kind = n.kind AND o.key = n.key AND o.deleted_at IS NULL AND o.active_version > 0))
         JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE s.tenant_id = $1 AND s.id IN (SELECT id FROM services WHERE id = $2
             UNION ALL SELECT id FROM services WHERE umbrella_id = $2)
         GROUP BY s.id, s.umbrella_id"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(INLINE_FILE_BYTES)
    .fetch_all(c)
    .await)?)
}

/// What was read of services, so that an umbrella is read once for all that inherit from it.
#[derive(Default)]
struct Known {
    templates: HashMap<ServiceId, BTreeMap<String, (Template, i64)>>,
    sizes: HashMap<ServiceId, HashMap<Reference, i64>>,
}

/// How large the snapshot is once references are replaced. Refuses a value that would be too large by
/// itself.
async fn grown(w: &mut Work, known: &mut Known, row: &Stored) -> Result<i64> {
    let places: Vec<ServiceId> = [row.umbrella_id, Some(row.id)].into_iter().flatten().collect();
    for place in &places {
        if !known.templates.contains_key(place) {
            let read = templates(w, *place).await?;
            known.templates.insert(*place, read);
        }
    }
    if places.iter().all(|place| known.templates.get(place).is_none_or(BTreeMap::is_empty)) {
        return Ok(row.bytes);
    }
    for place in &places {
        if !known.sizes.contains_key(place) {
            let read = sizes(w, *place).await?;
            known.sizes.insert(*place, read);
        }
    }
    let scope = references_of_service(w, row.id, row.umbrella_id).await?;
    let own = known.sizes.get(&row.id);
    // The service's own come last, and win.
    let (mut effective, mut plain) = (BTreeMap::new(), row.bytes);
    for place in &places {
        for (key, (template, size)) in known.templates.get(place).into_iter().flatten() {
            let is_hidden =
                *place != row.id && own.is_some_and(|own| own.contains_key(&Reference::config(key)));
            if !is_hidden {
                effective.insert(key.as_str(), template);
                plain -= size;
            }
        }
    }
    let size_of = |it: &Reference| {
        let mut sizes = places.iter().rev().filter_map(|place| known.sizes.get(place)?.get(it));
        sizes.next().map_or(0, |size| usize::try_from(*size).unwrap_or(0))
    };
    let mut total = plain;
    for (key, length) in lengths(&scope, &effective, size_of) {
        if length > MAX_RESOLVED_BYTES {
            let message = format!("{key} would be more than 1 MiB once its references are replaced");
            let limit = i64::try_from(MAX_RESOLVED_BYTES).unwrap_or(i64::MAX);
            return Err(match i64::try_from(length) {
                Ok(length) if length <= MAX_SNAPSHOT_BYTES => over(message, "resolved_bytes", limit),
                _ => over(message, "snapshot_bytes", MAX_SNAPSHOT_BYTES),
            });
        }
        total = total.saturating_add(i64::try_from(length).unwrap_or(i64::MAX));
    }
    Ok(total)
}

/// The configs of one service that name something, with what is stored of each.
async fn templates(w: &mut Work, service: ServiceId) -> Result<BTreeMap<String, (Template, i64)>> {
    let rows: Vec<(String, String, Option<Vec<u8>>, i64)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT n.key, v.type, v.payload, v.size
         FROM entries n JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE n.tenant_id = $1 AND n.service_id = $2 AND n.kind = 'config' AND n.deleted_at IS NULL
           AND EXISTS (SELECT 1 FROM entry_references r WHERE r.entry_id = n.id)"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .fetch_all(c)
    .await)?;
    let read = |(key, kind, payload, size): (String, String, Option<Vec<u8>>, i64)| {
        let value = value_of(&kind, payload.unwrap_or_default())?;
        Ok((key, (Template::of(&value), size)))
    };
    rows.into_iter().map(read).collect()
}

/// How long the values of one service are that may be named.
async fn sizes(w: &mut Work, service: ServiceId) -> Result<HashMap<Reference, i64>> {
    let rows: Vec<(String, String, i64)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT n.kind, n.key, CASE WHEN n.kind = 'flag' THEN 4 ELSE v.size END
         FROM entries n JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE n.tenant_id = $1 AND n.service_id = $2 AND n.deleted_at IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .fetch_all(c)
    .await)?;
    rows.into_iter()
        .map(|(kind, key, size)| Ok((Reference { kind: super::word(&kind)?, key }, size)))
        .collect()
}
