//! What an app's token opens, and how the two are named in the logs.

use crate::world::World;
use serde_json::json;

#[tokio::test]
async fn a_token_says_whose_it_is_and_reaches_live_only() {
    let w = World::new().await;
    let apps = &w.keys.apps;
    let who = w.get("/api/v1/whoami").with(&apps.oauth).await.is(200).json();
    assert_eq!(
        (&who["tenant"], &who["environment"], &who["kind"]),
        (&json!("acme"), &json!("live"), &json!("oauth_grant"))
    );
    assert_eq!(who["prefix"], apps.oauth[..8]);
    w.get("/api/v1/projects/shop/services/api?environment=develop").with(&apps.oauth).await.is(404);
    let cli = w.get("/api/v1/whoami").with(&apps.oauth_cli).await.is(200).json();
    assert_eq!(cli["environment"], "dev_dan");
    let secret = "/api/v1/projects/shop/services/api/secrets/TOKEN";
    assert_eq!(w.get(secret).with(&apps.oauth_cli).await.is(200).json()["value"], "dans-token");
    assert_eq!(w.get(secret).with(&apps.oauth).await.is(200).json()["value"], "second-token");
    w.get(secret).with(&apps.oauth_none).await.refused(403, "forbidden");
    w.get(&format!("{secret}?environment=live")).with(&apps.oauth_cli).await.is(404);
    w.get(&format!("{secret}?environment=dev_dan")).with(&apps.oauth_cli).await.is(200);
}

#[tokio::test]
async fn a_token_is_taken_at_the_endpoint_of_a_service_and_not_without_one() {
    let w = World::new().await;
    let apps = &w.keys.apps;
    let live = format!("/s/{}/v1/sync", w.keys.endpoint);
    let answer = w.get(&live).with(&apps.oauth).await.is(200);
    assert_eq!(answer.json()["secrets"]["TOKEN"]["value"], "second-token");
    let tag = answer.header("etag").expect("a tag").to_owned();
    w.get(&live).header("if-none-match", &tag).with(&apps.oauth).await.is(304);
    w.get("/v1/sync").with(&apps.oauth).await.refused(404, "not_found");
    w.get(&live).with(&apps.oauth_cli).await.refused(404, "not_found");
    w.get(&live).with(&apps.oauth_none).await.refused(403, "forbidden");
    w.get(&live).with(&apps.refresh).await.refused(401, "unauthorized");
    w.get(&live).with(&apps.app_secret).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_warm_request_of_an_app_asks_the_database_nothing() {
    let w = World::new().await;
    let live = format!("/s/{}/v1/sync", w.keys.endpoint);
    // The first one of the hour is a row of the audit log, and with it a change.
    w.get(&live).with(&w.keys.apps.oauth).await.is(200);
    let tag = w.get(&live).with(&w.keys.apps.oauth).await.is(200).header("etag").expect("a tag").to_owned();
    w.nexus.settled().await;
    let before = w.nexus.db.asked().so_far();
    w.get(&live).header("if-none-match", &tag).with(&w.keys.apps.oauth).await.is(304);
    assert_eq!(w.nexus.db.asked().so_far(), before);
}

#[tokio::test]
async fn the_logs_name_the_person_and_the_app() {
    let w = World::new().await;
    let new = json!({ "key": "FROM_APP", "value": 1 });
    w.post("/api/v1/projects/shop/services/api/configs", new).with(&w.keys.apps.oauth).await.is(201);
    let rows = w.get("/api/v1/audit?event=config.created").with(&w.keys.admin).await.is(200).json();
    assert_eq!(rows["data"][0]["actor"], "ana@acme.test via Deployer");
    assert_eq!(rows["data"][0]["actor_kind"], "oauth_grant");
    nexus_backend::request_log::flush(&w.nexus).await.expect("written");
    let logged = w.get("/api/v1/logs").with(&w.keys.admin).await.is(200).text();
    assert!(logged.contains("ana@acme.test via Deployer"), "{logged}");
    assert_eq!(w.number("SELECT COUNT(*) FROM oauth_grants WHERE last_used_at IS NOT NULL").await, 1);
}
