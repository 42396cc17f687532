//! What configs become once their references are replaced counts for the size of a snapshot, when it is
//! written and not only when a program asks.

use crate::world::{Outcome, World, new_config, new_value};
use nexus_backend::{configs, services};
use nexus_domain::Code;
use nexus_domain::import::{ImportFormat, ImportRequest};
use nexus_domain::service::ServicePath;

both![
    a_template_that_would_become_too_large_is_refused,
    what_many_templates_become_together_is_bounded,
    what_is_named_may_not_grow_too_far,
    an_umbrella_is_judged_where_it_is_inherited,
];

async fn refused(w: &World, path: &ServicePath, key: &str, value: &str) -> String {
    let outcome = configs::create(&w.nexus, &w.owner, path, new_config(key, value)).await;
    let refusal = outcome.refused_as(Code::QuotaExceeded);
    refusal.details["quota"].as_str().expect("text").to_owned()
}

fn text(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes))
}

fn times(key: &str, n: usize) -> String {
    format!("\"{}\"", format!("{{{{config:{key}}}}}").repeat(n))
}

async fn a_template_that_would_become_too_large_is_refused(w: &World) {
    let api = w.shop().await;
    w.set(&api, "L0", &text(60_000)).await;
    assert_eq!(refused(w, &api, "L1", &times("L0", 900)).await, "snapshot_bytes");
    assert_eq!(refused(w, &api, "L1", &times("L0", 18)).await, "resolved_bytes");
    w.set(&api, "L1", &times("L0", 17)).await;
    assert_eq!(refused(w, &api, "L2", &times("L1", 2)).await, "resolved_bytes");
    // Two circles of nothing are not measured for ever.
    assert_eq!(refused(w, &api, "L2", &times("L1", 1000)).await, "snapshot_bytes");
}

async fn what_many_templates_become_together_is_bounded(w: &World) {
    let api = w.shop().await;
    w.set(&api, "L0", &text(60_000)).await;
    let many = |range: std::ops::Range<usize>| {
        let all: Vec<String> = range.map(|n| format!("\"M{n}\": {}", times("L0", 17))).collect();
        let text = format!("{{{}}}", all.join(","));
        let request = ImportRequest { format: ImportFormat::Json, text, dry_run: false, description: None };
        configs::import(&w.nexus, &w.owner, &api, request)
    };
    let refusal = many(0..40).await.refused_as(Code::QuotaExceeded);
    assert_eq!(refusal.details["quota"], "snapshot_bytes");
    many(0..16).await.fine();
    many(16..17).await.refused_as(Code::QuotaExceeded);
}

async fn what_is_named_may_not_grow_too_far(w: &World) {
    let api = w.shop().await;
    w.set(&api, "L0", "\"small\"").await;
    w.set(&api, "L1", &times("L0", 900)).await;
    let grown = configs::update(&w.nexus, &w.owner, &api, "L0", new_value(&text(60_000))).await;
    let refusal = grown.refused_as(Code::QuotaExceeded);
    assert!(refusal.message.contains("L1"), "{refusal:?}");
    configs::update(&w.nexus, &w.owner, &api, "L0", new_value(&text(1000))).await.fine();
}

async fn an_umbrella_is_judged_where_it_is_inherited(w: &World) {
    let api = w.shop().await;
    let shared = w.umbrella("shop", "live", "shared").await;
    w.set(&shared, "L0", "\"small\"").await;
    w.set(&shared, "L1", &times("L0", 900)).await;
    w.set(&api, "L0", &text(60_000)).await;
    services::link(&w.nexus, &w.owner, &api, "shared").await.refused_as(Code::QuotaExceeded);
    w.reset(&api, "L0", "\"own\"").await;
    services::link(&w.nexus, &w.owner, &api, "shared").await.fine();
    let grown = configs::update(&w.nexus, &w.owner, &api, "L0", new_value(&text(60_000))).await;
    grown.refused_as(Code::QuotaExceeded);
    // Its own value is what counts for it, whatever the umbrella's.
    w.reset(&shared, "L0", "\"small again\"").await;
}
