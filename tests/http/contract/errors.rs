//! Errors: one shape, one id, and nothing that tells missing from foreign.

use crate::world::{Person, World};
use serde_json::{Value, json};

/// The body without its request id.
fn but_for_the_id(mut body: Value) -> Value {
    assert!(body.as_object_mut().expect("an object").remove("request_id").is_some(), "{body}");
    body
}

#[tokio::test]
async fn an_error_has_the_shape_of_the_contract_and_the_id_of_the_header() {
    let w = World::new().await;
    let reply = w.post("/api/v1/projects", json!({ "name": "" })).with(&w.keys.admin).await.invalid("name");
    let body = reply.json();
    let mut names: Vec<_> = body.as_object().expect("an object").keys().cloned().collect();
    names.sort();
    assert_eq!(names, ["code", "details", "message", "request_id"]);
    assert_eq!(body["request_id"], reply.header("x-request-id").expect("a header"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn every_request_has_an_id_of_its_own() {
    let w = World::new().await;
    let ids =
        [w.get("/healthz").await, w.get("/healthz").await, w.get("/nowhere").await, w.get("/v1/sync").await]
            .map(|reply| reply.header("x-request-id").expect("an id").to_owned());
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}

#[tokio::test]
async fn an_id_from_outside_is_not_taken_over() {
    let w = World::new().await;
    let reply = w.get("/healthz").header("x-request-id", "forged").await;
    assert_ne!(reply.header("x-request-id"), Some("forged"));
}

#[tokio::test]
async fn a_missing_thing_and_somebody_elses_are_refused_alike() {
    let w = World::new().await;
    for path in [
        "/api/v1/projects/{}",
        "/api/v1/projects/{}/services",
        "/api/v1/projects/{}/services/api",
        "/api/v1/projects/{}/services/api/secrets",
        "/api/v1/projects/{}/services/api/secrets/TOKEN",
        "/api/v1/projects/{}/services/api/secrets/TOKEN/versions/1",
        "/api/v1/projects/{}/services/api/keys",
        "/api/v1/projects/{}/dev-environment",
    ] {
        let foreign = w.get(&path.replace("{}", "shop")).with(&w.keys.rival).await.refused(404, "not_found");
        let missing =
            w.get(&path.replace("{}", "nothing")).with(&w.keys.rival).await.refused(404, "not_found");
        assert_eq!(but_for_the_id(foreign.json()), but_for_the_id(missing.json()), "{path}");
        let names = |reply: &crate::world::Reply| {
            reply
                .headers
                .keys()
                .map(ToString::to_string)
                .filter(|name| name != "x-request-id")
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&foreign), names(&missing), "{path}");
    }
}

#[tokio::test]
async fn a_key_of_one_environment_finds_nothing_in_another_by_its_path() {
    let w = World::new().await;
    let service = "/api/v1/projects/shop/services/api";
    for (method, path) in [
        ("GET", ""),
        ("GET", "/keys"),
        ("GET", "/secrets"),
        ("GET", "/secrets/TOKEN"),
        ("GET", "/secrets/TOKEN/versions"),
        ("GET", "/secrets/TOKEN/versions/1"),
        ("GET", "/secrets/TOKEN/diff"),
        ("DELETE", "/secrets/TOKEN"),
        ("POST", "/secrets/TOKEN/undelete"),
        ("POST", "/keys/primary/rotate"),
        ("DELETE", "/umbrella"),
        ("DELETE", ""),
    ] {
        let mark = if path.ends_with("diff") { "?from=1&to=1&" } else { "?" };
        for environment in ["live", "nowhere", "dev_dan"] {
            let uri = format!("{service}{path}{mark}environment={environment}");
            let reply = w.ask(method, &uri).with(&w.keys.develop).await;
            assert_eq!(reply.json()["code"], "not_found", "{method} {uri}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn a_key_of_one_environment_is_forbidden_to_name_another_in_a_body() {
    let w = World::new().await;
    for environment in ["live", "nowhere", "dev_dan"] {
        let body = json!({ "name": "New", "kind": "backend", "environment": environment });
        w.post("/api/v1/projects/shop/services", body).with(&w.keys.develop).await.refused(403, "forbidden");
    }
}

#[tokio::test]
async fn an_address_that_no_api_has_is_a_json_not_found() {
    let w = World::new().await;
    for path in [
        "/api/v1/nothing",
        "/api/v2/projects",
        "/api",
        "/v1/nothing",
        "/v1",
        "/s/x",
        "/s/x/v1/y",
        "/ofrep/v1",
    ] {
        let reply = w.get(path).with(&w.keys.admin).await.refused(404, "not_found");
        assert_eq!(reply.json()["request_id"], reply.header("x-request-id").expect("an id"), "{path}");
    }
}

#[tokio::test]
async fn below_a_reserved_first_segment_nothing_looks_like_a_page() {
    let w = World::new().await;
    for (method, path) in [
        ("GET", "/.well-known/nope"),
        ("GET", "/.well-known"),
        ("GET", "/vault"),
        ("GET", "/vault/x"),
        ("GET", "/assets"),
        ("GET", "/assets/nope.js"),
        ("GET", "/assets/a/b"),
        ("GET", "/healthz/x"),
        ("GET", "/readyz/x"),
        ("GET", "/oauth"),
        ("GET", "/_fn"),
        ("POST", "/_fn/nope"),
    ] {
        let reply = w.ask(method, path).header("accept", "text/html").await.refused(404, "not_found");
        assert_eq!(reply.json()["request_id"], reply.header("x-request-id").expect("an id"), "{path}");
    }
    let page = w.get("/nowhere").header("accept", "text/html").await;
    assert_ne!(page.header("content-type"), Some("application/json"), "the console's own");
}

#[tokio::test]
async fn a_method_that_operations_and_pages_do_not_know_is_405() {
    let w = World::new().await;
    for (method, path) in [
        ("POST", "/healthz"),
        ("DELETE", "/readyz"),
        ("POST", "/oauth/authorize"),
        ("GET", "/oauth/token"),
        ("POST", "/.well-known/jwks.json"),
        ("DELETE", "/assets/nope.js"),
        ("GET", "/_fn/create_service"),
        ("DELETE", "/sign-in"),
    ] {
        let reply = w.ask(method, path).await.refused(405, "method_not_allowed");
        assert_eq!(reply.json()["request_id"], reply.header("x-request-id").expect("an id"), "{path}");
        assert!(reply.header("allow").is_some(), "{path}");
    }
}

#[tokio::test]
async fn an_environment_that_is_not_there_is_404_in_an_address_and_400_in_a_body() {
    let w = World::new().await;
    for path in [
        "/keys",
        "/sessions",
        "/logs",
        "/projects/shop/services",
        "/projects/shop/services/api",
        "/projects/shop/services/api/secrets",
    ] {
        let path = format!("/api/v1{path}?environment=nosuch");
        w.get(&path).with(&w.keys.admin).await.refused(404, "not_found");
        w.get(&path).with(&w.keys.wide).await.refused(404, "not_found");
    }
    let service = json!({ "name": "New", "kind": "backend", "environment": "nosuch" });
    let key = json!({ "name": "New", "type": "secret", "environment": "nosuch" });
    let promotion = json!({ "to": "nosuch", "keys": ["secret:TOKEN"], "dry_run": true });
    let invitation = json!({ "email": "x@x.test", "projects": [{ "project": "nosuch", "role": "viewer" }] });
    for (path, body, field) in [
        ("/projects/shop/services", service, "environment"),
        ("/keys", key, "environment"),
        ("/projects/shop/services/api/promote", promotion, "to"),
        ("/invitations", invitation, "projects"),
    ] {
        w.post(&format!("/api/v1{path}"), body).with(&w.keys.admin).await.invalid(field);
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_know_is_405() {
    let w = World::new().await;
    for (method, path) in [
        ("PUT", "/api/v1/projects"),
        ("POST", "/api/v1/projects/shop"),
        ("TRACE", "/api/v1/whoami"),
        ("POST", "/v1/sync"),
        ("PATCH", "/v1/secrets/TOKEN"),
        ("DELETE", "/s/x/v1/sync"),
        ("POST", "/api/openapi.json"),
        ("DELETE", "/api/docs"),
    ] {
        let reply = w.ask(method, path).with(&w.keys.admin).await.refused(405, "method_not_allowed");
        assert!(
            reply.header("allow").is_some_and(|allow| allow.contains("GET")),
            "{method} {path} names what it knows"
        );
    }
}

#[tokio::test]
async fn a_call_without_a_valid_key_is_401_before_anything_else_is_looked_at() {
    let w = World::new().await;
    let broken = w.ask("POST", "/api/v1/projects").raw("text/plain", "{").await.refused(401, "unauthorized");
    assert_eq!(broken.json()["message"], "Missing or invalid API key");
    assert_eq!(broken.header("www-authenticate"), Some("Bearer"));
    w.get("/api/v1/projects/nothing?limit=banana").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn every_way_to_present_a_bad_key_gets_the_same_answer() {
    let w = World::new().await;
    let key = &w.keys.admin;
    let mut typo = key.clone();
    typo.replace_range(20..21, if &key[20..21] == "0" { "1" } else { "0" });
    let unknown = nexus_domain::credential::compose("nx_live_", [7; 8], [7; 20]);
    let wrong_secret = {
        let parsed = nexus_domain::credential::parse(key).expect("a key");
        let id: Vec<u8> =
            (0..8).map(|n| u8::from_str_radix(&parsed.key_id[2 * n..2 * n + 2], 16).expect("hex")).collect();
        nexus_domain::credential::compose("nx_live_", id.try_into().expect("8 bytes"), [0; 20])
    };
    let mut bodies = Vec::new();
    for header in [
        format!("Bearer {typo}"),
        format!("Bearer {unknown}"),
        format!("Bearer {wrong_secret}"),
        format!("Bearer {}", &key[..40]),
        format!("Bearer {}", &key[8..]),
        format!("Bearer {}", key.to_uppercase()),
        format!("Bearer {key}{key}"),
        format!("Bearer {key},"),
        format!("Basic {key}"),
        format!("Bearer{key}"),
        key.clone(),
        "Bearer ".to_owned(),
        "Bearer".to_owned(),
        String::new(),
        format!("Bearer {}", "x".repeat(7000)),
        format!("Bearer {}", w.keys.sk_revoked),
    ] {
        let reply =
            w.get("/api/v1/whoami").header("authorization", &header).await.refused(401, "unauthorized");
        bodies.push(but_for_the_id(reply.json()));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn two_keys_in_one_request_are_none() {
    let w = World::new().await;
    let two = w.get("/api/v1/whoami").with(&w.keys.admin).with(&w.keys.admin);
    two.await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_key_elsewhere_than_in_its_header_is_none() {
    let w = World::new().await;
    w.get(&format!("/v1/sync?key={}", w.keys.sk_read)).await.refused(401, "unauthorized");
    w.get(&format!("/v1/sync?access_token={}", w.keys.sk_read)).await.refused(401, "unauthorized");
    w.get("/v1/sync").header("x-api-key", &w.keys.sk_read).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn the_consoles_cookie_opens_no_api() {
    let w = World::new().await;
    for path in ["/api/v1/whoami", "/api/v1/projects", "/v1/sync", "/s/x/v1/sync"] {
        w.get(path).with(Person::Owner).await.refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn an_expired_key_is_401_from_the_moment_on() {
    let w = World::new().await;
    w.get("/v1/sync").with(&w.keys.sk_read).await.is(200);
    let rotate = json!({ "grace_hours": 1 });
    let path = "/api/v1/projects/shop/services/api/keys/primary/rotate";
    w.post(path, rotate).with(&w.keys.admin).await.is(200);
    w.clock.pass(nexus_domain::timestamp::HOUR - 1);
    w.get("/v1/sync").with(&w.keys.sk_read).await.is(200);
    w.clock.pass(1);
    w.get("/v1/sync").with(&w.keys.sk_read).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_revoked_key_is_401_on_the_next_request() {
    let w = World::new().await;
    w.get("/v1/sync").with(&w.keys.sk_read).await.is(200);
    w.ask("DELETE", "/api/v1/projects/shop/services/api/keys/primary").with(&w.keys.admin).await.is(204);
    w.get("/v1/sync").with(&w.keys.sk_read).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn what_a_public_key_may_not_is_named_by_its_own_code() {
    let w = World::new().await;
    w.get("/v1/secrets/TOKEN").with(&w.keys.pk).await.refused(403, "public_key_restricted");
    let at_web = format!("/s/{}/v1/secrets/TOKEN", w.keys.web_endpoint);
    w.get(&at_web).with(&w.keys.publishable).await.refused(403, "public_key_restricted");
    let sync = w.get("/v1/sync").with(&w.keys.pk).await.is(200).json();
    assert!(sync.get("secrets").is_none(), "{sync}");
}

#[tokio::test]
async fn a_key_of_another_service_finds_nothing_at_an_endpoint() {
    let w = World::new().await;
    let at = |endpoint: &str| format!("/s/{endpoint}/v1/sync");
    w.get(&at(&w.keys.endpoint)).with(&w.keys.sk_read).await.is(200);
    let foreign = w.get(&at(&w.keys.worker_endpoint)).with(&w.keys.sk_read).await.refused(404, "not_found");
    let missing = w.get(&at("nothing-abcdefgh")).with(&w.keys.sk_read).await.refused(404, "not_found");
    assert_eq!(but_for_the_id(foreign.json()), but_for_the_id(missing.json()));
}
