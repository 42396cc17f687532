//! Bodies and queries: read strictly, refused by the name of the field, and never repeated.

use crate::world::World;
use serde_json::json;

const SECRETS: &str = "/api/v1/projects/shop/services/api/secrets";

/// What stands in a refused input and may not come back.
const CANARY: &str = "do-not-echo-me";

async fn sent(w: &World, body: &str) -> crate::world::Reply {
    let reply = w.ask("POST", SECRETS).raw("application/json", body).with(&w.keys.admin).await;
    assert!(!reply.text().contains(CANARY), "{}", reply.text());
    reply
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_named() {
    let w = World::new().await;
    sent(&w, &json!({ "key": "A", "value": CANARY, "valeu": CANARY }).to_string()).await.invalid("valeu");
}

#[tokio::test]
async fn a_field_that_is_missing_is_named() {
    let w = World::new().await;
    sent(&w, &json!({ "value": CANARY }).to_string()).await.invalid("key");
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_named() {
    let w = World::new().await;
    for value in [json!([CANARY]), json!({ CANARY: 1 }), json!(7), json!(true)] {
        sent(&w, &json!({ "key": "A", "value": value }).to_string()).await.invalid("value");
    }
    sent(&w, &json!({ "key": "A", "value": "x", "type": CANARY }).to_string()).await.invalid("type");
}

#[tokio::test]
async fn a_field_that_stands_there_twice_is_named() {
    let w = World::new().await;
    sent(&w, r#"{"key":"A","value":"do-not-echo-me","value":"do-not-echo-me"}"#).await.invalid("value");
}

#[tokio::test]
async fn what_is_no_json_is_told_by_line_and_column() {
    let w = World::new().await;
    for body in [
        "",
        "{",
        r#"{"key":"A","value":"do-not-echo-me"#,
        "do-not-echo-me",
        "[1,2",
        "{}{}",
        "\u{feff}{}",
        "NaN",
    ] {
        sent(&w, body).await.refused(400, "invalid_request");
    }
    let bytes = b"{\"key\":\"A\",\"value\":\"\xff\xfe\"}".to_vec();
    w.ask("POST", SECRETS)
        .raw("application/json", bytes)
        .with(&w.keys.admin)
        .await
        .refused(400, "invalid_request");
}

#[tokio::test]
async fn json_that_is_nested_without_end_is_refused() {
    let w = World::new().await;
    sent(&w, &format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)))
        .await
        .refused(400, "invalid_request");
    let nested = format!(r#"{{"key":"A","value":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    sent(&w, &nested).await.refused(400, "invalid_request");
}

#[tokio::test]
async fn json_that_is_no_object_is_refused() {
    let w = World::new().await;
    for body in ["null", "[]", "1", "\"do-not-echo-me\""] {
        sent(&w, body).await.refused(400, "invalid_request");
    }
}

#[tokio::test]
async fn a_body_that_is_not_said_to_be_json_is_415() {
    let w = World::new().await;
    let body = json!({ "key": "A", "value": CANARY }).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonx",
        "",
        "x",
    ] {
        let reply = w.ask("POST", SECRETS).raw(kind, body.clone()).with(&w.keys.admin).await;
        reply.refused(415, "unsupported_media_type");
    }
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        w.ask("POST", SECRETS).raw(kind, "{}").with(&w.keys.admin).await.invalid("key");
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_413() {
    let w = World::new().await;
    let body = json!({ "key": "A", "value": "x".repeat(2 * 1024 * 1024) }).to_string();
    sent(&w, &body).await.refused(413, "too_large");
}

#[tokio::test]
async fn a_body_above_the_limit_is_413_without_a_stated_length_too() {
    let w = World::new().await;
    let body = json!({ "key": "A", "value": "x".repeat(2 * 1024 * 1024) }).to_string();
    let ask = w.ask("POST", SECRETS).raw("application/json", body).without("content-length");
    ask.with(&w.keys.admin).await.refused(413, "too_large");
}

#[tokio::test]
async fn a_body_that_may_be_left_out_is_still_read_strictly() {
    let w = World::new().await;
    let path = "/api/v1/projects/shop/services/api/keys/primary/rotate";
    w.post(path, json!({ "grace": 1 })).with(&w.keys.admin).await.invalid("grace");
    w.ask("POST", path)
        .raw("application/json", "{")
        .with(&w.keys.admin)
        .await
        .refused(400, "invalid_request");
    let unsaid = w.ask("POST", path).raw("text/plain", "{\"grace_hours\":0}").with(&w.keys.admin).await;
    unsaid.refused(415, "unsupported_media_type");
    w.ask("POST", path).with(&w.keys.admin).await.is(200);
}

#[tokio::test]
async fn a_query_is_read_strictly_and_not_repeated() {
    let w = World::new().await;
    for (query, field) in [
        ("?do-not-echo-me=1", "query"),
        ("?limit=do-not-echo-me", "limit"),
        ("?source=do-not-echo-me", "source"),
        ("?limit=1&limit=2", "limit"),
        ("?limit=", "limit"),
    ] {
        let reply = w.get(&format!("{SECRETS}{query}")).with(&w.keys.admin).await.invalid(field);
        assert!(!reply.text().contains(CANARY), "{}", reply.text());
    }
}

#[tokio::test]
async fn what_no_path_can_name_is_not_there() {
    let w = World::new().await;
    for path in [
        "/api/v1/projects/%FF",
        "/api/v1/projects/shop/services/%C3%28/secrets",
        "/api/v1/projects/shop/services/api/secrets/TOKEN/versions/one",
        "/api/v1/projects/shop/services/api/secrets/TOKEN/versions/99999999999999999999",
        "/api/v1/projects/shop/services/api/secrets/TOKEN/versions/0",
        "/api/v1/projects/shop/services/api/secrets/TOKEN/versions/-1",
        "/api/v1/projects/shop/services/api/secrets/TOKEN/versions/9223372036854775807",
        "/api/v1/projects/%00",
        "/api/v1/projects/%27%20OR%201=1--",
        "/api/v1/projects/shop/services/..%2F..%2Fx",
        "/api/v1/projects/shop/services/api/secrets/%F0%9F%94%91",
    ] {
        w.get(path).with(&w.keys.admin).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn head_answers_what_get_answers_without_a_body() {
    let w = World::new().await;
    for path in ["/api/v1/projects", "/healthz", "/api/openapi.json", "/sign-in"] {
        let reply = w.ask("HEAD", path).with(&w.keys.admin).await.is(200);
        assert!(reply.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_parameter_of_the_query_is_named() {
    let w = World::new().await;
    let flag = "/api/v1/projects/shop/services/api/flags/beta";
    for (method, path, field) in [
        ("GET", format!("{SECRETS}?limit=x"), "limit"),
        ("GET", format!("{SECRETS}?source=zz"), "source"),
        ("GET", format!("{SECRETS}?odd=1"), "query"),
        ("DELETE", format!("{flag}?expected_version=x"), "expected_version"),
        ("GET", format!("{flag}/diff?to=1"), "from"),
        ("DELETE", "/api/v1/sessions".to_owned(), "id"),
    ] {
        w.ask(method, &path).with(&w.keys.admin).await.invalid(field);
    }
}

#[tokio::test]
async fn a_path_that_has_the_form_of_none_does_not_exist() {
    let w = World::new().await;
    for path in [
        "/api/v1/projects/shop/services/api/flags/beta/versions/x",
        "/api/v1/projects/shop/services/api/flags/beta/versions/99999999999999999999",
        "/api/v1/projects/%ff",
    ] {
        w.get(path).with(&w.keys.admin).await.refused(404, "not_found");
    }
}
