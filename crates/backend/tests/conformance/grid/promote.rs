//! Promotion: what goes, what is refused, and that it is all or nothing.

use super::three;
use crate::world::{Outcome, World, json_text, new_config, new_flag, path};
use futures::future::join_all;
use nexus_backend::{configs, dev_environments, flags, grid, projects, secrets, services, snapshot};
use nexus_domain::Code;
use nexus_domain::config::NewConfig;
use nexus_domain::entry::EntryPatch;
use nexus_domain::grid::{PromoteReport, PromoteRequest, PromoteState};
use nexus_domain::project::{ProjectPatch, Tier};
use nexus_domain::role::{ProjectRole, Scope};
use nexus_domain::secret::NewSecret;
use nexus_domain::service::ServicePath;
use nexus_domain::timestamp::MINUTE;
use serde_json::json;

both![
    what_is_new_or_changed_goes_and_the_rest_stays,
    a_dry_run_says_what_the_promotion_then_does,
    a_look_ahead_opens_no_secret_and_leaves_no_row,
    one_that_cannot_go_keeps_all_from_going,
    references_are_judged_at_the_target,
    what_is_inherited_is_promoted_where_it_is,
    an_umbrella_reaches_its_linked_services_at_once,
    a_key_alone_is_every_kind_that_has_it,
    files_go_too_and_take_their_type_along,
    flags_go_with_their_rules_where_the_project_has_ab_testing,
    every_secret_that_goes_is_in_the_audit_log_on_both_sides,
    who_may_promote,
    a_secret_takes_a_fresh_sign_in_and_a_config_does_not,
    a_target_that_changed_meanwhile_is_a_conflict,
    of_many_promotions_from_one_look_one_wins,
    there_has_to_be_a_counterpart,
    what_does_not_fit_the_targets_schema_cannot_go,
    a_new_config_takes_its_schema_along,
    an_umbrellas_heirs_are_judged_before_anything_is_promised,
    what_would_be_refused_as_a_whole_is_refused_in_the_preview,
    five_hundred_at_once_and_not_one_more,
];

fn to(environment: &str, keys: &[&str]) -> PromoteRequest {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    PromoteRequest { to: environment.to_owned(), keys, ..PromoteRequest::default() }
}

fn dry(request: PromoteRequest) -> PromoteRequest {
    PromoteRequest { dry_run: true, ..request }
}

async fn promote(w: &World, from: &ServicePath, request: PromoteRequest) -> PromoteReport {
    grid::promote(&w.nexus, &w.owner, from, request).await.fine()
}

fn states(report: &PromoteReport) -> Vec<(String, PromoteState)> {
    report.items.iter().map(|item| (format!("{}:{}", item.kind, item.key), item.state)).collect()
}

fn expected(states: &[(&str, PromoteState)]) -> Vec<(String, PromoteState)> {
    states.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect()
}

async fn config(w: &World, at: &ServicePath, key: &str) -> (i64, String) {
    let row = configs::row(&w.nexus, &w.owner, at, key).await.fine();
    (row.version, row.value.expect("a value").as_str().to_owned())
}

