//! Making, switching, changing, comparing, deleting and bringing back.

use crate::world::{Outcome, World, everything, flag, new_flag};
use nexus_backend::{flags, projects, tiers};
use nexus_domain::Code;
use nexus_domain::entry::DiffOp;
use nexus_domain::flag::{FlagPatch, FlagState, FlagType, NewFlag, NewFlagVersion, Stale, Toggle};
use nexus_domain::project::{ProjectPatch, Tier};
use nexus_domain::role::ProjectRole;
use nexus_domain::service::ServicePath;
use nexus_domain::tier::Addon;
use nexus_domain::timestamp::DAY_MICROS;
use serde_json::{Value, json};

both![
    a_flag_is_made_with_its_first_version,
    a_definition_that_breaks_a_rule_is_refused_at_each_field,
    the_kill_switch_makes_a_version_and_says_so,
    a_switch_that_changes_nothing_leaves_nothing,
    a_patch_changes_what_it_names_and_nothing_else,
    the_second_editor_learns_who_was_first,
    versions_are_compared_restored_and_destroyed,
    a_deleted_flag_comes_back_with_its_history,
    an_override_hides_the_umbrellas_flag_and_uncovers_it_again,
    a_flag_that_a_config_names_keeps_its_key,
    rules_take_ab_testing_and_the_switch_does_not,
    rules_that_were_there_before_the_add_on_went_stay_and_do_not_count,
    every_change_leaves_an_audit_row_and_reading_none,
    who_may_only_read_changes_nothing,
    a_flag_that_nobody_needs_is_pointed_out,
    a_flag_that_is_read_with_all_others_or_named_by_a_config_is_not_called_unused,
    switching_off_works_above_the_cap_and_nothing_else_does,
    a_stored_flag_that_nobody_can_read_is_no_panic,
    a_flag_that_cannot_be_read_is_listed_as_such_and_can_be_replaced,
];

fn patch(fields: Value) -> FlagPatch {
    serde_json::from_value(fields).expect("a patch")
}

fn version(fields: Value) -> NewFlagVersion {
    serde_json::from_value(fields).expect("a version")
}

async fn switch(w: &World, path: &ServicePath, key: &str, enabled: Option<bool>) -> i64 {
    let toggle = Toggle { enabled, expected_version: None };
    flags::toggle(&w.nexus, &w.owner, path, key, toggle).await.fine().version
}

async fn a_flag_is_made_with_its_first_version(w: &World) {
    let api = w.shop().await;
    let new = NewFlag {
        description: Some("first".into()),
        note: Some("why".into()),
        tags: Some(vec!["ui".into()]),
        ..flag("beta", json!({ "state": "on" }))
    };
    let row = flags::create(&w.nexus, &w.owner, &api, new).await.fine();
    assert_eq!((row.key.as_str(), row.version, row.kind, row.enabled), ("beta", 1, FlagType::Boolean, true));
    assert_eq!((row.description.as_str(), row.note.as_str(), row.tags.len()), ("first", "why", 1));
    assert_eq!((row.evaluations, row.evaluated_at, row.stale), (0, None, None));
    assert_eq!(flags::row(&w.nexus, &w.owner, &api, "beta").await.fine(), row);
    assert_eq!(flags::list(&w.nexus, &w.owner, &api, everything()).await.fine().data, [row]);
    assert_eq!(flags::counts(&w.nexus, &w.owner, &api).await.fine().own, 1);
    flags::create(&w.nexus, &w.owner, &api, flag("beta", json!({}))).await.refused_as(Code::Conflict);
}

async fn a_definition_that_breaks_a_rule_is_refused_at_each_field(w: &World) {
    let api = w.shop().await;
    for (fields, field) in [
        (json!({ "state": "scheduled" }), "starts_at"),
        (
            json!({ "state": "scheduled", "starts_at": "2026-12-02T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z" }),
            "ends_at",
        ),
        (json!({ "on_variant": "blue" }), "on_variant"),
        (
            json!({ "variants": [{ "name": "a", "value": null }], "on_variant": "a", "off_variant": "a" }),
            "variants[0].value",
        ),
        (json!({ "rollout": {} }), "rollout.percentage"),
        (
            json!({ "rules": [{ "id": "r", "when": { "attribute": "a", "op": "matches", "value": "(" }, "serve": {} }] }),
            "rules[0].when.value",
        ),
    ] {
        let refusal =
            flags::create(&w.nexus, &w.owner, &api, flag("a", fields)).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field(field).is_some(), "{field}: {refusal:?}");
    }
    let key = flags::create(&w.nexus, &w.owner, &api, flag("_a", json!({}))).await;
    assert!(key.refused_as(Code::InvalidRequest).field("key").is_some());
    assert_eq!(flags::counts(&w.nexus, &w.owner, &api).await.fine().all, 0);
}

