//! Imports: all of it or nothing, and no piece of a value in what is said about it.

use crate::world::{Person, Reply, World};
use serde_json::{Value, json};

const IMPORT: &str = "/api/v1/projects/shop/services/api/secrets:import";

async fn import(w: &World, body: Value) -> Reply {
    w.post(IMPORT, body).with(&w.keys.admin).await
}

#[tokio::test]
async fn one_bad_key_and_nothing_is_written() {
    let w = World::new().await;
    let before = w.fingerprint().await;
    for text in ["GOOD=1\n9BAD=2", "GOOD=1\nGOOD=2", "GOOD=1\nEMPTY=", "{\"GOOD\":\"1\",\"9BAD\":\"2\"}"] {
        let refused = import(&w, json!({ "text": text })).await.invalid("text");
        assert!(refused.json()["details"]["keys"].is_object(), "{}", refused.text());
    }
    assert_eq!(w.fingerprint().await, before);
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    let w = World::new().await;
    let before = w.fingerprint().await;
    let text = "TOKEN=second-token\nCERT=other\nNEW=1\n9BAD=2";
    let report = import(&w, json!({ "text": text, "dry_run": true })).await.is(200).json();
    let counts =
        ["new", "changed", "unchanged", "invalid"].map(|name| report[name].as_i64().expect("a number"));
    assert_eq!(counts, [1, 1, 1, 1], "{report}");
    assert_eq!(w.fingerprint().await, before);
}

#[tokio::test]
async fn what_is_no_text_of_the_kind_said_is_refused_without_being_repeated() {
    let w = World::new().await;
    for (format, text) in [
        ("json", "{\"A\": do-not-echo-me"),
        ("json", "[\"do-not-echo-me\"]"),
        ("json", "\"do-not-echo-me\""),
        ("env", "do-not-echo-me-without-an-equals-sign"),
        ("env", "A=\"do-not-echo-me without an end"),
        ("auto", "do-not-echo-me\0"),
        ("auto", ""),
    ] {
        let refused = import(&w, json!({ "format": format, "text": text })).await;
        assert_eq!(refused.status, 400, "{format} {text:?}: {}", refused.text());
        assert!(!refused.text().contains("do-not-echo-me"), "{}", refused.text());
    }
    import(&w, json!({ "format": "toml", "text": "A = 1" })).await.invalid("format");
}

#[tokio::test]
async fn an_import_is_bounded_in_keys_and_bytes() {
    let w = World::new().await;
    let many: String = (0..1001).map(|n| format!("K{n}=1\n")).collect();
    let refused = import(&w, json!({ "text": many })).await;
    assert!([400, 413].contains(&refused.status.as_u16()), "{}", refused.text());
    let large = format!("A={}", "x".repeat(1024 * 1024));
    import(&w, json!({ "text": large })).await.refused(413, "too_large");
}

#[tokio::test]
async fn a_large_import_fits_through_the_consoles_form() {
    let w = World::new().await;
    // Cyrillic is two bytes a letter and six once it is written as a form: 960 KB become 2.9 MB.
    let text: String = (0..15).map(|n| format!("K{n}={}\n", "ж".repeat(32 * 1000))).collect();
    let fields = [
        ("tenant", "acme"),
        ("project", "shop"),
        ("environment", "live"),
        ("service", "api"),
        ("text", &text),
    ];
    let report = w.call("preview_import", &fields).with(Person::Owner).await.is(200).json();
    assert_eq!((&report["new"], &report["invalid"]), (&json!(15), &json!(0)));
}

#[tokio::test]
async fn json_that_is_nested_without_end_is_refused() {
    let w = World::new().await;
    let text = format!("{{\"A\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let refused = import(&w, json!({ "text": text })).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
}
