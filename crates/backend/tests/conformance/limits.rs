//! Limits and quarantine: exact to one, in one process and in two that share a database.

use crate::world::{Outcome, World};
use futures::future::join_all;
use nexus_backend::limits::{self, AUTH_FAILURES, AUTH_REQUESTS, BAD_KEYS, QUARANTINE};
use nexus_backend::{Nexus, snapshot};
use nexus_domain::Code;
use nexus_domain::credential::compose;
use nexus_domain::keys::Access;
use nexus_domain::role::TenantRole;
use nexus_domain::timestamp::MINUTE;
use std::net::IpAddr;

both![
    of_many_requests_at_once_exactly_a_hundred_are_allowed,
    of_many_attempts_at_once_exactly_ten_are_allowed,
    an_attempt_that_is_refused_counts_for_nobody,
    what_succeeds_is_taken_back_and_the_next_minute_is_free,
    fifty_addresses_at_once_are_counted_each_by_itself,
    counters_of_earlier_minutes_are_forgotten,
    a_hundred_bad_secrets_put_the_address_and_the_key_into_quarantine,
    a_quarantine_is_known_to_every_process_and_lifted_for_all,
    texts_that_are_no_keys_are_counted_by_their_address,
    an_unknown_key_is_counted_like_a_known_one,
    owners_see_what_of_their_keys_is_in_quarantine,
];

fn ip(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

/// This process, and another one where the database is one that processes share.
async fn processes(w: &World) -> Vec<Nexus> {
    let mut processes = vec![w.nexus.clone()];
    if !w.nexus.db.is_embedded() {
        processes.push(w.another_process().await);
    }
    processes
}

async fn end(processes: Vec<Nexus>) {
    for process in processes.into_iter().skip(1) {
        process.settled().await;
        process.db.close().await;
    }
}

async fn of_many_requests_at_once_exactly_a_hundred_are_allowed(w: &World) {
    let all = processes(w).await;
    let requests = (0..130).map(|n| all[n % all.len()].limits.request(ip(1), w.now()));
    let outcomes = join_all(requests).await;
    let allowed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(allowed, usize::try_from(AUTH_REQUESTS).expect("fits"));
    for process in &all {
        let refusal = process.limits.request(ip(1), w.now()).await.refused_as(Code::RateLimited);
        assert_eq!(refusal.field("limited"), Some("requests from your address"));
        process.limits.request(ip(2), w.now()).await.fine();
    }
    end(all).await;
}

async fn of_many_attempts_at_once_exactly_ten_are_allowed(w: &World) {
    let all = processes(w).await;
    let accounts: Vec<String> = (0..40).map(|n| format!("n{n}@acme.test")).collect();
    let from_one = accounts.iter().enumerate();
    let attempts = from_one.map(|(n, account)| all[n % all.len()].limits.attempt(ip(1), account, w.now()));
    let outcomes = join_all(attempts).await;
    let ten = usize::try_from(AUTH_FAILURES).expect("fits");
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), ten);
    let on_one = (10..50).map(|n| {
        let process = &all[usize::from(n) % all.len()];
        process.limits.attempt(ip(n), "ana@acme.test", w.now())
    });
    let outcomes = join_all(on_one).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), ten);
    for process in &all {
        let refusal =
            process.limits.attempt(ip(1), "x@acme.test", w.now()).await.refused_as(Code::RateLimited);
        assert_eq!(refusal.field("limited"), Some("failed attempts from your address"));
        let refusal =
            process.limits.attempt(ip(99), "ana@acme.test", w.now()).await.refused_as(Code::RateLimited);
        assert_eq!(refusal.field("limited"), Some("failed attempts for this account"));
    }
    end(all).await;
}

async fn an_attempt_that_is_refused_counts_for_nobody(w: &World) {
    let limits = &w.nexus.limits;
    for n in 0..10 {
        limits.attempt(ip(n), "ana@acme.test", w.now()).await.fine();
    }
    for _ in 0..12 {
        limits.attempt(ip(50), "ana@acme.test", w.now()).await.refused_as(Code::RateLimited);
    }
    for _ in 0..10 {
        limits.attempt(ip(50), "other@acme.test", w.now()).await.fine();
    }
}

