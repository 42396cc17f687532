//! Limits on guessing: per address and per account, in windows of a minute.

use crate::world::{PASSWORD, Person, Reply, Start, World};
use nexus_domain::timestamp::{MINUTE, SECOND};

/// Longer than any password may be: refused without the work of a hash.
fn impossible() -> String {
    "x".repeat(129)
}

async fn guess(w: &World, email: &str, address: &str) -> Reply {
    w.call("sign_in", &[("email", email), ("password", &impossible())]).from(address).await
}

#[tokio::test]
async fn after_ten_failures_an_address_has_to_wait_for_the_next_minute() {
    let w = World::new().await;
    w.clock.pass(15 * SECOND);
    for n in 0..10 {
        guess(&w, &format!("nobody{n}@acme.test"), "192.0.2.1").await.refused(401, "unauthorized");
    }
    let reply = guess(&w, "another@acme.test", "192.0.2.1").await.refused(429, "rate_limited");
    assert_eq!(reply.header("retry-after"), Some("45"));
    assert_eq!(reply.json()["details"]["limited"], "failed attempts from your address");
    guess(&w, "another@acme.test", "192.0.2.2").await.refused(401, "unauthorized");
    w.clock.pass(45 * SECOND);
    guess(&w, "another@acme.test", "192.0.2.1").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn after_ten_failures_an_account_is_closed_from_everywhere_even_for_the_right_password() {
    let w = World::new().await;
    for n in 0..10 {
        guess(&w, Person::Owner.email(), &format!("192.0.2.{n}")).await.refused(401, "unauthorized");
    }
    let right = [("email", "ANA@acme.test"), ("password", PASSWORD)];
    let reply = w.call("sign_in", &right).from("198.51.100.7").await.refused(429, "rate_limited");
    assert_eq!(reply.json()["details"]["limited"], "failed attempts for this account");
}

#[tokio::test]
async fn an_unknown_account_is_closed_like_a_known_one() {
    let w = World::new().await;
    for n in 0..10 {
        guess(&w, "nobody@acme.test", &format!("192.0.2.{n}")).await.refused(401, "unauthorized");
    }
    guess(&w, "nobody@acme.test", "198.51.100.7").await.refused(429, "rate_limited");
}

#[tokio::test]
async fn guessing_the_password_of_a_session_is_counted_too() {
    let w = World::new().await;
    let long = impossible();
    for _ in 0..10 {
        w.call("step_up", &[("password", &long)]).with(Person::Owner).await.invalid("password");
    }
    let reply = w.call("step_up", &[("password", PASSWORD)]).with(Person::Owner).await;
    reply.refused(429, "rate_limited");
}

#[tokio::test]
async fn guessing_links_is_counted() {
    let w = World::new().await;
    let guess = || {
        let fields = [("token", "0123"), ("password", "another horse battery")];
        w.call("reset_password", &fields).from("192.0.2.1")
    };
    for _ in 0..10 {
        guess().await.refused(404, "not_found");
    }
    guess().await.refused(429, "rate_limited");
}

#[tokio::test]
async fn the_hundred_and_first_request_of_a_minute_is_refused_whatever_it_asks() {
    let w = World::new().await;
    let ask = || w.call("reset_password", &[("token", "0123"), ("password", "short")]).from("192.0.2.1");
    for _ in 0..100 {
        ask().await.invalid("password");
    }
    let reply = ask().await.refused(429, "rate_limited");
    assert_eq!(reply.header("retry-after"), Some("60"));
    assert_eq!(reply.json()["details"]["limited"], "requests from your address");
    let right = [("email", Person::Owner.email()), ("password", PASSWORD)];
    w.call("sign_in", &right).from("192.0.2.1").await.refused(429, "rate_limited");
    w.clock.pass(MINUTE);
    ask().await.invalid("password");
}

#[tokio::test]
async fn addresses_of_one_ipv6_network_are_one() {
    let w = World::new().await;
    for n in 0..10 {
        guess(&w, &format!("nobody{n}@acme.test"), &format!("2001:db8::{n:x}")).await.is(401);
    }
    guess(&w, "another@acme.test", "2001:db8::ffff").await.refused(429, "rate_limited");
    guess(&w, "another@acme.test", "2001:db8:0:1::1").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_forged_forwarded_address_helps_nobody() {
    let w = World::new().await;
    let guess = |n: usize| {
        let email = format!("nobody{n}@acme.test");
        let ask = w.call("sign_in", &[("email", &email), ("password", &impossible())]).from("192.0.2.1");
        ask.header("x-forwarded-for", &format!("198.51.100.{n}"))
            .header("x-real-ip", &format!("198.51.100.{n}"))
    };
    for n in 0..10 {
        guess(n).await.refused(401, "unauthorized");
    }
    guess(11).await.refused(429, "rate_limited");
}

#[tokio::test]
async fn behind_a_trusted_proxy_clients_are_told_apart_by_what_it_adds() {
    let w = World::started(Start { trusted: &["192.0.2.0/24"], ..Start::default() }).await;
    let guess = |n: usize, forwarded: &str| {
        let email = format!("nobody{n}@acme.test");
        let ask = w.call("sign_in", &[("email", &email), ("password", &impossible())]).from("192.0.2.1");
        ask.header("x-forwarded-for", forwarded)
    };
    for n in 0..10 {
        guess(n, &format!("203.0.113.{n}, 198.51.100.1")).await.refused(401, "unauthorized");
    }
    guess(11, "198.51.100.1").await.refused(429, "rate_limited");
    guess(12, "198.51.100.2").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn the_audit_log_names_the_address_that_was_believed() {
    let w = World::new().await;
    let fields = [("tenant", "acme"), ("name", "From somewhere")];
    let create = w.call("create_project", &fields).from("192.0.2.77").header("x-forwarded-for", "1.2.3.4");
    create.with(Person::Owner).await.is(200);
    let ips =
        w.texts("SELECT ip FROM audit_log WHERE event = 'project.created' ORDER BY seq DESC LIMIT 1").await;
    assert_eq!(ips, ["192.0.2.77"]);
}
