//! What programs read of flags: plainly in a snapshot, and evaluated for a context.

use crate::world::{Outcome, World, new_flag};
use nexus_backend::flags::{self, Bulk};
use nexus_backend::gate::Actor;
use nexus_backend::projects;
use nexus_backend::snapshot::{self, Answer};
use nexus_domain::Code;
use nexus_domain::flag::{BulkEvaluation, Context, EvaluateRequest, Reason, Toggle};
use nexus_domain::keys::Access;
use nexus_domain::project::{ProjectPatch, Tier};
use nexus_domain::timestamp::{DAY_MICROS, HOUR};
use serde_json::{Value, json};

both![
    a_snapshot_holds_the_plain_state_of_own_and_inherited_flags,
    a_moment_of_a_schedule_makes_another_snapshot_of_the_same_revision,
    a_config_follows_the_flag_that_it_names_through_its_schedule,
    a_flag_is_read_by_its_key,
    evaluating_for_a_user_follows_rules_and_rollout,
    what_evaluating_refuses,
    without_ab_testing_there_is_no_evaluating_and_openfeature_gets_plain_values,
    openfeature_gets_typed_values_with_reasons,
    a_bulk_evaluation_is_not_repeated_for_the_same_context,
    a_bulk_evaluation_is_repeated_once_its_address_has_ended,
    the_address_of_the_event_stream_stays_for_an_hour_and_opens_nothing_else,
    a_change_on_an_umbrella_reaches_every_heirs_evaluation,
    another_process_sees_a_change_after_it_has_looked,
    flags_made_to_be_slow_leave_the_server_responsive,
];

fn context(fields: Value) -> Context {
    Context::from_flat(fields.as_object().cloned().expect("an object")).expect("a context")
}

fn asked(keys: &[&str], user: Option<&str>) -> EvaluateRequest {
    EvaluateRequest {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        user_id: user.map(str::to_owned),
        ..EvaluateRequest::default()
    }
}

async fn synced(w: &World, key: &Actor) -> (String, Value) {
    match snapshot::sync(&w.nexus, key, None).await.fine() {
        Answer::Fresh { etag, body } => (etag, serde_json::from_slice(&body).expect("JSON")),
        Answer::NotModified { .. } => panic!("nobody asked for less"),
    }
}

async fn all(w: &World, key: &Actor, context: &Context) -> (String, BulkEvaluation) {
    match flags::bulk(&w.nexus, key, context, None).await.fine() {
        Bulk::Fresh { etag, body } => (etag, body),
        Bulk::NotModified { .. } => panic!("nobody asked for less"),
    }
}

async fn a_snapshot_holds_the_plain_state_of_own_and_inherited_flags(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    new_flag(w, &shared, "theirs", json!({ "state": "on" })).await;
    new_flag(w, &shared, "both", json!({ "state": "on" })).await;
    new_flag(w, &api, "both", json!({ "state": "off" })).await;
    new_flag(w, &api, "rolled", json!({ "state": "on", "rollout": { "percentage": 0 } })).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    assert_eq!(
        synced(w, &key).await.1["flags"],
        json!({
            "both": { "enabled": false, "inherited": false },
            "rolled": { "enabled": true, "inherited": false },
            "theirs": { "enabled": true, "inherited": true } })
    );
}

/// A flag that is on for an hour, from an hour from now.
async fn an_hour(w: &World, path: &nexus_domain::service::ServicePath) {
    let (start, end) = (w.now().plus(HOUR), w.now().plus(2 * HOUR));
    new_flag(w, path, "sale", json!({ "state": "scheduled", "starts_at": start, "ends_at": end })).await;
}

