//! ETags, and what may be stored by whom.

use crate::world::World;
use serde_json::json;

#[tokio::test]
async fn sync_answers_304_until_something_changes() {
    let w = World::new().await;
    let first = w.get("/v1/sync").with(&w.keys.sk_read).await.is(200);
    let etag = first.header("etag").expect("an etag").to_owned();
    let again = w.get("/v1/sync").header("if-none-match", &etag).with(&w.keys.sk_read).await.is(304);
    assert!(again.body.is_empty());
    assert_eq!(again.header("etag"), Some(etag.as_str()));
    let new = json!({ "key": "NEW", "value": "x" });
    w.post("/api/v1/projects/shop/services/api/secrets", new).with(&w.keys.admin).await.is(201);
    let changed = w.get("/v1/sync").header("if-none-match", &etag).with(&w.keys.sk_read).await.is(200);
    assert_ne!(changed.header("etag"), Some(etag.as_str()));
}

#[tokio::test]
async fn if_none_match_may_be_a_list_a_weak_tag_or_a_star() {
    let w = World::new().await;
    let etag =
        w.get("/v1/sync").with(&w.keys.sk_read).await.is(200).header("etag").expect("an etag").to_owned();
    let weak = if etag.starts_with("W/") { etag.clone() } else { format!("W/{etag}") };
    for (given, status) in [
        (format!("\"other\", {etag}"), 304),
        (weak, 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
        (String::new(), 200),
        ("nonsense".to_owned(), 200),
    ] {
        let reply = w.get("/v1/sync").header("if-none-match", &given).with(&w.keys.sk_read).await;
        assert_eq!(reply.status.as_u16(), status, "{given}");
    }
}

#[tokio::test]
async fn the_tag_of_one_key_says_nothing_to_another_kind_of_key() {
    let w = World::new().await;
    let backend = w.get("/v1/sync").with(&w.keys.sk_read).await.is(200);
    let etag = backend.header("etag").expect("an etag");
    w.get("/v1/sync").header("if-none-match", etag).with(&w.keys.pk).await.is(200);
    w.get("/v1/sync").header("if-none-match", etag).with(&w.keys.sk_worker).await.is(200);
}

#[tokio::test]
async fn a_refused_key_gets_401_and_no_304() {
    let w = World::new().await;
    let etag =
        w.get("/v1/sync").with(&w.keys.sk_read).await.is(200).header("etag").expect("an etag").to_owned();
    let reply = w.get("/v1/sync").header("if-none-match", &etag).with(&w.keys.sk_revoked).await;
    assert!(reply.refused(401, "unauthorized").header("etag").is_none());
}

#[tokio::test]
async fn one_secret_has_a_strong_tag_that_changes_with_its_version() {
    let w = World::new().await;
    let path = "/v1/secrets/TOKEN";
    let first = w.get(path).with(&w.keys.sk_write).await.is(200);
    let etag = first.header("etag").expect("an etag").to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2, "{etag}");
    w.ask("PUT", path).json(json!({ "value": "third" })).with(&w.keys.sk_write).await.is(200);
    let second = w.get(path).with(&w.keys.sk_write).await.is(200);
    assert_ne!(second.header("etag"), Some(etag.as_str()));
}

#[tokio::test]
async fn nothing_of_the_apis_is_stored_but_what_has_a_tag() {
    let w = World::new().await;
    for path in [
        "/api/v1/whoami",
        "/api/v1/projects",
        "/api/v1/projects/shop/services/api/secrets/TOKEN",
        "/api/v1/audit/export",
        "/api/v1/projects/nothing",
    ] {
        let reply = w.get(path).with(&w.keys.admin).await;
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
    }
    for path in ["/v1/sync", "/v1/secrets/TOKEN"] {
        let reply = w.get(path).with(&w.keys.sk_read).await.is(200);
        assert!(reply.header("etag").is_some(), "{path}");
        assert_eq!(reply.header("cache-control"), Some("private, no-cache"), "{path}");
    }
}

#[tokio::test]
async fn an_answer_of_sync_has_the_shape_of_the_contract() {
    let w = World::new().await;
    let sync = w.get("/v1/sync").with(&w.keys.sk_worker).await.is(200).json();
    assert_eq!(
        (&sync["service"], &sync["kind"], &sync["environment"]),
        (&json!("worker"), &json!("backend"), &json!("live"))
    );
    assert!(sync["revision"].is_i64() && sync["errors"].is_array(), "{sync}");
    assert_eq!(
        sync["configs"],
        json!({ "REGION": { "type": "string", "value": "eu-1", "inherited": true } })
    );
    assert_eq!(sync["flags"], json!({ "region-lock": { "enabled": false, "inherited": true } }));
    assert_eq!(
        sync["secrets"]["DB_URL"],
        json!({ "type": "text", "value": "shared-url", "version": 1, "inherited": true })
    );
    assert_eq!(sync["secrets"]["OWN"]["inherited"], false);
    let file = w.get("/v1/secrets/CERT").with(&w.keys.sk_read).await.is(200).json();
    assert_eq!(
        (&file["key"], &file["type"], &file["value_base64"]),
        (&json!("CERT"), &json!("file"), &json!("AAECAw=="))
    );
}

#[tokio::test]
async fn a_write_by_key_says_whether_it_made_or_changed() {
    let w = World::new().await;
    let put = |key: &'static str| {
        w.ask("PUT", &format!("/v1/secrets/{key}")).json(json!({ "value": "x" })).with(&w.keys.sk_worker)
    };
    assert_eq!(put("BRAND_NEW").await.is(201).json(), json!({ "key": "BRAND_NEW", "version": 1 }));
    assert_eq!(put("BRAND_NEW").await.is(200).json(), json!({ "key": "BRAND_NEW", "version": 2 }));
    assert_eq!(put("DB_URL").await.is(201).json(), json!({ "key": "DB_URL", "version": 1 }), "an override");
    w.ask("DELETE", "/v1/secrets/DB_URL").with(&w.keys.sk_worker).await.is(204);
    let inherited = w.ask("DELETE", "/v1/secrets/DB_URL").with(&w.keys.sk_worker).await;
    inherited.refused(404, "not_found");
}

#[tokio::test]
async fn one_thing_alone_answers_304_until_it_changes() {
    let w = World::new().await;
    for path in ["/v1/secrets/TOKEN", "/v1/flags/beta"] {
        let first = w.get(path).with(&w.keys.sk_read).await.is(200);
        let etag = first.header("etag").expect("a tag").to_owned();
        let again = w.get(path).header("if-none-match", &etag).with(&w.keys.sk_read).await.is(304);
        assert!(again.body.is_empty() && again.header("etag") == Some(etag.as_str()), "{path}");
        w.get(path).header("if-none-match", "\"other\"").with(&w.keys.sk_read).await.is(200);
    }
    let config = json!({ "key": "ALONE", "value": 1 });
    w.post("/api/v1/projects/shop/services/api/configs", config).with(&w.keys.admin).await.is(201);
    let path = "/v1/configs/ALONE";
    let etag = w.get(path).with(&w.keys.sk_read).await.is(200).header("etag").expect("a tag").to_owned();
    w.get(path).header("if-none-match", &etag).with(&w.keys.sk_read).await.is(304);
}
