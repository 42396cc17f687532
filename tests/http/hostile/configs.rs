//! Values of configs that are too large, too deep, too many or nonsense, and templates that would
//! grow without end.

use crate::world::World;
use serde_json::{Value, json};

const CONFIGS: &str = "/api/v1/projects/shop/services/api/configs";

async fn create(w: &World, body: Value) -> crate::world::Reply {
    w.post(CONFIGS, body).with(&w.keys.admin).await
}

/// A body as it is written here, and not as a library would write it.
async fn create_raw(w: &World, body: String) -> crate::world::Reply {
    w.ask("POST", CONFIGS).raw("application/json", body).with(&w.keys.admin).await
}

#[tokio::test]
async fn a_number_comes_back_digit_by_digit() {
    let w = World::new().await;
    for (key, number) in
        [("A", "1.50"), ("B", "-0"), ("C", "123456789012345678901234567890"), ("D", "1e-400")]
    {
        let made = create_raw(&w, format!(r#"{{"key":"{key}","value":{number}}}"#)).await.is(201);
        assert!(made.text().contains(&format!(r#""value":{number},"#)), "{}", made.text());
        let synced = w.get("/v1/sync").with(&w.keys.sk_read).await.is(200);
        assert!(synced.text().contains(&format!(r#""value":{number},"#)), "{number}");
    }
}

#[tokio::test]
async fn a_number_that_no_program_can_hold_is_refused_wherever_it_stands() {
    let w = World::new().await;
    for value in ["1e999", "-1e309", "[1e999]", r#"{"a":{"b":1e400}}"#] {
        create_raw(&w, format!(r#"{{"key":"A","value":{value}}}"#)).await.invalid("value");
    }
    for value in ["NaN", "Infinity", "0x10", "01", "1."] {
        create_raw(&w, format!(r#"{{"key":"A","value":{value}}}"#)).await.is(400);
    }
}

#[tokio::test]
async fn a_key_that_stands_twice_is_refused_however_it_is_spelled() {
    let w = World::new().await;
    for value in [r#"{"a":1,"a":1}"#, r#"[{"x":{"a":1,"\u0061":2}}]"#] {
        create_raw(&w, format!(r#"{{"key":"A","value":{value}}}"#)).await.invalid("value");
    }
    create_raw(&w, r#"{"key":"A","value":1,"value":2}"#.into()).await.is(400);
}

#[tokio::test]
async fn json_a_hundred_thousand_levels_deep_is_only_refused() {
    let w = World::new().await;
    let deep = |depth: usize| format!(r#"{{"key":"A","value":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    create_raw(&w, deep(100_000)).await.invalid("value");
    create_raw(&w, deep(65)).await.invalid("value");
    create_raw(&w, deep(64)).await.is(201);
    create_raw(&w, format!(r#"{{"key":"B","value":{}}}"#, "[".repeat(100_000))).await.is(400);
}

#[tokio::test]
async fn values_are_as_large_as_they_may_be_and_no_byte_larger() {
    let w = World::new().await;
    create(&w, json!({ "key": "S", "value": "x".repeat(64 * 1024) })).await.is(201);
    create(&w, json!({ "key": "T", "value": "x".repeat(64 * 1024 + 1) })).await.refused(413, "too_large");
    create(&w, json!({ "key": "J", "value": ["x".repeat(256 * 1024 - 4)] })).await.is(201);
    create(&w, json!({ "key": "K", "value": ["x".repeat(256 * 1024 - 3)] })).await.refused(413, "too_large");
    create(&w, json!({ "key": "L", "value": ["x".repeat(10 * 1024 * 1024)] }))
        .await
        .refused(413, "too_large");
}

#[tokio::test]
async fn a_type_and_a_value_that_do_not_fit_are_refused_at_the_value() {
    let w = World::new().await;
    for (kind, value) in [
        ("number", json!("8080")),
        ("string", json!(8080)),
        ("boolean", json!(1)),
        ("number", json!([1])),
        ("json", json!(null)),
    ] {
        create(&w, json!({ "key": "A", "type": kind, "value": value })).await.invalid("value");
    }
    create(&w, json!({ "key": "A", "type": "yaml", "value": 1 })).await.invalid("type");
    create(&w, json!({ "key": "A" })).await.invalid("value");
    create(&w, json!({ "key": "A", "value": 1, "vlaue": 2 })).await.invalid("vlaue");
}

#[tokio::test]
async fn templates_that_would_explode_are_refused_or_left_out() {
    let w = World::new().await;
    create(&w, json!({ "key": "A", "value": "{{config:A}}" })).await.invalid("value");
    create(&w, json!({ "key": "X", "value": "x".repeat(1000) })).await.is(201);
    let hundred_thousand = "{{config:X}}".repeat(100_000);
    create(&w, json!({ "key": "A", "value": hundred_thousand })).await.refused(413, "too_large");
    create(&w, json!({ "key": "A", "value": "{{config:X}}".repeat(1001) })).await.invalid("value");
    let bomb = |below: &str, n: usize| vec![format!("{{{{config:{below}}}}}"); n];
    create(&w, json!({ "key": "B1", "value": bomb("X", 1000) })).await.is(201);
    for n in [1000, 2] {
        create(&w, json!({ "key": "B2", "value": bomb("B1", n) })).await.refused(409, "quota_exceeded");
    }
    let put = |value: &str| {
        w.ask("PUT", &format!("{CONFIGS}/X")).json(json!({ "value": value })).with(&w.keys.admin)
    };
    put("{{config:B1}}").await.invalid("value");
    let synced = w.get("/v1/sync").with(&w.keys.sk_read).await.is(200).json();
    assert_eq!(synced["errors"], json!([]));
    assert_eq!(synced["configs"]["PORT"]["value"], 8081);
}

#[tokio::test]
async fn two_configs_do_not_come_to_name_each_other() {
    let w = World::new().await;
    create(&w, json!({ "key": "A", "value": "1" })).await.is(201);
    create(&w, json!({ "key": "B", "value": "{{config:A}}" })).await.is(201);
    let put = w.ask("PUT", &format!("{CONFIGS}/A")).json(json!({ "value": "{{config:B}}" }));
    let refused = put.with(&w.keys.admin).await.invalid("value").json();
    assert_eq!(refused["details"]["path"], json!(["config:A", "config:B", "config:A"]));
    w.ask("DELETE", &format!("{CONFIGS}/A")).with(&w.keys.admin).await.refused(409, "in_use");
}

#[tokio::test]
async fn nonsense_in_braces_is_refused_and_escaped_braces_are_text() {
    let w = World::new().await;
    for text in
        ["{{", "{{}}", "{{A}}", "{{ config:PORT }}", "{{secret:}}", "{{config:PORT}", "{{{config:PORT}}}"]
    {
        create(&w, json!({ "key": "A", "value": text })).await.invalid("value");
        create(&w, json!({ "key": "A", "value": { "a": [text] } })).await.invalid("value");
    }
    create(&w, json!({ "key": "A", "value": r"\{{ name }} {{config:PORT}}" })).await.is(201);
    let one = w.get("/v1/configs/A").with(&w.keys.sk_read).await.is(200);
    assert_eq!(one.json()["value"], "{{ name }} 8081");
    assert!(one.header("etag").is_some());
}

#[tokio::test]
async fn the_management_api_never_resolves_a_secret() {
    let w = World::new().await;
    let made = create(&w, json!({ "key": "DSN", "value": "t={{secret:TOKEN}}" })).await.is(201);
    let mut texts = vec![made.text()];
    for path in ["", "/DSN", "/DSN/versions", "/DSN/versions/1", "/DSN/diff?from=1&to=1"] {
        texts.push(w.get(&format!("{CONFIGS}{path}")).with(&w.keys.admin).await.is(200).text());
    }
    assert!(texts.iter().all(|text| !text.contains("second-token")));
    let synced = w.get("/v1/sync").with(&w.keys.sk_read).await.is(200).json();
    assert_eq!(synced["configs"]["DSN"]["value"], "t=second-token");
    let secret = "/api/v1/projects/shop/services/api/secrets/TOKEN";
    let refused = w.ask("DELETE", secret).with(&w.keys.admin).await.refused(409, "in_use").json();
    assert_eq!(refused["details"]["configs"], json!([{ "service": "api", "key": "DSN" }]));
}

#[tokio::test]
async fn a_frontend_service_names_no_secret() {
    let w = World::new().await;
    let web = "/api/v1/projects/shop/services/web/configs";
    let body = json!({ "key": "A", "value": "{{secret:TOKEN}}" });
    w.post(web, body).with(&w.keys.admin).await.refused(403, "service_kind_mismatch");
    let import = json!({ "text": "A={{secret:TOKEN}}" });
    w.post("/api/v1/projects/shop/services/web/configs:import", import).with(&w.keys.admin).await.is(400);
}
