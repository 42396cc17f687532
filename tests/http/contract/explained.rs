//! `?explain=true` on one secret, config or flag; schemas of configs and pins of engines on the wire.

use crate::world::World;
use serde_json::{Value, json};

const SERVICE: &str = "/api/v1/projects/shop/services";

async fn get(w: &World, path: &str) -> Value {
    w.get(&format!("{SERVICE}/{path}")).with(&w.keys.admin).await.is(200).json()
}

#[tokio::test]
async fn an_explanation_stands_beside_the_answer_and_only_where_it_was_asked_for() {
    let w = World::new().await;
    for path in ["api/secrets/TOKEN", "api/configs/PORT", "api/flags/beta"] {
        let plain = get(&w, path).await;
        assert!(plain.get("explanation").is_none(), "{path}");
        assert_eq!(get(&w, &format!("{path}?explain=false")).await, plain);
        let mut explained = get(&w, &format!("{path}?explain=true")).await;
        let explanation = explained.as_object_mut().expect("an object").remove("explanation").expect("there");
        assert_eq!(explained, plain, "{path}");
        assert_eq!((&explanation["key"], &explanation["outcome"]), (&plain["key"], &json!("resolved")));
        assert_eq!(explanation["sources"][0]["state"], json!("used"));
    }
    let inherited = get(&w, "worker/configs/REGION?explain=true").await;
    let source = &inherited["explanation"]["sources"][0];
    assert_eq!((&source["service"], &source["inherited"]), (&json!("shared"), &json!(true)));
    let bad = format!("{SERVICE}/api/configs/PORT?explain=perhaps");
    w.get(&bad).with(&w.keys.admin).await.refused(400, "invalid_request");
    w.get(&format!("{SERVICE}/api/configs/NO?explain=true"))
        .with(&w.keys.admin)
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn an_explained_secret_is_a_reveal_as_ever_and_its_value_stands_in_one_place() {
    let w = World::new().await;
    let reveals = async || {
        let page = w.get("/api/v1/audit?event=secret.reveal").with(&w.keys.admin).await.is(200).json();
        page["data"].as_array().expect("rows").len()
    };
    let before = reveals().await;
    let secret = get(&w, "api/secrets/TOKEN?explain=true").await;
    let value = secret["value"].as_str().expect("a text");
    assert!(!secret["explanation"].to_string().contains(value));
    assert_eq!(reveals().await, before + 1);
    let tainted = json!({ "key": "NAMES_IT", "value": "{{secret:TOKEN}}" });
    w.post(&format!("{SERVICE}/api/configs"), tainted).with(&w.keys.admin).await.is(201);
    let config = get(&w, "api/configs/NAMES_IT?explain=true").await;
    assert!(!config.to_string().contains(value));
    assert_eq!(config["explanation"]["tainted_by"], json!(["config:NAMES_IT", "secret:TOKEN"]));
}

#[tokio::test]
async fn a_schema_travels_with_its_config() {
    let w = World::new().await;
    let configs = format!("{SERVICE}/api/configs");
    let new = json!({ "key": "SHAPED", "value": { "a": 1 }, "schema": { "required": ["a"] } });
    let made = w.post(&configs, new).with(&w.keys.admin).await.is(201).json();
    assert_eq!(made["schema"], json!({ "required": ["a"] }));
    let config = format!("{configs}/SHAPED");
    let refused =
        w.ask("PUT", &config).json(json!({ "value": {} })).with(&w.keys.admin).await.invalid("value");
    assert_eq!(refused.json()["details"]["value"], json!("The whole value lacks a"));
    let patch = |body: Value| w.ask("PATCH", &config).json(body).with(&w.keys.admin);
    patch(json!({ "schema": { "type": 1 } })).await.invalid("schema");
    patch(json!({ "schema": { "type": "array" } })).await.invalid("value");
    assert_eq!(patch(json!({ "note": "n" })).await.is(200).json()["schema"], json!({ "required": ["a"] }));
    assert!(patch(json!({ "schema": null })).await.is(200).json().get("schema").is_none());
    w.ask("PUT", &config).json(json!({ "value": {} })).with(&w.keys.admin).await.is(200);
}

#[tokio::test]
async fn an_engine_is_pinned_and_the_field_left_out_without_a_pin() {
    let w = World::new().await;
    let staging = "/api/v1/environments/staging";
    let patch = |body: Value| w.ask("PATCH", staging).json(body).with(&w.keys.admin);
    patch(json!({ "pinned_engine_version": "3.x" })).await.invalid("pinned_engine_version");
    let pinned = patch(json!({ "pinned_engine_version": "1.x" })).await.is(200).json();
    assert_eq!(pinned["pinned_engine_version"], json!("1.x"));
    assert!(
        patch(json!({ "pinned_engine_version": null }))
            .await
            .is(200)
            .json()
            .get("pinned_engine_version")
            .is_none()
    );
}
