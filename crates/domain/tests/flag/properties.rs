//! What holds for any flag and any context.

use nexus_domain::Timestamp;
use nexus_domain::flag::{
    Compiled, Condition, Context, FlagDefinition, FlagState, Operator, Percentage, Reason, Rule, Serve,
    StepKind, Targeting, Variant, Weighted, evaluate, explain,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Eighths, because they are the same number in binary and decimal.
fn number() -> impl Strategy<Value = Value> {
    (-40_i32..40).prop_map(|eighths| json!(f64::from(eighths) / 8.0))
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(vec!["", "a", "b", "ab", "pro", "é"]).prop_map(|text| json!(text)),
        number(),
        any::<bool>().prop_map(|boolean| json!(boolean)),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    prop_oneof![scalar(), Just(Value::Null), "\\PC{0,6}".prop_map(Value::from)].prop_recursive(
        4,
        32,
        4,
        |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::Array),
                btree_map(field_name(), inner, 0..5).prop_map(|fields| json!(fields)),
            ]
        },
    )
}

/// Names of the definition's own fields, so that arbitrary JSON often looks like one.
fn field_name() -> impl Strategy<Value = String> {
    let known = vec![
        "state",
        "variants",
        "rules",
        "rollout",
        "percentage",
        "split",
        "when",
        "all",
        "any",
        "attribute",
        "op",
        "value",
        "id",
        "serve",
        "name",
        "variant",
        "weight",
        "a",
        "b",
    ];
    select(known).prop_map(str::to_owned)
}

fn attribute() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c", "a.b", "targetingKey", "plan"]).prop_map(str::to_owned)
}

fn condition() -> impl Strategy<Value = Condition> {
    let value = prop_oneof![4 => scalar(), 4 => vec(scalar(), 0..4).prop_map(Value::Array), 1 => any_json()];
    let leaf = (attribute(), select(Operator::ALL), value)
        .prop_map(|(attribute, op, value)| Condition::compare(attribute, op, value));
    leaf.prop_recursive(4, 12, 3, |inner| {
        let parts = vec(inner, 1..4);
        prop_oneof![parts.clone().prop_map(Condition::all), parts.prop_map(Condition::any)]
    })
}

fn variant_name() -> impl Strategy<Value = String> {
    select(vec!["on", "off"]).prop_map(str::to_owned)
}

fn percentage() -> impl Strategy<Value = Percentage> {
    (0..=100_000_u32).prop_map(|thousandths| Percentage::from_thousandths(thousandths).expect("in range"))
}

fn serve() -> impl Strategy<Value = Serve> {
    let part = (variant_name(), 0..5_u32).prop_map(|(variant, weight)| Weighted { variant, weight });
    (option::of(percentage()), option::of(variant_name()), vec(part, 0..3))
        .prop_map(|(percentage, variant, split)| Serve { percentage, variant, split })
}

fn rule() -> impl Strategy<Value = Rule> {
    ("[a-e]", option::weighted(0.9, condition()), serve()).prop_map(|(id, when, serve)| Rule {
        id,
        description: String::new(),
        when,
        serve,
    })
}

/// Definitions of the right form; many make sense, many do not.
fn definition() -> impl Strategy<Value = FlagDefinition> {
    let moment = || option::of((0_i64..100).prop_map(Timestamp));
    let variants = prop_oneof![
        Just(Vec::new()),
        (scalar(), scalar()).prop_map(|(on, off)| {
            [("on", on), ("off", off)].map(|(name, value)| Variant { name: name.into(), value }).to_vec()
        }),
    ];
    (select(FlagState::ALL), moment(), moment(), variants, vec(rule(), 0..4), option::of(serve())).prop_map(
        |(state, starts_at, ends_at, variants, rules, rollout)| FlagDefinition {
            starts_at,
            ends_at,
            variants,
            rules,
            rollout,
            ..FlagDefinition::boolean(state)
        },
    )
}

fn context() -> impl Strategy<Value = Context> {
    (option::of("[a-z]{0,3}"), btree_map(attribute(), any_json(), 0..5)).prop_map(|(key, attributes)| {
        let attributes: Map<String, Value> = attributes.into_iter().collect();
        Context::new(key, attributes).expect("within the bounds")
    })
}

fn targeting() -> impl Strategy<Value = Targeting> {
    select(vec![Targeting::Active, Targeting::Ignored])
}

/// A definition that makes sense, with what is wrong taken out of an arbitrary one.
fn sensible() -> impl Strategy<Value = FlagDefinition> {
    definition().prop_map(|mut definition| {
        if definition.validate().is_err() {
            definition.state = FlagState::On;
            (definition.starts_at, definition.ends_at) = (None, None);
        }
        if definition.validate().is_err() {
            definition.variants = Vec::new();
        }
        let alone = |rule: &Rule| {
            let rules = vec![rule.clone()];
            FlagDefinition { rules, ..FlagDefinition::boolean(FlagState::On) }.validate().is_ok()
        };
        definition.rules.retain(alone);
        for (at, rule) in definition.rules.iter_mut().enumerate() {
            rule.id = format!("r{at}");
        }
        if definition.validate().is_err() {
            definition.rollout = None;
        }
        definition
    })
}

#[test]
fn the_flags_and_contexts_made_up_here_reach_every_reason() {
    let mut runner = TestRunner::deterministic();
    let case = (sensible(), context(), 0_i64..100, targeting());
    let mut reached = BTreeSet::new();
    for _ in 0..2_000 {
        let (definition, context, now, targeting) = case.new_tree(&mut runner).expect("a case").current();
        let flag = Compiled::new("f", &definition).expect("sensible");
        reached.insert(evaluate(&flag, &context, Timestamp(now), targeting).reason);
    }
    let all = Reason::ALL.iter().copied().filter(|reason| *reason != Reason::Failed);
    assert_eq!(reached, all.collect());
}

