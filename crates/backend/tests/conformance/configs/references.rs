//! What configs name: what may be written, what may go, and who answers for secrets.

use crate::world::{Outcome, World, new_config, new_secret, new_value};
use nexus_backend::gate::Actor;
use nexus_backend::{configs, secrets, services, snapshot};
use nexus_domain::Code;
use nexus_domain::entry::EntryPatch;
use nexus_domain::keys::Access;
use nexus_domain::role::Scope;
use nexus_domain::secret::NewSecret;
use nexus_domain::service::ServicePath;
use serde_json::json;

both![
    references_and_taint_are_shown_in_the_row,
    what_is_named_has_to_be_there,
    a_circle_is_refused_with_its_path,
    nine_in_a_row_are_refused_wherever_the_ninth_is_added,
    an_umbrellas_config_makes_no_circle_in_a_service_that_inherits_it,
    a_key_that_configs_name_stays,
    an_umbrellas_key_stays_while_somebody_who_inherits_it_names_it,
    an_override_may_go_where_the_umbrella_has_the_key,
    an_old_version_and_a_deleted_config_come_back_only_where_their_references_lead,
    who_names_a_secret_may_reveal_it_and_is_in_the_audit_log,
    old_versions_hold_nothing_back,
];

async fn refused(w: &World, path: &ServicePath, key: &str, value: &str) -> serde_json::Value {
    let outcome = configs::create(&w.nexus, &w.owner, path, new_config(key, value)).await;
    let refusal = outcome.refused_as(Code::InvalidRequest);
    assert!(refusal.field("value").is_some());
    json!([refusal.details["reason"], refusal.details["path"]])
}

