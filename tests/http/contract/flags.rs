//! Flags on the wire: what outside programs and OpenFeature's SDKs rely on.

use crate::world::World;
use serde_json::{Value, json};

const FLAGS: &str = "/api/v1/projects/shop/services/api/flags";

async fn made(w: &World, body: Value) -> Value {
    w.post(FLAGS, body).with(&w.keys.admin).await.is(201).json()
}

#[tokio::test]
async fn a_flag_is_made_changed_switched_and_deleted() {
    let w = World::new().await;
    let row = made(&w, json!({ "key": "new", "state": "on", "rollout": { "percentage": 12.5 } })).await;
    assert_eq!(
        (&row["version"], &row["enabled"], &row["type"]),
        (&json!(1), &json!(true), &json!("boolean"))
    );
    assert_eq!(row["rollout"]["percentage"], json!(12.5));
    let flag = format!("{FLAGS}/new");
    let off = w.ask("POST", &format!("{flag}/toggle")).with(&w.keys.admin).await.is(200).json();
    assert_eq!((&off["version"], &off["enabled"], &off["state"]), (&json!(2), &json!(false), &json!("off")));
    let on = w.post(&format!("{flag}/toggle"), json!({ "enabled": true })).with(&w.keys.admin).await.is(200);
    assert_eq!(on.json()["enabled"], json!(true));
    let put = json!({ "enabled": false, "expected_version": 3 });
    let replaced = w.ask("PUT", &flag).json(put).with(&w.keys.admin).await.is(200).json();
    assert_eq!((&replaced["state"], &replaced["rollout"]), (&json!("off"), &Value::Null));
    let patched = w.ask("PATCH", &flag).json(json!({ "state": "on" })).with(&w.keys.admin).await.is(200);
    assert_eq!(patched.json()["version"], json!(5));
    let late = json!({ "state": "off", "expected_version": 3 });
    let refused = w.ask("PATCH", &flag).json(late).with(&w.keys.admin).await.refused(409, "conflict").json();
    assert_eq!(refused["details"]["current_version"], json!(5));
    w.ask("DELETE", &flag).with(&w.keys.admin).await.is(204);
    w.get(&flag).with(&w.keys.admin).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_field_that_no_flag_has_is_named() {
    let w = World::new().await;
    for (method, path, body, field) in [
        ("POST", FLAGS.to_owned(), json!({ "key": "a", "ruls": [] }), "ruls"),
        ("POST", FLAGS.to_owned(), json!({ "state": "on" }), "key"),
        ("PUT", format!("{FLAGS}/beta"), json!({ "state": "on", "key": "x" }), "key"),
        ("PATCH", format!("{FLAGS}/beta"), json!({ "stat": "on" }), "stat"),
        ("POST", format!("{FLAGS}/beta/toggle"), json!({ "on": true }), "on"),
    ] {
        w.ask(method, &path).json(body).with(&w.keys.admin).await.invalid(field);
    }
}

#[tokio::test]
async fn ofrep_answers_as_openfeatures_clients_expect() {
    let w = World::new().await;
    let one = "/ofrep/v1/evaluate/flags/beta";
    let answer =
        w.post(one, json!({ "context": { "targetingKey": "ana" } })).with(&w.keys.sk_read).await.is(200);
    assert_eq!(answer.json(), json!({ "key": "beta", "value": true, "variant": "on", "reason": "STATIC" }));
    let missing =
        w.post("/ofrep/v1/evaluate/flags/nope", json!({ "context": {} })).with(&w.keys.sk_read).await;
    let missing = missing.refused(404, "not_found").json();
    assert_eq!((&missing["key"], &missing["errorCode"]), (&json!("nope"), &json!("FLAG_NOT_FOUND")));
    assert!(missing["errorDetails"].is_string());
}

#[tokio::test]
async fn ofrep_says_what_is_wrong_with_a_request_in_its_own_words() {
    let w = World::new().await;
    for path in ["/ofrep/v1/evaluate/flags/beta", "/ofrep/v1/evaluate/flags"] {
        for (body, code) in [
            ("{}", "INVALID_CONTEXT"),
            (r#"{"context":null}"#, "INVALID_CONTEXT"),
            (r#"{"context":[]}"#, "INVALID_CONTEXT"),
            (r#"{"context":{"targetingKey":7}}"#, "INVALID_CONTEXT"),
            ("", "PARSE_ERROR"),
            ("{", "PARSE_ERROR"),
            ("[]", "INVALID_CONTEXT"),
            (r#"{"context":{"a":1e999}}"#, "PARSE_ERROR"),
        ] {
            let answer =
                w.ask("POST", path).raw("application/json", body).with(&w.keys.sk_read).await.is(400);
            assert_eq!(answer.json()["errorCode"], json!(code), "{path} {body}");
            assert_eq!(answer.json()["code"], json!("invalid_request"), "{path} {body}");
        }
        let deep = format!(r#"{{"context":{}1{}}}"#, r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
        let answer = w.ask("POST", path).raw("application/json", deep).with(&w.keys.sk_read).await.is(400);
        assert_eq!(answer.json()["errorCode"], json!("PARSE_ERROR"));
        let wide: Vec<u32> = (0..2_000).collect();
        let answer = w.post(path, json!({ "context": { "a": wide } })).with(&w.keys.sk_read).await.is(400);
        assert_eq!(answer.json()["errorCode"], json!("INVALID_CONTEXT"));
    }
}

#[tokio::test]
async fn a_bulk_evaluation_has_a_tag_and_names_a_stream_that_opens_without_a_header() {
    let w = World::new().await;
    let bulk = "/ofrep/v1/evaluate/flags";
    let body = || json!({ "context": { "targetingKey": "ana", "plan": "pro" } });
    let first = w.post(bulk, body()).with(&w.keys.sk_read).await.is(200);
    let etag = first.header("etag").expect("a tag").to_owned();
    w.post(bulk, body()).header("if-none-match", &etag).with(&w.keys.sk_read).await.is(304);
    let refetch = format!("{bulk}?flagConfigEtag=x&flagConfigLastModified=7");
    w.post(&refetch, body()).with(&w.keys.sk_read).await.is(200);
    let streams = &first.json()["eventStreams"];
    assert_eq!((&streams[0]["type"], streams.as_array().map(Vec::len)), (&json!("sse"), Some(1)));
    let url = streams[0]["url"].as_str().expect("an address");
    let path = url.strip_prefix("https://nexus.test").expect("of this instance");
    let opened = w.get(path).await.is(200);
    assert_eq!(opened.header("content-type"), Some("text/event-stream"));
    assert_eq!(opened.header("cache-control"), Some("no-store"));
    assert_eq!(opened.header("access-control-allow-origin"), None, "it stands for a secret key");
    let public = w.post(bulk, body()).with(&w.keys.pk).await.is(200).json();
    let url = public["eventStreams"][0]["url"].as_str().expect("an address").to_owned();
    let of_page = w.get(url.strip_prefix("https://nexus.test").expect("of this instance")).await.is(200);
    assert_eq!(of_page.header("access-control-allow-origin"), Some("*"));
    let ended = w.get("/ofrep/v1/stream?credential=x").await.is(401);
    assert_eq!(ended.header("access-control-allow-origin"), Some("*"), "a page can read why it was refused");
    assert!(opened.text().contains("retry: "), "{}", opened.text());
    w.get("/v1/sync").with(path.split_once('=').expect("a credential").1).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_stream_says_where_it_begins_and_how_long_to_stay_away() {
    let w = World::new().await;
    let revision = w.get("/v1/sync").with(&w.keys.sk_read).await.is(200).json()["revision"].clone();
    let opened = w.get("/v1/stream").with(&w.keys.sk_read).await.is(200);
    assert!(opened.text().contains(&format!("id: {revision}\n")), "{}", opened.text());
    assert!(!opened.text().contains("data:"), "nothing has happened yet: {}", opened.text());
    assert_eq!(opened.header("x-accel-buffering"), Some("no"));
    assert_eq!(opened.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn evaluating_answers_booleans_and_lists_what_is_not_there() {
    let w = World::new().await;
    let body = json!({ "keys": ["beta", "nope"], "user_id": "u1", "attributes": { "plan": "pro" } });
    let answer = w.post("/v1/evaluate", body).with(&w.keys.sk_read).await.is(200).json();
    assert_eq!(
        answer,
        json!({ "results": { "beta": true }, "errors": [{ "key": "nope", "kind": "flag", "code": "missing" }] })
    );
    let many: Vec<String> = (0..10_000).map(|n| format!("k{n}")).collect();
    w.post("/v1/evaluate", json!({ "keys": many })).with(&w.keys.sk_read).await.invalid("keys");
    w.post("/v1/evaluate", json!({ "keys": "beta" })).with(&w.keys.sk_read).await.invalid("keys");
    w.post("/v1/evaluate", json!({ "user_id": "u" })).with(&w.keys.sk_read).await.invalid("keys");
    let typed = json!({ "keys": [], "user_id": 7 });
    w.post("/v1/evaluate", typed).with(&w.keys.sk_read).await.invalid("user_id");
    let attributes = json!({ "keys": [], "attributes": ["a"] });
    w.post("/v1/evaluate", attributes).with(&w.keys.sk_read).await.invalid("attributes");
}

#[tokio::test]
async fn a_tier_without_ab_testing_refuses_rules_and_evaluating() {
    let w = World::new().await;
    let tier = json!({ "tier": "xs" });
    w.ask("PATCH", "/api/v1/projects/shop").json(tier).with(&w.keys.admin).await.is(200);
    let rules = json!({ "key": "new", "rules": [{ "id": "r", "serve": { "percentage": 5 } }] });
    w.post(FLAGS, rules).with(&w.keys.admin).await.refused(403, "ab_addon_not_active");
    let body = json!({ "keys": ["beta"] });
    w.post("/v1/evaluate", body).with(&w.keys.sk_read).await.refused(403, "ab_addon_not_active");
    let context = json!({ "context": {} });
    w.post("/ofrep/v1/evaluate/flags/beta", context).with(&w.keys.sk_read).await.is(200);
}

#[tokio::test]
async fn a_public_key_never_reads_a_rule() {
    let w = World::new().await;
    let rules = json!({ "key": "ruled", "state": "on", "description": "canary-description",
        "rules": [{ "id": "canary-rule", "description": "canary-text",
            "when": { "attribute": "email", "op": "eq", "value": "canary@value" }, "serve": {} }] });
    w.post("/api/v1/projects/shop/services/web/flags", rules).with(&w.keys.admin).await.is(201);
    let context = || json!({ "context": { "targetingKey": "a", "email": "canary@value" } });
    for answer in [
        w.get("/v1/sync").with(&w.keys.pk).await.is(200),
        w.get("/v1/flags/ruled").with(&w.keys.pk).await.is(200),
        w.post("/ofrep/v1/evaluate/flags/ruled", context()).with(&w.keys.pk).await.is(200),
        w.post("/ofrep/v1/evaluate/flags", context()).with(&w.keys.pk).await.is(200),
        w.post("/v1/evaluate", json!({ "keys": ["ruled"] })).with(&w.keys.pk).await.is(200),
        w.post("/v1/evaluate", json!({ "keys": ["ruled"], "explain": true })).with(&w.keys.pk).await.is(403),
    ] {
        assert!(!answer.text().contains("canary"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_key_that_stands_in_an_object_twice_is_refused_in_flags_and_contexts() {
    let w = World::new().await;
    let flag = r#"{"key":"twice","variants":[{"name":"x","value":{"a":1,"a":2}}]}"#;
    let refused = w.ask("POST", FLAGS).raw("application/json", flag).with(&w.keys.admin).await;
    refused.invalid("variants[0].value");
    for (path, body) in [
        ("/v1/evaluate", r#"{"keys":["beta"],"attributes":{"plan":"free","plan":"pro"}}"#),
        ("/ofrep/v1/evaluate/flags/beta", r#"{"context":{"plan":"free","plan":"pro"}}"#),
        ("/ofrep/v1/evaluate/flags", r#"{"context":{"a":[{"plan":1,"plan":2}]}}"#),
    ] {
        let reply = w.ask("POST", path).raw("application/json", body).with(&w.keys.sk_read).await.is(400);
        assert!(reply.text().contains("twice"), "{}", reply.text());
    }
}