async fn a_moment_of_a_schedule_makes_another_snapshot_of_the_same_revision(w: &World) {
    let api = w.shop().await;
    an_hour(w, &api).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let (first, body) = synced(w, &key).await;
    assert_eq!(body["flags"]["sale"]["enabled"], json!(false));
    let revision = body["revision"].clone();
    w.pass(HOUR - 1);
    assert_eq!(synced(w, &key).await.0, first, "a microsecond before");
    w.pass(1);
    let (second, body) = synced(w, &key).await;
    assert_ne!(second, first);
    assert_eq!((&body["revision"], &body["flags"]["sale"]["enabled"]), (&revision, &json!(true)));
    let known = snapshot::sync(&w.nexus, &key, Some(&first)).await.fine();
    assert!(matches!(known, Answer::Fresh { .. }), "the old tag does not hold any more");
    w.pass(HOUR);
    let (third, body) = synced(w, &key).await;
    assert_eq!(body["flags"]["sale"]["enabled"], json!(false));
    assert!(third != first && third != second);
    w.pass(30 * DAY_MICROS);
    assert_eq!(synced(w, &key).await.0, third, "nothing is left to happen");
}

async fn a_config_follows_the_flag_that_it_names_through_its_schedule(w: &World) {
    let api = w.shop().await;
    an_hour(w, &api).await;
    w.set(&api, "SALE", r#""{{flag:sale}}""#).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let before = snapshot::config(&w.nexus, &key, "SALE").await.fine();
    assert_eq!(before.config.value.as_str(), "\"false\"");
    w.pass(HOUR);
    let after = snapshot::config(&w.nexus, &key, "SALE").await.fine();
    assert_eq!(after.config.value.as_str(), "\"true\"");
    assert_ne!(after.etag, before.etag);
    assert_eq!(synced(w, &key).await.1["configs"]["SALE"]["value"], json!("true"));
}

async fn a_flag_is_read_by_its_key(w: &World) {
    let api = w.shop().await;
    an_hour(w, &api).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let before = flags::flag(&w.nexus, &key, "sale").await.fine();
    assert!(!before.flag.enabled);
    w.pass(HOUR);
    let after = flags::flag(&w.nexus, &key, "sale").await.fine();
    assert!(after.flag.enabled && after.etag != before.etag);
    flags::flag(&w.nexus, &key, "nope").await.map(|_| ()).refused_as(Code::NotFound);
}

async fn evaluating_for_a_user_follows_rules_and_rollout(w: &World) {
    let api = w.shop().await;
    let rules =
        json!([{ "id": "pro", "when": { "attribute": "plan", "op": "eq", "value": "pro" }, "serve": {} }]);
    new_flag(w, &api, "beta", json!({ "state": "on", "rules": rules, "rollout": { "percentage": 38.175 } }))
        .await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let on = async |mut request: EvaluateRequest, plan: Option<&str>| {
        if let Some(plan) = plan {
            request.attributes.insert("plan".into(), plan.into());
        }
        flags::evaluate(&w.nexus, &key, request).await.fine().results["beta"]
    };
    assert!(on(asked(&["beta"], Some("x")), Some("pro")).await, "the rule");
    let beta = nexus_domain::flag::Bucket::of("beta", "user-1");
    assert_eq!(on(asked(&["beta"], Some("user-1")), None).await, beta.rollout < 38_175, "the rollout");
    assert!(!on(asked(&["beta"], None), None).await, "nobody in particular");
    let request = EvaluateRequest { explain: true, ..asked(&["beta", "nope"], Some("user-1")) };
    let told = flags::evaluate(&w.nexus, &key, request).await.fine();
    assert_eq!((told.errors[0].key.as_str(), told.errors[0].code.as_str()), ("nope", "missing"));
    let steps = &told.explanations.expect("asked for")["beta"].steps;
    assert!(steps.len() >= 3, "{steps:?}");
}

async fn what_evaluating_refuses(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({ "state": "on" })).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let many: Vec<String> = (0..10_000).map(|n| format!("k{n}")).collect();
    let request = EvaluateRequest { keys: many, ..EvaluateRequest::default() };
    let refusal = flags::evaluate(&w.nexus, &key, request).await.map(|_| ()).refused_as(Code::InvalidRequest);
    assert!(refusal.field("keys").is_some());
    let long = "x".repeat(5_000);
    let refused = flags::evaluate(&w.nexus, &key, asked(&["beta"], Some(&long))).await.map(|_| ());
    refused.refused_as(Code::InvalidRequest);
    let web = w.frontend("shop", "live", "web").await;
    new_flag(w, &web, "beta", json!({ "state": "on" })).await;
    let (_, public) = w.service_key(&web, Access::Read).await;
    assert!(flags::evaluate(&w.nexus, &public, asked(&["beta"], None)).await.fine().results["beta"]);
    let request = EvaluateRequest { explain: true, ..asked(&["beta"], None) };
    let refused = flags::evaluate(&w.nexus, &public, request).await.map(|_| ());
    refused.refused_as(Code::PublicKeyRestricted);
    flags::evaluate(&w.nexus, &w.owner, asked(&["beta"], None)).await.map(|_| ()).refused_as(Code::NotFound);
}