async fn the_kill_switch_makes_a_version_and_says_so(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({ "state": "on", "rollout": { "percentage": 5 } })).await;
    let before = w.events().await.len();
    assert_eq!(switch(w, &api, "beta", None).await, 2);
    let off = flags::row(&w.nexus, &w.owner, &api, "beta").await.fine();
    assert_eq!((off.enabled, off.definition.state), (false, FlagState::Off));
    assert!(off.definition.rollout.is_some(), "only the switch moved");
    assert_eq!(switch(w, &api, "beta", None).await, 3);
    assert!(flags::row(&w.nexus, &w.owner, &api, "beta").await.fine().enabled);
    assert_eq!(w.events_after(before).await, ["flag.toggled", "flag.toggled"]);
}

async fn a_switch_that_changes_nothing_leaves_nothing(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({ "state": "on" })).await;
    let before = w.events().await.len();
    assert_eq!(switch(w, &api, "beta", Some(true)).await, 1);
    assert!(w.events_after(before).await.is_empty());
}

async fn a_patch_changes_what_it_names_and_nothing_else(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({ "state": "on" })).await;
    let change = patch(json!({ "rollout": { "percentage": 12.5 }, "description": "a few" }));
    let row = flags::patch(&w.nexus, &w.owner, &api, "beta", change).await.fine();
    assert_eq!((row.version, row.description.as_str(), row.enabled), (2, "a few", true));
    assert!(row.definition.rollout.is_some());
    let noted = patch(json!({ "note": "n", "key": "gamma" }));
    let row = flags::patch(&w.nexus, &w.owner, &api, "beta", noted).await.fine();
    assert_eq!((row.key.as_str(), row.version, row.note.as_str()), ("gamma", 2, "n"));
    let both = patch(json!({ "rollout": null, "tags": ["t"], "expected_version": 2 }));
    let row = flags::patch(&w.nexus, &w.owner, &api, "gamma", both).await.fine();
    assert_eq!((row.version, row.tags.len(), row.definition.rollout), (3, 1, None));
    let broken = patch(json!({ "rollout": { "percentage": 5, "variant": "none" } }));
    flags::patch(&w.nexus, &w.owner, &api, "gamma", broken).await.refused_as(Code::InvalidRequest);
    assert_eq!(flags::row(&w.nexus, &w.owner, &api, "gamma").await.fine().version, 3);
}

async fn the_second_editor_learns_who_was_first(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({})).await;
    switch(w, &api, "beta", None).await;
    let late = Toggle { enabled: Some(false), expected_version: Some(1) };
    let refusal = flags::toggle(&w.nexus, &w.owner, &api, "beta", late).await.refused_as(Code::Conflict);
    assert_eq!(refusal.details["current_version"], 2);
    assert_eq!(refusal.details["updated_by"], "ana@acme.test");
    let late = version(json!({ "state": "off", "expected_version": 1 }));
    flags::update(&w.nexus, &w.owner, &api, "beta", late).await.refused_as(Code::Conflict);
    let late = patch(json!({ "note": "x", "expected_version": 1 }));
    flags::patch(&w.nexus, &w.owner, &api, "beta", late).await.refused_as(Code::Conflict);
}

