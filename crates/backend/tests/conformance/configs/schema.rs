//! JSON Schemas of configs: what is written has to fit, wherever it is written.

use crate::world::{Outcome, World, everything, new_config, new_value};
use nexus_backend::{configs, dev_environments};
use nexus_domain::Code;
use nexus_domain::config::{ConfigPatch, ConfigType, NewConfig, NewConfigVersion};
use nexus_domain::entry::EntryPatch;
use nexus_domain::environment::OnConflict;
use nexus_domain::import::ImportState;
use nexus_domain::json::JsonText;
use nexus_domain::role::ProjectRole;
use nexus_domain::service::ServicePath;

both![
    a_value_that_does_not_fit_is_refused_with_its_places,
    a_new_schema_has_to_fit_the_present_value,
    a_schema_stays_on_a_rename_and_goes_with_null,
    restored_and_undeleted_values_fit_too,
    references_count_as_strings,
    an_import_is_checked,
    a_schema_belongs_to_the_entry_and_comes_along_to_a_developer,
    only_json_has_a_schema,
];

const LIMITS: &str = r#"{"type":"object","properties":{"limits":{"items":{"type":"number"}}}}"#;

fn json(text: &str) -> JsonText {
    serde_json::from_str(text).expect("JSON")
}

fn with_schema(key: &str, value: &str, schema: &str) -> NewConfig {
    NewConfig { kind: Some(ConfigType::Json), schema: Some(json(schema)), ..new_config(key, value) }
}

fn patch(schema: Option<&str>) -> ConfigPatch {
    ConfigPatch { schema: Some(schema.map(json)), ..ConfigPatch::default() }
}

