//! Promotion over REST: what is said, what is done, and that no value is in either.

use crate::world::{Reply, World};
use serde_json::{Value, json};

const SERVICE: &str = "/api/v1/projects/shop/services/api";

async fn promote(w: &World, body: Value) -> Reply {
    w.post(&format!("{SERVICE}/promote?environment=develop"), body).with(&w.keys.admin).await
}

#[tokio::test]
async fn a_dry_run_says_what_the_promotion_then_does_and_neither_shows_a_value() {
    let w = World::new().await;
    let new = json!({ "key": "GREETING", "value": "never-in-a-report" });
    w.post(&format!("{SERVICE}/configs?environment=develop"), new).with(&w.keys.admin).await.is(201);
    // In develop TOKEN has another value than in live.
    let body = |dry_run| json!({ "to": "live", "keys": ["GREETING", "secret:TOKEN"], "dry_run": dry_run });
    let said = promote(&w, body(true)).await.is(200);
    let done = promote(&w, body(false)).await.is(200);
    for reply in [&said, &done] {
        assert!(!reply.text().contains("never-in-a-report") && !reply.text().contains("develop-token"));
    }
    let (said, done) = (said.json(), done.json());
    assert_eq!(
        (&said["from"], &said["to"], &said["dry_run"]),
        (&json!("develop"), &json!("live"), &json!(true))
    );
    assert_eq!((&said["new"], &said["changed"], &said["invalid"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!((&said["items"], &done["dry_run"]), (&done["items"], &json!(false)));
    let item = json!({ "kind": "secret", "key": "TOKEN", "state": "changed", "reason": null, "version": 1,
        "target_version": 2 });
    assert_eq!(done["items"][0], item);
    let config = w.get(&format!("{SERVICE}/configs/GREETING")).with(&w.keys.admin).await.is(200).json();
    assert_eq!(config["value"], "never-in-a-report");
}

#[tokio::test]
async fn a_refused_promotion_names_each_entry_with_its_reason() {
    let w = World::new().await;
    let body = json!({ "to": "live", "keys": ["config:NOWHERE", "secret:TOKEN"] });
    let refused = promote(&w, body).await.invalid("keys").json();
    assert!(refused["details"]["reasons"]["config:NOWHERE"].is_string(), "{refused}");
    let stale = json!({ "to": "live", "keys": ["secret:TOKEN"], "expected_versions": { "secret:TOKEN": 1 } });
    let conflict = promote(&w, stale).await.refused(409, "conflict").json();
    assert_eq!(
        (&conflict["details"]["current_version"], &conflict["details"]["key"]),
        (&json!(2), &json!("secret:TOKEN"))
    );
}