async fn versions_are_compared_restored_and_destroyed(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({ "state": "off" })).await;
    switch(w, &api, "beta", Some(true)).await;
    let diff = flags::diff(&w.nexus, &w.owner, &api, "beta", 1, 2).await.fine();
    let changed: Vec<_> = diff.lines.iter().filter(|line| line.op != DiffOp::Same).collect();
    assert_eq!(changed.len(), 2, "{:?}", diff.equal);
    let row = flags::restore(&w.nexus, &w.owner, &api, "beta", 1, Some(2)).await.fine();
    assert_eq!((row.version, row.enabled, row.description.as_str()), (3, false, "Restored from v1"));
    let history = flags::history(&w.nexus, &w.owner, &api, "beta").await.fine();
    assert_eq!(
        history.iter().map(|v| (v.version, v.active)).collect::<Vec<_>>(),
        [(3, true), (2, false), (1, false)]
    );
    let owner = w.signed_in_again(&w.owner).await;
    flags::destroy(&w.nexus, &owner, &api, "beta", 2, None).await.fine();
    flags::version(&w.nexus, &w.owner, &api, "beta", 2).await.refused_as(Code::Conflict);
    flags::restore(&w.nexus, &w.owner, &api, "beta", 2, None).await.refused_as(Code::Conflict);
    flags::destroy(&w.nexus, &owner, &api, "beta", 3, None).await.refused_as(Code::Conflict);
    let first = flags::version(&w.nexus, &w.owner, &api, "beta", 1).await.fine();
    assert_eq!((first.definition.state, first.active), (FlagState::Off, false));
}

async fn a_deleted_flag_comes_back_with_its_history(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({ "state": "on" })).await;
    switch(w, &api, "beta", None).await;
    flags::delete(&w.nexus, &w.owner, &api, "beta", Some(1)).await.refused_as(Code::Conflict);
    flags::delete(&w.nexus, &w.owner, &api, "beta", Some(2)).await.fine();
    flags::row(&w.nexus, &w.owner, &api, "beta").await.refused_as(Code::NotFound);
    let gone = flags::deleted(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!(gone.iter().map(|flag| (flag.key.as_str(), flag.version)).collect::<Vec<_>>(), [("beta", 2)]);
    assert_eq!(flags::undelete(&w.nexus, &w.owner, &api, "beta").await.fine().version, 2);
    assert_eq!(flags::history(&w.nexus, &w.owner, &api, "beta").await.fine().len(), 2);
}

async fn an_override_hides_the_umbrellas_flag_and_uncovers_it_again(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    new_flag(w, &shared, "beta", json!({ "state": "on" })).await;
    let inherited = flags::row(&w.nexus, &w.owner, &api, "beta").await.fine();
    assert_eq!(inherited.inherited_from.as_deref(), Some("shared"));
    let toggle = Toggle::default();
    let refusal = flags::toggle(&w.nexus, &w.owner, &api, "beta", toggle).await.refused_as(Code::NotFound);
    assert!(refusal.message.contains("shared"), "{refusal}");
    new_flag(w, &api, "beta", json!({ "state": "off" })).await;
    let own = flags::row(&w.nexus, &w.owner, &api, "beta").await.fine();
    assert_eq!((own.overrides.as_deref(), own.enabled), (Some("shared"), false));
    flags::delete(&w.nexus, &w.owner, &api, "beta", None).await.fine();
    assert!(flags::row(&w.nexus, &w.owner, &api, "beta").await.fine().enabled);
}

async fn a_flag_that_a_config_names_keeps_its_key(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({ "state": "on" })).await;
    w.set(&api, "MODE", r#""beta is {{flag:beta}}""#).await;
    flags::delete(&w.nexus, &w.owner, &api, "beta", None).await.refused_as(Code::InUse);
    let rename = patch(json!({ "key": "gamma" }));
    flags::patch(&w.nexus, &w.owner, &api, "beta", rename).await.refused_as(Code::InUse);
}

async fn tier(w: &World, tier: Tier) {
    let patch = ProjectPatch { tier: Some(tier), ..ProjectPatch::default() };
    projects::update(&w.nexus, &w.owner, "shop", patch).await.fine();
}

