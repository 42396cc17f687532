//! Limits on guessing: requests per address and failed attempts per address and account, counted in
//! fixed one-minute windows; and bad keys, which lead to a quarantine.
//!
//! With the embedded database there is one process, which counts in memory. Processes that share a
//! PostgreSQL count there, so that the limit is the same for all of them together. Either way it is
//! exact to one. Nothing here knows whether an account exists.

mod bad_keys;
mod quarantine;
mod shared;
mod window;

pub use bad_keys::{BAD_KEYS, present, present_address};
pub use quarantine::{LENGTH as QUARANTINE, Quarantines, all as quarantines, lift, of_tenant as quarantined};

use crate::Result;
use crate::crypto::Keyring;
use crate::nexus::Nexus;
use crate::store::Db;
use hmac::{Hmac, KeyInit, Mac};
use nexus_domain::{Code, Refusal, Timestamp, timestamp};
use sha2::Sha256;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use window::{Mark, Window};

/// Requests to authentication endpoints per address (IPv6: per /64) and minute.
pub const AUTH_REQUESTS: u32 = 100;
/// Failed attempts per address and per account and minute.
pub const AUTH_FAILURES: u32 = 10;

#[derive(Debug, Clone, Copy)]
enum Subject<'a> {
    Requests(IpAddr),
    FailuresFrom(IpAddr),
    FailuresOf(&'a str),
    /// Presenting a bad secret for this key id; no id for texts that are no keys.
    BadKeys(IpAddr, &'a str),
}

/// Counters of the current minute.
pub struct Limits {
    window: Mutex<Window>,
    /// Subjects are kept as MACs under this key, which is the same in every process.
    key: [u8; 32],
    /// Where other processes count too.
    shared: Option<Db>,
}

impl Limits {
    pub(crate) fn new(db: &Db, keyring: &Keyring) -> Result<Self> {
        let key = keyring.mac("limits", b"subjects")?;
        let shared = (!db.is_embedded()).then(|| db.clone());
        Ok(Self { window: Mutex::default(), key, shared })
    }

    /// Counts one request to an authentication endpoint.
    pub async fn request(&self, ip: IpAddr, now: Timestamp) -> Result<()> {
        let subject = Subject::Requests(network(ip));
        if self.count(subject, AUTH_REQUESTS, now).await? > AUTH_REQUESTS {
            return Err(refusal("requests from your address", now).into());
        }
        Ok(())
    }

    /// Begins an attempt that may fail; refused when the address or the account has failed too often
    /// in this minute. It counts as failed until [`succeeded`](Self::succeeded) takes that back, so
    /// that many at the same moment are not more than one after the other.
    pub async fn attempt(&self, ip: IpAddr, account: &str, now: Timestamp) -> Result<()> {
        let marks = self.failures(ip, account);
        let full = match &self.shared {
            Some(db) => shared::attempt(db, now.minute(), marks, AUTH_FAILURES).await?,
            None => {
                let mut window = self.window(now);
                let full = marks.into_iter().find(|mark| window.get(*mark) >= AUTH_FAILURES);
                if full.is_none() {
                    for mark in marks {
                        window.add(mark);
                    }
                }
                full
            }
        };
        too_many(full, marks, now)
    }

    /// Refuses where an attempt would be, and counts none: for what takes long and mostly succeeds.
    pub async fn room(&self, ip: IpAddr, account: &str, now: Timestamp) -> Result<()> {
        let marks = self.failures(ip, account);
        let full = match &self.shared {
            Some(db) => shared::full(db, now.minute(), marks, AUTH_FAILURES).await?,
            None => {
                let window = self.window(now);
                marks.into_iter().find(|mark| window.get(*mark) >= AUTH_FAILURES)
            }
        };
        too_many(full, marks, now)
    }

    /// The attempt that began at `begun` was none that failed.
    pub async fn succeeded(&self, ip: IpAddr, account: &str, begun: Timestamp, now: Timestamp) -> Result<()> {
        // The counters of an earlier minute are gone.
        if begun.minute() != now.minute() {
            return Ok(());
        }
        let marks = self.failures(ip, account);
        if let Some(db) = &self.shared {
            return shared::take_back(db, now.minute(), marks).await;
        }
        let mut window = self.window(now);
        for mark in marks {
            window.take_back(mark);
        }
        Ok(())
    }

    /// Counts one that is never taken back. What is over the limit already is not counted elsewhere any more.
    async fn count(&self, subject: Subject<'_>, limit: u32, now: Timestamp) -> Result<u32> {
        let mark = self.mark(subject);
        let Some(db) = &self.shared else { return Ok(self.window(now).add(mark)) };
        let known = self.window(now).get(mark);
        if known > limit {
            return Ok(known);
        }
        let count = shared::add(db, now.minute(), mark).await?;
        if count > limit {
            self.window(now).set(mark, count);
        }
        Ok(count)
    }

    /// Counts a bad key.
    async fn bad_key(&self, ip: IpAddr, key_id: &str, now: Timestamp) -> Result<u32> {
        self.count(Subject::BadKeys(network(ip), key_id), BAD_KEYS, now).await
    }

    fn failures(&self, ip: IpAddr, account: &str) -> [Mark; 2] {
        [Subject::FailuresFrom(network(ip)), Subject::FailuresOf(account)].map(|subject| self.mark(subject))
    }

    fn mark(&self, subject: Subject<'_>) -> Mark {
        let (kind, ip, text) = match subject {
            Subject::Requests(ip) => (0, Some(ip), ""),
            Subject::FailuresFrom(ip) => (1, Some(ip), ""),
            Subject::FailuresOf(account) => (2, None, account),
            Subject::BadKeys(ip, key_id) => (3, Some(ip), key_id),
        };
        // A key of 32 bytes is one that HMAC takes.
        let Ok(mut mac) = <Hmac<Sha256>>::new_from_slice(&self.key) else { return Mark::of(&self.key) };
        mac.update(&[kind]);
        match ip {
            Some(IpAddr::V4(ip)) => mac.update(&ip.octets()),
            Some(IpAddr::V6(ip)) => mac.update(&ip.octets()),
            None => {}
        }
        mac.update(&[0]);
        mac.update(text.as_bytes());
        Mark::of(&mac.finalize().into_bytes().into())
    }

    fn window(&self, now: Timestamp) -> MutexGuard<'_, Window> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.turn(now.minute());
        window
    }
}

