//! Limits on guessing: requests per address and failed attempts per address and account, counted in
//! fixed one-minute windows.

use nexus_domain::{Code, Refusal, Timestamp, timestamp};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests to authentication endpoints per address (IPv6: per /64) and minute.
pub const AUTH_REQUESTS: u32 = 100;
/// Failed attempts per address and per account and minute.
pub const AUTH_FAILURES: u32 = 10;

/// More addresses than this in one minute are counted together, so that memory stays bounded.
const MAX_COUNTERS: usize = 200_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    Requests(IpAddr),
    FailuresFrom(IpAddr),
    FailuresOf(String),
    Overflow,
}

/// Counters of the current minute.
#[derive(Default)]
pub struct Limits(Mutex<Window>);

#[derive(Default)]
struct Window {
    minute: i64,
    counts: HashMap<Subject, u32>,
}

impl Limits {
    /// Counts one request to an authentication endpoint.
    pub fn request(&self, ip: IpAddr, now: Timestamp) -> Result<(), Refusal> {
        let count = self.add(Subject::Requests(network(ip)), now);
        if count > AUTH_REQUESTS { Err(refusal("requests from your address", now)) } else { Ok(()) }
    }

    /// Begins an attempt that may fail; refused when the address or the account has failed too often
    /// in this minute. It counts as failed until [`succeeded`](Self::succeeded) takes that back, so
    /// that many at the same moment are not more than one after the other.
    pub fn attempt(&self, ip: IpAddr, account: &str, now: Timestamp) -> Result<(), Refusal> {
        let mut window = self.window(now);
        let subjects = failures(ip, account).map(|subject| window.place_of(subject));
        for (subject, what) in subjects.iter().zip(["from your address", "for this account"]) {
            if window.get(subject) >= AUTH_FAILURES {
                return Err(refusal(&format!("failed attempts {what}"), now));
            }
        }
        for subject in subjects {
            window.add(subject);
        }
        Ok(())
    }

    /// The attempt that began at `begun` was none that failed.
    pub fn succeeded(&self, ip: IpAddr, account: &str, begun: Timestamp, now: Timestamp) {
        let mut window = self.window(now);
        // The counters of an earlier minute are gone.
        if begun.minute() == now.minute() {
            for subject in failures(ip, account) {
                window.take_back(&subject);
            }
        }
    }

    fn add(&self, subject: Subject, now: Timestamp) -> u32 {
        self.window(now).add(subject)
    }

    fn window(&self, now: Timestamp) -> MutexGuard<'_, Window> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        window.turn(now);
        window
    }
}

fn failures(ip: IpAddr, account: &str) -> [Subject; 2] {
    [Subject::FailuresFrom(network(ip)), Subject::FailuresOf(account.to_owned())]
}

impl Window {
    fn add(&mut self, subject: Subject) -> u32 {
        let subject = self.place_of(subject);
        let count = self.counts.entry(subject).or_default();
        *count = count.saturating_add(1);
        *count
    }

    fn get(&self, subject: &Subject) -> u32 {
        self.counts.get(subject).copied().unwrap_or(0)
    }

    fn take_back(&mut self, subject: &Subject) {
        if let Some(count) = self.counts.get_mut(subject) {
            *count = count.saturating_sub(1);
        }
    }

    fn place_of(&self, subject: Subject) -> Subject {
        let full = self.counts.len() >= MAX_COUNTERS && !self.counts.contains_key(&subject);
        if full { Subject::Overflow } else { subject }
    }

    fn turn(&mut self, now: Timestamp) {
        if self.minute != now.minute() {
            self.minute = now.minute();
            self.counts = HashMap::new();
        }
    }
}

fn refusal(what: &str, now: Timestamp) -> Refusal {
    let left = (now.minute() + 1) * timestamp::MINUTE - now.0;
    let seconds = (left + timestamp::SECOND - 1) / timestamp::SECOND;
    Refusal::new(Code::RateLimited, format!("Too many {what}; try again in {seconds} s"))
        .with("limited", what)
        .with("retry_after", seconds)
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
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(90 * timestamp::MINUTE);

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_hundred_and_first_request_of_a_minute_is_refused_and_the_next_minute_is_free() {
        let limits = Limits::default();
        for _ in 0..AUTH_REQUESTS {
            assert!(limits.request(ip("192.0.2.1"), NOW).is_ok());
        }
        let refused = limits.request(ip("::ffff:192.0.2.1"), NOW).expect_err("over the limit");
        assert_eq!((refused.code, refused.details.get("retry_after")), (Code::RateLimited, Some(&60.into())));
        assert!(limits.request(ip("192.0.2.2"), NOW).is_ok());
        assert!(limits.request(ip("192.0.2.1"), NOW.plus(timestamp::MINUTE)).is_ok());
    }

    #[test]
    fn ten_failures_close_the_account_from_everywhere_and_the_address_for_every_account() {
        let limits = Limits::default();
        for _ in 0..AUTH_FAILURES {
            assert!(limits.attempt(ip("192.0.2.1"), "a@b.c", NOW).is_ok());
        }
        assert!(limits.attempt(ip("192.0.2.9"), "a@b.c", NOW).is_err());
        assert!(limits.attempt(ip("192.0.2.1"), "x@b.c", NOW).is_err());
        assert!(limits.attempt(ip("192.0.2.9"), "x@b.c", NOW).is_ok());
    }

    #[test]
    fn attempts_that_succeed_do_not_count() {
        let limits = Limits::default();
        for _ in 0..AUTH_FAILURES * 3 {
            assert!(limits.attempt(ip("192.0.2.1"), "a@b.c", NOW).is_ok());
            limits.succeeded(ip("192.0.2.1"), "a@b.c", NOW, NOW);
        }
        assert!(limits.attempt(ip("192.0.2.1"), "a@b.c", NOW).is_ok());
        limits.succeeded(ip("192.0.2.1"), "a@b.c", NOW, NOW.plus(timestamp::MINUTE));
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_a_counter() {
        let limits = Limits::default();
        for host in 0..AUTH_REQUESTS {
            assert!(limits.request(ip(&format!("2001:db8::{host:x}")), NOW).is_ok());
        }
        assert!(limits.request(ip("2001:db8::ffff"), NOW).is_err());
        assert!(limits.request(ip("2001:db8:0:1::1"), NOW).is_ok());
    }

    #[test]
    fn a_flood_of_addresses_does_not_grow_memory_without_end() {
        let limits = Limits::default();
        for n in 0..u32::try_from(MAX_COUNTERS).expect("fits") + 1000 {
            limits.add(Subject::Requests(IpAddr::V4(n.into())), NOW);
        }
        assert!(limits.0.lock().expect("free").counts.len() <= MAX_COUNTERS + 1);
    }
}