async fn what_succeeds_is_taken_back_and_the_next_minute_is_free(w: &World) {
    let all = processes(w).await;
    for n in 0..30 {
        let process = &all[n % all.len()];
        process.limits.attempt(ip(1), "ana@acme.test", w.now()).await.fine();
        process.limits.succeeded(ip(1), "ana@acme.test", w.now(), w.now()).await.fine();
    }
    for n in 0..10 {
        all[n % all.len()].limits.attempt(ip(1), "ana@acme.test", w.now()).await.fine();
    }
    let begun = w.now();
    all[0].limits.attempt(ip(1), "ana@acme.test", begun).await.refused_as(Code::RateLimited);
    w.pass(MINUTE);
    for process in &all {
        process.limits.attempt(ip(1), "ana@acme.test", w.now()).await.fine();
        // Of an earlier minute there is nothing to take back.
        process.limits.succeeded(ip(1), "ana@acme.test", begun, w.now()).await.fine();
    }
    end(all).await;
}

async fn fifty_addresses_at_once_are_counted_each_by_itself(w: &World) {
    let all = processes(w).await;
    let attempts = (0..50_u8).flat_map(|host| (0..12_usize).map(move |n| (host, n))).map(|(host, n)| {
        let process = all[n % all.len()].clone();
        let now = w.now();
        async move {
            let account = format!("h{host}n{n}@acme.test");
            (host, process.limits.attempt(ip(host), &account, now).await.is_ok())
        }
    });
    let mut allowed = [0; 50];
    for (host, fine) in join_all(attempts).await {
        allowed[usize::from(host)] += u32::from(fine);
    }
    assert_eq!(allowed, [AUTH_FAILURES; 50]);
    end(all).await;
}

