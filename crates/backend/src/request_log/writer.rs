//! Writing what was counted: a few hundred rows to a transaction, so that others write in between,
//! and always in one order, so that two processes never wait for each other.

use super::counters::Row;
use crate::Result;
use crate::nexus::Nexus;
use crate::store::{Tx, on, sql};
use nexus_domain::request_log::CallerKind;
use nexus_domain::{TenantId, timestamp};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use uuid::{Builder, Uuid};

/// Rows in one transaction.
const AT_ONCE: usize = 256;
/// What a row takes beside its texts, indexes included, as measured on both databases.
const ROW_BYTES: usize = 300;

/// The parts of the log that have room of their own.
pub(super) const KNOWN: &str = "known";
pub(super) const UNKNOWN: &str = "unknown";

type Rows = BTreeMap<Uuid, Row>;

/// Writes what was counted since the last call.
pub async fn flush(nexus: &Nexus) -> Result<()> {
    let (taken, dropped) = nexus.request_log.take();
    if taken.is_empty() && dropped == 0 {
        return Ok(());
    }
    let mut rows = Rows::new();
    for row in taken {
        let id = id_of(&row);
        rows.entry(id).and_modify(|present| present.add(&row)).or_insert(row);
    }
    let mut dropped = i64::try_from(dropped).unwrap_or(i64::MAX);
    loop {
        let later = rows.keys().nth(AT_ONCE).copied().map(|first| rows.split_off(&first)).unwrap_or_default();
        let batch = rows.clone();
        let written = nexus.write(move |tx| Box::pin(async move { write(tx, batch, dropped).await })).await;
        if let Err(error) = written {
            nexus.request_log.drop_some(u64::try_from(dropped).unwrap_or(0));
            nexus.request_log.put_back(rows.into_values().chain(later.into_values()));
            return Err(error);
        }
        (rows, dropped) = (later, 0);
        if rows.is_empty() {
            return Ok(());
        }
    }
}

/// The minute in milliseconds, then a hash of what makes requests equal: the same in every process.
fn id_of(row: &Row) -> Uuid {
    let mut hasher = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hasher.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(bytes);
    };
    let caller = &row.caller;
    field(caller.tenant.map_or([0; 16], |tenant| *tenant.0.as_bytes()).as_slice());
    field(caller.kind.as_str().as_bytes());
    field(caller.id.map_or([0; 16], |id| *id.as_bytes()).as_slice());
    field(caller.label.as_bytes());
    field(row.ip.to_string().as_bytes());
    field(row.method.as_bytes());
    field(row.route.as_bytes());
    field(&row.status.to_be_bytes());
    let hash: [u8; 32] = hasher.finalize().into();
    let mut bytes = *first_of(row.minute).as_bytes();
    for (byte, random) in bytes.iter_mut().skip(6).zip(hash) {
        *byte = random;
    }
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// The least id that a row of this minute can have.
pub(super) fn first_of(minute: i64) -> Uuid {
    const MILLIS: i64 = timestamp::MINUTE / 1000;
    let millis = u64::try_from(minute.saturating_mul(MILLIS)).unwrap_or(0);
    Uuid::from_u128(u128::from(millis.min(0xffff_ffff_ffff)) << 80)
}

async fn write(tx: &mut Tx, rows: Rows, dropped: i64) -> Result<()> {
    let (mut known, mut unknown) = (0, 0);
    let tenants = existing(tx, &rows).await?;
    for (id, row) in &rows {
        if row.caller.tenant.is_some_and(|tenant| !tenants.contains(&tenant)) {
            continue;
        }
        let size = size_of_row(row);
        if insert(tx, *id, row, size).await? {
            match row.caller.kind {
                CallerKind::Unknown => unknown += size,
                _ => known += size,
            }
        }
    }
    for row in rows.values().filter(|row| row.caller.kind != CallerKind::Unknown) {
        note_last_use(tx, row).await?;
    }
    grow(tx, KNOWN, known, dropped).await?;
    grow(tx, UNKNOWN, unknown, 0).await
}

/// Those tenants that are still there: rows of others have nowhere to go.
async fn existing(tx: &mut Tx, rows: &Rows) -> Result<HashSet<TenantId>> {
    let named: HashSet<TenantId> = rows.values().filter_map(|row| row.caller.tenant).collect();
    let mut existing = HashSet::new();
    for tenant in named {
        let row: Option<(TenantId,)> =
            on!(*tx, |c| sqlx::query_as(sql!("SELECT id FROM tenants WHERE id = $1"))
                .bind(tenant)
                .fetch_optional(c)
                .await)?;
        existing.extend(row.map(|(tenant,)| tenant));
    }
    Ok(existing)
}

