//! Tiers, usage and add-ons as programs see them, and the refusal of one more than fits.

use crate::world::World;
use serde_json::{Value, json};

/// A project on the lowest tier, with a service in the one environment that it has.
async fn free_project(w: &World) {
    let new = json!({ "name": "Small", "tier": "free" });
    assert_eq!(w.post("/api/v1/projects", new).with(&w.keys.admin).await.is(201).json()["tier"], "free");
    let new = json!({ "name": "api", "kind": "backend", "environment": "develop" });
    w.post("/api/v1/projects/small/services", new).with(&w.keys.admin).await.is(201);
}

#[tokio::test]
async fn one_more_than_fits_is_409_with_quota_limit_and_tier() {
    let w = World::new().await;
    free_project(&w).await;
    for slug in ["b", "c"] {
        let new = json!({ "name": slug, "kind": "frontend", "environment": "develop" });
        w.post("/api/v1/projects/small/services", new).with(&w.keys.admin).await.is(201);
    }
    let new = json!({ "name": "d", "kind": "backend", "environment": "develop" });
    let refused = w.post("/api/v1/projects/small/services", new).with(&w.keys.admin).await.is(409).json();
    assert_eq!(refused["code"], "quota_exceeded");
    assert_eq!(refused["details"], json!({ "quota": "services", "limit": 3, "tier": "xs" }));
    // The key's own environment is live, which the tier lacks.
    let new = json!({ "name": "d", "kind": "backend" });
    let refused = w.post("/api/v1/projects/small/services", new).with(&w.keys.admin).await.is(409).json();
    assert_eq!(refused["details"], json!({ "quota": "environments", "limit": 1, "tier": "xs" }));
}

#[tokio::test]
async fn what_is_read_only_says_why_and_what_is_not_says_nothing() {
    let w = World::new().await;
    let service = "/api/v1/projects/shop/services/api";
    let row = async || {
        w.get(&format!("{service}/secrets")).with(&w.keys.admin).await.is(200).json()["data"][0].clone()
    };
    assert!(row().await.get("read_only").is_none());
    assert!(w.get(service).with(&w.keys.admin).await.is(200).json().get("read_only").is_none());
    w.ask("PATCH", "/api/v1/projects/shop").json(json!({ "tier": "free" })).with(&w.keys.admin).await.is(200);
    let why = "Read-only: tier free does not have the environment live; tier xs has it";
    assert_eq!(row().await["read_only"], why);
    assert_eq!(w.get(service).with(&w.keys.admin).await.is(200).json()["read_only"], why);
    let version = json!({ "value": "third-token" });
    let refused = w
        .post(&format!("{service}/secrets/TOKEN/versions"), version)
        .with(&w.keys.admin)
        .await
        .is(409)
        .json();
    assert_eq!((&refused["code"], &refused["message"]), (&json!("quota_exceeded"), &json!(why)));
    w.ask("DELETE", &format!("{service}/secrets/TOKEN")).with(&w.keys.admin).await.is(204);
}

#[tokio::test]
async fn tiers_are_a_list_with_null_for_no_limit() {
    let w = World::new().await;
    let tiers = w.get("/api/v1/tiers").with(&w.keys.admin).await.is(200).json();
    assert_eq!((&tiers["billing_mode"], &tiers["next_cursor"]), (&json!("self_hosted"), &Value::Null));
    let row = |n: usize| &tiers["data"][n];
    assert_eq!((&row(0)["tier"], &row(0)["environments"]), (&json!("free"), &json!(["develop"])));
    assert_eq!((&row(0)["secrets"], &row(0)["ab_testing"]), (&json!(20), &json!("no")));
    assert_eq!((&row(5)["tier"], &row(5)["environments"]), (&json!("xl"), &Value::Null));
    assert_eq!((&row(5)["secrets"], &row(5)["price_usd"]), (&Value::Null, &json!(0)));
    assert_eq!(
        tiers["addons"],
        json!([
            { "addon": "security", "price_usd": 0 }, { "addon": "ab_testing", "price_usd": 0 }
        ])
    );
}

#[tokio::test]
async fn usage_lists_every_quota_and_can_be_asked_for_another_tier() {
    let w = World::new().await;
    free_project(&w).await;
    let usage = w.get("/api/v1/projects/small/usage").with(&w.keys.admin).await.is(200).json();
    let quota = |name: &str, used: i64, limit: Value| json!({ "quota": name, "used": used, "limit": limit, "over": 0 });
    assert_eq!(
        usage["quotas"],
        json!([
            quota("environments", 1, json!(1)),
            quota("services", 1, json!(3)),
            quota("secrets", 0, json!(20)),
            quota("configs", 0, json!(50)),
            quota("flags", 0, json!(10)),
        ])
    );
    let other = w.get("/api/v1/projects/small/usage?tier=xl").with(&w.keys.admin).await.is(200).json();
    assert_eq!((&other["tier"], &other["quotas"][1]["limit"]), (&json!("xl"), &Value::Null));
    w.get("/api/v1/projects/small/usage?tier=xxl").with(&w.keys.admin).await.invalid("tier");
    w.get("/api/v1/projects/small/usage?under=xl").with(&w.keys.admin).await.is(400);
}

#[tokio::test]
async fn an_add_on_is_put_twice_and_deleted_once() {
    let w = World::new().await;
    free_project(&w).await;
    let path = "/api/v1/projects/small/addons/security";
    for _ in 0..2 {
        let added = w.ask("PUT", path).with(&w.keys.admin).await.is(200).json();
        assert_eq!(
            added,
            json!({ "addon": "security", "added": true, "active": true, "inclusion": "addon", "price_usd": 0 })
        );
    }
    w.ask("DELETE", path).with(&w.keys.admin).await.is(204);
    w.ask("DELETE", path).with(&w.keys.admin).await.is(404);
    w.ask("PUT", "/api/v1/projects/small/addons/unknown").with(&w.keys.admin).await.is(404);
    let refused =
        w.ask("PUT", "/api/v1/projects/small/addons/ab_testing").with(&w.keys.admin).await.is(409).json();
    assert_eq!(refused["code"], "conflict");
}