async fn what_is_new_or_changed_goes_and_the_rest_stays(w: &World) {
    let [develop, staging, live] = three(w).await;
    w.set(&develop, "NEW", "\"n\"").await;
    let annotated =
        EntryPatch { note: Some("why".into()), tags: Some(vec!["net".into()]), ..EntryPatch::default() };
    configs::patch(&w.nexus, &w.owner, &develop, "NEW", annotated).await.fine();
    w.set(&develop, "SAME", "1").await;
    w.set(&staging, "SAME", "1").await;
    w.set(&develop, "OTHER", "{\"a\":[1]}").await;
    w.set(&staging, "OTHER", "\"old\"").await;
    w.write(&develop, "TOKEN", "token-value").await;
    let request = PromoteRequest {
        description: Some("Release 7".into()),
        ..to("staging", &["config:NEW", "config:SAME", "config:OTHER", "secret:TOKEN", "secret:TOKEN"])
    };
    let before = w.events().await.len();
    let report = promote(w, &develop, request).await;
    let went = [
        ("secret:TOKEN", PromoteState::New),
        ("config:NEW", PromoteState::New),
        ("config:OTHER", PromoteState::Changed),
        ("config:SAME", PromoteState::Unchanged),
    ];
    assert_eq!(states(&report), expected(&went));
    assert_eq!((report.new, report.changed, report.unchanged, report.invalid), (2, 1, 1, 0));
    let events = ["secret.promoted", "secret.created", "config.created", "config.updated"];
    assert_eq!(w.events_after(before).await, events);
    assert_eq!(config(w, &staging, "NEW").await, (1, "\"n\"".into()));
    assert_eq!(config(w, &staging, "OTHER").await, (2, "{\"a\":[1]}".into()));
    assert_eq!(config(w, &staging, "SAME").await.0, 1);
    assert_eq!(w.value(&staging, "TOKEN").await, "token-value");
    let row = configs::row(&w.nexus, &w.owner, &staging, "NEW").await.fine();
    assert_eq!(
        (row.note.as_str(), row.tags, row.description.as_str()),
        ("why", vec!["net".to_owned()], "Release 7")
    );
    // Nothing goes further than it was sent.
    configs::row(&w.nexus, &w.owner, &live, "NEW").await.refused_as(Code::NotFound);
    let again = promote(w, &develop, to("staging", &["config:NEW", "config:OTHER"])).await;
    assert_eq!(again.unchanged, 2);
    assert_eq!(config(w, &staging, "OTHER").await.0, 2);
}

async fn a_dry_run_says_what_the_promotion_then_does(w: &World) {
    let [develop, staging, _] = three(w).await;
    for (key, value) in [("SAME", "s"), ("OTHER", "o"), ("NEW", "n")] {
        w.write(&develop, key, value).await;
    }
    w.write(&staging, "SAME", "s").await;
    w.write(&staging, "OTHER", "x").await;
    let request = to("staging", &["secret:SAME", "secret:OTHER", "secret:NEW"]);
    let before = w.events().await.len();
    let said = promote(w, &develop, dry(request.clone())).await;
    // Two pairs were opened; of what the target lacks there is nothing to compare.
    assert_eq!(w.events_after(before).await, ["secret.compared"; 4]);
    assert_eq!(w.keys_listed(&staging, crate::world::everything()).await, ["OTHER", "SAME"]);
    let done = promote(w, &develop, request).await;
    assert_eq!(done, PromoteReport { dry_run: false, ..said });
    assert_eq!((done.new, done.changed, done.unchanged), (1, 1, 1));
    assert_eq!(w.value(&staging, "OTHER").await, "o");
}

async fn a_look_ahead_opens_no_secret_and_leaves_no_row(w: &World) {
    let [develop, staging, _] = three(w).await;
    w.write(&develop, "BOTH", "same").await;
    w.write(&staging, "BOTH", "same").await;
    w.write(&develop, "NEW", "n").await;
    w.set(&develop, "URL", "\"{{secret:NEW}}\"").await;
    let before = w.events().await.len();
    let request = to("staging", &["secret:BOTH", "secret:NEW", "config:URL"]);
    let report = grid::preview(&w.nexus, &w.owner, &develop, request).await.fine();
    let said = [
        ("secret:BOTH", PromoteState::NotCompared),
        ("secret:NEW", PromoteState::New),
        ("config:URL", PromoteState::New),
    ];
    assert_eq!(states(&report), expected(&said));
    assert_eq!((report.items[0].version, report.items[0].target_version), (1, 1));
    assert_eq!(w.events().await.len(), before);
}

