//! Too many bad secrets from one address: 429 `quarantined` for that address and key, and for nothing else.

use crate::world::{Reply, World};
use nexus_domain::credential::compose;
use nexus_domain::timestamp::MINUTE;

/// The key of `api` with another secret.
fn wrong(w: &World) -> String {
    let key = &w.keys.sk_read;
    let byte = |at: usize| u8::from_str_radix(&key[8 + 2 * at..10 + 2 * at], 16).expect("hex");
    compose("sk_live_", std::array::from_fn(byte), [7; 20])
}

async fn sync(w: &World, key: &str, from: &str) -> Reply {
    w.get("/v1/sync").with(key).from(from).await
}

async fn filled() -> World {
    let w = World::new().await;
    let wrong = wrong(&w);
    for _ in 0..100 {
        sync(&w, &wrong, "192.0.2.1").await.refused(401, "unauthorized");
    }
    w
}

#[tokio::test]
async fn a_pair_in_quarantine_is_refused_with_the_reason_and_the_end_on_every_surface() {
    let w = filled().await;
    let key = w.keys.sk_read.as_str();
    let reply = sync(&w, key, "192.0.2.1").await.refused(429, "quarantined");
    assert_eq!(reply.header("retry-after"), Some("900"));
    let details = &reply.json()["details"];
    assert_eq!(details["reason"], "bad_keys");
    assert!(details["expires_at"].as_str().expect("a time").ends_with('Z'));
    w.get("/v1/stream").with(key).from("192.0.2.1").await.refused(429, "quarantined");
    w.get("/v1/secrets/TOKEN").with(key).from("::ffff:192.0.2.1").await.refused(429, "quarantined");
    w.post("/ofrep/v1/evaluate/flags", serde_json::json!({})).with(key).from("192.0.2.1").await.is(429);

    sync(&w, key, "192.0.2.2").await.is(200);
    sync(&w, &w.keys.sk_write, "192.0.2.1").await.is(200);
    w.get("/api/v1/whoami").with(&w.keys.admin).from("192.0.2.1").await.is(200);
    w.clock.pass(15 * MINUTE);
    sync(&w, key, "192.0.2.1").await.is(200);
}

#[tokio::test]
async fn unchanged_snapshots_and_refusals_for_other_reasons_count_against_nothing() {
    let w = World::new().await;
    let key = w.keys.sk_read.as_str();
    let tag = sync(&w, key, "192.0.2.1").await.header("etag").expect("a tag").to_owned();
    for _ in 0..150 {
        let again = w.get("/v1/sync").with(key).from("192.0.2.1").header("if-none-match", &tag);
        again.await.is(304);
        // A key that is right and may not, and no key at all.
        w.get("/api/v1/projects").with(key).from("192.0.2.1").await.is(403);
        w.get("/api/v1/projects").from("192.0.2.1").await.is(401);
    }
    sync(&w, key, "192.0.2.1").await.is(200);
    w.get("/api/v1/projects").from("192.0.2.1").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn addresses_of_one_ipv6_network_are_in_quarantine_together() {
    let w = World::new().await;
    let wrong = wrong(&w);
    for n in 0..100 {
        sync(&w, &wrong, &format!("2001:db8::{n:x}")).await.is(401);
    }
    sync(&w, &w.keys.sk_read, "2001:db8::ffff").await.refused(429, "quarantined");
    sync(&w, &w.keys.sk_read, "2001:db8:0:1::1").await.is(200);
}

#[tokio::test]
async fn a_flood_of_texts_that_are_no_keys_is_refused_and_keys_go_on() {
    let w = World::new().await;
    for n in 0..100 {
        sync(&w, &format!("sk_live_{n}"), "192.0.2.1").await.is(401);
    }
    sync(&w, "sk_live_x", "192.0.2.1").await.refused(429, "quarantined");
    sync(&w, &w.keys.sk_read, "192.0.2.1").await.is(200);
}