async fn references_and_taint_are_shown_in_the_row(w: &World) {
    let api = w.shop().await;
    w.write(&api, "PASSWORD", "hunter2").await;
    w.set(&api, "HOST", "\"db\"").await;
    let value = r#""pg://{{config:HOST}}:{{secret:PASSWORD}}@{{config:HOST}}""#;
    let row = w.set(&api, "URL", value).await;
    let named: Vec<String> = row.references.iter().map(ToString::to_string).collect();
    assert_eq!(named, ["secret:PASSWORD", "config:HOST"]);
    assert_eq!((row.tainted, row.value.expect("a value").as_str()), (true, value));
    let far = w.set(&api, "FAR", r#"{"url": ["{{config:URL}}"]}"#).await;
    assert!(far.tainted);
    assert!(!configs::row(&w.nexus, &w.owner, &api, "HOST").await.fine().tainted);
    let plain = w.reset(&api, "URL", "\"none\"").await;
    assert!(!plain.tainted && plain.references.is_empty());
    assert!(!configs::row(&w.nexus, &w.owner, &api, "FAR").await.fine().tainted);
}

async fn what_is_named_has_to_be_there(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    assert_eq!(refused(w, &api, "A", "\"{{secret:S}}\"").await, json!(["missing", ["config:A", "secret:S"]]));
    refused(w, &api, "A", "\"{{config:C}}\"").await;
    refused(w, &api, "A", "\"{{flag:F}}\"").await;
    w.write(&shared, "S", "s").await;
    w.set(&shared, "C", "1").await;
    w.set(&api, "A", "\"{{secret:S}}{{config:C}}\"").await;
    let file = NewSecret { key: "FILE".into(), value_base64: Some("AAE=".into()), ..NewSecret::default() };
    secrets::create(&w.nexus, &w.owner, &api, file).await.fine();
    assert_eq!(refused(w, &api, "B", "\"{{secret:FILE}}\"").await[0], "not_text");
    w.without_value(&api, "LATER").await;
    w.set(&api, "B", "\"{{secret:LATER}}\"").await;
    refused(w, &shared, "D", "\"{{config:A}}\"").await;
}

async fn a_circle_is_refused_with_its_path(w: &World) {
    let api = w.shop().await;
    assert_eq!(refused(w, &api, "A", "\"{{config:A}}\"").await, json!(["cycle", ["config:A", "config:A"]]));
    w.set(&api, "A", "\"1\"").await;
    w.set(&api, "B", "\"{{config:A}}\"").await;
    let outcome = configs::update(&w.nexus, &w.owner, &api, "A", new_value("\"{{config:B}}\"")).await;
    let refusal = outcome.refused_as(Code::InvalidRequest);
    assert_eq!(refusal.details["path"], json!(["config:A", "config:B", "config:A"]));
    assert_eq!(configs::history(&w.nexus, &w.owner, &api, "A").await.fine().len(), 1, "nothing was written");
}

async fn nine_in_a_row_are_refused_wherever_the_ninth_is_added(w: &World) {
    let api = w.shop().await;
    w.write(&api, "S", "s").await;
    w.set(&api, "C0", "\"end\"").await;
    for n in 1..=8 {
        w.set(&api, &format!("C{n}"), &format!("\"{{{{config:C{}}}}}\"", n - 1)).await;
    }
    assert_eq!(refused(w, &api, "C9", "\"{{config:C8}}\"").await[0], "too_large");
    let outcome = configs::update(&w.nexus, &w.owner, &api, "C0", new_value("\"{{secret:S}}\"")).await;
    let path = outcome.refused_as(Code::InvalidRequest).details["path"].clone();
    assert_eq!((path[0].clone(), path[9].clone()), (json!("config:C8"), json!("secret:S")));
}

async fn an_umbrellas_config_makes_no_circle_in_a_service_that_inherits_it(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.set(&shared, "A", "\"1\"").await;
    w.set(&shared, "B", "\"2\"").await;
    w.set(&api, "A", "\"{{config:B}}\"").await;
    let outcome = configs::update(&w.nexus, &w.owner, &shared, "B", new_value("\"{{config:A}}\"")).await;
    let refusal = outcome.refused_as(Code::InvalidRequest);
    assert!(refusal.field("value").is_some_and(|rule| rule.contains("api")), "{refusal:?}");
}

/// The configs that a refusal names.
fn holders(refusal: &nexus_domain::Refusal) -> serde_json::Value {
    refusal.details["configs"].clone()
}

async fn a_key_that_configs_name_stays(w: &World) {
    let api = w.shop().await;
    let (_, program) = w.service_key(&api, Access::ReadWrite).await;
    w.write(&api, "S", "s").await;
    w.set(&api, "C", "1").await;
    w.set(&api, "URL", "\"{{secret:S}}{{config:C}}\"").await;
    let (n, o) = (&w.nexus, &w.owner);
    let rename = || EntryPatch { key: Some("OTHER".into()), ..EntryPatch::default() };
    let in_use = Code::InUse;
    for refusal in [
        secrets::patch(n, o, &api, "S", rename()).await.refused_as(in_use),
        secrets::delete(n, o, &api, "S", None).await.refused_as(in_use),
        secrets::delete_several(n, o, &api, vec!["S".into()]).await.refused_as(in_use),
        snapshot::delete(n, &program, "S", None).await.refused_as(in_use),
        configs::patch(n, o, &api, "C", rename()).await.refused_as(in_use),
        configs::delete(n, o, &api, "C", None).await.refused_as(in_use),
    ] {
        assert_eq!(holders(&refusal), json!([{ "service": "api", "key": "URL" }]));
        assert!(refusal.message.contains("api/URL"));
    }
    // It was said before anybody tried.
    let told = secrets::uses(n, o, &api, "S").await.fine().referred_by;
    assert_eq!(json!(told), json!([{ "service": "api", "key": "URL" }]));
    configs::delete(n, o, &api, "URL", None).await.fine();
    assert!(secrets::uses(n, o, &api, "S").await.fine().referred_by.is_empty());
    configs::delete(n, o, &api, "C", None).await.fine();
    secrets::patch(n, o, &api, "S", rename()).await.fine();
}

async fn an_umbrellas_key_stays_while_somebody_who_inherits_it_names_it(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "S", "s").await;
    w.set(&api, "URL", "\"{{secret:S}}\"").await;
    let refusal = secrets::delete(&w.nexus, &w.owner, &shared, "S", None).await.refused_as(Code::InUse);
    assert_eq!(holders(&refusal), json!([{ "service": "api", "key": "URL" }]));
    let told = secrets::uses(&w.nexus, &w.owner, &shared, "S").await.fine().referred_by;
    assert_eq!(json!(told), json!([{ "service": "api", "key": "URL" }]));
    w.write(&api, "S", "own").await;
    assert!(secrets::uses(&w.nexus, &w.owner, &shared, "S").await.fine().referred_by.is_empty());
    secrets::delete(&w.nexus, &w.owner, &shared, "S", None).await.fine();
}

