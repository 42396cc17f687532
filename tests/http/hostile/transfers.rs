//! Texts that an import cannot take, in every format and for both kinds: refused in bounded time,
//! with nothing written and nothing of the text repeated.

use crate::world::{Reply, World};
use serde_json::json;
use std::time::{Duration, Instant};

const OF: [&str; 2] = ["secrets", "configs"];

async fn import(w: &World, of: &str, format: &str, text: &str) -> Reply {
    let url = format!("/api/v1/projects/shop/services/api/{of}:import");
    w.post(&url, json!({ "format": format, "text": text })).with(&w.keys.admin).await
}

/// Every text is refused for secrets and configs, and the database is as it was.
async fn all_are_refused(texts: &[(&str, String)]) {
    let w = World::new().await;
    let before = w.fingerprint().await;
    for (format, text) in texts {
        for of in OF {
            let start = Instant::now();
            let reply = import(&w, of, format, text).await;
            let shown: String = text.chars().take(20).collect();
            assert!([400, 413].contains(&reply.status.as_u16()), "{of} {format} {shown:?}: {}", reply.status);
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "{of} {format} {shown:?}: {:?}",
                start.elapsed()
            );
            assert!(!reply.text().contains("echo-me"), "{}", reply.text());
        }
    }
    assert_eq!(w.fingerprint().await, before);
}

#[tokio::test]
async fn texts_without_measure_are_refused() {
    let keys = |line: fn(usize) -> String| (0..100_000).map(line).collect::<String>();
    all_are_refused(&[
        ("env", format!("A={}", "x".repeat(1024 * 1024))),
        ("json", format!("{{\"A\":\"{}\"}}", "x".repeat(1024 * 1024))),
        ("yaml", format!("A: {}", "x".repeat(1024 * 1024))),
        ("env", keys(|n| format!("K{n}=\n"))),
        ("yaml", keys(|n| format!("K{n}: \n"))),
        ("json", format!("{{{}\"Z\":1}}", (0..80_000).map(|n| format!("\"K{n}\":1,")).collect::<String>())),
        ("yaml", format!("A: {}", "[".repeat(100_000))),
        ("yaml", format!("A: {}{}", "[".repeat(100_000), "]".repeat(100_000))),
        ("yaml", (0..1_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect()),
        ("yaml", format!("A: {}1", "- ".repeat(100_000))),
        ("json", format!("{{\"A\":{}", "[".repeat(100_000))),
    ])
    .await;
}

#[tokio::test]
async fn aliases_do_not_grow() {
    let mut bomb = "a0: &a0 [echo-me, echo-me]\n".to_owned();
    for n in 1..30 {
        bomb.push_str(&format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1));
    }
    all_are_refused(&[("yaml", bomb), ("auto", "a: &a [*a]\n".into()), ("yaml", "a: 1\nb: *a\n".into())])
        .await;
}

#[tokio::test]
async fn what_is_no_value_or_stands_there_twice_is_refused() {
    all_are_refused(&[
        ("yaml", "A: 1\nB: 2\nA: 3\n".into()),
        ("json", "{\"A\":1,\"A\":2}".into()),
        ("env", "A=1\nA=2\n".into()),
        ("yaml", "A: {b: 1, b: 2}\n".into()),
        ("yaml", "A:\n\t- echo-me\n".into()),
        ("yaml", "A: !!python/object:echo-me {}\n".into()),
        ("yaml", "A: \"echo-me\n".into()),
        ("yaml", "A: null\n".into()),
        ("yaml", "--- {A: 1}\n--- {B: echo-me}\n".into()),
        ("auto", "\u{1f}\u{8b}\u{8}\0\0\0echo-me".into()),
        ("auto", "A=\u{1f}\u{8b}\u{8}\0\0\0".into()),
        ("yaml", "A: \"\\0\"\n".into()),
        ("json", "{\"A\":\"\\ud800\"}".into()),
    ])
    .await;
    let w = World::new().await;
    for value in [".nan", "-.inf", "[.NaN]", "1e999"] {
        import(&w, "configs", "yaml", &format!("A: {value}")).await.invalid("text");
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_passed_over_and_what_is_not_utf_8_is_refused() {
    let w = World::new().await;
    for (format, text) in [
        ("env", "\u{feff}A=1"),
        ("json", "\u{feff}{\"A\":\"1\"}"),
        ("yaml", "\u{feff}A: '1'"),
        ("auto", "\u{feff}A: '1'"),
    ] {
        import(&w, "secrets", format, text).await.is(200);
    }
    let url = "/api/v1/projects/shop/services/api/configs:import";
    let body = b"{\"format\":\"yaml\",\"text\":\"A: \xff\xfe\"}".to_vec();
    w.ask("POST", url).raw("application/json", body).with(&w.keys.admin).await.is(400);
}