async fn one_that_cannot_go_keeps_all_from_going(w: &World) {
    let [develop, staging, _] = three(w).await;
    w.set(&develop, "GOOD", "1").await;
    w.without_value(&develop, "EMPTY").await;
    w.write(&develop, "TOKEN", "t").await;
    let all = to("staging", &["config:GOOD", "config:GONE", "secret:EMPTY", "secret:TOKEN"]);
    let said = promote(w, &develop, dry(all.clone())).await;
    assert_eq!((said.invalid, said.new), (2, 2));
    let before = w.events().await.len();
    let refusal = grid::promote(&w.nexus, &w.owner, &develop, all).await.refused_as(Code::InvalidRequest);
    assert!(refusal.details["reasons"]["config:GONE"].is_string(), "{refusal:?}");
    assert!(refusal.details["reasons"]["secret:EMPTY"].is_string());
    assert_eq!(w.events().await.len(), before);
    configs::row(&w.nexus, &w.owner, &staging, "GOOD").await.refused_as(Code::NotFound);
    let bad = to("staging", &["config:GOOD", "no key"]);
    let refusal = grid::promote(&w.nexus, &w.owner, &develop, bad).await.refused_as(Code::InvalidRequest);
    assert!(refusal.field("keys").is_some());
}

async fn references_are_judged_at_the_target(w: &World) {
    let [develop, staging, _] = three(w).await;
    w.write(&develop, "PASSWORD", "p").await;
    w.set(&develop, "HOST", "\"h\"").await;
    w.set(&develop, "URL", "\"{{config:HOST}}:{{secret:PASSWORD}}\"").await;
    let alone = promote(w, &develop, dry(to("staging", &["config:URL"]))).await;
    assert_eq!(alone.items[0].state, PromoteState::Invalid);
    let reason = alone.items[0].reason.as_deref().expect("a reason");
    assert!(reason.contains("staging") && reason.contains("PASSWORD"), "{reason}");
    let whole = to("staging", &["config:URL", "config:HOST", "secret:PASSWORD"]);
    let before = w.events().await.len();
    promote(w, &develop, whole).await;
    let events = w.events_after(before).await;
    // Who puts a config there that leads to a secret answers for it, as everywhere.
    assert_eq!(events.iter().filter(|event| *event == "secret.referred").count(), 1, "{events:?}");
    let (_, key) = w.service_key(&staging, nexus_domain::keys::Access::Read).await;
    let read = snapshot::config(&w.nexus, &key, "URL").await.fine();
    assert_eq!(read.config.value.as_str(), "\"h:p\"");
    // A circle that only the target would have.
    w.set(&develop, "A", "1").await;
    w.set(&staging, "A", "1").await;
    w.set(&develop, "B", "\"{{config:A}}\"").await;
    w.set(&staging, "B", "\"b\"").await;
    w.reset(&staging, "A", "2").await;
    configs::update(
        &w.nexus,
        &w.owner,
        &staging,
        "A",
        nexus_domain::config::NewConfigVersion {
            kind: Some(nexus_domain::config::ConfigType::String),
            ..crate::world::new_value("\"{{config:B}}\"")
        },
    )
    .await
    .fine();
    let circle = promote(w, &develop, dry(to("staging", &["config:B"]))).await;
    assert_eq!(circle.items[0].state, PromoteState::Invalid);
}

async fn what_is_inherited_is_promoted_where_it_is(w: &World) {
    let [develop, _, _] = three(w).await;
    let shared = w.umbrella("shop", "develop", "shared").await;
    services::link(&w.nexus, &w.owner, &develop, "shared").await.fine();
    w.set(&shared, "PORT", "1").await;
    let said = promote(w, &develop, dry(to("staging", &["config:PORT"]))).await;
    let reason = said.items[0].reason.as_deref();
    assert_eq!(reason, Some("Inherited from shared in develop: promote it there"));
    let refused = grid::promote(&w.nexus, &w.owner, &develop, to("staging", &["config:PORT"])).await;
    refused.refused_as(Code::InvalidRequest);
}

async fn an_umbrella_reaches_its_linked_services_at_once(w: &World) {
    let [_, staging, _] = three(w).await;
    let from = w.umbrella("shop", "develop", "shared").await;
    w.umbrella("shop", "staging", "shared").await;
    services::link(&w.nexus, &w.owner, &staging, "shared").await.fine();
    w.set(&from, "PORT", "8080").await;
    promote(w, &from, to("staging", &["config:PORT"])).await;
    assert_eq!(config(w, &staging, "PORT").await, (1, "8080".into()));
}