async fn without_ab_testing_there_is_no_evaluating_and_openfeature_gets_plain_values(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({ "state": "on", "rollout": { "percentage": 0 } })).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let patch = ProjectPatch { tier: Some(Tier::M), ..ProjectPatch::default() };
    projects::update(&w.nexus, &w.owner, "shop", patch).await.fine();
    let refused = flags::evaluate(&w.nexus, &key, asked(&["beta"], Some("u"))).await.map(|_| ());
    refused.refused_as(Code::AbAddonNotActive);
    let (_, bulk) = all(w, &key, &Context::default()).await;
    assert_eq!((&bulk.flags[0].value, bulk.flags[0].reason), (&json!(true), Reason::Static));
}

async fn openfeature_gets_typed_values_with_reasons(w: &World) {
    let api = w.shop().await;
    let two = |a: Value, b: Value| {
        json!({ "state": "on", "variants": [{ "name": "a", "value": a }, { "name": "b", "value": b }],
            "on_variant": "a", "off_variant": "b" })
    };
    new_flag(w, &api, "text", two(json!("x"), json!("y"))).await;
    new_flag(w, &api, "number", two(json!(1.5), json!(2))).await;
    new_flag(w, &api, "object", two(json!({ "a": [1] }), json!({}))).await;
    new_flag(w, &api, "boolean", json!({ "state": "off" })).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let (_, bulk) = all(w, &key, &context(json!({ "targetingKey": "u" }))).await;
    let found: Vec<_> = bulk
        .flags
        .iter()
        .map(|flag| (flag.key.as_str(), &flag.value, flag.variant.as_str(), flag.reason))
        .collect();
    assert_eq!(
        found,
        [
            ("boolean", &json!(false), "off", Reason::Disabled),
            ("number", &json!(1.5), "a", Reason::Static),
            ("object", &json!({ "a": [1] }), "a", Reason::Static),
            ("text", &json!("x"), "a", Reason::Static)
        ]
    );
    let one = flags::one(&w.nexus, &key, "number", &Context::default()).await.fine().expect("a flag");
    assert_eq!(one.value, json!(1.5));
    assert!(flags::one(&w.nexus, &key, "nope", &Context::default()).await.fine().is_none());
}

async fn a_bulk_evaluation_is_not_repeated_for_the_same_context(w: &World) {
    let api = w.shop().await;
    an_hour(w, &api).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let ana = context(json!({ "targetingKey": "ana", "plan": "pro", "age": 7 }));
    let (etag, _) = all(w, &key, &ana).await;
    let again = context(json!({ "age": 7, "plan": "pro", "targetingKey": "ana" }));
    let known = async |context: &Context| {
        let answer = flags::bulk(&w.nexus, &key, context, Some(&etag)).await.fine();
        matches!(answer, Bulk::NotModified { .. })
    };
    assert!(known(&again).await, "another order is the same context");
    for other in [
        json!({ "targetingKey": "bob", "plan": "pro", "age": 7 }),
        json!({ "targetingKey": "ana" }),
        json!({}),
    ] {
        assert!(!known(&context(other)).await);
    }
    w.pass(HOUR);
    assert!(!known(&ana).await, "a moment has passed");
}

