//! The forms of the Flags tab: numbered rows that make no sense, definitions that break rules, and acts
//! that are no saving.

use super::BAD_KEYS;
use crate::world::{Person, Reply, World};

const PAGE: &str = "/t/acme/projects/shop/live/api/flags?open=beta&form=version";

fn fields<'f>(more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let usual = [("tenant", "acme"), ("project", "shop"), ("environment", "live"), ("service", "api")];
    let beta = [("key", "beta"), ("expected_version", "2"), ("state", "on"), ("rollout[what]", "nothing")];
    let given = |name: &str| more.iter().any(|(other, _)| *other == name);
    usual.into_iter().chain(beta).filter(|(name, _)| !given(name)).chain(more.iter().copied()).collect()
}

async fn save(w: &World, more: &[(&str, &str)]) -> Reply {
    w.call("save_flag", &fields(more)).with(Person::Owner).await
}

#[tokio::test]
async fn a_key_outside_of_the_pattern_is_refused_at_its_field() {
    let w = World::new().await;
    for key in BAD_KEYS.into_iter().filter(|key| key.trim().is_empty() || *key == key.trim()) {
        w.call("create_flag", &fields(&[("key", key)])).with(Person::Owner).await.invalid("key");
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_at_its_field() {
    let w = World::new().await;
    let comparison = |op, value| {
        [
            ("rules[0][id]", "a"),
            ("rules[0][parts][0][attribute]", "plan"),
            ("rules[0][parts][0][op]", op),
            ("rules[0][parts][0][value]", value),
        ]
    };
    save(&w, &comparison("near", "x")).await.invalid("rules[0].when.op");
    save(&w, &comparison("matches", "(")).await.invalid("rules[0].when.value");
    save(&w, &comparison("in", "1, a")).await.invalid("rules[0].when.value");
    save(&w, &[("rollout[what]", ""), ("rollout[percentage]", "100.1")]).await.invalid("rollout.percentage");
    save(&w, &[("rollout[what]", "7")]).await.invalid("rollout.variant");
    save(&w, &[("rollout[what]", "split")]).await.invalid("rollout.split");
    save(&w, &[("state", "maybe")]).await.invalid("state");
    save(&w, &[("state", "scheduled"), ("starts_at", "soon")]).await.invalid("starts_at");
    save(&w, &[("kind", "json"), ("variants[0][name]", "a"), ("variants[0][value]", "{")])
        .await
        .invalid("variants[0].value");
}

#[tokio::test]
async fn rows_with_numbers_that_make_no_sense_are_rows_or_refused() {
    let w = World::new().await;
    for rows in [
        &[("rules[4294967295][id]", "a")][..],
        &[("rules[99999999999999999999999][id]", "a")],
        &[("rules[-1][id]", "a")],
        &[("rules[a][id]", "a")],
        &[("rules", "a")],
        &[("rules[0][parts][0][a][b][c][d][e][f]", "a")],
        &[("variants[0]", "a")],
        &[("rollout", "a")],
        &[("rules[0][nested]", "{\"all\":[[[[")],
        &[("on_variant", "99999999999999999999999")],
        &[("act", "rule.99999999999999999999.up")],
    ] {
        let reply = save(&w, rows).await;
        assert!(reply.status.as_u16() < 500, "{rows:?}: {}", reply.status);
    }
}

#[tokio::test]
async fn more_rules_than_a_flag_may_have_are_refused() {
    let w = World::new().await;
    let names: Vec<String> = (0..65).map(|at| format!("rules[{at}][id]")).collect();
    let ids: Vec<String> = (0..65).map(|at| format!("rule-{at}")).collect();
    let rules: Vec<(&str, &str)> =
        names.iter().map(String::as_str).zip(ids.iter().map(String::as_str)).collect();
    save(&w, &rules).await.invalid("rules");
}

#[tokio::test]
async fn another_row_is_no_saving_and_the_form_comes_back_with_it() {
    let w = World::new().await;
    let before = w.fingerprint().await;
    let typed = [
        ("rules[0][id]", "typed-id"),
        ("rules[0][parts][0][attribute]", "typed-attribute"),
        ("act", "rule.add"),
    ];
    w.submit("save_flag", PAGE, &fields(&typed)).with(Person::Owner).await.redirects(PAGE);
    assert_eq!(w.fingerprint().await, before, "nothing is saved");
    let html = w.get(PAGE).with(Person::Owner).await.is(200).text();
    assert!(
        html.contains("value=\"typed-id\"") && html.contains("value=\"typed-attribute\""),
        "what was typed"
    );
    assert!(html.contains("rules[1][id]"), "and one more rule");
}

#[tokio::test]
async fn a_definition_as_json_is_told_every_mistake() {
    let w = World::new().await;
    let json = |definition| fields(&[("definition", definition)]);
    let broken = r#"{"state":"on","on_variant":"x","rules":[{"id":"","serve":{}}]}"#;
    let reply = w.call("save_flag_json", &json(broken)).with(Person::Owner).await;
    reply.invalid("on_variant").invalid("rules[0].id");
    for definition in ["", "null", "[]", "{", "{\"state\":\"on\",\"odd\":1}"] {
        w.call("save_flag_json", &json(definition)).with(Person::Owner).await.invalid("definition");
    }
}

#[tokio::test]
async fn a_context_that_is_none_is_told_at_its_field() {
    let w = World::new().await;
    for attributes in ["plan", "{\"a\":", "=1"] {
        let page = format!(
            "/t/acme/projects/shop/tester?at=live/api&attributes={}",
            crate::world::encoded(attributes)
        );
        let html = w.get(&page).with(Person::Owner).await.is(200).text();
        assert!(html.contains("is no attribute") || html.contains("not a JSON object"), "{attributes}");
    }
}
