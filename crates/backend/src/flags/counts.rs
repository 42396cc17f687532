//! How often programs evaluate a flag: counted in memory, written down every minute by day, and
//! read for the hints at flags that nobody needs.

use super::UNUSED_DAYS;
use super::cache::Ready;
use crate::Result;
use crate::nexus::Nexus;
use crate::services::Resolved;
use crate::store::{carry_out, on, sql};
use crate::work::Work;
use nexus_domain::timestamp::DAY_MICROS;
use nexus_domain::{EntryId, ServiceId, TenantId, Timestamp};
use sqlx::FromRow;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use uuid::Uuid;

/// Counted, and not written down yet.
#[derive(Default)]
pub(super) struct Pending(HashMap<(TenantId, EntryId), i64>);

impl Pending {
    /// Takes over what was counted where it is kept no longer.
    pub fn take_from(&mut self, gone: &[Arc<Ready>]) {
        for ready in gone {
            for flag in ready.served.flags.values() {
                let counted = flag.evaluations.swap(0, Ordering::Relaxed);
                if counted > 0 {
                    *self.0.entry((ready.tenant, flag.entry)).or_default() += counted;
                }
            }
        }
    }
}

/// Days since 1970, UTC.
const fn day(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MICROS)
}

/// Writes what was counted since the last call. A flag that is gone by then is counted no more.
pub async fn flush(nexus: &Nexus) -> Result<()> {
    let counted = {
        let mut pending = nexus.flags.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.take_from(&nexus.flags.all());
        std::mem::take(&mut pending.0)
    };
    if counted.is_empty() {
        return Ok(());
    }
    let (rows, today) = (counted.clone(), day(nexus.now()));
    let written = nexus
        .write(move |tx| {
            Box::pin(async move {
                for ((tenant, entry), count) in rows {
                    on!(*tx, |c| sqlx::query(sql!(
                        "INSERT INTO flag_evaluations (tenant_id, entry_id, day, evaluations)
                         SELECT $1, $2, $3, $4
                         WHERE EXISTS (SELECT 1 FROM entries WHERE tenant_id = $1 AND id = $2)
                         ON CONFLICT (entry_id, day)
                         DO UPDATE SET evaluations = flag_evaluations.evaluations + excluded.evaluations"
                    ))
                    .bind(tenant)
                    .bind(entry)
                    .bind(today)
                    .bind(count)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                }
                Ok(())
            })
        })
        .await;
    if written.is_err() {
        // They are counted with the next ones.
        let mut pending = nexus.flags.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for (flag, count) in counted {
            *pending.0.entry(flag).or_default() += count;
        }
    }
    written
}

/// Days that no hint looks at any more are forgotten.
pub async fn forget_old(nexus: &Nexus) -> Result<()> {
    let before = day(nexus.now()) - UNUSED_DAYS;
    carry_out!(nexus, sql!("DELETE FROM flag_evaluations WHERE day < $1"), before)
}

#[derive(FromRow)]
struct UsageRow {
    service_id: ServiceId,
    key: String,
    evaluations: i64,
    last_day: i64,
}

/// The last 30 days of a service's flags, own and inherited.
pub(super) struct Usage(HashMap<(ServiceId, String), (i64, Timestamp)>);

impl Usage {
    pub fn of(&self, service: ServiceId, key: &str) -> (i64, Option<Timestamp>) {
        let found = self.0.get(&(service, key.to_owned()));
        found.map_or((0, None), |(evaluations, last)| (*evaluations, Some(*last)))
    }
}

pub(super) async fn usage(w: &mut Work, service: &Resolved) -> Result<Usage> {
    let since = day(w.now) - UNUSED_DAYS;
    let rows: Vec<UsageRow> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT n.service_id, n.key, CAST(SUM(f.evaluations) AS BIGINT) AS evaluations, MAX(f.day) AS last_day
         FROM entries n JOIN flag_evaluations f ON f.entry_id = n.id AND f.day > $4
         WHERE n.tenant_id = $1 AND n.service_id IN ($2, $3) AND n.kind = 'flag' AND n.deleted_at IS NULL
         GROUP BY n.service_id, n.key"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(service.umbrella_id.unwrap_or(ServiceId(Uuid::nil())))
    .bind(since)
    .fetch_all(c)
    .await)?;
    let of_row = |row: UsageRow| {
        let last = Timestamp(row.last_day.saturating_mul(DAY_MICROS));
        ((row.service_id, row.key), (row.evaluations, last))
    };
    Ok(Usage(rows.into_iter().map(of_row).collect()))
}
