//! Quarantine: an address and a key that are refused together for a quarter of an hour, after too many
//! bad secrets. The key works from everywhere else, and other keys work from there.
//!
//! The list is short and in memory, so that looking costs a request nothing while it is empty. It is
//! kept in the database for the other processes, which look twice a second.

use super::{network, seconds_until};
use crate::Result;
use crate::audit::{Chain, Entry};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{Tx, carry_out, on, single, sql};
use crate::work::{Target, Work};
use nexus_domain::action::Action;
use nexus_domain::request_log::Quarantine;
use nexus_domain::{Code, Refusal, TenantId, Timestamp, timestamp};
use serde_json::{Map, Value, json};
use sqlx::FromRow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

/// How long it lasts.
pub const LENGTH: i64 = 15 * timestamp::MINUTE;
/// Why.
const BAD_KEYS: &str = "bad_keys";
/// More than this in one process are not remembered: then the count of the minute refuses alone.
const MOST: usize = 100_000;

/// A network and the key id in it; no id for texts that are no keys.
pub(super) type Pair = (IpAddr, String);

struct Held {
    expires_at: Timestamp,
    /// When this process added it, in its own counting: newer than what a look at the database can know.
    added: u64,
}

/// What is in quarantine, as far as this process knows.
#[derive(Default)]
pub struct Quarantines {
    any: AtomicBool,
    held: RwLock<HashMap<Pair, Held>>,
    counter: AtomicU64,
}

impl Quarantines {
    /// Whether there is anything to look for.
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Refuses what is in quarantine.
    pub(super) fn check(&self, pair: &Pair, now: Timestamp) -> Result<(), Refusal> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        match held.get(pair) {
            Some(held) if held.expires_at > now => Err(refusal(held.expires_at, now)),
            _ => Ok(()),
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Pair, Held>> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds it here; `written` once the database has it.
    fn add(&self, pair: Pair, expires_at: Timestamp, written: bool) {
        let added = if written { self.counter.fetch_add(1, Ordering::SeqCst) + 1 } else { u64::MAX };
        let mut held = self.write();
        if held.len() < MOST || held.contains_key(&pair) {
            held.insert(pair, Held { expires_at, added });
            self.any.store(true, Ordering::Relaxed);
        }
    }

    /// Looks what the database has.
    pub(crate) async fn follow(&self, nexus: &Nexus) -> Result<()> {
        let (before, now) = (self.counter.load(Ordering::SeqCst), nexus.now());
        let rows: Vec<(String, String, Timestamp)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
            "SELECT network, key_id, expires_at FROM quarantines WHERE expires_at > $1 LIMIT 100000"
        ))
        .bind(now)
        .fetch_all(pool)
        .await)?;
        if rows.is_empty() && !self.any() {
            return Ok(());
        }
        let mut held = self.write();
        // What was added while the database was asked is not in its answer.
        held.retain(|_, held| held.added > before && held.expires_at > now);
        for (network, key_id, expires_at) in rows {
            if let Some(network) = address_of(&network) {
                held.entry((network, key_id)).or_insert(Held { expires_at, added: 0 });
            }
        }
        self.any.store(!held.is_empty(), Ordering::Relaxed);
        Ok(())
    }
}

/// What a caller in quarantine is told.
pub(super) fn refusal(expires_at: Timestamp, now: Timestamp) -> Refusal {
    let message = "Too many wrong keys came from your address, so that this one is not looked at for a while";
    Refusal::new(Code::Quarantined, message)
        .with("reason", BAD_KEYS)
        .with("expires_at", expires_at.rfc3339())
        .with("retry_after", seconds_until(expires_at, now).max(1))
}

/// As it stands in the database and is shown: `192.0.2.1`, `2001:db8::/64`.
fn written(ip: IpAddr) -> String {
    match network(ip) {
        v6 @ IpAddr::V6(_) => format!("{v6}/64"),
        v4 @ IpAddr::V4(_) => v4.to_string(),
    }
}

fn address_of(written: &str) -> Option<IpAddr> {
    written.trim_end_matches("/64").parse().ok().map(network)
}

