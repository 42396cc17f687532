//! What was asked since the log was written last, in memory. Each thread counts in a shard of its own,
//! so that requests do not wait for each other; a request that was counted before allocates nothing.

use super::Caller;
use nexus_domain::Timestamp;
use nexus_domain::request_log::CallerKind;
use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;
/// Different rows that one shard holds until they are written.
const ROOM: usize = 512;
/// The same for credentials that nobody knows: whoever makes them up leaves the room of others alone.
const ROOM_OF_UNKNOWN: usize = 64;

/// A request that was answered.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    pub at: Timestamp,
    pub ip: IpAddr,
    pub method: &'a str,
    /// The route's pattern.
    pub route: &'a str,
    pub status: u16,
    pub micros: u64,
}

/// A row on its way into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub minute: i64,
    pub caller: Caller,
    pub ip: IpAddr,
    pub method: String,
    pub route: String,
    pub status: u16,
    pub count: i64,
    pub total_micros: i64,
    pub greatest_micros: i64,
    pub last_at: Timestamp,
}

impl Row {
    fn is_of(&self, minute: i64, caller: &Caller, request: &Answered<'_>) -> bool {
        let Self { ip, method, route, status, .. } = self;
        self.minute == minute
            && self.caller == *caller
            && (*ip, method.as_str(), route.as_str(), *status)
                == (request.ip, request.method, request.route, request.status)
    }

    fn of(minute: i64, caller: Caller, request: &Answered<'_>) -> Self {
        let micros = i64::try_from(request.micros).unwrap_or(i64::MAX);
        Self {
            minute,
            caller,
            ip: request.ip,
            method: request.method.to_owned(),
            route: request.route.to_owned(),
            status: request.status,
            count: 1,
            total_micros: micros,
            greatest_micros: micros,
            last_at: request.at,
        }
    }

    fn as_answered(&self) -> Answered<'_> {
        let Self { ip, method, route, status, last_at, .. } = self;
        Answered { at: *last_at, ip: *ip, method, route, status: *status, micros: 0 }
    }

    fn add_one(&mut self, request: &Answered<'_>) {
        let micros = i64::try_from(request.micros).unwrap_or(i64::MAX);
        self.count = self.count.saturating_add(1);
        self.total_micros = self.total_micros.saturating_add(micros);
        self.greatest_micros = self.greatest_micros.max(micros);
        self.last_at = self.last_at.max(request.at);
    }

    /// Takes in another row about the same.
    pub fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.total_micros = self.total_micros.saturating_add(other.total_micros);
        self.greatest_micros = self.greatest_micros.max(other.greatest_micros);
        self.last_at = self.last_at.max(other.last_at);
    }
}

#[derive(Default)]
struct Shard {
    rows: HashMap<u64, Row>,
    unknown: usize,
}

impl Shard {
    /// Puts a row at its place; none where another one is there, or there is no room.
    fn place(&mut self, key: u64, row: Row) -> Option<()> {
        let is_unknown = row.caller.kind == CallerKind::Unknown;
        let full = match is_unknown {
            true => self.unknown >= ROOM_OF_UNKNOWN,
            false => self.rows.len() - self.unknown >= ROOM,
        };
        match self.rows.entry(key) {
            Entry::Occupied(mut present)
                if present.get().is_of(row.minute, &row.caller, &row.as_answered()) =>
            {
                present.get_mut().add(&row);
                Some(())
            }
            Entry::Vacant(place) if !full => {
                place.insert(row);
                self.unknown += usize::from(is_unknown);
                Some(())
            }
            // Two rows that a hash does not tell apart are as good as never.
            _ => None,
        }
    }
}

/// The requests that are not written yet.
#[derive(Default)]
pub struct RequestLog {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    dropped: AtomicU64,
}

/// The methods that HTTP names; what else somebody sends is not repeated.
fn known_method(method: &str) -> &'static str {
    const METHODS: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    METHODS.into_iter().find(|known| *known == method).unwrap_or("other")
}

