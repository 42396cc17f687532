//! What one process counts. Two of them are in the conformance suite.

use super::*;

const NOW: Timestamp = Timestamp(90 * timestamp::MINUTE);

fn limits() -> Limits {
    Limits { window: Mutex::default(), key: [7; 32], shared: None }
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[tokio::test]
async fn the_hundred_and_first_request_of_a_minute_is_refused_and_the_next_minute_is_free() {
    let limits = limits();
    for _ in 0..AUTH_REQUESTS {
        assert!(limits.request(ip("192.0.2.1"), NOW).await.is_ok());
    }
    let refused = limits.request(ip("::ffff:192.0.2.1"), NOW).await.expect_err("over the limit").refusal();
    assert_eq!((refused.code, refused.details.get("retry_after")), (Code::RateLimited, Some(&60.into())));
    assert!(limits.request(ip("192.0.2.2"), NOW).await.is_ok());
    assert!(limits.request(ip("192.0.2.1"), NOW.plus(timestamp::MINUTE)).await.is_ok());
}

#[tokio::test]
async fn fifty_addresses_are_counted_each_by_itself() {
    let limits = limits();
    for round in 0..AUTH_REQUESTS + 1 {
        for host in 0..50 {
            let allowed = limits.request(ip(&format!("192.0.2.{host}")), NOW).await.is_ok();
            assert_eq!(allowed, round < AUTH_REQUESTS, "{host}");
        }
    }
}

#[tokio::test]
async fn ten_failures_close_the_account_from_everywhere_and_the_address_for_every_account() {
    let limits = limits();
    for _ in 0..AUTH_FAILURES {
        assert!(limits.attempt(ip("192.0.2.1"), "a@b.c", NOW).await.is_ok());
    }
    assert!(limits.attempt(ip("192.0.2.9"), "a@b.c", NOW).await.is_err());
    assert!(limits.attempt(ip("192.0.2.1"), "x@b.c", NOW).await.is_err());
    assert!(limits.attempt(ip("192.0.2.9"), "x@b.c", NOW).await.is_ok());
}

#[tokio::test]
async fn an_attempt_that_is_refused_counts_for_nobody() {
    let limits = limits();
    for n in 0..AUTH_FAILURES {
        limits.attempt(ip(&format!("192.0.2.{n}")), "a@b.c", NOW).await.expect("allowed");
    }
    for _ in 0..100 {
        limits.attempt(ip("198.51.100.1"), "a@b.c", NOW).await.expect_err("the account is closed");
    }
    for _ in 0..AUTH_FAILURES {
        limits.attempt(ip("198.51.100.1"), "other@b.c", NOW).await.expect("the address is not");
    }
}

#[tokio::test]
async fn attempts_that_succeed_do_not_count() {
    let limits = limits();
    for _ in 0..AUTH_FAILURES * 3 {
        limits.attempt(ip("192.0.2.1"), "a@b.c", NOW).await.expect("allowed");
        limits.succeeded(ip("192.0.2.1"), "a@b.c", NOW, NOW).await.expect("taken back");
    }
    limits.attempt(ip("192.0.2.1"), "a@b.c", NOW).await.expect("allowed");
    let next = NOW.plus(timestamp::MINUTE);
    limits.succeeded(ip("192.0.2.1"), "a@b.c", NOW, next).await.expect("nothing is left");
}

#[tokio::test]
async fn addresses_of_one_ipv6_network_share_a_counter() {
    let limits = limits();
    for host in 0..AUTH_REQUESTS {
        assert!(limits.request(ip(&format!("2001:db8::{host:x}")), NOW).await.is_ok());
    }
    assert!(limits.request(ip("2001:db8::ffff"), NOW).await.is_err());
    assert!(limits.request(ip("2001:db8:0:1::1"), NOW).await.is_ok());
}

#[test]
fn subjects_of_different_kinds_never_meet() {
    let (limits, v4, v6) = (limits(), ip("192.0.2.1"), ip("2001:db8::"));
    let marks = [
        Subject::Requests(v4),
        Subject::Requests(v6),
        Subject::FailuresFrom(v4),
        Subject::FailuresOf("a"),
        Subject::FailuresOf("192.0.2.1"),
        Subject::BadKeys(v4, ""),
        Subject::BadKeys(v4, "00112233445566aa"),
    ]
    .map(|subject| limits.mark(subject));
    let distinct: std::collections::BTreeSet<_> = marks.into_iter().collect();
    assert_eq!(distinct.len(), marks.len());
}