/// Puts a pair into quarantine: here at once, and in the database when nobody waits for it any more, so that
/// the answer tells nothing. `owner` is whose key it is, where it is anybody's.
pub(super) fn begin(nexus: &Nexus, pair: Pair, shown: String, owner: Option<Actor>) -> Timestamp {
    let (now, handle) = (nexus.now(), nexus.clone());
    let expires_at = now.plus(LENGTH);
    nexus.quarantines.add(pair.clone(), expires_at, false);
    nexus.in_background("a quarantine", async move {
        let row = Begun { network: written(pair.0), key_id: pair.1.clone(), shown, now, expires_at };
        let outcome = handle.write(move |tx| Box::pin(async move { store(tx, &row, owner).await })).await;
        handle.quarantines.add(pair, expires_at, true);
        if let Some((tenant, seq)) = outcome? {
            handle.saw_seq(tenant, seq);
        }
        Ok(())
    });
    expires_at
}

struct Begun {
    network: String,
    key_id: String,
    shown: String,
    now: Timestamp,
    expires_at: Timestamp,
}

/// Writes it down, and into the audit log of the tenant whose key it is.
async fn store(tx: &mut Tx, row: &Begun, owner: Option<Actor>) -> Result<Option<(TenantId, i64)>> {
    let tenant = owner.map(|owner| owner.tenant);
    on!(*tx, |c| sqlx::query(sql!(
        "INSERT INTO quarantines (network, key_id, tenant_id, shown, reason, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (network, key_id) DO UPDATE SET expires_at = excluded.expires_at,
             created_at = excluded.created_at"
    ))
    .bind(row.network.as_str())
    .bind(row.key_id.as_str())
    .bind(tenant)
    .bind(row.shown.as_str())
    .bind(BAD_KEYS)
    .bind(row.now)
    .bind(row.expires_at)
    .execute(c)
    .await
    .map(|_| ()))?;
    match tenant {
        None => Ok(None),
        Some(tenant) => {
            let details = json!({ "reason": BAD_KEYS, "expires_at": row.expires_at });
            let about = About { network: &row.network, shown: &row.shown, event: "key.quarantined" };
            Ok(Some(about.record(tx, tenant, ("nobody", "nobody"), details, row.now).await?))
        }
    }
}

/// A quarantine in the audit log of a tenant.
struct About<'a> {
    network: &'a str,
    shown: &'a str,
    event: &'a str,
}

impl About<'_> {
    async fn record(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        (actor_kind, actor): (&str, &str),
        details: Value,
        at: Timestamp,
    ) -> Result<(TenantId, i64)> {
        let mut chain = Chain::next(tx, tenant).await?;
        let entry = Entry {
            at,
            actor_kind,
            actor_id: None,
            actor,
            event: self.event,
            outcome: "done",
            target: Target::named(self.shown),
            details: match details {
                Value::Object(details) => details,
                _ => Map::new(),
            },
            ip: Some(self.network.to_owned()),
        };
        chain.append(tx, &entry).await?;
        chain.close(tx).await?;
        Ok((tenant, chain.last()))
    }
}

#[derive(FromRow)]
struct Row {
    network: String,
    key_id: String,
    shown: String,
    reason: String,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl From<Row> for Quarantine {
    fn from(row: Row) -> Self {
        let Row { network, key_id, shown, reason, created_at, expires_at } = row;
        Self { network, key_id, shown, reason, created_at, expires_at }
    }
}

/// The quarantines of a tenant's keys, for those who may read its API log.
pub async fn of_tenant(nexus: &Nexus, actor: &Actor) -> Result<Vec<Quarantine>> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::RequestLogRead)?;
                rows_of(w).await
            })
        })
        .await
}

async fn rows_of(w: &mut Work) -> Result<Vec<Quarantine>> {
    let rows: Vec<Row> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT network, key_id, shown, reason, created_at, expires_at FROM quarantines
         WHERE tenant_id = $1 AND expires_at > $2 ORDER BY created_at DESC, network LIMIT 50"
    ))
    .bind(w.actor.tenant)
    .bind(w.now)
    .fetch_all(c)
    .await)?;
    Ok(rows.into_iter().map(Quarantine::from).collect())
}

