//! Definitions that nobody means well with are refused with a reason at their field.

use nexus_domain::flag::{
    Compiled, Condition, FlagDefinition, MAX_CONDITION_DEPTH, MAX_CONDITION_NODES, MAX_DEFINITION_BYTES,
    MAX_LIST_VALUES, MAX_PATTERNS, MAX_RULES, MAX_STRING_BYTES, MAX_VARIANTS, Operator, Rule, Serve,
};
use nexus_domain::{Code, Refusal};
use serde_json::{Value, json};

fn refused(definition: &Value) -> Refusal {
    let definition: FlagDefinition = serde_json::from_value(definition.clone()).expect("the right form");
    let refusal = definition.validate().expect_err("should be refused");
    assert_eq!(refusal.code, Code::InvalidRequest);
    refusal
}

/// Asserts that exactly these fields are refused.
fn refuses(definition: &Value, fields: &[&str]) {
    let refusal = refused(definition);
    let mut found: Vec<&str> = refusal.details.keys().map(String::as_str).collect();
    found.sort_unstable();
    let mut expected = fields.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "{definition}: {refusal}");
}

fn when(condition: &Value) -> Value {
    json!({"state": "on", "rules": [{"id": "r", "when": condition, "serve": {}}]})
}

#[test]
fn text_that_is_no_definition_is_refused_and_never_overflows_the_stack() {
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    let nested = |depth: usize| {
        let when = r#"{"all":["#.repeat(depth) + r#"{"attribute":"a","op":"exists"}"# + &"]}".repeat(depth);
        format!(r#"{{"state":"on","rules":[{{"id":"r","when":{when},"serve":{{}}}}]}}"#)
    };
    for text in [
        String::new(),
        "null".into(),
        "[]".into(),
        deep("[", "]"),
        deep(r#"{"all":["#, "]}"),
        "[".repeat(60_000),
        nested(100_000),
        nested(1_000),
        nested(40),
        nested(MAX_CONDITION_DEPTH),
        r#"{"state":"on","rollout":{"percentage":NaN}}"#.into(),
        r#"{"state":"on","rollout":{"percentage":1e999}}"#.into(),
        r#"{"state":"on","state":"off"}"#.into(),
        r#"{"state":"maybe"}"#.into(),
        r#"{"state":"on","unknown":1}"#.into(),
        r#"{"state":"scheduled","starts_at":"tomorrow"}"#.into(),
        r#"{"state":"on","rules":[{"id":"r","serve":{},"when":{"attribute":"a","op":"like","value":"x"}}]}"#
            .into(),
        " ".repeat(MAX_DEFINITION_BYTES + 1),
    ] {
        let shown: String = text.chars().take(80).collect();
        let refusal = FlagDefinition::parse(&text).expect_err(&shown);
        assert!(refusal.message.len() < 600, "{}", refusal.message);
    }
    assert!(FlagDefinition::parse(&nested(MAX_CONDITION_DEPTH - 1)).is_ok());
}

#[test]
fn a_percentage_outside_of_its_range_is_refused() {
    for percentage in ["-1", "-0.001", "100.001", "1e9", "0.0005", "\"50\"", "null,\"split\":[]"] {
        let text = format!(r#"{{"state":"on","rollout":{{"percentage":{percentage}}}}}"#);
        assert!(FlagDefinition::parse(&text).is_err(), "{percentage}");
    }
}

#[test]
fn a_schedule_that_cannot_be_is_refused() {
    let (early, late) = ("2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z");
    refuses(&json!({"state": "scheduled"}), &["starts_at"]);
    refuses(&json!({"state": "scheduled", "starts_at": late, "ends_at": early}), &["ends_at"]);
    refuses(&json!({"state": "scheduled", "starts_at": early, "ends_at": early}), &["ends_at"]);
    refuses(&json!({"state": "off", "starts_at": late, "ends_at": early}), &["ends_at"]);
    refuses(&json!({"state": "on", "starts_at": early, "ends_at": late}), &["starts_at", "ends_at"]);
}

#[test]
fn variants_that_do_not_fit_together_are_refused() {
    let flag =
        |variants: Value| json!({"state": "on", "on_variant": "a", "off_variant": "a", "variants": variants});
    let variant = |name: &str, value: Value| json!({"name": name, "value": value});
    refuses(&flag(json!([variant("a", json!(1)), variant("a", json!(2))])), &["variants[1].name"]);
    refuses(&flag(json!([variant("a", json!(1)), variant("b", json!("x"))])), &["variants[1].value"]);
    refuses(&flag(json!([variant("a", json!(null))])), &["variants[0].value"]);
    refuses(&flag(json!([variant("a", json!("x".repeat(MAX_STRING_BYTES + 1)))])), &["variants[0].value"]);
    refuses(&flag(json!([variant("a", json!(1)), variant("b c", json!(2))])), &["variants[1].name"]);
    refuses(&json!({"state": "on", "variants": [variant("a", json!(1))]}), &["on_variant", "off_variant"]);
    refuses(
        &json!({"state": "on", "on_variant": "off", "off_variant": "on"}),
        &["on_variant", "off_variant"],
    );
    let many: Vec<Value> = (0..=MAX_VARIANTS).map(|n| variant(&format!("v{n}"), json!(n))).collect();
    assert!(refused(&flag(json!(many))).field("variants").is_some());
}

#[test]
fn serving_what_does_not_exist_or_nothing_at_all_is_refused() {
    let rollout = |serve: Value| json!({"state": "on", "rollout": serve});
    let part = |name: &str, weight: u32| json!({"variant": name, "weight": weight});
    refuses(&rollout(json!({})), &["rollout.percentage"]);
    refuses(&rollout(json!({"percentage": 5, "variant": "blue"})), &["rollout.variant"]);
    refuses(&rollout(json!({"variant": "on", "split": [part("on", 1)]})), &["rollout.split"]);
    refuses(&rollout(json!({"split": [part("on", 0), part("off", 0)]})), &["rollout.split"]);
    refuses(&rollout(json!({"split": [part("on", 1), part("on", 1)]})), &["rollout.split[1].variant"]);
    refuses(&rollout(json!({"split": [part("on", 100_001)]})), &["rollout.split[0].weight"]);
    refuses(&rollout(json!({"split": [part("blue", 1)]})), &["rollout.split[0].variant"]);
}

#[test]
fn rules_beyond_the_bounds_are_refused() {
    let rule = |id: &str| json!({"id": id, "serve": {}});
    refuses(&json!({"state": "on", "rules": [rule("a"), rule("a")]}), &["rules[1].id"]);
    refuses(&json!({"state": "on", "rules": [rule(""), rule("a b")]}), &["rules[0].id", "rules[1].id"]);
    let many: Vec<Value> = (0..=MAX_RULES).map(|n| rule(&format!("r{n}"))).collect();
    refuses(&json!({"state": "on", "rules": many}), &["rules"]);
    let long = json!({"id": "a", "serve": {}, "description": "é".repeat(501)});
    refuses(&json!({"state": "on", "rules": [long]}), &["rules[0].description"]);
}

#[test]
fn a_condition_is_one_thing_and_its_operator_takes_its_value() {
    for condition in [
        json!({}),
        json!({"attribute": "a"}),
        json!({"op": "exists"}),
        json!({"all": [], "any": []}),
        json!({"all": [{"attribute": "a", "op": "exists"}], "attribute": "a", "op": "exists"}),
        json!({"any": [{"attribute": "a", "op": "exists"}], "value": 1}),
    ] {
        refuses(&when(&condition), &["rules[0].when"]);
    }
    refuses(&when(&json!({"all": []})), &["rules[0].when.all"]);
    let nested =
        json!({"any": [{"attribute": "a", "op": "exists"}, {"all": [{"attribute": "a", "op": "eq"}]}]});
    refuses(&when(&nested), &["rules[0].when.any[1].all[0].value"]);
    for (op, value) in [
        ("eq", json!(null)),
        ("ne", json!([1])),
        ("eq", json!("x".repeat(MAX_STRING_BYTES + 1))),
        ("in", json!("x")),
        ("in", json!([])),
        ("in", json!([1, "x"])),
        ("not_in", json!([null])),
        ("not_in", json!([["x"]])),
        ("in", json!(vec![0; MAX_LIST_VALUES + 1])),
        ("in", json!(["x".repeat(MAX_STRING_BYTES + 1)])),
        ("gt", json!(true)),
        ("lte", json!(null)),
        ("contains", json!("")),
        ("starts_with", json!("")),
        ("ends_with", json!(5)),
        ("matches", json!(5)),
        ("matches", json!("")),
        ("matches", json!("x".repeat(1_025))),
        ("exists", json!("yes")),
    ] {
        refuses(&when(&json!({"attribute": "a", "op": op, "value": value})), &["rules[0].when.value"]);
    }
    refuses(&when(&json!({"attribute": "", "op": "exists"})), &["rules[0].when.attribute"]);
    refuses(&when(&json!({"attribute": "x".repeat(257), "op": "exists"})), &["rules[0].when.attribute"]);
}

fn rule_of(when: Condition) -> FlagDefinition {
    let rule = Rule { id: "r".into(), description: String::new(), when: Some(when), serve: Serve::default() };
    FlagDefinition { rules: vec![rule], ..FlagDefinition::default() }
}

#[test]
fn conditions_too_many_or_too_deep_are_refused() {
    let leaf = || Condition::compare("a", Operator::Eq, 1);
    let fits = |when: Condition| rule_of(when).validate().is_ok();
    assert!(fits(Condition::all(vec![leaf(); MAX_CONDITION_NODES - 1])));
    assert!(!fits(Condition::all(vec![leaf(); MAX_CONDITION_NODES])));
    assert!(!fits(Condition::all(vec![leaf(); 100_000])));
    let nested = |levels: usize| (1..levels).fold(leaf(), |inner, _| Condition::any(vec![inner]));
    assert!(fits(nested(MAX_CONDITION_DEPTH)));
    assert!(!fits(nested(MAX_CONDITION_DEPTH + 1)));
    assert!(!fits(nested(2_000)));
}

#[test]
fn a_definition_larger_than_the_bound_is_refused_as_a_whole() {
    let text = "x".repeat(MAX_STRING_BYTES);
    let list = Condition::compare("a", Operator::In, vec![text; 20]);
    let refusal = rule_of(list).validate().expect_err("too large");
    assert!(refusal.field("definition").is_some_and(|rule| rule.contains("65536")), "{refusal}");
}

#[test]
fn a_flag_has_a_bounded_number_of_regular_expressions() {
    let pattern = || Condition::compare("a", Operator::Matches, "x");
    assert!(rule_of(Condition::any(vec![pattern(); MAX_PATTERNS])).validate().is_ok());
    let refusal =
        rule_of(Condition::any(vec![pattern(); MAX_PATTERNS + 1])).validate().expect_err("too many");
    assert_eq!(refusal.details.len(), 1, "{refusal}");
}

#[cfg(feature = "regex")]
#[test]
fn a_regular_expression_that_explodes_is_refused_at_its_field() {
    for pattern in ["((a{1000}){1000}){1000}", "(", r"(a)\1", "(?<=a)b"] {
        let condition = json!({"attribute": "a", "op": "matches", "value": pattern});
        refuses(&when(&condition), &["rules[0].when.value"]);
    }
}

#[test]
fn a_thousand_mistakes_make_a_short_refusal() {
    let wrong = Condition::compare("a", Operator::In, "x");
    let refusal = rule_of(Condition::all(vec![wrong; 200])).validate().expect_err("refused");
    assert_eq!(refusal.details.len(), 20);
    assert!(refusal.message.ends_with("(and 19 other mistakes)"), "{refusal}");
}

#[test]
fn a_rule_with_wrong_conditions_never_becomes_a_rule_for_everybody() {
    let wrong = rule_of(Condition::default());
    assert!(Compiled::new("f", &wrong).is_err());
}
