//! Importing configs from a text.

use crate::secrets::env;
use crate::world::{Outcome, World};
use nexus_backend::configs;
use nexus_domain::Code;
use nexus_domain::config::ConfigType;
use nexus_domain::export::ExportFormat;
use nexus_domain::import::{ImportFormat, ImportReport, ImportRequest, ImportState};

both![
    json_values_keep_their_type_and_their_digits,
    a_line_of_env_is_a_string_or_what_the_config_is,
    a_dry_run_says_what_the_import_then_does,
    one_bad_key_keeps_all_from_being_written,
    references_may_lead_to_what_comes_along,
    an_export_comes_back_as_unchanged_with_what_is_inherited,
    spaces_in_json_make_no_other_value,
];

fn json(text: &str, dry_run: bool) -> ImportRequest {
    ImportRequest { format: ImportFormat::Json, text: text.into(), dry_run, description: None }
}

async fn json_values_keep_their_type_and_their_digits(w: &World) {
    let api = w.shop().await;
    let text = r#"{"S":"x","N":1.50,"B":true,"J":{"a":[1]}}"#;
    configs::import(&w.nexus, &w.owner, &api, json(text, false)).await.fine();
    for (key, kind, value) in [
        ("S", ConfigType::String, "\"x\""),
        ("N", ConfigType::Number, "1.50"),
        ("B", ConfigType::Boolean, "true"),
        ("J", ConfigType::Json, r#"{"a":[1]}"#),
    ] {
        let row = configs::row(&w.nexus, &w.owner, &api, key).await.fine();
        assert_eq!((row.kind, row.value.expect("a value").as_str()), (kind, value));
    }
    let again = configs::import(&w.nexus, &w.owner, &api, json(text, false)).await.fine();
    assert_eq!((again.unchanged, again.changed), (4, 0));
}

async fn a_line_of_env_is_a_string_or_what_the_config_is(w: &World) {
    let api = w.shop().await;
    w.set(&api, "PORT", "8080").await;
    let report = configs::import(&w.nexus, &w.owner, &api, env("PORT=9090\nHOST=9090\n", false)).await.fine();
    assert_eq!((report.new, report.changed), (1, 1));
    let row = configs::row(&w.nexus, &w.owner, &api, "PORT").await.fine();
    assert_eq!((row.kind, row.value.expect("a value").as_str()), (ConfigType::Number, "9090"));
    let host = configs::row(&w.nexus, &w.owner, &api, "HOST").await.fine();
    assert_eq!(host.value.expect("a value").as_str(), "\"9090\"");
    let report = configs::import(&w.nexus, &w.owner, &api, env("PORT=many", true)).await.fine();
    assert_eq!(report.items[0].reason.as_deref(), Some("This is not a number"));
}

async fn a_dry_run_says_what_the_import_then_does(w: &World) {
    let api = w.shop().await;
    w.set(&api, "SAME", "\"s\"").await;
    w.set(&api, "OTHER", "\"o\"").await;
    let before = w.events().await.len();
    let text = "SAME=s\nOTHER=changed\nNEW=n\n";
    let dry = configs::import(&w.nexus, &w.owner, &api, env(text, true)).await.fine();
    let states: Vec<ImportState> = dry.items.iter().map(|item| item.state).collect();
    assert_eq!(states, [ImportState::Unchanged, ImportState::Changed, ImportState::New]);
    assert_eq!(w.events().await.len(), before);
    let done = configs::import(&w.nexus, &w.owner, &api, env(text, false)).await.fine();
    assert_eq!(done, ImportReport { dry_run: false, ..dry });
    assert_eq!(w.events_after(before).await, ["config.updated", "config.created"]);
}

async fn one_bad_key_keeps_all_from_being_written(w: &World) {
    let api = w.shop().await;
    let text = r#"{"GOOD":1,"2BAD":1,"TWICE":1,"TWICE":2,"NULL":null,"HUGE":1e999,"GONE":"{{config:NO}}"}"#;
    let dry = configs::import(&w.nexus, &w.owner, &api, json(text, true)).await.fine();
    assert_eq!((dry.new, dry.invalid), (1, 6));
    assert!(dry.items.iter().skip(1).all(|item| item.reason.as_ref().is_some_and(|it| !it.is_empty())));
    let refusal = configs::import(&w.nexus, &w.owner, &api, json(text, false)).await;
    assert!(refusal.refused_as(Code::InvalidRequest).details["keys"]["GONE"].is_string());
    assert_eq!(w.number("SELECT COUNT(*) FROM entries").await, 0);
}

async fn references_may_lead_to_what_comes_along(w: &World) {
    let api = w.shop().await;
    let text = r#"{"A":"{{config:B}}","B":"{{config:C}}","C":1}"#;
    configs::import(&w.nexus, &w.owner, &api, json(text, false)).await.fine();
    let circle = r#"{"D":"{{config:E}}","E":"{{config:D}}","F":1}"#;
    let dry = configs::import(&w.nexus, &w.owner, &api, json(circle, true)).await.fine();
    assert_eq!((dry.invalid, dry.new), (2, 1));
    let changed = json(r#"{"C":"{{config:A}}"}"#, false);
    configs::import(&w.nexus, &w.owner, &api, changed).await.refused_as(Code::InvalidRequest);
}

async fn an_export_comes_back_as_unchanged_with_what_is_inherited(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.set(&shared, "OVER", "[3]").await;
    w.set(&shared, "PORT", "8080").await;
    w.set(&api, "own.key", "\"it's {{config:PORT}}\"").await;
    w.set(&api, "OVER", "[1, 2]").await;
    let before = w.events().await.len();
    for format in [ExportFormat::Env, ExportFormat::Json, ExportFormat::Yaml] {
        let text = configs::export(&w.nexus, &w.owner, &api, format).await.fine();
        let again = ImportRequest { format: ImportFormat::Auto, text, dry_run: true, description: None };
        let report = configs::import(&w.nexus, &w.owner, &api, again).await.fine();
        assert_eq!((report.unchanged, report.items.len()), (3, 3), "{format}: {report:?}");
        let inherited = report.items.iter().find(|item| item.key == "PORT").expect("PORT");
        assert_eq!(inherited.reason.as_deref(), Some("Inherited with this very value"));
    }
    assert!(w.events_after(before).await.is_empty(), "an export of configs is a plain read");
}

async fn spaces_in_json_make_no_other_value(w: &World) {
    let api = w.shop().await;
    w.set(&api, "J", r#"{"a":[1.50,"x"]}"#).await;
    let import = |text: &'static str| configs::import(&w.nexus, &w.owner, &api, json(text, true));
    assert_eq!(import("{\"J\":{ \"a\" :\n[1.50, \"\\u0078\"] }}").await.fine().unchanged, 1);
    assert_eq!(import(r#"{"J":{"a":[1.5,"x"]}}"#).await.fine().changed, 1);
}