/// All of them, for whoever runs the program.
pub async fn all(nexus: &Nexus, limit: i64) -> Result<Vec<Quarantine>> {
    let rows: Vec<Row> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT network, key_id, shown, reason, created_at, expires_at FROM quarantines
         WHERE expires_at > $1 ORDER BY expires_at DESC, network LIMIT $2"
    ))
    .bind(nexus.now())
    .bind(limit)
    .fetch_all(pool)
    .await)?;
    Ok(rows.into_iter().map(Quarantine::from).collect())
}

/// Lifts every quarantine of an address, for whoever runs the program; answers with their number. Every
/// process knows within half a second.
pub async fn lift(nexus: &Nexus, ip: IpAddr) -> Result<usize> {
    let (network, now) = (written(ip), nexus.now());
    let (lifted, seqs) = nexus
        .write(move |tx| {
            Box::pin(async move {
                let rows: Vec<(Option<TenantId>, String)> = on!(*tx, |c| sqlx::query_as(sql!(
                    "DELETE FROM quarantines WHERE network = $1 RETURNING tenant_id, shown"
                ))
                .bind(network.as_str())
                .fetch_all(c)
                .await)?;
                let mut owned: Vec<_> =
                    rows.iter().filter_map(|(tenant, shown)| tenant.map(|tenant| (tenant, shown))).collect();
                // In one order, so that two writers never wait for each other.
                owned.sort();
                let mut seqs = Vec::new();
                for (tenant, shown) in owned {
                    let about = About { network: &network, shown, event: "key.quarantine_lifted" };
                    let operator = ("operator", "operator");
                    seqs.push(about.record(tx, tenant, operator, Value::Null, now).await?);
                }
                Ok((rows.len(), seqs))
            })
        })
        .await?;
    for (tenant, seq) in seqs {
        nexus.saw_seq(tenant, seq);
    }
    nexus.quarantines.follow(nexus).await?;
    Ok(lifted)
}

/// Forgets those that are over.
pub async fn forget_over(nexus: &Nexus) -> Result<()> {
    let now = nexus.now();
    carry_out!(nexus, sql!("DELETE FROM quarantines WHERE expires_at <= $1"), now)
}

/// The pair that a key is counted by.
pub(super) fn pair(ip: IpAddr, key_id: &str) -> Pair {
    (network(ip), key_id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_reads_back_as_it_is_written() {
        let text = |ip: &str| written(ip.parse().expect("an address"));
        assert_eq!(text("192.0.2.1"), "192.0.2.1");
        assert_eq!(text("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(text("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        for ip in ["192.0.2.1", "2001:db8:1:2::7"] {
            let ip: IpAddr = ip.parse().expect("an address");
            assert_eq!(address_of(&written(ip)), Some(network(ip)));
        }
        assert_eq!(address_of("nonsense"), None);
    }

    #[test]
    fn an_empty_quarantine_costs_one_look_and_a_pair_is_held_until_its_end() {
        let quarantines = Quarantines::default();
        let pair = |ip: &str, key: &str| pair(ip.parse().expect("an address"), key);
        assert!(!quarantines.any());
        quarantines.add(pair("192.0.2.1", "00"), Timestamp(1_000_000), true);
        assert!(quarantines.any());
        let refused = quarantines.check(&pair("192.0.2.1", "00"), Timestamp(0)).expect_err("held");
        assert_eq!(refused.code, Code::Quarantined);
        assert_eq!(refused.field("reason"), Some("bad_keys"));
        assert_eq!(refused.field("expires_at"), Some("1970-01-01T00:00:01.000000Z"));
        assert_eq!(refused.details.get("retry_after"), Some(&1.into()));
        for (ip, key, at) in [("192.0.2.2", "00", 0), ("192.0.2.1", "01", 0), ("192.0.2.1", "00", 1_000_000)]
        {
            assert_eq!(quarantines.check(&pair(ip, key), Timestamp(at)), Ok(()));
        }
    }
}
