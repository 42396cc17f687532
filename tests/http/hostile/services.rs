//! Projects, environments, services and umbrellas over REST.

use crate::world::{Reply, World};
use serde_json::{Value, json};

const SERVICES: &str = "/api/v1/projects/shop/services";

async fn make(w: &World, body: Value) -> Reply {
    w.post(SERVICES, body).with(&w.keys.admin).await
}

async fn patch(w: &World, path: &str, body: Value) -> Reply {
    w.ask("PATCH", path).json(body).with(&w.keys.admin).await
}

async fn link(w: &World, service: &str, umbrella: &str) -> Reply {
    w.ask("PUT", &format!("{SERVICES}/{service}/umbrella"))
        .json(json!({ "umbrella": umbrella }))
        .with(&w.keys.admin)
        .await
}

#[tokio::test]
async fn what_a_service_is_never_changes() {
    let w = World::new().await;
    let api = format!("{SERVICES}/api");
    for (field, value) in [
        ("kind", json!("frontend")),
        ("slug", json!("other")),
        ("environment", json!("develop")),
        ("umbrella", json!(true)),
    ] {
        let refused = patch(&w, &api, json!({ field: value })).await.refused(409, "immutable");
        assert!(refused.json()["details"][field].is_string(), "{}", refused.text());
    }
    let same = json!({ "kind": "backend", "slug": "api", "environment": "live", "umbrella": false, "name": "New name" });
    assert_eq!(patch(&w, &api, same).await.is(200).json()["name"], "New name");
}

#[tokio::test]
async fn a_slug_is_taken_once_per_environment() {
    let w = World::new().await;
    let body = json!({ "name": "Worker", "slug": "worker", "kind": "backend" });
    let taken = make(&w, body.clone()).await.refused(409, "conflict");
    assert!(taken.json()["details"]["slug"].is_string(), "{}", taken.text());
    let mut elsewhere = body;
    elsewhere["environment"] = json!("develop");
    make(&w, elsewhere).await.is(201);
}

#[tokio::test]
async fn a_name_or_slug_that_people_cannot_read_is_refused() {
    let w = World::new().await;
    for name in ["", " ", "a\0b", "\u{202e}reversed", &"x".repeat(81)] {
        make(&w, json!({ "name": name, "slug": "fine", "kind": "backend" })).await.invalid("name");
        w.post("/api/v1/projects", json!({ "name": name, "slug": "fine" }))
            .with(&w.keys.admin)
            .await
            .invalid("name");
        patch(&w, "/api/v1/projects/shop", json!({ "name": name })).await.invalid("name");
        patch(&w, &format!("{SERVICES}/api"), json!({ "name": name })).await.invalid("name");
        patch(&w, "/api/v1/environments/staging", json!({ "name": name })).await.invalid("name");
    }
    for slug in ["Upper", "two words", "-a", "a-", "a/b", "ä", "a_b", &"x".repeat(41), "..", "%2e"] {
        make(&w, json!({ "name": "Fine", "slug": slug, "kind": "backend" })).await.invalid("slug");
        let project = json!({ "name": "Fine", "slug": slug });
        w.post("/api/v1/projects", project).with(&w.keys.admin).await.invalid("slug");
    }
}

#[tokio::test]
async fn a_name_without_a_letter_that_fits_in_a_slug_asks_for_one() {
    let w = World::new().await;
    make(&w, json!({ "name": "支払い", "kind": "backend" })).await.invalid("slug");
    make(&w, json!({ "name": "支払い", "slug": "payments", "kind": "backend" })).await.is(201);
}

#[tokio::test]
async fn an_environment_that_is_reserved_or_malformed_is_refused() {
    let w = World::new().await;
    for slug in [
        "test", "internal", "admin", "api", "nexus", "nexio", "draft", "all", "dev_ana", "_a", "a_", "a__b",
        "A", "a-b", "",
    ] {
        w.post("/api/v1/environments", json!({ "slug": slug })).with(&w.keys.admin).await.invalid("slug");
    }
    for slug in ["live", "develop"] {
        let taken = w.post("/api/v1/environments", json!({ "slug": slug })).with(&w.keys.admin).await;
        assert!([400, 409].contains(&taken.status.as_u16()), "{slug}: {}", taken.text());
    }
}

#[tokio::test]
async fn a_sixth_environment_is_over_the_quota() {
    let w = World::new().await;
    for slug in ["one", "two", "three"] {
        w.post("/api/v1/environments", json!({ "slug": slug })).with(&w.keys.admin).await.is(201);
    }
    let refused = w.post("/api/v1/environments", json!({ "slug": "four" })).with(&w.keys.admin).await;
    refused.refused(409, "quota_exceeded");
}

#[tokio::test]
async fn live_cannot_be_deleted_and_neither_can_an_environment_in_use() {
    let w = World::new().await;
    let delete =
        async |slug: &str| w.ask("DELETE", &format!("/api/v1/environments/{slug}")).with(&w.keys.admin).await;
    assert_eq!(delete("live").await.status, 409);
    delete("develop").await.refused(409, "in_use");
    delete("staging").await.is(204);
}

