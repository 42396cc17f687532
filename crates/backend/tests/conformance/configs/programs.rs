//! What programs read of configs.

use crate::world::{Outcome, World};
use nexus_backend::gate::Actor;
use nexus_backend::snapshot::{self, Answer};
use nexus_backend::{configs, secrets, services};
use nexus_domain::Code;
use nexus_domain::entry::EntryPatch;
use nexus_domain::keys::Access;
use nexus_domain::service::ServicePath;
use serde_json::{Value, json};

both![
    a_snapshot_holds_own_and_inherited_configs_with_their_types,
    numbers_reach_programs_digit_by_digit,
    references_are_resolved_over_own_and_inherited_keys,
    a_service_resolves_inherited_templates_with_its_own_values,
    a_frontend_gets_configs_and_nothing_of_a_secret,
    what_cannot_be_resolved_is_an_error_and_its_neighbours_stay,
    a_circle_that_comes_about_by_inheritance_is_an_error_and_nothing_else,
    every_change_that_programs_see_raises_the_revision,
    a_change_of_a_secret_reaches_the_configs_that_name_it,
    one_config_is_read_by_its_key,
    secrets_inside_of_one_config_are_in_the_audit_log_before_the_answer,
    configs_count_for_the_size_of_a_snapshot,
    a_bomb_of_templates_is_left_out_of_a_snapshot,
];

async fn fetch(w: &World, actor: &Actor) -> (String, String) {
    match snapshot::sync(&w.nexus, actor, None).await.fine() {
        Answer::Fresh { etag, body } => (etag, String::from_utf8(body).expect("text")),
        Answer::NotModified { .. } => panic!("nobody asked for less"),
    }
}

async fn synced(w: &World, path: &ServicePath) -> Value {
    let (_, key) = w.service_key(path, Access::Read).await;
    serde_json::from_str(&fetch(w, &key).await.1).expect("JSON")
}

