//! How long one evaluation takes: a flag with five rules of the kind that people write, for
//! somebody whom the first rule matches, whom the last one matches, and whom only the rollout
//! reaches. The limit is 1 µs. Run with `cargo bench -p nexus-domain --features regex`.

#![allow(clippy::expect_used, reason = "a benchmark that cannot start has nothing to measure")]

use criterion::{Criterion, criterion_group, criterion_main};
use nexus_domain::Timestamp;
use nexus_domain::flag::{Compiled, Context, FlagDefinition, Targeting, evaluate, explain};
use serde_json::{Value, json};
use std::hint::black_box;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

fn five_rules() -> Compiled {
    let countries: Vec<String> = (0..200).map(|number| format!("C{number:03}")).collect();
    let definition = json!({
        "state": "scheduled", "starts_at": "2026-01-01T00:00:00Z",
        "variants": [{"name": "control", "value": "blue"}, {"name": "bright", "value": "orange"}],
        "on_variant": "bright", "off_variant": "control",
        "rules": [
            {"id": "staff", "serve": {"variant": "bright"},
             "when": {"attribute": "email", "op": "ends_with", "value": "@acme.test"}},
            {"id": "countries", "serve": {"variant": "bright"},
             "when": {"all": [{"attribute": "country", "op": "in", "value": countries},
                              {"attribute": "age", "op": "gte", "value": 18}]}},
            {"id": "versions", "serve": {"variant": "control"},
             "when": {"attribute": "app.version", "op": "matches", "value": r"^1\.[0-4]\.\d+$"}},
            {"id": "plans", "serve": {"percentage": 50, "split": [{"variant": "control", "weight": 1},
                                                                  {"variant": "bright", "weight": 1}]},
             "when": {"any": [{"attribute": "plan", "op": "eq", "value": "pro"},
                              {"attribute": "groups", "op": "contains", "value": "beta"}]}},
            {"id": "new", "serve": {"variant": "bright"},
             "when": {"attribute": "signed_up", "op": "gt", "value": "2026-06-01"}},
        ],
        "rollout": {"percentage": 12.5},
    });
    let definition = FlagDefinition::parse(&definition.to_string()).expect("a definition");
    Compiled::new("checkout-colour", &definition).expect("valid")
}

fn user(changes: &Value) -> Context {
    let mut user = json!({
        "targetingKey": "019aa5f0-8c1e-7b3a-9f00-1234567890ab", "email": "ana@example.test", "country": "PT",
        "age": 34, "app": {"version": "2.7.13"}, "plan": "free", "groups": ["a", "b"], "signed_up": "2025-03-01",
    });
    let fields = user.as_object_mut().expect("an object");
    fields.extend(changes.as_object().expect("an object").clone());
    Context::from_flat(fields.clone()).expect("a context")
}

fn benches(criterion: &mut Criterion) {
    let flag = five_rules();
    let cases = [
        ("first rule", user(&json!({"email": "ana@acme.test"})), Some("staff")),
        ("last rule", user(&json!({"signed_up": "2026-07-01"})), Some("new")),
        ("split of a rule", user(&json!({"plan": "pro"})), Some("plans")),
        ("rollout", user(&json!({})), None),
    ];
    for (name, context, rule) in &cases {
        assert_eq!(evaluate(&flag, context, NOW, Targeting::Active).rule_id, *rule, "{name}");
        criterion.bench_function(&format!("five rules, {name}"), |bencher| {
            bencher.iter(|| evaluate(black_box(&flag), black_box(context), NOW, Targeting::Active));
        });
    }
    let plain = Compiled::new("plain", &FlagDefinition::parse(r#"{"state":"on"}"#).expect("a definition"));
    let plain = plain.expect("valid");
    let context = user(&json!({}));
    criterion.bench_function("no rules", |bencher| {
        bencher.iter(|| evaluate(black_box(&plain), black_box(&context), NOW, Targeting::Active));
    });
    criterion.bench_function("five rules, explained", |bencher| {
        bencher.iter(|| explain(black_box(&flag), black_box(&context), NOW, Targeting::Active));
    });
}

criterion_group!(flag, benches);
criterion_main!(flag);