async fn a_bulk_evaluation_is_repeated_once_its_address_has_ended(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({})).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let (etag, first) = all(w, &key, &Context::default()).await;
    let asked = async || flags::bulk(&w.nexus, &key, &Context::default(), Some(&etag)).await.fine();
    w.pass(HOUR);
    match asked().await {
        Bulk::NotModified { etag: told } => assert_eq!(told, etag, "its address opens streams for this hour"),
        Bulk::Fresh { .. } => panic!("nothing has changed"),
    }
    w.pass(HOUR);
    match asked().await {
        Bulk::NotModified { .. } => panic!("the address that the caller has opens no stream any more"),
        Bulk::Fresh { body, .. } => assert_ne!(body.event_streams, first.event_streams),
    }
}

async fn the_address_of_the_event_stream_stays_for_an_hour_and_opens_nothing_else(w: &World) {
    use nexus_backend::streams::authenticate;
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({})).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let address = async || all(w, &key, &Context::default()).await.1.event_streams[0].url.clone();
    let first = address().await;
    w.pass(HOUR - 1);
    assert_eq!(address().await, first, "the same within an hour");
    let credential = first.split_once("credential=").expect("a credential").1.to_owned();
    let found = authenticate(&w.nexus, &credential, None).await.fine();
    assert_eq!(found.actor.id(), key.id());
    assert!(w.present(&credential).await.is_err(), "it is no key");
    for wrong in [
        credential.replace('.', ""),
        credential.to_uppercase() + "0",
        credential[1..].into(),
        "..".into(),
        String::new(),
    ] {
        authenticate(&w.nexus, &wrong, None).await.map(|_| ()).refused_as(Code::Unauthorized);
    }
    let mut flipped = credential.clone().into_bytes();
    let last = flipped.len() - 1;
    flipped[last] = if flipped[last] == b'0' { b'1' } else { b'0' };
    let flipped = String::from_utf8(flipped).expect("text");
    authenticate(&w.nexus, &flipped, None).await.map(|_| ()).refused_as(Code::Unauthorized);
    w.pass(1);
    assert_ne!(address().await, first);
    authenticate(&w.nexus, &credential, None).await.map(|_| ()).fine();
    w.pass(HOUR);
    authenticate(&w.nexus, &credential, None).await.map(|_| ()).refused_as(Code::Unauthorized);
    let fresh = address().await.split_once("credential=").expect("a credential").1.to_owned();
    w.service_key(&api, Access::Read).await;
    let after_rotation = authenticate(&w.nexus, &fresh, None).await.map(|_| ());
    after_rotation.refused_as(Code::Unauthorized);
}

async fn a_change_on_an_umbrella_reaches_every_heirs_evaluation(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    new_flag(w, &shared, "beta", json!({ "state": "on" })).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let on = async || {
        flags::one(&w.nexus, &key, "beta", &Context::default()).await.fine().expect("a flag").value
            == json!(true)
    };
    assert!(on().await);
    flags::toggle(&w.nexus, &w.owner, &shared, "beta", Toggle::default()).await.fine();
    assert!(!on().await);
}

async fn another_process_sees_a_change_after_it_has_looked(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({ "state": "on" })).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let other = w.another_process().await;
    let on = async || flags::flag(&other, &key, "beta").await.fine().flag.enabled;
    assert!(on().await);
    flags::toggle(&w.nexus, &w.owner, &api, "beta", Toggle::default()).await.fine();
    other.follow().await.fine();
    assert!(!on().await);
    other.db.close().await;
}

async fn flags_made_to_be_slow_leave_the_server_responsive(w: &World) {
    let api = w.shop().await;
    let slow =
        json!([{ "id": "r", "when": { "attribute": "a", "op": "matches", "value": "(a*)*b" }, "serve": {} }]);
    for n in 0..30 {
        new_flag(w, &api, &format!("f{n}"), json!({ "state": "on", "rules": slow })).await;
    }
    let (_, key) = w.service_key(&api, Access::Read).await;
    let long = context(json!({ "a": "a".repeat(4_000) }));
    let (evaluated, alive) = tokio::join!(all(w, &key, &long), async { w.nexus.db.ping().await.is_ok() });
    assert_eq!((evaluated.1.flags.len(), alive), (30, true));
}
