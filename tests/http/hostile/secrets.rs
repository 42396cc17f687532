//! Secrets over REST.

use super::{BAD_KEYS, CONTROL};
use crate::world::{Reply, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const SECRETS: &str = "/api/v1/projects/shop/services/api/secrets";

async fn create(w: &World, body: Value) -> Reply {
    w.post(SECRETS, body).with(&w.keys.admin).await
}

#[tokio::test]
async fn a_key_outside_of_the_pattern_is_refused_wherever_one_is_made() {
    let w = World::new().await;
    let long = "A".repeat(257);
    for key in BAD_KEYS.into_iter().chain([long.as_str()]) {
        create(&w, json!({ "key": key, "value": "x" })).await.invalid("key");
        let rename = w.ask("PATCH", &format!("{SECRETS}/TOKEN")).json(json!({ "key": key }));
        rename.with(&w.keys.admin).await.invalid("key");
        let path = format!("/v1/secrets/{}", crate::world::encoded(key));
        let put = w.ask("PUT", &path).json(json!({ "value": "x" })).with(&w.keys.sk_write).await;
        assert!([400, 404].contains(&put.status.as_u16()), "{key:?}: {}", put.text());
    }
}

#[tokio::test]
async fn the_longest_key_and_every_mark_are_fine() {
    let w = World::new().await;
    for key in ["a".repeat(256), "a_b.c:d-e".to_owned(), "Z".to_owned()] {
        let made = create(&w, json!({ "key": key, "value": "x" })).await.is(201);
        w.get(made.header("location").expect("a location")).with(&w.keys.admin).await.is(200);
    }
}

#[tokio::test]
async fn a_key_that_is_taken_is_a_conflict_at_its_field() {
    let w = World::new().await;
    let taken = create(&w, json!({ "key": "TOKEN", "value": "x" })).await.refused(409, "conflict");
    assert!(taken.json()["details"]["key"].is_string(), "{}", taken.text());
    let rename = w.ask("PATCH", &format!("{SECRETS}/CERT")).json(json!({ "key": "TOKEN" }));
    rename.with(&w.keys.admin).await.refused(409, "conflict");
}

#[tokio::test]
async fn a_key_that_differs_only_in_case_is_made_with_a_warning() {
    let w = World::new().await;
    let made = create(&w, json!({ "key": "token", "value": "x" })).await.is(201);
    assert!(
        made.json()["warning"].as_str().is_some_and(|warning| warning.contains("TOKEN")),
        "{}",
        made.text()
    );
}

#[tokio::test]
async fn a_text_is_64_kib_at_most() {
    let w = World::new().await;
    create(&w, json!({ "key": "FITS", "value": "x".repeat(64 * 1024) })).await.is(201);
    create(&w, json!({ "key": "A", "value": "x".repeat(64 * 1024 + 1) })).await.refused(413, "too_large");
    let wide = "ü".repeat(32 * 1024 + 1);
    create(&w, json!({ "key": "A", "value": wide })).await.refused(413, "too_large");
}

#[tokio::test]
async fn a_file_is_1_mib_at_most() {
    let w = World::new().await;
    let file =
        |size| json!({ "key": "FILE", "type": "file", "value_base64": STANDARD.encode(vec![7_u8; size]) });
    create(&w, file(1024 * 1024 + 1)).await.refused(413, "too_large");
    create(&w, file(1024 * 1024)).await.is(201);
}

#[tokio::test]
async fn an_empty_value_is_refused_in_every_way_to_send_it() {
    let w = World::new().await;
    for body in [
        json!({ "key": "A", "value": "" }),
        json!({ "key": "A", "value_base64": "" }),
        json!({ "key": "A", "value": null }),
        json!({ "key": "A" }),
        json!({ "key": "A", "value": "x", "value_base64": "eA==" }),
    ] {
        create(&w, body).await.invalid("value");
    }
}

#[tokio::test]
async fn what_is_no_base64_is_refused_at_its_field() {
    let w = World::new().await;
    for text in ["a", "====", "@@@@", "QUJD\nREVG", "QUJDRA", "YQ==YQ=="] {
        create(&w, json!({ "key": "A", "type": "file", "value_base64": text })).await.invalid("value_base64");
    }
}

#[tokio::test]
async fn control_characters_are_no_text_and_may_be_a_file() {
    let w = World::new().await;
    for text in CONTROL {
        create(&w, json!({ "key": "A", "value": text })).await.invalid("value");
        let twice = json!({ "key": "A", "type": "text", "value_base64": STANDARD.encode(text) });
        create(&w, twice).await.invalid("value");
    }
    let not_utf8 = json!({ "key": "A", "type": "text", "value_base64": STANDARD.encode([0xff, 0xfe]) });
    create(&w, not_utf8).await.invalid("value");
    let file = json!({ "key": "A", "type": "file", "value_base64": STANDARD.encode("a\0b") });
    create(&w, file).await.is(201);
}

#[tokio::test]
async fn a_value_comes_back_to_the_byte() {
    let w = World::new().await;
    for (n, value) in [
        "ключ 🔑 مفتاح",
        "line\r\nline\n\ttab",
        "  spaces  ",
        "\"quotes\" \\ {{secret:A}} <b>&amp;",
        "\u{202e}rtl",
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("KEY{n}");
        create(&w, json!({ "key": key, "value": value })).await.is(201);
        let read = w.get(&format!("{SECRETS}/{key}")).with(&w.keys.admin).await.is(200).json();
        assert_eq!(read["value"], value);
        let synced = w.get("/v1/sync").with(&w.keys.sk_read).await.is(200).json();
        assert_eq!(synced["secrets"][key.as_str()]["value"], value);
    }
}

#[tokio::test]
async fn what_stands_beside_a_value_is_bounded_and_visible() {
    let w = World::new().await;
    let with = |field: &str, value: Value| json!({ "key": "A", "value": "x", field: value });
    for text in ["x".repeat(501), "two\nlines".to_owned(), "\u{202e}reversed".to_owned()] {
        create(&w, with("description", json!(text))).await.invalid("description");
    }
    for text in ["x".repeat(2001), "a\0b".to_owned()] {
        create(&w, with("note", json!(text))).await.invalid("note");
    }
    let many: Vec<String> = (0..21).map(|n| format!("tag{n}")).collect();
    for tags in [json!(many), json!(["x".repeat(41)]), json!(["a,b"]), json!(["a\u{202e}"])] {
        create(&w, with("tags", tags)).await.invalid("tags");
    }
}

#[tokio::test]
async fn a_frontend_service_has_no_secrets_on_any_path() {
    let w = World::new().await;
    let web = "/api/v1/projects/shop/services/web/secrets";
    for (method, path, body) in [
        ("GET", "", None),
        ("POST", "", Some(json!({ "key": "A", "value": "x" }))),
        ("GET", "/A", None),
        ("PATCH", "/A", Some(json!({ "note": "x" }))),
        ("DELETE", "/A", None),
        ("GET", "/A/versions", None),
        ("POST", "/A/versions", Some(json!({ "value": "x" }))),
        ("GET", "/A/versions/1", None),
        ("DELETE", "/A/versions/1", None),
        ("POST", "/A/versions/1/restore", None),
        ("GET", "/A/diff?from=1&to=2", None),
        ("POST", "/A/undelete", None),
        ("POST", ":import", Some(json!({ "text": "A=1" }))),
    ] {
        let ask = w.ask(method, &format!("{web}{path}"));
        let ask = match body {
            Some(body) => ask.json(body),
            None => ask,
        };
        ask.with(&w.keys.admin).await.refused(403, "service_kind_mismatch");
    }
}

#[tokio::test]
async fn a_public_key_writes_and_deletes_nothing() {
    let w = World::new().await;
    let put = w.ask("PUT", "/v1/secrets/A").json(json!({ "value": "x" })).with(&w.keys.pk).await;
    put.refused(403, "public_key_restricted");
    w.ask("DELETE", "/v1/secrets/A").with(&w.keys.pk).await.refused(403, "public_key_restricted");
}

#[tokio::test]
async fn a_read_key_writes_and_deletes_nothing() {
    let w = World::new().await;
    let before = w.fingerprint().await;
    let put = w.ask("PUT", "/v1/secrets/TOKEN").json(json!({ "value": "x" })).with(&w.keys.sk_read).await;
    put.refused(403, "forbidden");
    w.ask("DELETE", "/v1/secrets/TOKEN").with(&w.keys.sk_read).await.refused(403, "forbidden");
    assert_eq!(w.fingerprint().await, before);
}

#[tokio::test]
async fn the_active_version_cannot_be_destroyed_and_a_destroyed_one_is_gone_for_good() {
    let w = World::new().await;
    let token = format!("{SECRETS}/TOKEN");
    let version = |n: i64, rest: &str| format!("{token}/versions/{n}{rest}");
    w.ask("DELETE", &version(2, "")).with(&w.keys.admin).await.refused(409, "conflict");
    w.ask("DELETE", &version(1, "")).with(&w.keys.admin).await.is(204);
    w.ask("DELETE", &version(1, "")).with(&w.keys.admin).await.refused(409, "conflict");
    w.get(&version(1, "")).with(&w.keys.admin).await.refused(409, "conflict");
    w.ask("POST", &version(1, "/restore")).with(&w.keys.admin).await.refused(409, "conflict");
    w.get(&format!("{token}/diff?from=1&to=2")).with(&w.keys.admin).await.refused(409, "conflict");
    w.get(&version(3, "")).with(&w.keys.admin).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_deleted_secret_comes_back_unless_its_key_was_given_away() {
    let w = World::new().await;
    let undelete = || w.ask("POST", &format!("{SECRETS}/GONE/undelete")).with(&w.keys.admin);
    w.get(&format!("{SECRETS}/GONE")).with(&w.keys.admin).await.refused(404, "not_found");
    create(&w, json!({ "key": "GONE", "value": "x" })).await.is(201);
    undelete().await.refused(409, "conflict");
    w.ask("DELETE", &format!("{SECRETS}/GONE")).with(&w.keys.admin).await.is(204);
    undelete().await.is(200);
    undelete().await.refused(409, "conflict");
    w.ask("POST", &format!("{SECRETS}/NEVER/undelete")).with(&w.keys.admin).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_inherited_secret_is_changed_at_its_umbrella_only() {
    let w = World::new().await;
    let inherited = "/api/v1/projects/shop/services/worker/secrets/DB_URL";
    w.get(inherited).with(&w.keys.admin).await.is(200);
    let before = w.fingerprint().await;
    for (method, path, body) in [
        ("PATCH", "", json!({ "note": "x" })),
        ("DELETE", "", json!({})),
        ("POST", "/versions", json!({ "value": "x" })),
        ("POST", "/versions/1/restore", json!({})),
        ("DELETE", "/versions/1", json!({})),
    ] {
        let ask = w.ask(method, &format!("{inherited}{path}")).json(body);
        let reply = ask.with(&w.keys.admin).await;
        assert!([404, 409].contains(&reply.status.as_u16()), "{method} {path}: {}", reply.text());
    }
    assert_eq!(w.fingerprint().await, before);
}