proptest! {
    #[test]
    fn arbitrary_json_is_read_or_refused_but_never_panics(json in any_json(), text in "\\PC{0,40}") {
        let _ = FlagDefinition::parse(&text);
        if let Ok(definition) = serde_json::from_value::<FlagDefinition>(json.clone()) {
            let _ = definition.validate();
        }
        let _ = FlagDefinition::parse(&json.to_string());
        if let Value::Object(flat) = json {
            let _ = Context::from_flat(flat);
        }
    }

    #[test]
    fn any_definition_is_refused_or_evaluates(definition in definition(), context in context(), now: i64) {
        if let Ok(flag) = Compiled::new("f", &definition) {
            let _ = evaluate(&flag, &context, Timestamp(now), Targeting::Active);
        }
    }

    #[test]
    fn an_evaluation_is_the_same_twice_and_from_its_wire_form(
        definition in sensible(), context in context(), now in 0_i64..100, targeting in targeting(),
    ) {
        let flag = Compiled::new("f", &definition).expect("sensible");
        let text = serde_json::to_string(&definition).expect("JSON");
        let back = FlagDefinition::parse(&text).expect("reads back");
        prop_assert_eq!(&back, &definition);
        let again = Compiled::new("f", &back).expect("sensible");
        let answer = evaluate(&flag, &context, Timestamp(now), targeting);
        prop_assert_eq!(answer, evaluate(&flag, &context, Timestamp(now), targeting));
        prop_assert_eq!(answer, evaluate(&again, &context, Timestamp(now), targeting));
    }

    #[test]
    fn an_explanation_agrees_with_the_evaluation(
        definition in sensible(), context in context(), now in 0_i64..100, targeting in targeting(),
    ) {
        let flag = Compiled::new("f", &definition).expect("sensible");
        let answer = evaluate(&flag, &context, Timestamp(now), targeting);
        let explained = explain(&flag, &context, Timestamp(now), targeting);
        prop_assert_eq!(&explained.value, answer.value);
        prop_assert_eq!(&*explained.variant, answer.variant);
        prop_assert_eq!(explained.enabled, answer.enabled);
        prop_assert_eq!(explained.reason, answer.reason);
        prop_assert_eq!(explained.rule_id.as_deref(), answer.rule_id);
        prop_assert_eq!(explained.bucket, answer.bucket);
        for step in &explained.steps {
            let trail = step.when.as_ref().map(|when| when.outcome.as_str() == "matched");
            prop_assert!(trail.is_none_or(|matched| matched == step.passed), "{:?}", step);
        }
        let last = explained.steps.last().expect("a step");
        let expected = match answer.reason {
            Reason::Disabled => StepKind::State,
            Reason::Static if flag.has_targeting() => StepKind::AddOn,
            Reason::Static | Reason::Default => StepKind::Otherwise,
            _ => StepKind::Share,
        };
        prop_assert_eq!(last.step, expected);
        let wire = serde_json::to_string(&explained).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<nexus_domain::flag::Explanation>(&wire).expect("reads back"), explained);
    }

    #[test]
    fn a_larger_percentage_keeps_everybody_and_everybodys_variant(
        definition in sensible(), context in context(), smaller in percentage(), larger in percentage(),
    ) {
        let (smaller, larger) = (smaller.min(larger), smaller.max(larger));
        let with = |percentage| {
            let mut definition = definition.clone();
            (definition.state, definition.starts_at, definition.ends_at) = (FlagState::On, None, None);
            definition.rollout.get_or_insert_with(|| Serve::percentage(percentage)).percentage = Some(percentage);
            Compiled::new("f", &definition)
        };
        let (Ok(smaller), Ok(larger)) = (with(smaller), with(larger)) else {
            return Ok(());
        };
        let before = evaluate(&smaller, &context, Timestamp(0), Targeting::Active);
        let after = evaluate(&larger, &context, Timestamp(0), Targeting::Active);
        if before.variant != "off" {
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn without_the_add_on_a_flag_is_its_plain_state(
        definition in sensible(), context in context(), now in 0_i64..100,
    ) {
        let flag = Compiled::new("f", &definition).expect("sensible");
        let answer = evaluate(&flag, &context, Timestamp(now), Targeting::Ignored);
        let (variant, reason) =
            if flag.is_enabled(Timestamp(now)) { ("on", Reason::Static) } else { ("off", Reason::Disabled) };
        prop_assert_eq!((answer.variant, answer.reason, answer.rule_id), (variant, reason, None));
    }

    #[test]
    fn who_needs_no_targeting_key_gets_the_same_with_any(
        definition in sensible(), context in context(), key in "[a-z]{1,3}",
    ) {
        let flag = Compiled::new("f", &definition).expect("sensible");
        let names_the_key = serde_json::to_string(&definition).expect("JSON").contains("targetingKey");
        if !flag.needs_targeting_key() && !names_the_key {
            let other = Context::new(Some(key), context.attributes().clone()).expect("a context");
            let answer = |context| evaluate(&flag, context, Timestamp(0), Targeting::Active);
            prop_assert_eq!(answer(&context), answer(&other));
        }
    }

    #[test]
    fn the_switch_always_leaves_a_valid_flag(definition in sensible(), on: bool, now in 0_i64..100) {
        let switched = definition.switched(on);
        prop_assert!(switched.validate().is_ok());
        prop_assert_eq!(switched.schedule().is_enabled(Timestamp(now)), on);
    }
}
