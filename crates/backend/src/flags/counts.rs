//! How often programs evaluate a flag: counted in memory, written down every minute by day, and
//! read for the hints at flags that nobody needs. Whoever reads all flags of a service at once (a
//! snapshot, a bulk evaluation) may use any of them: that counts as no evaluation, but the day is written
//! down, so that nothing is said of a flag of which nothing can be known.

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
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
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

/// When all flags of a service were last read at once, in days since 1970; 0 is never.
#[derive(Default)]
pub(crate) struct WholeReads {
    read: AtomicI64,
    /// What of it is written down.
    noted: AtomicI64,
}

impl WholeReads {
    /// Notes a read. It is a look at a number for all but the first one of a day.
    pub fn note(&self, now: Timestamp) {
        let today = day(now);
        if self.read.load(Ordering::Relaxed) != today {
            self.read.store(today, Ordering::Relaxed);
        }
    }
}

/// The services whose flags this process gave away as a whole.
#[derive(Default)]
pub(super) struct Whole(RwLock<HashMap<(TenantId, ServiceId), Arc<WholeReads>>>);

impl Whole {
    pub fn of(&self, tenant: TenantId, service: ServiceId) -> Arc<WholeReads> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry((tenant, service)).or_default())
    }

    /// Those whose last day is not written down yet. What nobody keeps any more is forgotten.
    fn unwritten(&self) -> Vec<(TenantId, ServiceId, Arc<WholeReads>)> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let unwritten =
            |reads: &WholeReads| reads.read.load(Ordering::Relaxed) > reads.noted.load(Ordering::Relaxed);
        all.retain(|_, reads| unwritten(reads) || Arc::strong_count(reads) > 1);
        let rows = all.iter().filter(|(_, reads)| unwritten(reads));
        rows.map(|((tenant, service), reads)| (*tenant, *service, Arc::clone(reads))).collect()
    }
}

/// Days since 1970, UTC.
const fn day(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MICROS)
}

/// Writes what was counted since the last call. A flag that is gone by then is counted no more.
pub async fn flush(nexus: &Nexus) -> Result<()> {
    note_whole_reads(nexus).await?;
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

/// Once a day and service, a row without evaluations for each of its flags, own and inherited.
async fn note_whole_reads(nexus: &Nexus) -> Result<()> {
    for (tenant, service, reads) in nexus.flags.whole.unwritten() {
        let day = reads.read.load(Ordering::Relaxed);
        nexus
            .write(move |tx| {
                Box::pin(async move {
                    on!(*tx, |c| sqlx::query(sql!(
                        "INSERT INTO flag_evaluations (tenant_id, entry_id, day, evaluations)
                         SELECT n.tenant_id, n.id, $3, 0
                         FROM services s JOIN entries n ON n.service_id IN (s.id, s.umbrella_id)
                         WHERE s.tenant_id = $1 AND s.id = $2 AND n.kind = 'flag' AND n.deleted_at IS NULL
                         ON CONFLICT (entry_id, day) DO NOTHING"
                    ))
                    .bind(tenant)
                    .bind(service)
                    .bind(day)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                    Ok(())
                })
            })
            .await?;
        reads.noted.store(day, Ordering::Relaxed);
    }
    Ok(())
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
    /// Of the evaluations; none where the flag was only read together with all others.
    last_day: Option<i64>,
}

/// What is known of a flag's last 30 days.
#[derive(Debug, Clone, Default)]
pub(super) struct Use {
    pub evaluations: i64,
    pub evaluated_at: Option<Timestamp>,
    /// Somebody evaluated it or may have used it: all flags were read at once, or a config names it.
    pub perhaps: bool,
}

/// The last 30 days of a service's flags, own and inherited.
pub(super) struct Usage {
    of_flags: HashMap<(ServiceId, String), Use>,
    /// Keys that configs name, here or in a service that inherits from here.
    named: HashSet<String>,
}

impl Usage {
    pub fn of(&self, service: ServiceId, key: &str) -> Use {
        let found = self.of_flags.get(&(service, key.to_owned())).cloned().unwrap_or_default();
        Use { perhaps: found.perhaps || self.named.contains(key), ..found }
    }
}

pub(super) async fn usage(w: &mut Work, service: &Resolved) -> Result<Usage> {
    let since = day(w.now) - UNUSED_DAYS;
    let rows: Vec<UsageRow> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT n.service_id, n.key, CAST(SUM(f.evaluations) AS BIGINT) AS evaluations,
                MAX(CASE WHEN f.evaluations > 0 THEN f.day END) AS last_day
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
        let evaluated_at = row.last_day.map(|day| Timestamp(day.saturating_mul(DAY_MICROS)));
        let usage = Use { evaluations: row.evaluations, evaluated_at, perhaps: true };
        ((row.service_id, row.key), usage)
    };
    Ok(Usage { of_flags: rows.into_iter().map(of_row).collect(), named: named(w, service).await? })
}

async fn named(w: &mut Work, service: &Resolved) -> Result<HashSet<String>> {
    let rows: Vec<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT DISTINCT r.key FROM services s JOIN entries n ON n.service_id = s.id
         JOIN entry_references r ON r.entry_id = n.id
         WHERE s.tenant_id = $1 AND (s.id IN ($2, $3) OR s.umbrella_id = $2)
           AND n.kind = 'config' AND n.deleted_at IS NULL AND r.kind = 'flag'"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(service.umbrella_id.unwrap_or(ServiceId(Uuid::nil())))
    .fetch_all(c)
    .await)?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}
