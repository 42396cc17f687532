//! Two people at once: whoever comes second is told who came first, and changes nothing.

use crate::world::{Person, World};
use serde_json::json;

const TOKEN: &str = "/api/v1/projects/shop/services/api/secrets/TOKEN";

#[tokio::test]
async fn every_write_over_rest_that_starts_from_an_older_version_is_refused_with_who_and_when() {
    let w = World::new().await;
    let before = w.fingerprint().await;
    for expected in [1, 3, 0, -1] {
        for (method, path, body) in [
            ("POST", format!("{TOKEN}/versions"), json!({ "value": "x", "expected_version": expected })),
            ("PATCH", TOKEN.to_owned(), json!({ "note": "x", "expected_version": expected })),
            ("POST", format!("{TOKEN}/versions/1/restore"), json!({ "expected_version": expected })),
            ("DELETE", format!("{TOKEN}?expected_version={expected}"), json!({})),
        ] {
            let ask = w.ask(method, &path).json(body).with(&w.keys.admin);
            let details = ask.await.refused(409, "conflict").json()["details"].clone();
            assert_eq!(details["current_version"], 2, "{method} {path}");
            assert_eq!(details["updated_by"], Person::Owner.email(), "{method} {path}");
            assert_eq!(details["updated_at"], "2026-11-21T08:00:00.000000Z", "{method} {path}");
        }
    }
    assert_eq!(w.fingerprint().await, before);
}

#[tokio::test]
async fn a_write_by_service_key_that_starts_from_an_older_version_is_refused() {
    let w = World::new().await;
    let put = w.ask("PUT", "/v1/secrets/TOKEN").json(json!({ "value": "x", "expected_version": 1 }));
    put.with(&w.keys.sk_write).await.refused(409, "conflict");
    let delete = w.ask("DELETE", "/v1/secrets/TOKEN?expected_version=1").with(&w.keys.sk_write);
    delete.await.refused(409, "conflict");
}

#[tokio::test]
async fn the_version_that_is_active_is_let_through() {
    let w = World::new().await;
    let next = json!({ "value": "x", "expected_version": 2 });
    w.post(&format!("{TOKEN}/versions"), next).with(&w.keys.admin).await.is(201);
    let delete = w.ask("DELETE", &format!("{TOKEN}?expected_version=3")).with(&w.keys.admin);
    delete.await.is(204);
}

#[tokio::test]
async fn of_two_at_the_same_moment_one_is_second() {
    let w = World::new().await;
    let write = || {
        let body = json!({ "value": "x", "expected_version": 2 });
        w.post(&format!("{TOKEN}/versions"), body).with(&w.keys.admin)
    };
    let all = futures::future::join_all((0..8).map(|_| async { write().await.status.as_u16() })).await;
    assert_eq!(all.iter().filter(|status| **status == 201).count(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|status| **status == 409).count(), 7, "{all:?}");
}

#[tokio::test]
async fn the_console_tells_the_second_person_who_was_first() {
    let w = World::new().await;
    let base = [
        ("tenant", "acme"),
        ("project", "shop"),
        ("environment", "live"),
        ("service", "api"),
        ("key", "TOKEN"),
    ];
    for (function, more) in [
        ("add_secret_version", &[("value", "x")][..]),
        ("edit_secret", &[("secret", "TOKEN"), ("note", "x")]),
        ("restore_secret_version", &[("version", "1")]),
        ("delete_secret", &[]),
    ] {
        let fields: Vec<_> = base.iter().chain(more).chain(&[("expected_version", "1")]).copied().collect();
        let reply = w.call(function, &fields).with(Person::Manager).await.refused(409, "conflict");
        assert_eq!(reply.json()["details"]["updated_by"], Person::Owner.email(), "{function}");
    }
}