fn size_of_row(row: &Row) -> i64 {
    let texts = [&row.caller.label, &row.method, &row.route].map(String::len).into_iter().sum::<usize>();
    i64::try_from(texts + ROW_BYTES).unwrap_or(i64::MAX)
}

/// Adds to the row, or makes it; says whether it was made. A service's environment is looked up here,
/// because its key does not say it.
async fn insert(tx: &mut Tx, id: Uuid, row: &Row, size: i64) -> Result<bool> {
    let caller = &row.caller;
    let (count,): (i64,) = on!(*tx, |c| {
        sqlx::query_as(sql!(
        "INSERT INTO request_log (id, tenant_id, actor_id, environment, at, last_at, kind, actor, ip, method, route,
             status, count, total_micros, greatest_micros, size)
         VALUES ($1, $2, $3, COALESCE($4, (
             SELECT e.slug FROM service_keys k
             JOIN services s ON s.tenant_id = k.tenant_id AND s.id = k.service_id
             JOIN environments e ON e.tenant_id = s.tenant_id AND e.id = s.environment_id
             WHERE k.tenant_id = $2 AND k.id = $3), ''), $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (id) DO UPDATE SET count = request_log.count + excluded.count,
             total_micros = request_log.total_micros + excluded.total_micros,
             greatest_micros = CASE WHEN excluded.greatest_micros > request_log.greatest_micros
                 THEN excluded.greatest_micros ELSE request_log.greatest_micros END,
             last_at = CASE WHEN excluded.last_at > request_log.last_at
                 THEN excluded.last_at ELSE request_log.last_at END
         RETURNING count"
    ))
    .bind(id)
    .bind(caller.tenant)
    .bind(caller.id)
    .bind(caller.environment.as_deref())
    .bind(row.minute.saturating_mul(timestamp::MINUTE))
    .bind(row.last_at)
    .bind(caller.kind.as_str())
    .bind(caller.label.as_str())
    .bind(row.ip.to_string())
    .bind(row.method.as_str())
    .bind(row.route.as_str())
    .bind(i64::from(row.status))
    .bind(row.count)
    .bind(row.total_micros)
    .bind(row.greatest_micros)
    .bind(size)
    .fetch_one(c)
    .await
    })?;
    Ok(count == row.count)
}

/// When a key was used last, and from where.
async fn note_last_use(tx: &mut Tx, row: &Row) -> Result<()> {
    let (ip, at) = (row.ip.to_string(), row.last_at);
    let (tenant, id) = (row.caller.tenant, row.caller.id);
    match row.caller.kind {
        CallerKind::ServiceKey => on!(*tx, |c| sqlx::query(sql!(
            "UPDATE service_keys SET last_used_at = $3, last_used_ip = $4
             WHERE tenant_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at <= $3)"
        ))
        .bind(tenant)
        .bind(id)
        .bind(at)
        .bind(ip)
        .execute(c)
        .await
        .map(|_| ()))?,
        CallerKind::EnvironmentKey => on!(*tx, |c| sqlx::query(sql!(
            "UPDATE environment_keys SET last_used_at = $3, last_used_ip = $4
             WHERE tenant_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at <= $3)"
        ))
        .bind(tenant)
        .bind(id)
        .bind(at)
        .bind(ip)
        .execute(c)
        .await
        .map(|_| ()))?,
        CallerKind::OauthGrant => on!(*tx, |c| sqlx::query(sql!(
            "UPDATE oauth_grants SET last_used_at = $3
             WHERE tenant_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at <= $3)"
        ))
        .bind(tenant)
        .bind(id)
        .bind(at)
        .execute(c)
        .await
        .map(|_| ()))?,
        CallerKind::WorkloadSession | CallerKind::Session | CallerKind::Unknown => {}
    }
    Ok(())
}

/// Keeps count of how large a part of the log is. What is taken out is negative.
pub(super) async fn grow(tx: &mut Tx, part: &str, bytes: i64, dropped: i64) -> Result<()> {
    if bytes == 0 && dropped == 0 {
        return Ok(());
    }
    on!(*tx, |c| sqlx::query(sql!(
        "INSERT INTO request_log_sizes (part, bytes, dropped) VALUES ($1, $2, $3)
         ON CONFLICT (part) DO UPDATE SET bytes = request_log_sizes.bytes + excluded.bytes,
             dropped = request_log_sizes.dropped + excluded.dropped"
    ))
    .bind(part)
    .bind(bytes)
    .bind(dropped)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}
