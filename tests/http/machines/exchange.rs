//! Programs without a key: the exchange over HTTP, and what a session opens.

use crate::world::{IDENTITY, IDENTITY_PROVIDER, World};
use serde_json::json;

const EXCHANGE: &str = "/v1/auth/token-exchange";

#[tokio::test]
async fn a_session_reads_its_service_and_nothing_else() {
    let w = World::new().await;
    let session = &w.keys.session;
    let sync = w.get("/v1/sync").with(session).await.is(200).json();
    assert_eq!((&sync["service"], &sync["kind"]), (&json!("api"), &json!("backend")));
    assert!(sync["secrets"]["TOKEN"]["value"].is_string());
    w.get(&format!("/s/{}/v1/sync", w.keys.endpoint)).with(session).await.is(200);
    w.get(&format!("/s/{}/v1/sync", w.keys.worker_endpoint)).with(session).await.refused(404, "not_found");
    w.ask("PUT", "/v1/secrets/TOKEN")
        .json(json!({ "value": "x" }))
        .with(session)
        .await
        .refused(403, "forbidden");
    w.get("/api/v1/projects").with(session).await.refused(403, "forbidden");
    let ended = format!("/api/v1/projects/shop/services/api/identities/{IDENTITY}");
    w.ask("DELETE", &ended).with(&w.keys.admin).await.is(204);
    w.get("/v1/sync").with(session).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_session_that_is_over_opens_nothing() {
    let w = World::new().await;
    w.execute("UPDATE workload_sessions SET expires_at = 1").await;
    w.get("/v1/sync").with(&w.keys.session).await.refused(401, "unauthorized");
    let page = w.get("/api/v1/sessions").with(&w.keys.admin).await.is(200).json();
    assert_eq!(page["data"], json!([]));
}

#[tokio::test]
async fn an_exchange_says_what_it_needs_and_no_more() {
    let w = World::new().await;
    let at = format!("/s/{}{EXCHANGE}", w.keys.endpoint);
    let token = "eyJhbGciOiJub25lIn0.e30.";
    w.post(EXCHANGE, json!({ "provider": "github", "token": token })).await.invalid("service");
    w.post(&at, json!({ "provider": "github" })).await.invalid("token");
    w.post(&at, json!({ "token": token })).await.invalid("provider");
    w.post(&at, json!({ "provider": "github", "token": token, "more": 1 })).await.invalid("more");
    let other = json!({ "provider": "github", "token": token, "service": "other-aaaaaaaa" });
    w.post(&at, other).await.refused(404, "not_found");
    let mut answers = std::collections::BTreeSet::new();
    for (endpoint, provider, token) in [
        (w.keys.endpoint.as_str(), "github", token.to_owned()),
        (&w.keys.endpoint, IDENTITY_PROVIDER, "x".repeat(256 * 1024)),
        (&w.keys.endpoint, "gcp", String::new()),
        (&w.keys.web_endpoint, "github", token.to_owned()),
        ("nowhere-aaaaaaaa", "github", token.to_owned()),
    ] {
        let body = json!({ "provider": provider, "token": token });
        let reply = w.post(&format!("/s/{endpoint}{EXCHANGE}"), body).await.refused(401, "unauthorized");
        answers.insert(reply.json()["message"].to_string());
    }
    assert_eq!(answers.len(), 1, "one answer for everything: {answers:?}");
}