#[tokio::test]
async fn an_umbrella_of_another_kind_project_or_environment_is_refused() {
    let w = World::new().await;
    for body in [
        json!({ "name": "Front", "slug": "front", "kind": "frontend", "umbrella": true }),
        json!({ "name": "Elsewhere", "slug": "elsewhere", "kind": "backend", "umbrella": true, "environment": "develop" }),
    ] {
        make(&w, body).await.is(201);
    }
    let body = json!({ "name": "Other", "slug": "other", "kind": "backend", "umbrella": true });
    w.post("/api/v1/projects/attic/services", body).with(&w.keys.admin).await.is(201);
    let kind = link(&w, "api", "front").await.refused(409, "conflict");
    assert!(kind.json()["details"]["umbrella"].is_string(), "{}", kind.text());
    link(&w, "api", "elsewhere").await.invalid("umbrella");
    link(&w, "api", "other").await.invalid("umbrella");
    link(&w, "api", "nothing").await.invalid("umbrella");
    link(&w, "web", "shared").await.refused(409, "conflict");
}

#[tokio::test]
async fn links_are_one_level_deep() {
    let w = World::new().await;
    let second = json!({ "name": "Second", "slug": "second", "kind": "backend", "umbrella": true });
    make(&w, second).await.is(201);
    link(&w, "second", "shared").await.refused(409, "conflict");
    link(&w, "shared", "shared").await.refused(409, "conflict");
    link(&w, "api", "worker").await.refused(409, "conflict");
    link(&w, "api", "api").await.refused(409, "conflict");
}

#[tokio::test]
async fn an_umbrella_with_links_is_not_deleted_and_names_them() {
    let w = World::new().await;
    let delete = || w.ask("DELETE", &format!("{SERVICES}/shared")).with(&w.keys.admin);
    let refused = delete().await.refused(409, "in_use");
    assert!(refused.text().contains("worker"), "{}", refused.text());
    w.ask("DELETE", &format!("{SERVICES}/worker/umbrella")).with(&w.keys.admin).await.is(204);
    w.ask("DELETE", &format!("{SERVICES}/worker/umbrella"))
        .with(&w.keys.admin)
        .await
        .refused(404, "not_found");
    delete().await.is(204);
}

#[tokio::test]
async fn an_umbrella_has_no_endpoint_and_no_keys() {
    let w = World::new().await;
    let shared = w.get(&format!("{SERVICES}/shared")).with(&w.keys.admin).await.is(200).json();
    assert!(shared["endpoint"].is_null() && shared["endpoint_slug"].is_null(), "{shared}");
    let rotate =
        w.post(&format!("{SERVICES}/shared/keys/primary/rotate"), json!({})).with(&w.keys.admin).await;
    assert!(rotate.status.is_client_error(), "{}", rotate.text());
}

#[tokio::test]
async fn grace_is_between_nothing_and_thirty_days() {
    let w = World::new().await;
    let rotate = async |body: Value| {
        w.post(&format!("{SERVICES}/api/keys/primary/rotate"), body).with(&w.keys.admin).await
    };
    for hours in [json!(-1), json!(721), json!(i64::MAX)] {
        rotate(json!({ "grace_hours": hours })).await.invalid("grace_hours");
    }
    for hours in [json!("24"), json!(1.5), json!(1e300)] {
        rotate(json!({ "grace_hours": hours })).await.invalid("grace_hours");
    }
    rotate(json!({ "access": "admin" })).await.invalid("access");
    rotate(json!({ "grace_hours": 0 })).await.is(200);
    rotate(json!({ "grace_hours": 720 })).await.is(200);
}

#[tokio::test]
async fn a_public_key_is_never_one_that_writes() {
    let w = World::new().await;
    let rotate = w.post(&format!("{SERVICES}/web/keys/primary/rotate"), json!({ "access": "read_write" }));
    let reply = rotate.with(&w.keys.admin).await;
    assert!(reply.status.is_client_error(), "{}", reply.text());
}

#[tokio::test]
async fn a_slot_that_is_none_is_not_found() {
    let w = World::new().await;
    for slot in ["third", "PRIMARY", "primary%20", "0"] {
        let path = format!("{SERVICES}/api/keys/{slot}");
        w.ask("DELETE", &path).with(&w.keys.admin).await.refused(404, "not_found");
        w.post(&format!("{path}/rotate"), json!({})).with(&w.keys.admin).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn how_long_deletions_can_be_taken_back_is_between_7_and_365_days() {
    let w = World::new().await;
    for days in [6, 366, -1] {
        patch(&w, "/api/v1/projects/shop", json!({ "undelete_days": days })).await.invalid("undelete_days");
    }
    patch(&w, "/api/v1/projects/shop", json!({ "undelete_days": 7 })).await.is(200);
}

#[tokio::test]
async fn html_in_a_name_is_text_on_every_page() {
    let w = World::new().await;
    let name = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    patch(&w, "/api/v1/projects/shop", json!({ "name": name })).await.is(200);
    patch(&w, &format!("{SERVICES}/api"), json!({ "name": name })).await.is(200);
    let note = json!({ "note": name, "tags": ["</script><b>"] });
    patch(&w, &format!("{SERVICES}/api/secrets/TOKEN"), note).await.is(200);
    for page in [
        "/t/acme/projects",
        "/t/acme/projects/shop",
        "/t/acme/projects/shop/settings",
        "/t/acme/projects/shop/live/api/secrets?open=TOKEN",
        "/t/acme/projects/shop/live/api/settings",
        "/t/acme/audit",
    ] {
        let html = w.get(page).with(crate::world::Person::Owner).await.is(200).text();
        assert!(
            !html.contains("<script>alert") && !html.contains("<img src=x") && !html.contains("</script><b>"),
            "{page}"
        );
    }
}