/// Forgets what is over: counters of earlier minutes, and quarantines.
pub async fn forget_old(nexus: &Nexus) -> Result<()> {
    shared::forget_old(nexus).await?;
    quarantine::forget_over(nexus).await
}

/// The refusal for the one that is full, of address and account.
fn too_many(full: Option<Mark>, [from_address, _]: [Mark; 2], now: Timestamp) -> Result<()> {
    match full {
        None => Ok(()),
        Some(mark) if mark == from_address => Err(refusal("failed attempts from your address", now).into()),
        Some(_) => Err(refusal("failed attempts for this account", now).into()),
    }
}

fn refusal(what: &str, now: Timestamp) -> Refusal {
    let seconds = seconds_until(Timestamp((now.minute() + 1) * timestamp::MINUTE), now);
    Refusal::new(Code::RateLimited, format!("Too many {what}; try again in {seconds} s"))
        .with("limited", what)
        .with("retry_after", seconds)
}

/// Whole seconds, and never too few.
const fn seconds_until(then: Timestamp, now: Timestamp) -> i64 {
    (then.0 - now.0 + timestamp::SECOND - 1) / timestamp::SECOND
}

/// An IPv6 customer has at least a /64, so that single addresses mean nothing; a mapped IPv4
/// address is the IPv4 address.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests;
