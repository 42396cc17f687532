//! Making, changing, comparing, deleting and bringing back.

use crate::world::{Outcome, World, everything, new_config, new_value};
use nexus_backend::{configs, entries, services};
use nexus_domain::Code;
use nexus_domain::config::{ConfigType, NewConfig};
use nexus_domain::entry::{DiffOp, EntryPatch, SourceFilter};
use nexus_domain::role::ProjectRole;
use nexus_domain::timestamp::DAY_MICROS;

both![
    a_config_is_made_with_its_first_version,
    each_type_is_kept_to_the_letter,
    a_value_that_breaks_a_rule_is_refused_at_its_field,
    a_config_lives_as_long_as_a_secret,
    the_second_editor_learns_who_was_first,
    two_versions_are_compared_line_by_line,
    an_old_version_is_destroyed_for_good,
    an_override_hides_the_umbrellas_config_and_uncovers_it_again,
    a_frontend_service_has_configs_too,
    secrets_configs_and_their_keys_are_apart,
    reading_leaves_no_audit_row_and_every_change_leaves_one,
    a_missing_config_answers_alike_everywhere,
    what_goes_with_a_service_counts_its_configs,
];

async fn a_config_is_made_with_its_first_version(w: &World) {
    let api = w.shop().await;
    let new = NewConfig {
        description: Some(" first ".into()),
        note: Some("why".into()),
        tags: Some(vec!["net".into()]),
        ..new_config("PORT", "8080")
    };
    let row = configs::create(&w.nexus, &w.owner, &api, new).await.fine();
    assert_eq!((row.key.as_str(), row.version, row.kind), ("PORT", 1, ConfigType::Number));
    assert_eq!(row.value.as_ref().map(|value| value.as_str()), Some("8080"));
    assert_eq!((row.description.as_str(), row.note.as_str(), row.tags.len()), ("first", "why", 1));
    assert_eq!((row.references.len(), row.tainted, row.needs_value), (0, false, false));
    assert_eq!((row.updated_by.as_str(), row.size), ("ana@acme.test", 4));
    assert_eq!(configs::row(&w.nexus, &w.owner, &api, "PORT").await.fine(), row);
    assert_eq!(configs::list(&w.nexus, &w.owner, &api, everything()).await.fine().data, [row]);
    let counts = configs::counts(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!((counts.all, counts.own), (1, 1));
}

async fn each_type_is_kept_to_the_letter(w: &World) {
    let api = w.shop().await;
    let long = "123456789012345678901234567890.50";
    for (key, value) in [
        ("S", r#""ключ \"🔑\" \n{x}""#),
        ("EMPTY", r#""""#),
        ("N", "1.50"),
        ("LONG", long),
        ("B", "false"),
        ("J", r#"{ "b": [1.0, null], "a": {"x":"y"} }"#),
    ] {
        let row = w.set(&api, key, value).await;
        let found = row.value.expect("a value");
        let same: serde_json::Value = serde_json::from_str(found.as_str()).expect("JSON");
        assert_eq!(same, serde_json::from_str::<serde_json::Value>(value).expect("JSON"), "{key}");
        if row.kind != ConfigType::String {
            assert_eq!(found.as_str(), value);
        }
    }
}

async fn a_value_that_breaks_a_rule_is_refused_at_its_field(w: &World) {
    let api = w.shop().await;
    let wide = format!("\"{}\"", "a".repeat(64 * 1024 + 1));
    let create = async |new| configs::create(&w.nexus, &w.owner, &api, new).await;
    let too_large = create(new_config("A", &wide)).await.refused_as(Code::TooLarge);
    assert!(too_large.field("value").is_some());
    for value in ["null", "1e999", r#"{"a":1,"a":2}"#, r#"["\ud800"]"#, r#""{{secret A}}""#, "[[1e999]]"] {
        let refusal = create(new_config("A", value)).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field("value").is_some(), "{value}");
    }
    create(NewConfig { key: "A".into(), ..NewConfig::default() }).await.refused_as(Code::InvalidRequest);
    let number = NewConfig { kind: Some(ConfigType::Number), ..new_config("A", "\"7\"") };
    create(number).await.refused_as(Code::InvalidRequest);
    let key = create(new_config("_A", "1")).await.refused_as(Code::InvalidRequest);
    assert!(key.field("key").is_some());
    w.set(&api, "A", "1").await;
    create(new_config("A", "2")).await.refused_as(Code::Conflict);
    let other = configs::update(&w.nexus, &w.owner, &api, "A", new_value("\"x\"")).await;
    assert!(other.refused_as(Code::InvalidRequest).field("value").is_some(), "it is a number");
}

async fn a_config_lives_as_long_as_a_secret(w: &World) {
    let api = w.shop().await;
    let (n, o) = (&w.nexus, &w.owner);
    w.set(&api, "OLD", "1").await;
    assert_eq!(w.reset(&api, "OLD", "2").await.version, 2);
    let patch = EntryPatch { key: Some("NEW".into()), note: Some("n".into()), ..EntryPatch::default() };
    let row = configs::patch(n, o, &api, "OLD", patch).await.fine();
    assert_eq!((row.key.as_str(), row.version, row.note.as_str()), ("NEW", 2, "n"));
    let restored = configs::restore(n, o, &api, "NEW", 1, Some(2)).await.fine();
    assert_eq!((restored.version, restored.value.expect("a value").as_str()), (3, "1"));
    let history = configs::history(n, o, &api, "NEW").await.fine();
    assert_eq!(
        history.iter().map(|v| (v.version, v.active)).collect::<Vec<_>>(),
        [(3, true), (2, false), (1, false)]
    );
    let second = configs::version(n, o, &api, "NEW", 2).await.fine();
    assert_eq!((second.value.as_str(), second.active), ("2", false));
    configs::delete(n, o, &api, "NEW", Some(3)).await.fine();
    configs::row(n, o, &api, "NEW").await.refused_as(Code::NotFound);
    assert_eq!(configs::deleted(n, o, &api).await.fine()[0].version, 3);
    assert_eq!(configs::undelete(n, o, &api, "NEW").await.fine().version, 3);
    configs::delete(n, o, &api, "NEW", None).await.fine();
    w.pass(30 * DAY_MICROS);
    entries::purge(n).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM entry_versions").await, 0);
}

async fn the_second_editor_learns_who_was_first(w: &World) {
    let api = w.shop().await;
    w.set(&api, "A", "1").await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    configs::update(&w.nexus, &manager, &api, "A", new_value("2")).await.fine();
    let (n, o) = (&w.nexus, &w.owner);
    let mut late = new_value("3");
    late.expected_version = Some(1);
    let patch = EntryPatch { note: Some("n".into()), expected_version: Some(1), ..EntryPatch::default() };
    for refusal in [
        configs::update(n, o, &api, "A", late).await.refused_as(Code::Conflict),
        configs::patch(n, o, &api, "A", patch).await.refused_as(Code::Conflict),
        configs::delete(n, o, &api, "A", Some(1)).await.refused_as(Code::Conflict),
        configs::restore(n, o, &api, "A", 1, Some(1)).await.refused_as(Code::Conflict),
    ] {
        let lost = refusal.lost_race().expect("who was first");
        assert_eq!((lost.current_version, lost.updated_by.as_str()), (2, "manager@acme.test"));
    }
}

async fn two_versions_are_compared_line_by_line(w: &World) {
    let api = w.shop().await;
    w.set(&api, "A", r#""one\ntwo""#).await;
    w.reset(&api, "A", r#""one\nthree""#).await;
    let diff = configs::diff(&w.nexus, &w.owner, &api, "A", 1, 2).await.fine();
    let lines: Vec<_> = diff.lines.iter().map(|line| (line.op, line.text.as_str())).collect();
    assert_eq!(lines, [(DiffOp::Same, "one"), (DiffOp::Removed, "two"), (DiffOp::Added, "three")]);
    assert!(!diff.equal && configs::diff(&w.nexus, &w.owner, &api, "A", 1, 1).await.fine().equal);
}

async fn an_old_version_is_destroyed_for_good(w: &World) {
    let api = w.shop().await;
    w.set(&api, "A", "1").await;
    w.reset(&api, "A", "2").await;
    let (n, o) = (&w.nexus, &w.owner);
    configs::destroy(n, o, &api, "A", 2, None).await.refused_as(Code::Conflict);
    configs::destroy(n, o, &api, "A", 1, None).await.fine();
    configs::version(n, o, &api, "A", 1).await.refused_as(Code::Conflict);
    configs::restore(n, o, &api, "A", 1, None).await.refused_as(Code::Conflict);
    configs::diff(n, o, &api, "A", 1, 2).await.refused_as(Code::Conflict);
}

async fn an_override_hides_the_umbrellas_config_and_uncovers_it_again(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.set(&shared, "A", "1").await;
    let inherited = configs::row(&w.nexus, &w.owner, &api, "A").await.fine();
    assert_eq!(inherited.inherited_from.as_deref(), Some("shared"));
    let refusal =
        configs::update(&w.nexus, &w.owner, &api, "A", new_value("2")).await.refused_as(Code::NotFound);
    assert!(refusal.message.contains("shared"));
    assert_eq!(w.set(&api, "A", "2").await.overrides.as_deref(), Some("shared"));
    let only = |source| nexus_backend::configs::ListConfigs { source, ..everything() };
    let overridden = configs::list(&w.nexus, &w.owner, &api, only(SourceFilter::Overridden)).await.fine();
    assert_eq!(overridden.data.len(), 1);
    configs::delete(&w.nexus, &w.owner, &api, "A", None).await.fine();
    let again = configs::row(&w.nexus, &w.owner, &api, "A").await.fine();
    assert_eq!(again.value, inherited.value);
}

async fn a_frontend_service_has_configs_too(w: &World) {
    w.project("shop").await;
    let web = w.frontend("shop", "live", "web").await;
    w.set(&web, "TITLE", "\"Shop\"").await;
    w.set(&web, "HEAD", "\"<{{config:TITLE}}>\"").await;
    let refusal = configs::create(&w.nexus, &w.owner, &web, new_config("A", "\"{{secret:S}}\"")).await;
    assert!(refusal.refused_as(Code::ServiceKindMismatch).field("value").is_some());
}

async fn secrets_configs_and_their_keys_are_apart(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "secret").await;
    w.set(&api, "A", "1").await;
    configs::delete(&w.nexus, &w.owner, &api, "A", None).await.fine();
    assert_eq!(w.value(&api, "A").await, "secret");
    assert_eq!(w.list(&api).await.data.len(), 1);
}

async fn reading_leaves_no_audit_row_and_every_change_leaves_one(w: &World) {
    let api = w.shop().await;
    let (n, o) = (&w.nexus, &w.owner);
    let before = w.events().await.len();
    w.set(&api, "A", "1").await;
    w.reset(&api, "A", "2").await;
    configs::restore(n, o, &api, "A", 1, None).await.fine();
    configs::destroy(n, o, &api, "A", 1, None).await.fine();
    configs::delete(n, o, &api, "A", None).await.fine();
    configs::undelete(n, o, &api, "A").await.fine();
    let events = ["created", "updated", "updated", "destroyed", "deleted", "restored"];
    assert_eq!(w.events_after(before).await, events.map(|event| format!("config.{event}")));
    let before = w.events().await.len();
    configs::list(n, o, &api, everything()).await.fine();
    configs::diff(n, o, &api, "A", 2, 3).await.fine();
    let same = EntryPatch { key: Some("A".into()), note: Some(String::new()), ..EntryPatch::default() };
    configs::patch(n, o, &api, "A", same).await.fine();
    assert_eq!(w.events().await.len(), before);
}

async fn a_missing_config_answers_alike_everywhere(w: &World) {
    let api = w.shop().await;
    let (n, o, not_found) = (&w.nexus, &w.owner, Code::NotFound);
    for key in ["MISSING", "a\0b", "", "ключ", "%"] {
        configs::row(n, o, &api, key).await.refused_as(not_found);
        configs::history(n, o, &api, key).await.refused_as(not_found);
        configs::version(n, o, &api, key, 1).await.refused_as(not_found);
        configs::diff(n, o, &api, key, 1, 2).await.refused_as(not_found);
        configs::update(n, o, &api, key, new_value("1")).await.refused_as(not_found);
        configs::patch(n, o, &api, key, EntryPatch::default()).await.refused_as(not_found);
        configs::delete(n, o, &api, key, None).await.refused_as(not_found);
        configs::undelete(n, o, &api, key).await.refused_as(not_found);
        configs::restore(n, o, &api, key, 1, None).await.refused_as(not_found);
        configs::destroy(n, o, &api, key, 1, None).await.refused_as(not_found);
    }
}

async fn what_goes_with_a_service_counts_its_configs(w: &World) {
    let api = w.shop().await;
    w.set(&api, "A", "1").await;
    w.set(&api, "B", "1").await;
    configs::delete(&w.nexus, &w.owner, &api, "B", None).await.fine();
    let losses = services::losses(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!((losses.configs, losses.secrets), (1, 0));
}