async fn rules_take_ab_testing_and_the_switch_does_not(w: &World) {
    let api = w.shop().await;
    tier(w, Tier::S).await;
    let rolled = json!({ "state": "on", "rollout": { "percentage": 50 } });
    let refusal = flags::create(&w.nexus, &w.owner, &api, flag("beta", rolled.clone())).await;
    assert!(refusal.refused_as(Code::AbAddonNotActive).message.contains("add-on"));
    let plain = json!({ "state": "scheduled", "starts_at": "2026-12-01T00:00:00Z",
        "variants": [{ "name": "a", "value": 1 }, { "name": "b", "value": 2 }], "on_variant": "a", "off_variant": "b" });
    new_flag(w, &api, "beta", plain).await;
    switch(w, &api, "beta", Some(true)).await;
    let change = patch(json!({ "rollout": { "percentage": 50 } }));
    let refused = flags::patch(&w.nexus, &w.owner, &api, "beta", change.clone()).await;
    refused.refused_as(Code::AbAddonNotActive);
    tiers::add(&w.nexus, &w.owner, "shop", Addon::AbTesting).await.fine();
    let row = flags::patch(&w.nexus, &w.owner, &api, "beta", change).await.fine();
    assert!(!row.targeting_ignored);
}

async fn rules_that_were_there_before_the_add_on_went_stay_and_do_not_count(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({ "state": "on", "rollout": { "percentage": 0 } })).await;
    let (_, key) = w.service_key(&api, nexus_domain::keys::Access::Read).await;
    let context = nexus_domain::flag::Context::default();
    let value = async || {
        let one = flags::one(&w.nexus, &key, "beta", &context).await.fine();
        one.expect("a flag").value
    };
    assert_eq!(value().await, json!(false));
    tier(w, Tier::Xs).await;
    assert_eq!(value().await, json!(true), "a change of the tier must not break a program");
    assert!(flags::row(&w.nexus, &w.owner, &api, "beta").await.fine().targeting_ignored);
    switch(w, &api, "beta", Some(false)).await;
    let change = version(json!({ "state": "on", "rollout": { "percentage": 10 } }));
    flags::update(&w.nexus, &w.owner, &api, "beta", change).await.refused_as(Code::AbAddonNotActive);
    let kept = version(json!({ "state": "on", "rollout": { "percentage": 0 } }));
    flags::update(&w.nexus, &w.owner, &api, "beta", kept).await.fine();
    let without = version(json!({ "state": "on" }));
    let refused = flags::update(&w.nexus, &w.owner, &api, "beta", without).await;
    refused.refused_as(Code::AbAddonNotActive);
    let taken = patch(json!({ "rollout": null }));
    flags::patch(&w.nexus, &w.owner, &api, "beta", taken).await.refused_as(Code::AbAddonNotActive);
    let scheduled = patch(json!({ "state": "scheduled", "starts_at": "2026-12-01T00:00:00Z" }));
    let row = flags::patch(&w.nexus, &w.owner, &api, "beta", scheduled).await.fine();
    assert!(row.definition.rollout.is_some(), "read-only: they stay");
    flags::restore(&w.nexus, &w.owner, &api, "beta", 1, None).await.fine();
}

async fn every_change_leaves_an_audit_row_and_reading_none(w: &World) {
    let api = w.shop().await;
    let before = w.events().await.len();
    new_flag(w, &api, "a", json!({})).await;
    flags::update(&w.nexus, &w.owner, &api, "a", version(json!({ "state": "on" }))).await.fine();
    switch(w, &api, "a", Some(false)).await;
    flags::patch(&w.nexus, &w.owner, &api, "a", patch(json!({ "note": "n" }))).await.fine();
    flags::restore(&w.nexus, &w.owner, &api, "a", 1, None).await.fine();
    flags::destroy(&w.nexus, &w.signed_in_again(&w.owner).await, &api, "a", 1, None).await.fine();
    flags::delete(&w.nexus, &w.owner, &api, "a", None).await.fine();
    flags::undelete(&w.nexus, &w.owner, &api, "a").await.fine();
    let events = w.events_after(before).await;
    assert_eq!(
        events,
        [
            "flag.created",
            "flag.updated",
            "flag.toggled",
            "flag.updated",
            "flag.updated",
            "flag.destroyed",
            "flag.deleted",
            "flag.restored"
        ]
    );
    flags::list(&w.nexus, &w.owner, &api, everything()).await.fine();
    flags::history(&w.nexus, &w.owner, &api, "a").await.fine();
    assert_eq!(w.events_after(before).await.len(), events.len());
}