async fn a_key_alone_is_every_kind_that_has_it(w: &World) {
    let [develop, _, _] = three(w).await;
    w.write(&develop, "x", "s").await;
    w.set(&develop, "x", "1").await;
    new_flag(w, &develop, "x", json!({ "state": "on" })).await;
    let said = promote(w, &develop, dry(to("staging", &["x"]))).await;
    let all = ["secret:x", "flag:x", "config:x"].map(|name| (name, PromoteState::New));
    assert_eq!(states(&said), expected(&all));
    let nothing = grid::promote(&w.nexus, &w.owner, &develop, to("staging", &["y"])).await;
    assert!(nothing.refused_as(Code::InvalidRequest).field("keys").is_some());
}

async fn files_go_too_and_take_their_type_along(w: &World) {
    let [develop, staging, _] = three(w).await;
    let file =
        NewSecret { value: None, value_base64: Some("AAEC".into()), ..crate::world::new_secret("CERT", "") };
    secrets::create(&w.nexus, &w.owner, &develop, file).await.fine();
    w.write(&staging, "CERT", "a text until now").await;
    let report = promote(w, &develop, to("staging", &["secret:CERT"])).await;
    assert_eq!(report.changed, 1);
    let value = secrets::reveal(&w.nexus, &w.owner, &staging, "CERT", None).await.fine();
    assert_eq!((value.value_base64.as_deref(), value.version), (Some("AAEC"), 2));
    // A config that names it cannot stand beside a file.
    w.set(&staging, "LATER", "1").await;
    w.write(&develop, "PEM", "text").await;
    w.set(&develop, "URL", "\"{{secret:PEM}}\"").await;
    secrets::delete(&w.nexus, &w.owner, &staging, "CERT", None).await.fine();
    let said = promote(w, &develop, dry(to("staging", &["config:URL", "secret:PEM"]))).await;
    assert_eq!((said.new, said.invalid), (2, 0));
}

async fn flags_go_with_their_rules_where_the_project_has_ab_testing(w: &World) {
    let [develop, staging, _] = three(w).await;
    let rolled =
        json!({ "state": "scheduled", "starts_at": "2026-12-01T00:00:00Z", "rollout": { "percentage": 50 } });
    let made = new_flag(w, &develop, "beta", rolled).await;
    new_flag(w, &staging, "beta", json!({ "state": "off" })).await;
    let tier = |tier| ProjectPatch { tier: Some(tier), ..ProjectPatch::default() };
    projects::update(&w.nexus, &w.owner, "shop", tier(Tier::S)).await.fine();
    let said = promote(w, &develop, dry(to("staging", &["flag:beta"]))).await;
    assert_eq!(said.invalid, 1);
    projects::update(&w.nexus, &w.owner, "shop", tier(Tier::Xl)).await.fine();
    let before = w.events().await.len();
    promote(w, &develop, to("staging", &["flag:beta"])).await;
    assert_eq!(w.events_after(before).await, ["flag.updated"]);
    let row = flags::row(&w.nexus, &w.owner, &staging, "beta").await.fine();
    assert_eq!((row.definition, row.version), (made.definition, 2));
}

async fn every_secret_that_goes_is_in_the_audit_log_on_both_sides(w: &World) {
    let [develop, staging, _] = three(w).await;
    w.write(&develop, "A", "canary-one").await;
    w.write(&develop, "B", "canary-two").await;
    w.write(&staging, "B", "canary-three").await;
    let before = w.events().await.len();
    promote(w, &develop, to("staging", &["secret:A", "secret:B"])).await;
    let events =
        ["secret.promoted", "secret.compared", "secret.promoted", "secret.created", "secret.updated"];
    assert_eq!(w.events_after(before).await, events);
    let places =
        "SELECT environment || ' ' || target FROM audit_log WHERE event = 'secret.promoted' ORDER BY seq";
    assert_eq!(w.texts(places).await, ["develop A", "develop B"]);
    let details = w.texts("SELECT details FROM audit_log").await;
    assert!(details.iter().all(|text| !text.contains("canary")));
}

