//! The API log over HTTP: what comes in, how it is read, and that nothing of a query, body, header or
//! credential is in it.

use crate::world::{PASSWORD, Person, World};
use nexus_backend::request_log;
use nexus_domain::timestamp::MINUTE;
use serde_json::{Value, json};

/// The log as an owner's key reads it; each row as `kind method route status count`.
async fn log(w: &World, query: &str) -> Vec<String> {
    request_log::flush(&w.nexus).await.expect("written");
    let reply = w.get(&format!("/api/v1/logs{query}")).with(&w.keys.admin).await.is(200);
    let rows = reply.json()["data"].as_array().expect("rows").clone();
    let text = |row: &Value, name: &str| row[name].to_string().trim_matches('"').to_owned();
    let mut rows: Vec<_> = rows
        .iter()
        .map(|row| ["kind", "method", "route", "status", "count"].map(|name| text(row, name)).join(" "))
        .filter(|row| !row.contains("/api/v1/logs"))
        .collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn requests_of_keys_and_sessions_are_in_it_by_their_route_and_others_are_not() {
    let w = World::new().await;
    let key = w.keys.sk_read.as_str();
    for _ in 0..3 {
        w.get("/v1/sync").with(key).from("192.0.2.1").await.is(200);
    }
    w.get("/v1/secrets/ANOTHER").with(key).from("192.0.2.1").await.is(404);
    w.get("/v1/secrets/ANOTHER?x=1").with(key).from("192.0.2.1").await.is(400);
    w.get("/v1/secrets/NOTHING").with(key).from("192.0.2.1").await.is(404);
    w.post("/api/v1/projects", json!({ "name": "New" })).with(&w.keys.wide).await.is(201);
    w.get("/t/acme/projects").with(Person::Owner).from("192.0.2.2").await.is(200);
    w.call("read_projects", &[("tenant", "acme")]).with(Person::Owner).from("192.0.2.2").await.is(200);
    // Nobody's: no credential, or no tenant of theirs.
    w.get("/v1/sync").await.is(401);
    w.get("/healthz").await.is(200);
    w.get("/sign-in").await.is(200);
    w.call("sign_in", &[("email", "ana@acme.test"), ("password", PASSWORD)]).await.is(200);
    w.get("/t/rival/projects").with(Person::Owner).await.is(404);
    assert_eq!(
        log(&w, "").await,
        [
            "environment_key POST /api/v1/projects 201 1",
            "service_key GET /v1/secrets/{key} 400 1",
            "service_key GET /v1/secrets/{key} 404 2",
            "service_key GET /v1/sync 200 3",
            "session GET /t/{tenant}/projects 200 1",
            "session POST /_fn/read_projects 200 1",
        ]
    );
    assert_eq!(log(&w, "?ip=192.0.2.2&method=post").await, ["session POST /_fn/read_projects 200 1"]);
    assert_eq!(log(&w, "?status=404").await, ["service_key GET /v1/secrets/{key} 404 2"]);
    assert_eq!(log(&w, &format!("?key={}&status=200", &key[..12])).await, ["service_key GET /v1/sync 200 3"]);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_at_its_field() {
    let w = World::new().await;
    for (query, field) in [
        ("status=abc", "status"),
        ("status=6xx", "status"),
        ("from=yesterday", "from"),
        ("to=1", "to"),
        ("limit=201", "limit"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
    ] {
        w.get(&format!("/api/v1/logs?{query}")).with(&w.keys.admin).await.invalid(field);
    }
    w.get("/api/v1/logs?body=x").with(&w.keys.admin).await.is(400);
    w.get("/api/v1/logs?environment=nowhere").with(&w.keys.develop).await.refused(404, "not_found");
}

#[tokio::test]
async fn nothing_of_a_query_body_header_or_credential_is_in_it() {
    let w = World::new().await;
    let canary = "canary-6b1f";
    let admin = &w.keys.admin;
    w.get(&format!("/api/v1/projects?q={canary}")).with(admin).header("user-agent", canary).await;
    w.post("/api/v1/projects", json!({ "name": canary, "slug": canary })).with(admin).await;
    w.get(&format!("/v1/configs/{canary}")).with(&w.keys.sk_read).header("x-canary", canary).await;
    w.get(&format!("/s/{canary}/v1/sync")).with(&w.keys.sk_read).await;
    w.get("/v1/sync").with(canary).await.is(401);
    w.get(&format!("/ofrep/v1/stream?credential={canary}")).await.is(401);
    w.ask("BREW", "/v1/sync").with(admin).header("cookie", canary).await;
    w.get(&format!("/t/acme/projects?q={canary}")).with(Person::Owner).await.is(200);
    request_log::flush(&w.nexus).await.expect("written");
    let columns = "kind || actor || environment || ip || method || route || status";
    let rows = w.texts(&format!("SELECT {columns} FROM request_log")).await;
    assert!(rows.len() >= 6, "{rows:?}");
    let keys = [admin, &w.keys.sk_read].map(|key| key[key.len() - 40..].to_owned());
    for row in rows {
        assert!(!row.contains("canary") && keys.iter().all(|key| !row.contains(key)), "{row}");
    }
}

#[tokio::test]
async fn the_page_shows_who_asked_filters_and_says_what_is_in_quarantine() {
    let w = World::new().await;
    let page = async |query: &str| {
        let reply = w.get(&format!("/t/acme/api-log{query}")).with(Person::Owner).await.is(200);
        reply.text()
    };
    assert!(page("?method=PATCH").await.contains("No request fits this filter"));
    for n in 0..60 {
        w.get("/v1/sync").with(&w.keys.sk_read).from(&format!("192.0.2.{n}")).await.is(200);
    }
    w.clock.pass(MINUTE);
    w.get("/v1/sync").with("sk_live_x").from("192.0.2.1").await.is(401);
    request_log::flush(&w.nexus).await.expect("written");
    let (first, prefix) = (page("").await, &w.keys.sk_read[..12]);
    assert!(first.contains(prefix) && first.contains("/v1/sync") && first.contains("Older"), "{first}");
    assert!(!first.contains("In quarantine"));
    let one = page(&format!("?key={prefix}&ip=192.0.2.7&status=2xx")).await;
    assert_eq!(one.matches("data-row").count(), 1);
    assert!(one.contains("Clear"));
    w.get("/t/acme/api-log?status=4x").with(Person::Owner).await.is(400);
    w.get("/t/acme/api-log").with(Person::Viewer).await.is(403);

    let wrong = nexus_domain::credential::compose(
        "sk_live_",
        std::array::from_fn(|n| u8::from_str_radix(&w.keys.sk_read[8 + 2 * n..10 + 2 * n], 16).expect("hex")),
        [7; 20],
    );
    for _ in 0..100 {
        w.get("/v1/sync").with(&wrong).from("192.0.2.200").await.is(401);
    }
    w.nexus.settled().await;
    let shown = page("").await;
    assert!(shown.contains("In quarantine") && shown.contains("192.0.2.200"), "{shown}");
}