async fn counters_of_earlier_minutes_are_forgotten(w: &World) {
    w.nexus.limits.request(ip(1), w.now()).await.fine();
    w.nexus.limits.attempt(ip(1), "ana@acme.test", w.now()).await.fine();
    let rows = if w.nexus.db.is_embedded() { 0 } else { 3 };
    limits::forget_old(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM limit_counts").await, rows);
    for (_, bytes) in w.dump().await {
        assert!(!String::from_utf8_lossy(&bytes).contains("192.0.2.1"), "subjects are MACs");
    }
    w.pass(3 * MINUTE);
    limits::forget_old(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM limit_counts").await, 0);
}

/// The same id with another secret.
fn with_wrong_secret(key: &str) -> String {
    let byte = |at: usize| u8::from_str_radix(&key[8 + 2 * at..10 + 2 * at], 16).expect("hex");
    compose(&key[..8], std::array::from_fn(byte), [7; 20])
}

/// Whether it is refused, and how.
async fn presented(nexus: &Nexus, text: &str, from: u8) -> Option<Code> {
    limits::present(nexus, text, ip(from), None).await.err().map(|error| error.refusal().code)
}

async fn a_hundred_bad_secrets_put_the_address_and_the_key_into_quarantine(w: &World) {
    let api = w.shop().await;
    let (key, actor) = w.service_key(&api, Access::Read).await;
    let (other_key, _) = w.service_key(&api, Access::ReadWrite).await;
    let wrong = with_wrong_secret(&key);
    for n in 1..BAD_KEYS {
        assert_eq!(presented(&w.nexus, &wrong, 1).await, Some(Code::Unauthorized), "{n}");
    }
    assert_eq!(presented(&w.nexus, &key, 1).await, None, "99 are not enough");
    assert_eq!(presented(&w.nexus, &wrong, 1).await, Some(Code::Unauthorized), "the hundredth");
    assert_eq!(presented(&w.nexus, &wrong, 1).await, Some(Code::Quarantined));
    let refusal =
        limits::present(&w.nexus, &key, ip(1), None).await.map(|_| ()).refused_as(Code::Quarantined);
    assert_eq!(refusal.field("reason"), Some("bad_keys"));
    assert_eq!(refusal.field("expires_at"), Some(w.now().plus(QUARANTINE).rfc3339().as_str()));
    assert_eq!(presented(&w.nexus, &key, 2).await, None, "from elsewhere it works");
    assert_eq!(presented(&w.nexus, &other_key, 1).await, None, "another key works from there");
    // What is open goes on.
    snapshot::sync(&w.nexus, &actor, None).await.fine();

    w.nexus.settled().await;
    assert!(w.events().await.contains(&"key.quarantined".to_owned()));
    let about =
        w.texts("SELECT actor || ' ' || target || ' ' || ip FROM audit_log WHERE event = 'key.quarantined'");
    assert_eq!(about.await, [format!("nobody {} 192.0.2.1", &key[..12])]);
    w.pass(QUARANTINE - 1);
    w.nexus.follow().await.fine();
    assert_eq!(presented(&w.nexus, &key, 1).await, Some(Code::Quarantined));
    w.pass(1);
    assert_eq!(presented(&w.nexus, &key, 1).await, None);
    limits::forget_old(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM quarantines").await, 0);
}

async fn a_quarantine_is_known_to_every_process_and_lifted_for_all(w: &World) {
    let api = w.shop().await;
    let (key, _) = w.service_key(&api, Access::Read).await;
    let other = w.another_process().await;
    let wrong = with_wrong_secret(&key);
    for _ in 0..BAD_KEYS {
        presented(&w.nexus, &wrong, 1).await;
    }
    w.nexus.settled().await;
    other.follow().await.fine();
    assert_eq!(presented(&other, &key, 1).await, Some(Code::Quarantined));
    assert_eq!(presented(&other, &key, 2).await, None);
    // Looking keeps what is there.
    w.nexus.follow().await.fine();
    assert_eq!(presented(&w.nexus, &key, 1).await, Some(Code::Quarantined));

    let held = limits::quarantines(&w.nexus, 10).await.fine();
    let shown: Vec<_> = held.iter().map(|held| (held.network.as_str(), held.shown.as_str())).collect();
    assert_eq!(shown, [("192.0.2.1", &key[..12])]);
    assert_eq!(limits::lift(&w.nexus, ip(2)).await.fine(), 0);
    assert_eq!(limits::lift(&w.nexus, ip(1)).await.fine(), 1);
    assert_eq!(presented(&w.nexus, &key, 1).await, None);
    other.follow().await.fine();
    assert_eq!(presented(&other, &key, 1).await, None);
    assert_eq!(w.events().await.last().map(String::as_str), Some("key.quarantine_lifted"));
    other.settled().await;
    other.db.close().await;
}

async fn texts_that_are_no_keys_are_counted_by_their_address(w: &World) {
    let (key, _) = w.environment_key("live", &[]).await;
    for n in 0..BAD_KEYS {
        assert_eq!(presented(&w.nexus, &format!("nonsense {n}"), 1).await, Some(Code::Unauthorized));
    }
    assert_eq!(presented(&w.nexus, "other nonsense", 1).await, Some(Code::Quarantined));
    assert_eq!(presented(&w.nexus, "other nonsense", 2).await, Some(Code::Unauthorized));
    assert_eq!(presented(&w.nexus, &key, 1).await, None, "keys work from there");
}

async fn an_unknown_key_is_counted_like_a_known_one(w: &World) {
    let api = w.shop().await;
    let (key, _) = w.service_key(&api, Access::Read).await;
    let unknown = compose("sk_live_", [9; 8], [7; 20]);
    let mut work = Vec::new();
    for wrong in [with_wrong_secret(&key), unknown] {
        let fresh = w.another_process().await;
        let before = fresh.db.asked().so_far();
        assert_eq!(presented(&fresh, &wrong, 1).await, Some(Code::Unauthorized));
        work.push(fresh.db.asked().so_far() - before);
        fresh.settled().await;
        fresh.db.close().await;
    }
    assert_eq!(work[0], work[1]);
}

async fn owners_see_what_of_their_keys_is_in_quarantine(w: &World) {
    let api = w.shop().await;
    let (key, _) = w.service_key(&api, Access::Read).await;
    let wrong = with_wrong_secret(&key);
    for _ in 0..BAD_KEYS {
        presented(&w.nexus, &wrong, 1).await;
        presented(&w.nexus, "nonsense", 3).await;
    }
    w.nexus.settled().await;
    let held = limits::quarantined(&w.nexus, &w.owner).await.fine();
    assert_eq!(held.iter().map(|held| held.network.as_str()).collect::<Vec<_>>(), ["192.0.2.1"]);
    assert_eq!((held[0].shown.as_str(), held[0].expires_at), (&key[..12], w.now().plus(QUARANTINE)));
    let member = w.person("max@acme.test", TenantRole::Member).await;
    limits::quarantined(&w.nexus, &member).await.refused_as(Code::Forbidden);
    let rival = w.rival().await;
    assert_eq!(limits::quarantined(&w.nexus, &rival.owner).await.fine(), []);
    assert_eq!(limits::quarantines(&w.nexus, 10).await.fine().len(), 2, "the operator sees all");
}