async fn who_may_only_read_changes_nothing(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "a", json!({})).await;
    for role in [ProjectRole::Developer, ProjectRole::Tester, ProjectRole::Viewer] {
        let person = w.member("shop", role).await;
        assert_eq!(flags::row(&w.nexus, &person, &api, "a").await.fine().version, 1);
        flags::toggle(&w.nexus, &person, &api, "a", Toggle::default()).await.refused_as(Code::Forbidden);
        flags::create(&w.nexus, &person, &api, flag("b", json!({}))).await.refused_as(Code::Forbidden);
        flags::delete(&w.nexus, &person, &api, "a", None).await.refused_as(Code::Forbidden);
    }
    let rival = w.rival().await;
    flags::row(&w.nexus, &rival.owner, &api, "a").await.refused_as(Code::NotFound);
    flags::toggle(&w.nexus, &rival.owner, &api, "a", Toggle::default()).await.refused_as(Code::NotFound);
}

async fn a_flag_that_nobody_needs_is_pointed_out(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "unused", json!({})).await;
    new_flag(w, &api, "used", json!({})).await;
    new_flag(w, &api, "settled", json!({ "state": "on" })).await;
    let (_, key) = w.service_key(&api, nexus_domain::keys::Access::Read).await;
    let stale = async |name: &str| {
        let row = flags::row(&w.nexus, &w.owner, &api, name).await.fine();
        (row.stale, row.evaluations)
    };
    assert_eq!(stale("unused").await, (None, 0));
    w.pass(31 * DAY_MICROS);
    flags::flag(&w.nexus, &key, "used").await.fine();
    flags::flag(&w.nexus, &key, "used").await.fine();
    flags::flush(&w.nexus).await.fine();
    assert_eq!(stale("unused").await, (Some(Stale::NotEvaluated), 0));
    assert_eq!(stale("used").await, (None, 2));
    let used = flags::row(&w.nexus, &w.owner, &api, "used").await.fine();
    assert!(used.evaluated_at.is_some_and(|at| at.plus(DAY_MICROS) > w.now()));
    w.pass(60 * DAY_MICROS);
    assert_eq!(stale("settled").await.0, Some(Stale::FullyOn));
    assert_eq!(stale("used").await, (Some(Stale::NotEvaluated), 0), "30 days are over");
    flags::forget_old(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM flag_evaluations").await, 0);
}

async fn a_stored_flag_that_nobody_can_read_is_no_panic(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "good", json!({ "state": "on" })).await;
    new_flag(w, &api, "bad", json!({})).await;
    let broken = w.database.blob(b"{\"state\":\"perhaps\"}");
    w.execute(&format!(
        "UPDATE entry_versions SET payload = {broken} WHERE entry_id = (SELECT id FROM entries WHERE key = 'bad')"
    ))
    .await;
    let (_, key) = w.service_key(&api, nexus_domain::keys::Access::Read).await;
    let body = match nexus_backend::snapshot::sync(&w.nexus, &key, None).await.fine() {
        nexus_backend::snapshot::Answer::Fresh { body, .. } => body,
        nexus_backend::snapshot::Answer::NotModified { .. } => panic!("nobody asked for less"),
    };
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body["flags"], json!({ "good": { "enabled": true, "inherited": false } }));
    assert_eq!(body["errors"], json!([{ "key": "bad", "kind": "flag", "code": "unreadable" }]));
}

async fn spoil(w: &World, key: &str) {
    let broken = w.database.blob(b"\xff\xfe");
    w.execute(&format!(
        "UPDATE entry_versions SET payload = {broken} WHERE entry_id = (SELECT id FROM entries WHERE key = '{key}')"
    ))
    .await;
}