/// The shard of this thread.
fn own_shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    }
    OWN.with(|own| *own)
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RequestLog {
    /// Counts a request that was answered.
    pub fn note(&self, caller: Caller, request: Answered<'_>) {
        let request = Answered { method: known_method(request.method), ..request };
        let minute = request.at.minute();
        let key = self.key(minute, &caller, &request);
        let Some(shard) = self.shards.get(own_shard()) else { return };
        let mut shard = lock(shard);
        let known = shard.rows.get_mut(&key).filter(|row| row.is_of(minute, &caller, &request));
        if let Some(row) = known {
            row.add_one(&request);
            return;
        }
        let placed = shard.place(key, Row::of(minute, caller, &request));
        if placed.is_none() {
            self.drop_some(1);
        }
    }

    fn key(&self, minute: i64, caller: &Caller, request: &Answered<'_>) -> u64 {
        self.hasher.hash_one((
            minute,
            (caller.tenant, caller.kind, caller.id, &caller.label),
            (request.ip, request.method, request.route, request.status),
        ))
    }

    /// Takes back what could not be written, as far as there is room.
    pub(super) fn put_back(&self, rows: impl Iterator<Item = Row>) {
        for (row, shard) in rows.zip(self.shards.iter().cycle()) {
            let requests = row.count;
            if lock(shard).place(self.key(row.minute, &row.caller, &row.as_answered()), row).is_none() {
                self.drop_some(u64::try_from(requests).unwrap_or(0));
            }
        }
    }

    /// Counts requests that are not in the log.
    pub(super) fn drop_some(&self, requests: u64) {
        self.dropped.fetch_add(requests, Ordering::Relaxed);
    }

    /// Takes everything, and how many found no room.
    pub(super) fn take(&self) -> (Vec<Row>, u64) {
        let rows = self.shards.iter().flat_map(|shard| std::mem::take(&mut *lock(shard)).rows.into_values());
        (rows.collect(), self.dropped.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::{TenantId, timestamp};
    use uuid::Uuid;

    fn caller(kind: CallerKind, n: u128) -> Caller {
        let (tenant, id) = (Some(TenantId(Uuid::from_u128(1))), Some(Uuid::from_u128(n)));
        Caller { tenant, kind, id, label: "sk_live_1f0c".into(), environment: None }
    }

    fn sync(at: i64, status: u16, micros: u64) -> Answered<'static> {
        let ip = "192.0.2.1".parse().expect("an address");
        Answered { at: Timestamp(at), ip, method: "GET", route: "/v1/sync", status, micros }
    }

    #[test]
    fn equal_requests_of_a_minute_are_one_row() {
        let (log, key) = (RequestLog::default(), caller(CallerKind::ServiceKey, 7));
        log.note(key.clone(), sync(1, 304, 5));
        log.note(key.clone(), sync(2, 304, 9));
        log.note(key.clone(), sync(3, 200, 100));
        log.note(key.clone(), sync(timestamp::MINUTE, 304, 1));
        log.note(caller(CallerKind::ServiceKey, 8), sync(1, 304, 5));
        log.note(key, Answered { method: "BREW", ..sync(1, 304, 5) });
        let (mut rows, dropped) = log.take();
        rows.sort_by_key(|row| (row.minute, row.status, row.caller.id, row.method.clone()));
        let counts: Vec<_> = rows.iter().map(|row| (row.status, row.count, row.method.as_str())).collect();
        assert_eq!(dropped, 0);
        assert_eq!(
            counts,
            [(200, 1, "GET"), (304, 2, "GET"), (304, 1, "other"), (304, 1, "GET"), (304, 1, "GET")]
        );
        assert_eq!((rows[1].total_micros, rows[1].greatest_micros, rows[1].last_at.0), (14, 9, 2));
        assert_eq!(log.take(), (vec![], 0));
    }

    #[test]
    fn made_up_credentials_leave_the_room_of_keys_alone_and_what_does_not_fit_is_counted() {
        let log = RequestLog::default();
        for n in 0..1000 {
            log.note(caller(CallerKind::Unknown, n), sync(1, 401, 1));
        }
        for n in 0..1000 {
            log.note(caller(CallerKind::ServiceKey, n), sync(1, 200, 1));
        }
        // What is there already still counts.
        log.note(caller(CallerKind::ServiceKey, 3), sync(1, 200, 1));
        let (rows, dropped) = log.take();
        assert_eq!(rows.len(), ROOM + ROOM_OF_UNKNOWN);
        assert_eq!(dropped, 2000 - u64::try_from(ROOM + ROOM_OF_UNKNOWN).expect("fits"));
        assert_eq!(rows.iter().map(|row| row.count).max(), Some(2));
    }
}