async fn a_snapshot_holds_own_and_inherited_configs_with_their_types(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.set(&shared, "PORT", "8080").await;
    w.set(&shared, "HOST", "\"hidden\"").await;
    w.set(&api, "HOST", "\"db\"").await;
    w.set(&api, "ON", "true").await;
    w.set(&api, "LIST", r#"[1, "{{config:HOST}}"]"#).await;
    assert_eq!(
        synced(w, &api).await["configs"],
        json!({
            "HOST": { "type": "string", "value": "db", "inherited": false },
            "LIST": { "type": "json", "value": [1, "db"], "inherited": false },
            "ON": { "type": "boolean", "value": true, "inherited": false },
            "PORT": { "type": "number", "value": 8080, "inherited": true } })
    );
}

async fn numbers_reach_programs_digit_by_digit(w: &World) {
    let api = w.shop().await;
    w.set(&api, "N", "123456789012345678901234567890.50").await;
    w.set(&api, "J", r#"{"n":1.50,"s":"{{config:N}}"}"#).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let body = fetch(w, &key).await.1;
    assert!(body.contains(r#""value":123456789012345678901234567890.50"#), "{body}");
    assert!(body.contains(r#"{"n":1.50,"s":"123456789012345678901234567890.50"}"#), "{body}");
}

async fn references_are_resolved_over_own_and_inherited_keys(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "PASSWORD", "p\"w").await;
    w.set(&api, "HOST", "\"db\"").await;
    w.set(&api, "URL", r#""pg://{{secret:PASSWORD}}@{{config:HOST}} \\{{x}}""#).await;
    w.set(&api, "J", r#"{"{{secret:PASSWORD}}": "{{secret:PASSWORD}}"}"#).await;
    let configs = synced(w, &api).await["configs"].clone();
    assert_eq!(configs["URL"]["value"], "pg://p\"w@db {{x}}");
    assert_eq!(configs["J"]["value"], json!({ "{{secret:PASSWORD}}": "p\"w" }));
}

async fn a_service_resolves_inherited_templates_with_its_own_values(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.set(&shared, "HOST", "\"shared\"").await;
    w.set(&shared, "URL", "\"http://{{config:HOST}}\"").await;
    assert_eq!(synced(w, &api).await["configs"]["URL"]["value"], "http://shared");
    w.set(&api, "HOST", "\"own\"").await;
    let url = &synced(w, &api).await["configs"]["URL"];
    assert_eq!((&url["value"], &url["inherited"]), (&json!("http://own"), &json!(true)));
}

async fn a_frontend_gets_configs_and_nothing_of_a_secret(w: &World) {
    w.project("shop").await;
    let web = w.frontend("shop", "live", "web").await;
    w.set(&web, "TITLE", "\"Shop\"").await;
    let answer = synced(w, &web).await;
    assert_eq!(answer["configs"]["TITLE"]["value"], "Shop");
    assert_eq!((answer.get("secrets"), &answer["errors"]), (None, &json!([])));
    // However it came about: a reference to a secret is to nothing.
    let text = w.database.blob(b"{{secret:S}}");
    w.execute(&format!("UPDATE entry_versions SET payload = {text}")).await;
    w.set(&web, "OTHER", "1").await;
    let answer = synced(w, &web).await;
    assert_eq!(answer["errors"], json!([{ "key": "TITLE", "kind": "config", "code": "missing" }]));
    assert_eq!(answer["configs"]["OTHER"]["value"], 1);
}

async fn what_cannot_be_resolved_is_an_error_and_its_neighbours_stay(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "S", "s").await;
    w.set(&shared, "A", "\"1\"").await;
    w.set(&shared, "B", "\"{{config:A}}\"").await;
    w.without_value(&api, "LATER").await;
    w.set(&api, "NEIGHBOUR", "1").await;
    w.set(&api, "USES_S", "\"{{secret:S}}\"").await;
    w.set(&api, "USES_LATER", "\"{{secret:LATER}}\"").await;
    w.set(&api, "FAR", "\"{{config:USES_LATER}}\"").await;
    services::unlink(&w.nexus, &w.owner, &api).await.fine();
    let answer = synced(w, &api).await;
    let error = |key: &str, kind: &str, code: &str| json!({ "key": key, "kind": kind, "code": code });
    assert_eq!(
        answer["errors"],
        json!([
            error("LATER", "secret", "needs_value"),
            error("FAR", "config", "needs_value"),
            error("USES_LATER", "config", "needs_value"),
            error("USES_S", "config", "missing"),
        ])
    );
    assert_eq!(answer["configs"].as_object().expect("configs").len(), 1);
    w.set(&api, "A", "\"2\"").await;
    w.set(&api, "OWN", "\"{{config:A}}\"").await;
    assert_eq!(synced(w, &api).await["configs"]["OWN"]["value"], "2");
}

async fn a_circle_that_comes_about_by_inheritance_is_an_error_and_nothing_else(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.set(&shared, "A", "\"1\"").await;
    w.set(&shared, "B", "\"2\"").await;
    w.set(&api, "B", "\"own\"").await;
    w.set(&api, "A", "\"{{config:B}}\"").await;
    w.reset(&shared, "B", "\"{{config:A}}\"").await;
    assert_eq!(synced(w, &api).await["configs"]["A"]["value"], "own");
    configs::delete(&w.nexus, &w.owner, &api, "B", None).await.fine();
    w.set(&api, "NEIGHBOUR", "1").await;
    let answer = synced(w, &api).await;
    let error = |key: &str| json!({ "key": key, "kind": "config", "code": "cycle" });
    assert_eq!(answer["errors"], json!([error("A"), error("B")]));
    assert_eq!(answer["configs"]["NEIGHBOUR"]["value"], 1);
    w.reset(&api, "A", "\"3\"").await;
    assert_eq!(synced(w, &api).await["configs"]["B"]["value"], "3");
}

async fn every_change_that_programs_see_raises_the_revision(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let (n, o) = (&w.nexus, &w.owner);
    let mut last = fetch(w, &key).await.0;
    let mut changed = async |what: &str| {
        let (etag, _) = fetch(w, &key).await;
        assert_ne!(etag, last, "{what}");
        last = etag;
    };
    for path in [&api, &shared] {
        w.set(path, "A", "1").await;
        changed("create").await;
        w.reset(path, "A", "2").await;
        changed("update").await;
        configs::restore(n, o, path, "A", 1, None).await.fine();
        changed("restore").await;
        let rename = EntryPatch { key: Some("B".into()), ..EntryPatch::default() };
        configs::patch(n, o, path, "A", rename).await.fine();
        changed("rename").await;
        configs::delete(n, o, path, "B", None).await.fine();
        changed("delete").await;
        configs::undelete(n, o, path, "B").await.fine();
        changed("undelete").await;
        configs::import(n, o, path, crate::secrets::env("C=3", false)).await.fine();
        changed("import").await;
    }
    let note = EntryPatch { note: Some("n".into()), ..EntryPatch::default() };
    configs::patch(n, o, &api, "B", note).await.fine();
    assert_eq!(fetch(w, &key).await.0, last, "a note is nothing to a program");
}

async fn a_change_of_a_secret_reaches_the_configs_that_name_it(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "S", "old").await;
    w.set(&api, "A", "\"<{{secret:S}}>\"").await;
    assert_eq!(synced(w, &api).await["configs"]["A"]["value"], "<old>");
    w.rewrite(&shared, "S", "new").await;
    assert_eq!(synced(w, &api).await["configs"]["A"]["value"], "<new>");
}

async fn one_config_is_read_by_its_key(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.set(&shared, "PORT", "8080").await;
    w.set(&api, "URL", "\"http://x:{{config:PORT}}\"").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let one = snapshot::config(&w.nexus, &key, "PORT").await.fine();
    let expected = json!({ "key": "PORT", "type": "number", "value": 8080, "inherited": true });
    assert_eq!(json!(one.config), expected);
    let before = w.events().await.len();
    let url = snapshot::config(&w.nexus, &key, "URL").await.fine();
    assert_eq!(url.config.value.as_str(), "\"http://x:8080\"");
    assert_eq!(w.events().await.len(), before, "no secret, no row");
    for missing in ["NO", "", "a\0b", "ключ"] {
        snapshot::config(&w.nexus, &key, missing).await.map(drop).refused_as(Code::NotFound);
    }
    services::unlink(&w.nexus, &w.owner, &api).await.fine();
    let refusal = snapshot::config(&w.nexus, &key, "URL").await.map(drop).refused_as(Code::NotFound);
    assert_eq!(refusal.details["reason"], "missing");
    for actor in [&w.owner, &w.operator] {
        snapshot::config(&w.nexus, actor, "URL").await.map(drop).refused_as(Code::NotFound);
    }
}

async fn secrets_inside_of_one_config_are_in_the_audit_log_before_the_answer(w: &World) {
    let api = w.shop().await;
    w.write(&api, "S", "s3").await;
    w.set(&api, "A", "\"{{secret:S}}\"").await;
    w.set(&api, "B", "\"<{{config:A}}>\"").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let before = w.events().await.len();
    let one = snapshot::config(&w.nexus, &key, "B").await.fine();
    assert_eq!(one.config.value.as_str(), "\"<s3>\"");
    assert_eq!(w.events_after(before).await, ["secret.get_by_key"]);
    w.execute("ALTER TABLE audit_log RENAME TO gone").await;
    let error = snapshot::config(&w.nexus, &key, "B").await.map(drop).expect_err("no audit row, no secret");
    assert_eq!(error.refusal().code, Code::AuditUnavailable);
    w.execute("ALTER TABLE gone RENAME TO audit_log").await;
}

async fn configs_count_for_the_size_of_a_snapshot(w: &World) {
    let api = w.shop().await;
    let quarter = format!("[\"{}\"]", "x".repeat(255 * 1024));
    let text: Vec<String> = (0..4).map(|n| format!("\"K{n}\":{quarter}")).collect();
    let import = |prefix: &str| {
        let text = format!("{{{}}}", text.join(",")).replace("\"K", &format!("\"{prefix}"));
        nexus_domain::import::ImportRequest {
            format: nexus_domain::import::ImportFormat::Json,
            text,
            dry_run: false,
            description: None,
        }
    };
    for n in 0..16 {
        configs::import(&w.nexus, &w.owner, &api, import(&format!("P{n}x"))).await.fine();
    }
    let refusal =
        configs::import(&w.nexus, &w.owner, &api, import("LAST")).await.refused_as(Code::QuotaExceeded);
    assert_eq!(refusal.details["quota"], "snapshot_bytes");
}

/// What a text gains inside of a JSON string is not known before the snapshot is made.
async fn a_bomb_of_templates_is_left_out_of_a_snapshot(w: &World) {
    let api = w.shop().await;
    w.write(&api, "QUOTES", &"\"".repeat(60_000)).await;
    let bomb = |n: usize| format!("[\"{}\"]", "{{secret:QUOTES}}".repeat(n));
    w.set(&api, "FITS", &bomb(8)).await;
    w.set(&api, "LARGE", &bomb(16)).await;
    w.set(&api, "BEHIND", "\"{{config:LARGE}}\"").await;
    w.set(&api, "NEIGHBOUR", "\"{{config:FITS}}\"").await;
    let answer = synced(w, &api).await;
    let codes: Vec<_> =
        answer["errors"].as_array().expect("errors").iter().map(|it| it["code"].clone()).collect();
    assert_eq!(codes, ["too_large", "too_large"]);
    assert!(answer["configs"]["FITS"].is_object());
    assert!(answer["configs"]["NEIGHBOUR"].is_object());
    secrets::list(&w.nexus, &w.owner, &api, crate::world::everything()).await.fine();
}