async fn who_may_promote(w: &World) {
    let [develop, staging, _] = three(w).await;
    w.set(&develop, "PORT", "1").await;
    w.write(&develop, "TOKEN", "t").await;
    for role in [ProjectRole::Developer, ProjectRole::Tester, ProjectRole::Viewer] {
        let actor = w.member("shop", role).await;
        for key in ["config:PORT", "secret:TOKEN", "PORT"] {
            for request in [to("staging", &[key]), dry(to("staging", &[key]))] {
                grid::promote(&w.nexus, &actor, &develop, request.clone()).await.refused_as(Code::Forbidden);
                grid::preview(&w.nexus, &actor, &develop, request).await.refused_as(Code::Forbidden);
            }
        }
    }
    let rival = w.rival().await.owner;
    grid::promote(&w.nexus, &rival, &develop, to("staging", &["PORT"])).await.refused_as(Code::NotFound);
    let manager = w.member("shop", ProjectRole::Manager).await;
    let everything = to("staging", &["PORT", "TOKEN"]);
    assert_eq!(grid::promote(&w.nexus, &manager, &develop, everything).await.fine().new, 2);
    // A key without the scope for one side of it.
    let scopes = [Scope::AdminAll];
    let (_, admin) = w.environment_key("develop", &scopes).await;
    assert_eq!(grid::promote(&w.nexus, &admin, &develop, to("live", &["PORT"])).await.fine().new, 1);
    let scopes = [Scope::ReadServices, Scope::ReadConfigs, Scope::WriteConfigs];
    let (_, narrow) = w.environment_key("develop", &scopes).await;
    grid::promote(&w.nexus, &narrow, &develop, to("live", &["config:PORT"])).await.refused_as(Code::NotFound);
    grid::promote(&w.nexus, &narrow, &staging, to("live", &["config:PORT"])).await.refused_as(Code::NotFound);
    // From a person's own environment nothing goes where that person may not write.
    let developer =
        w.signed_in_again(&w.person("dana@acme.test", nexus_domain::role::TenantRole::Member).await).await;
    w.give_role(&developer, "shop", ProjectRole::Developer).await;
    let own = dev_environments::create(&w.nexus, &developer, "shop").await.fine();
    let at = path("shop", &own.environment.slug, "api");
    let new = crate::world::new_service(
        "api",
        &own.environment.slug,
        nexus_domain::service::ServiceKind::Backend,
        false,
    );
    services::create(&w.nexus, &developer, "shop", new).await.fine();
    configs::create(&w.nexus, &developer, &at, crate::world::new_config("MINE", "1")).await.fine();
    grid::promote(&w.nexus, &developer, &at, to("develop", &["config:MINE"]))
        .await
        .refused_as(Code::Forbidden);
}

async fn a_secret_takes_a_fresh_sign_in_and_a_config_does_not(w: &World) {
    let [develop, _, _] = three(w).await;
    w.set(&develop, "PORT", "1").await;
    w.write(&develop, "TOKEN", "t").await;
    w.pass(6 * MINUTE);
    promote(w, &develop, to("staging", &["config:PORT"])).await;
    let secret = to("staging", &["secret:TOKEN"]);
    grid::preview(&w.nexus, &w.owner, &develop, secret.clone()).await.fine();
    for request in [secret.clone(), dry(secret)] {
        grid::promote(&w.nexus, &w.owner, &develop, request).await.refused_as(Code::StepUpRequired);
    }
}

async fn a_target_that_changed_meanwhile_is_a_conflict(w: &World) {
    let [develop, staging, _] = three(w).await;
    w.set(&develop, "PORT", "1").await;
    w.set(&develop, "HOST", "\"h\"").await;
    w.set(&staging, "PORT", "2").await;
    let from = |port, host| PromoteRequest {
        expected_versions: [("config:PORT".to_owned(), port), ("config:HOST".to_owned(), host)].into(),
        ..to("staging", &["config:PORT", "config:HOST"])
    };
    w.reset(&staging, "PORT", "3").await;
    let refusal = grid::promote(&w.nexus, &w.owner, &develop, from(1, 0)).await.refused_as(Code::Conflict);
    assert_eq!(refusal.lost_race().expect("who was first").current_version, 2);
    assert_eq!(refusal.field("key"), Some("config:PORT"));
    configs::row(&w.nexus, &w.owner, &staging, "HOST").await.refused_as(Code::NotFound);
    let gone = grid::promote(&w.nexus, &w.owner, &develop, from(2, 5)).await.refused_as(Code::Conflict);
    assert_eq!(gone.field("key"), Some("config:HOST"));
    assert_eq!(promote(w, &develop, from(2, 0)).await.new, 1);
}