async fn limits(w: &World, path: &ServicePath) {
    let row =
        configs::create(&w.nexus, &w.owner, path, with_schema("L", r#"{"limits":[1]}"#, LIMITS)).await.fine();
    assert_eq!(row.schema, Some(json(LIMITS)));
}

async fn a_value_that_does_not_fit_is_refused_with_its_places(w: &World) {
    let api = w.shop().await;
    let (n, o) = (&w.nexus, &w.owner);
    let refusal = configs::create(n, o, &api, with_schema("L", r#"{"limits":["a",1,"b"]}"#, LIMITS)).await;
    let refusal = refusal.refused_as(Code::InvalidRequest);
    assert_eq!(refusal.field("value"), Some("/limits/0 is not a number; /limits/2 is not a number"));
    assert_eq!(configs::counts(n, o, &api).await.fine().all, 0);
    limits(w, &api).await;
    configs::update(n, o, &api, "L", new_value("[1]")).await.refused_as(Code::InvalidRequest);
    assert_eq!(w.reset(&api, "L", r#"{"limits":[]}"#).await.version, 2);
    let listed = configs::list(n, o, &api, everything()).await.fine().data;
    assert_eq!(listed[0].schema, Some(json(LIMITS)));
    let broken = configs::create(n, o, &api, with_schema("B", "{}", r#"{"type":"text"}"#)).await;
    assert!(broken.refused_as(Code::InvalidRequest).field("schema").is_some());
    let remote = with_schema("B", "{}", r#"{"$ref":"https://example.com/s.json"}"#);
    assert!(
        configs::create(n, o, &api, remote).await.refused_as(Code::InvalidRequest).field("schema").is_some()
    );
}

async fn a_new_schema_has_to_fit_the_present_value(w: &World) {
    let api = w.shop().await;
    let (n, o) = (&w.nexus, &w.owner);
    w.set(&api, "A", "[1]").await;
    let before = w.events().await.len();
    let refusal = configs::patch(n, o, &api, "A", patch(Some(r#"{"type":"object"}"#))).await;
    assert!(refusal.refused_as(Code::InvalidRequest).field("value").is_some());
    assert_eq!(configs::row(n, o, &api, "A").await.fine().schema, None);
    let row = configs::patch(n, o, &api, "A", patch(Some(r#"{"type":"array"}"#))).await.fine();
    assert_eq!((row.schema.is_some(), row.version), (true, 1));
    configs::patch(n, o, &api, "A", patch(Some(r#"{"type":"array"}"#))).await.fine();
    assert_eq!(w.events_after(before).await, ["config.updated"], "the same again changes nothing");
    let both = NewConfigVersion { schema: Some(Some(json(r#"{"type":"object"}"#))), ..new_value("{}") };
    let row = configs::update(n, o, &api, "A", both).await.fine();
    assert_eq!((row.version, row.schema), (2, Some(json(r#"{"type":"object"}"#))));
}

async fn a_schema_stays_on_a_rename_and_goes_with_null(w: &World) {
    let api = w.shop().await;
    let (n, o) = (&w.nexus, &w.owner);
    limits(w, &api).await;
    let rename = EntryPatch { key: Some("M".into()), ..EntryPatch::default() };
    assert!(configs::patch(n, o, &api, "L", rename).await.fine().schema.is_some());
    configs::update(n, o, &api, "M", new_value("[]")).await.refused_as(Code::InvalidRequest);
    assert_eq!(configs::patch(n, o, &api, "M", patch(None)).await.fine().schema, None);
    w.reset(&api, "M", "[]").await;
    assert_eq!(w.number("SELECT COUNT(*) FROM config_schemas").await, 0);
}

async fn restored_and_undeleted_values_fit_too(w: &World) {
    let api = w.shop().await;
    let (n, o) = (&w.nexus, &w.owner);
    w.set(&api, "A", "[1]").await;
    w.reset(&api, "A", r#"{"limits":[1]}"#).await;
    configs::patch(n, o, &api, "A", patch(Some(LIMITS))).await.fine();
    configs::restore(n, o, &api, "A", 1, None).await.refused_as(Code::InvalidRequest);
    configs::delete(n, o, &api, "A", None).await.fine();
    assert!(configs::undelete(n, o, &api, "A").await.fine().schema.is_some());
    configs::update(n, o, &api, "A", new_value("[1]")).await.refused_as(Code::InvalidRequest);
}

async fn references_count_as_strings(w: &World) {
    let api = w.shop().await;
    w.set(&api, "HOST", "\"db\"").await;
    let schema = r#"{"properties":{"url":{"type":"string","minLength":3}}}"#;
    let new = with_schema("A", r#"{"url":"{{config:HOST}}"}"#, schema);
    configs::create(&w.nexus, &w.owner, &api, new).await.fine();
    let number =
        with_schema("B", r#"{"url":"{{config:HOST}}"}"#, r#"{"properties":{"url":{"type":"number"}}}"#);
    configs::create(&w.nexus, &w.owner, &api, number).await.refused_as(Code::InvalidRequest);
}

async fn an_import_is_checked(w: &World) {
    let api = w.shop().await;
    limits(w, &api).await;
    let text = r#"{"L": {"limits": ["a"]}, "N": 1}"#;
    let request = |dry_run| nexus_domain::import::ImportRequest {
        format: nexus_domain::import::ImportFormat::Json,
        ..crate::secrets::env(text, dry_run)
    };
    let report = configs::import(&w.nexus, &w.owner, &api, request(true)).await.fine();
    let item = report.items.iter().find(|item| item.key == "L").expect("the config");
    assert_eq!(item.state, ImportState::Invalid);
    assert_eq!(item.reason.as_deref(), Some("/limits/0 is not a number"));
    configs::import(&w.nexus, &w.owner, &api, request(false)).await.refused_as(Code::InvalidRequest);
}

async fn a_schema_belongs_to_the_entry_and_comes_along_to_a_developer(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    let (n, o) = (&w.nexus, &w.owner);
    limits(w, &shared).await;
    assert!(configs::row(n, o, &api, "L").await.fine().schema.is_some(), "inherited with its schema");
    assert_eq!(w.set(&api, "L", "[\"an override is another entry\"]").await.schema, None);
    let develop = w.service("shop", "develop", "api").await;
    limits(w, &develop).await;
    let dev = w.member("shop", ProjectRole::Developer).await;
    dev_environments::create(n, &dev, "shop").await.fine();
    dev_environments::import(n, &dev, "shop", OnConflict::Skip).await.fine();
    let mine = crate::world::path("shop", "dev_developer", "api");
    assert!(configs::row(n, &dev, &mine, "L").await.fine().schema.is_some());
    configs::update(n, &dev, &mine, "L", new_value("[1]")).await.refused_as(Code::InvalidRequest);
    for again in [OnConflict::Version, OnConflict::Overwrite] {
        dev_environments::import(n, &dev, "shop", again).await.fine();
    }
}

async fn only_json_has_a_schema(w: &World) {
    let api = w.shop().await;
    let (n, o) = (&w.nexus, &w.owner);
    let text = NewConfig { kind: Some(ConfigType::String), ..with_schema("A", "\"x\"", "{}") };
    assert!(configs::create(n, o, &api, text).await.refused_as(Code::InvalidRequest).field("type").is_some());
    limits(w, &api).await;
    let other = NewConfigVersion { kind: Some(ConfigType::String), ..new_value("\"x\"") };
    configs::update(n, o, &api, "L", other).await.refused_as(Code::InvalidRequest);
}