async fn an_override_may_go_where_the_umbrella_has_the_key(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "S", "s").await;
    w.write(&api, "S", "own").await;
    w.set(&api, "URL", "\"{{secret:S}}\"").await;
    secrets::delete(&w.nexus, &w.owner, &api, "S", None).await.fine();
    w.write(&api, "S", "own").await;
    let rename = EntryPatch { key: Some("T".into()), ..EntryPatch::default() };
    secrets::patch(&w.nexus, &w.owner, &api, "S", rename).await.fine();
}

async fn an_old_version_and_a_deleted_config_come_back_only_where_their_references_lead(w: &World) {
    let api = w.shop().await;
    let (n, o) = (&w.nexus, &w.owner);
    w.set(&api, "C", "1").await;
    w.set(&api, "A", "\"{{config:C}}\"").await;
    w.set(&api, "B", "\"{{config:C}}\"").await;
    w.reset(&api, "A", "\"plain\"").await;
    configs::delete(n, o, &api, "B", None).await.fine();
    configs::delete(n, o, &api, "C", None).await.fine();
    configs::restore(n, o, &api, "A", 1, None).await.refused_as(Code::InvalidRequest);
    configs::undelete(n, o, &api, "B").await.refused_as(Code::InvalidRequest);
    configs::undelete(n, o, &api, "C").await.fine();
    configs::undelete(n, o, &api, "B").await.fine();
    configs::restore(n, o, &api, "A", 1, None).await.fine();
}

async fn who_names_a_secret_may_reveal_it_and_is_in_the_audit_log(w: &World) {
    let api = w.shop().await;
    w.write(&api, "S", "s").await;
    let before = w.events().await.len();
    w.set(&api, "A", "\"{{secret:S}}\"").await;
    w.set(&api, "B", "\"{{config:A}}\"").await;
    let referred = ["secret.referred", "config.created", "secret.referred", "config.created"];
    assert_eq!(w.events_after(before).await, referred);
    let (_, blind) = w.environment_key("live", &[Scope::ReadConfigs, Scope::WriteConfigs]).await;
    let (_, seeing) = w.environment_key("live", &[Scope::WriteConfigs, Scope::ReadSecrets]).await;
    let note = || EntryPatch { note: Some("a note".into()), ..EntryPatch::default() };
    let n = &w.nexus;
    let touch = async |actor: &Actor| -> Vec<nexus_backend::Result<()>> {
        vec![
            configs::create(n, actor, &api, new_config("N", "\"{{config:B}}\"")).await.map(drop),
            configs::update(n, actor, &api, "A", new_value("\"x{{secret:S}}\"")).await.map(drop),
            configs::patch(n, actor, &api, "B", note()).await.map(drop),
            configs::restore(n, actor, &api, "A", 1, None).await.map(drop),
            configs::import(n, actor, &api, crate::secrets::env("M={{secret:S}}", false)).await.map(drop),
        ]
    };
    for outcome in touch(&blind).await {
        outcome.refused_as(Code::Forbidden);
    }
    for outcome in touch(&seeing).await {
        outcome.fine();
    }
    configs::update(n, &blind, &api, "A", new_value("\"no secret any more\"")).await.fine();
}

async fn old_versions_hold_nothing_back(w: &World) {
    let api = w.shop().await;
    w.write(&api, "S", "s").await;
    w.set(&api, "A", "\"{{secret:S}}\"").await;
    w.reset(&api, "A", "\"plain\"").await;
    secrets::delete(&w.nexus, &w.owner, &api, "S", None).await.fine();
    let secret = new_secret("S", "again");
    secrets::create(&w.nexus, &w.owner, &api, secret).await.fine();
    services::delete(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM entry_references").await, 0);
}
