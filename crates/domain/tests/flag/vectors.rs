//! The engine against the file that other implementations check themselves with.

use nexus_domain::Timestamp;
use nexus_domain::flag::{
    Bucket, Compiled, Context, ENGINE_VERSION, FlagDefinition, Targeting, evaluate, explain, numbered_users,
};
use serde_json::{Value, json};

const FILE: &str = include_str!("../vectors/flag-evaluations-1.0.json");
const DOCS: &str = include_str!("../../../../docs/flags.md");

fn file() -> Value {
    let file: Value = serde_json::from_str(FILE).expect("JSON");
    assert_eq!(file["engine"], ENGINE_VERSION);
    file
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn compiled(key: &str, definition: &Value) -> Compiled {
    let definition = FlagDefinition::parse(&definition.to_string()).expect("a definition");
    Compiled::new(key, &definition).expect("a valid definition")
}

fn context(flat: &Value) -> Context {
    Context::from_flat(flat.as_object().expect("an object").clone()).expect("a context")
}

/// The expectations of a case, without what it is given.
fn expected(case: &Value) -> Value {
    let mut expected = case.as_object().expect("an object").clone();
    for given in ["now", "targeting", "context"] {
        expected.remove(given);
    }
    Value::Object(expected)
}

#[test]
fn whole_evaluations_come_out_as_published_and_their_explanations_agree() {
    let file = file();
    for flag in list(&file, "flags") {
        let compiled = compiled(flag["flag"].as_str().expect("a key"), &flag["definition"]);
        for case in list(flag, "cases") {
            let now = case["now"].as_str().unwrap_or("2026-11-21T12:00:00Z");
            let now = Timestamp::parse(now).expect("a time");
            let targeting =
                if case["targeting"] == json!(false) { Targeting::Ignored } else { Targeting::Active };
            let context = context(&case["context"]);
            assert_eq!(json!(evaluate(&compiled, &context, now, targeting)), expected(case), "{case}");
            let explained = json!(explain(&compiled, &context, now, targeting));
            for (field, value) in expected(case).as_object().expect("an object") {
                assert_eq!(&explained[field], value, "{field} of {case}");
            }
        }
    }
}

#[test]
fn each_operator_matches_what_is_published_and_nothing_else() {
    let file = file();
    let conditions = list(&file, "conditions");
    for condition in conditions {
        if condition["op"] == "matches" && !cfg!(feature = "regex") {
            continue;
        }
        let mut when = condition.as_object().expect("an object").clone();
        when.remove("matches");
        when.remove("other");
        let rule = json!({"id": "r", "when": when, "serve": {}});
        let flag = compiled("f", &json!({"state": "on", "rules": [rule]}));
        let matched = |actual: &Value| {
            let context = context(&json!({"a": actual}));
            evaluate(&flag, &context, Timestamp(0), Targeting::Active).rule_id.is_some()
        };
        for actual in list(condition, "matches") {
            assert!(matched(actual), "{actual} {condition}");
        }
        for actual in list(condition, "other") {
            assert!(!matched(actual), "{actual} {condition}");
        }
    }
    for operator in nexus_domain::flag::Operator::ALL {
        assert!(conditions.iter().any(|condition| condition["op"] == operator.as_str()), "{operator}");
    }
}

#[test]
fn without_the_regex_library_a_pattern_never_matches_and_the_explanation_says_so() {
    let rule = json!({"id": "r", "when": {"attribute": "a", "op": "matches", "value": "x"}, "serve": {}});
    let flag = compiled("f", &json!({"state": "on", "rules": [rule]}));
    let explained = explain(&flag, &context(&json!({"a": "x"})), Timestamp(0), Targeting::Active);
    let outcome = json!(explained)["steps"][1]["when"]["outcome"].clone();
    let expected = if cfg!(feature = "regex") { "matched" } else { "not_evaluated" };
    assert_eq!(outcome, expected);
    assert_eq!(explained.enabled, cfg!(feature = "regex"));
}

#[test]
fn an_explanation_shows_every_condition_with_its_outcome() {
    let definition = json!({
        "state": "on",
        "rules": [{"id": "r", "serve": {"percentage": 10}, "when": {"any": [
            {"attribute": "plan", "op": "in", "value": ["pro", "team"]},
            {"all": [{"attribute": "age", "op": "gte", "value": 18}, {"attribute": "email", "op": "exists"}]},
        ]}}],
    });
    let flag = compiled("f", &definition);
    let somebody = context(&json!({"targetingKey": "u", "plan": "pro", "age": "18"}));
    let steps = json!(explain(&flag, &somebody, Timestamp(0), Targeting::Active))["steps"].clone();
    assert_eq!(steps[0]["text"], "The flag is on.");
    assert_eq!(steps[1]["passed"], true);
    let any = &steps[1]["when"];
    assert_eq!(any["parts"][0]["text"], r#"plan in "pro", "team""#);
    assert_eq!(any["parts"][0]["actual"], "pro");
    assert_eq!(any["parts"][1]["outcome"], "not_matched");
    assert_eq!(any["parts"][1]["parts"][0]["outcome"], "other_type");
    assert_eq!(any["parts"][1]["parts"][1]["outcome"], "missing");
    assert_eq!(steps[2]["rule_id"], "r");
    assert_eq!(steps[2]["share"]["threshold"], 10_000);
}

#[test]
fn a_flag_without_dealing_needs_no_targeting_key() {
    let with = |definition: Value| compiled("f", &definition).needs_targeting_key();
    let rule = |serve: Value| json!({"state": "on", "rules": [{"id": "r", "serve": serve}]});
    assert!(!with(json!({"state": "on"})));
    assert!(!with(rule(json!({"variant": "on"}))));
    assert!(with(rule(json!({"percentage": 100}))));
    assert!(with(rule(json!({"split": [{"variant": "on", "weight": 1}]}))));
    assert!(with(json!({"state": "off", "rollout": {"percentage": 1}})));
    assert_eq!(numbered_users(3).count(), 3);
}

#[test]
fn the_example_and_the_vectors_in_the_documentation_hold() {
    let (_, rest) = DOCS.split_once("```json").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let definition = FlagDefinition::parse(example).expect("a valid example");
    assert_eq!(definition.rules.len(), 2);

    let mut rows = 0;
    for row in DOCS.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 7) {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let bucket = Bucket::of(cells[1], cells[2]);
        assert_eq!(
            (bucket.rollout.to_string(), bucket.split.to_string()),
            (cells[5].into(), cells[6].into())
        );
        rows += 1;
    }
    assert_eq!(rows, 5);
}