async fn a_flag_that_cannot_be_read_is_listed_as_such_and_can_be_replaced(w: &World) {
    let api = w.shop().await;
    for key in ["good", "off", "put", "restored"] {
        new_flag(w, &api, key, json!({ "state": "on" })).await;
        if key != "good" {
            spoil(w, key).await;
        }
    }
    let rows = flags::list(&w.nexus, &w.owner, &api, everything()).await.fine().data;
    let unreadable: Vec<bool> = rows.iter().map(|row| row.unreadable).collect();
    assert_eq!(unreadable, [false, true, true, true]);
    flags::toggle(&w.nexus, &w.owner, &api, "off", Toggle::default()).await.refused_as(Code::Conflict);
    let change = patch(json!({ "rollout": { "percentage": 5 } }));
    flags::patch(&w.nexus, &w.owner, &api, "off", change).await.refused_as(Code::Conflict);
    assert_eq!(switch(w, &api, "off", Some(false)).await, 2);
    let put = flags::update(&w.nexus, &w.owner, &api, "put", version(json!({ "state": "on" }))).await.fine();
    assert!(put.enabled && !put.unreadable);
    switch(w, &api, "restored", Some(false)).await;
    spoil(w, "restored").await;
    flags::update(&w.nexus, &w.owner, &api, "restored", version(json!({ "state": "on" }))).await.fine();
    let row = flags::restore(&w.nexus, &w.owner, &api, "restored", 3, None).await.fine();
    assert!(row.enabled && !row.unreadable);
}

async fn switching_off_works_above_the_cap_and_nothing_else_does(w: &World) {
    let api = w.shop().await;
    let cap = nexus_backend::tiers::list(&w.nexus, &w.owner).await.fine();
    let cap = cap.data.iter().find(|it| it.tier == Tier::Free).expect("a tier");
    let cap = cap.limit(nexus_domain::tier::Quota::Flags).expect("a cap");
    for n in 0..=cap {
        new_flag(w, &api, &format!("f{n}"), json!({ "state": "on" })).await;
    }
    tier(w, Tier::Free).await;
    let newest = format!("f{cap}");
    let toggle = |enabled| Toggle { enabled: Some(enabled), expected_version: None };
    let change = version(json!({ "state": "off" }));
    flags::update(&w.nexus, &w.owner, &api, &newest, change).await.refused_as(Code::QuotaExceeded);
    assert!(!flags::toggle(&w.nexus, &w.owner, &api, &newest, toggle(false)).await.fine().enabled);
    let on = flags::toggle(&w.nexus, &w.owner, &api, &newest, toggle(true)).await;
    on.refused_as(Code::QuotaExceeded);
}

async fn a_flag_that_is_read_with_all_others_or_named_by_a_config_is_not_called_unused(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    let other = w.service("shop", "live", "other").await;
    for (path, key) in [(&api, "synced"), (&shared, "theirs"), (&other, "named"), (&other, "alone")] {
        new_flag(w, path, key, json!({})).await;
    }
    w.set(&other, "MODE", r#""{{flag:named}}""#).await;
    let (_, key) = w.service_key(&api, nexus_domain::keys::Access::Read).await;
    let stale = async |path: &ServicePath, name: &str| {
        let row = flags::row(&w.nexus, &w.owner, path, name).await.fine();
        (row.stale, row.evaluations, row.evaluated_at)
    };
    w.pass(31 * DAY_MICROS);
    assert_eq!(stale(&api, "synced").await.0, Some(Stale::NotEvaluated));
    assert_eq!(stale(&other, "named").await.0, None, "a config names it");
    assert_eq!(stale(&other, "alone").await.0, Some(Stale::NotEvaluated));
    let etag = match nexus_backend::snapshot::sync(&w.nexus, &key, None).await.fine() {
        nexus_backend::snapshot::Answer::Fresh { etag, .. } => etag,
        nexus_backend::snapshot::Answer::NotModified { .. } => panic!("nobody asked for less"),
    };
    flags::flush(&w.nexus).await.fine();
    assert_eq!(stale(&api, "synced").await, (None, 0, None), "it may be used, and was not evaluated");
    assert_eq!(stale(&shared, "theirs").await, (None, 0, None));
    w.pass(31 * DAY_MICROS);
    assert_eq!(stale(&api, "synced").await.0, Some(Stale::NotEvaluated));
    nexus_backend::snapshot::sync(&w.nexus, &key, Some(&etag)).await.map(|_| ()).fine();
    flags::flush(&w.nexus).await.fine();
    assert_eq!(stale(&api, "synced").await.0, None, "who has it already asks for it too");
    w.pass(31 * DAY_MICROS);
    flags::bulk(&w.nexus, &key, &nexus_domain::flag::Context::default(), None).await.map(|_| ()).fine();
    flags::flush(&w.nexus).await.fine();
    assert_eq!(stale(&api, "synced").await, (None, 0, None), "a bulk call counts no flag");
}