async fn of_many_promotions_from_one_look_one_wins(w: &World) {
    let [develop, staging, live] = three(w).await;
    w.set(&develop, "PORT", "1").await;
    w.set(&staging, "PORT", "2").await;
    w.set(&live, "PORT", "0").await;
    let request = PromoteRequest {
        expected_versions: [("config:PORT".to_owned(), 1)].into(),
        ..to("live", &["config:PORT"])
    };
    let sources: Vec<ServicePath> =
        (0..10).map(|n| if n % 2 == 0 { develop.clone() } else { staging.clone() }).collect();
    let outcomes =
        join_all(sources.iter().map(|from| grid::promote(&w.nexus, &w.owner, from, request.clone()))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(config(w, &live, "PORT").await.0, 2);
}

async fn there_has_to_be_a_counterpart(w: &World) {
    w.project("shop").await;
    let develop = w.service("shop", "develop", "api").await;
    w.frontend("shop", "live", "api").await;
    w.set(&develop, "PORT", "1").await;
    for nothing in ["nowhere", ""] {
        let refused = grid::promote(&w.nexus, &w.owner, &develop, to(nothing, &["config:PORT"])).await;
        assert!(refused.refused_as(Code::InvalidRequest).field("to").is_some(), "{nothing}");
    }
    for environment in ["staging", "live"] {
        let refused = grid::promote(&w.nexus, &w.owner, &develop, to(environment, &["config:PORT"])).await;
        assert!(refused.refused_as(Code::NotFound).message.contains("counterpart"), "{environment}");
    }
    let same = grid::promote(&w.nexus, &w.owner, &develop, to("develop", &["config:PORT"])).await;
    assert!(same.refused_as(Code::InvalidRequest).field("to").is_some());
    let web = path("shop", "live", "api");
    w.frontend("shop", "staging", "api").await;
    let secret = grid::promote(&w.nexus, &w.owner, &web, to("staging", &["secret:TOKEN"])).await;
    secret.refused_as(Code::ServiceKindMismatch);
}

async fn five_hundred_at_once_and_not_one_more(w: &World) {
    let [develop, staging, _] = three(w).await;
    let text: String = (0..500).map(|n| format!("K{n:03}={n}\n")).collect();
    configs::import(&w.nexus, &w.owner, &develop, crate::secrets::env(&text, false)).await.fine();
    let keys: Vec<String> = (0..501).map(|n| format!("config:K{n:03}")).collect();
    let request = |keys: &[String]| PromoteRequest { keys: keys.to_vec(), ..to("staging", &[]) };
    for bad in [&keys[..], &[]] {
        let refused = grid::promote(&w.nexus, &w.owner, &develop, request(bad)).await;
        assert!(refused.refused_as(Code::InvalidRequest).field("keys").is_some());
    }
    assert_eq!(promote(w, &develop, request(&keys[..500])).await.new, 500);
    assert_eq!(config(w, &staging, "K499").await, (1, "\"499\"".into()));
}

async fn schema(w: &World, at: &ServicePath, key: &str) -> Option<String> {
    let row = configs::row(&w.nexus, &w.owner, at, key).await.fine();
    row.schema.map(|schema| schema.as_str().to_owned())
}

async fn with_schema(w: &World, at: &ServicePath, key: &str, value: &str, schema: &str) {
    let new = NewConfig { schema: Some(json_text(schema)), ..new_config(key, value) };
    configs::create(&w.nexus, &w.owner, at, new).await.fine();
}

async fn what_does_not_fit_the_targets_schema_cannot_go(w: &World) {
    let [develop, staging, _] = three(w).await;
    w.set(&develop, "PK", "{\"a\":\"text\"}").await;
    let narrow = r#"{"properties":{"a":{"type":"integer"}}}"#;
    with_schema(w, &staging, "PK", "{\"a\":1}", narrow).await;
    let preview = grid::preview(&w.nexus, &w.owner, &develop, to("staging", &["config:PK"])).await.fine();
    assert_eq!((preview.invalid, preview.changed), (1, 0), "{preview:?}");
    assert!(preview.items[0].reason.as_ref().is_some_and(|reason| reason.contains("staging")), "{preview:?}");
    let promoted = grid::promote(&w.nexus, &w.owner, &develop, to("staging", &["config:PK"])).await;
    promoted.refused_as(Code::InvalidRequest);
    w.reset(&develop, "PK", "{\"a\":2}").await;
    let report = promote(w, &develop, to("staging", &["config:PK"])).await;
    assert!(report.items[0].reason.as_ref().is_some_and(|reason| reason.contains("Schema")), "{report:?}");
    assert_eq!(schema(w, &staging, "PK").await.as_deref(), Some(narrow));
}

async fn a_new_config_takes_its_schema_along(w: &World) {
    let [develop, staging, _] = three(w).await;
    let narrow = r#"{"properties":{"a":{"type":"integer"}}}"#;
    with_schema(w, &develop, "PK", "{\"a\":1}", narrow).await;
    let report = promote(w, &develop, to("staging", &["config:PK"])).await;
    assert_eq!((report.new, report.items[0].reason.clone()), (1, None));
    assert_eq!(schema(w, &staging, "PK").await.as_deref(), Some(narrow));
}

async fn an_umbrellas_heirs_are_judged_before_anything_is_promised(w: &World) {
    let [_, _, live] = three(w).await;
    let develop = w.umbrella("shop", "develop", "shared").await;
    let shared = w.umbrella("shop", "live", "shared").await;
    services::link(&w.nexus, &w.owner, &live, "shared").await.fine();
    for at in [&develop, &shared] {
        w.set(at, "A", "\"1\"").await;
    }
    w.set(&develop, "B", "\"{{config:A}}\"").await;
    w.set(&shared, "B", "\"2\"").await;
    w.set(&live, "A", "\"{{config:B}}\"").await;
    let preview = grid::preview(&w.nexus, &w.owner, &develop, to("live", &["config:B"])).await.fine();
    assert_eq!((preview.invalid, preview.changed), (1, 0), "{preview:?}");
    let request = nexus_domain::import::ImportRequest {
        format: nexus_domain::import::ImportFormat::Json,
        text: r#"{"B": "{{config:A}}"}"#.into(),
        dry_run: true,
        description: None,
    };
    let import = configs::import(&w.nexus, &w.owner, &shared, request).await.fine();
    assert_eq!((import.invalid, import.changed), (1, 0), "{import:?}");
}

async fn what_would_be_refused_as_a_whole_is_refused_in_the_preview(w: &World) {
    let [develop, staging, _] = three(w).await;
    w.set(&develop, "A", "1").await;
    w.write(&develop, "S", "s").await;
    let request = || to("staging", &["config:A", "secret:S"]);
    // Nothing of a preview stays.
    assert_eq!(grid::preview(&w.nexus, &w.owner, &develop, request()).await.fine().new, 2);
    configs::row(&w.nexus, &w.owner, &staging, "A").await.refused_as(Code::NotFound);
    let free = ProjectPatch { tier: Some(Tier::Free), ..ProjectPatch::default() };
    projects::update(&w.nexus, &w.owner, "shop", free).await.fine();
    let before = w.events().await.len();
    grid::preview(&w.nexus, &w.owner, &develop, request()).await.refused_as(Code::QuotaExceeded);
    assert_eq!(w.events().await.len(), before);
    grid::promote(&w.nexus, &w.owner, &develop, dry(request())).await.refused_as(Code::QuotaExceeded);
    grid::promote(&w.nexus, &w.owner, &develop, request()).await.refused_as(Code::QuotaExceeded);
}
