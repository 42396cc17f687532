//! Lists come in pages, and creating says where.

use crate::world::World;
use serde_json::{Value, json};

const SECRETS: &str = "/api/v1/projects/shop/services/worker/secrets";

async fn with_secrets(count: usize) -> World {
    let w = World::new().await;
    for n in 0..count {
        let body = json!({ "key": format!("PAGED_{n}"), "value": "x" });
        w.post(SECRETS, body).with(&w.keys.admin).await.is(201);
    }
    w
}

#[tokio::test]
async fn the_limit_is_50_unless_said_and_200_at_most() {
    let w = with_secrets(53).await;
    let page = w.get(SECRETS).with(&w.keys.admin).await.is(200).json();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(50));
    assert!(page["next_cursor"].is_string());
    let page = w.get(&format!("{SECRETS}?limit=200")).with(&w.keys.admin).await.is(200).json();
    assert_eq!((page["data"].as_array().map(Vec::len), &page["next_cursor"]), (Some(55), &Value::Null));
    for limit in ["0", "-1", "201", "9223372036854775807"] {
        w.get(&format!("{SECRETS}?limit={limit}")).with(&w.keys.admin).await.invalid("limit");
        w.get(&format!("/api/v1/audit?limit={limit}")).with(&w.keys.admin).await.invalid("limit");
    }
}

#[tokio::test]
async fn the_cursor_leads_through_everything_once() {
    let w = with_secrets(7).await;
    for (path, total) in [(SECRETS, 9), ("/api/v1/audit", usize::MAX)] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let mark = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
            let page = w.get(&format!("{path}?limit=2{mark}")).with(&w.keys.admin).await.is(200).json();
            seen.extend(
                page["data"]
                    .as_array()
                    .expect("rows")
                    .iter()
                    .map(|row| row.get("key").unwrap_or(&row["seq"]).to_string()),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = crate::world::encoded(next),
                None => break,
            }
        }
        let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len(), "{path}: {seen:?}");
        assert!(total == usize::MAX || seen.len() == total, "{path}: {seen:?}");
    }
}

#[tokio::test]
async fn a_cursor_that_nobody_gave_out_is_400() {
    let w = World::new().await;
    w.get("/api/v1/audit?cursor=nonsense").with(&w.keys.admin).await.invalid("cursor");
}

#[tokio::test]
async fn every_list_has_the_shape_of_a_page() {
    let w = World::new().await;
    let service = "/api/v1/projects/shop/services/api";
    for path in [
        "/api/v1/projects",
        "/api/v1/environments",
        "/api/v1/projects/shop/services",
        &format!("{service}/keys"),
        &format!("{service}/secrets"),
        &format!("{service}/secrets/TOKEN/versions"),
        &format!("{service}/identities"),
        "/api/v1/identity-providers",
        "/api/v1/sessions",
        "/api/v1/audit",
        "/api/v1/members",
        "/api/v1/projects/shop/members",
        "/v1/users",
    ] {
        let page = w.get(path).with(&w.keys.admin).await.is(200).json();
        let mut names: Vec<_> = page.as_object().expect("an object").keys().cloned().collect();
        names.sort();
        assert_eq!(names, ["data", "next_cursor"], "{path}");
        assert!(page["data"].as_array().is_some_and(|rows| !rows.is_empty()), "{path}");
    }
}

#[tokio::test]
async fn what_was_made_is_found_where_location_says() {
    let w = World::new().await;
    for (path, body) in [
        ("/api/v1/projects", json!({ "name": "A new one" })),
        ("/api/v1/environments", json!({ "slug": "qa" })),
        ("/api/v1/identity-providers", json!({ "name": "GitLab", "kind": "gitlab" })),
        (
            "/api/v1/projects/shop/services",
            json!({ "name": "New", "kind": "backend", "environment": "develop" }),
        ),
        (
            "/api/v1/projects/shop/services/api/secrets?environment=develop",
            json!({ "key": "a.b:c-d_e", "value": "x" }),
        ),
        (
            "/api/v1/projects/shop/services/api/secrets/TOKEN/versions?environment=develop",
            json!({ "value": "x" }),
        ),
    ] {
        let made = w.post(path, body).with(&w.keys.admin).await.is(201);
        let there = w.get(made.header("location").expect("a location")).with(&w.keys.admin).await.is(200);
        for field in ["id", "slug", "key", "version"] {
            assert_eq!(made.json().get(field), there.json().get(field), "{path} {field}");
        }
    }
}

#[tokio::test]
async fn deleting_answers_204_with_nothing() {
    let w = World::new().await;
    let service = "/api/v1/projects/shop/services/api";
    for path in [
        &format!("{service}/secrets/TOKEN"),
        &format!("{service}/keys/primary"),
        service,
        "/api/v1/environments/staging",
        "/api/v1/projects/shop",
    ] {
        let reply = w.ask("DELETE", path).with(&w.keys.admin).await.is(204);
        assert!(reply.body.is_empty(), "{path}");
        w.ask("DELETE", path).with(&w.keys.admin).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_patch_that_says_nothing_changes_nothing() {
    let w = World::new().await;
    let before = w.fingerprint().await;
    for path in [
        "/api/v1/projects/shop",
        "/api/v1/environments/staging",
        "/api/v1/projects/shop/services/api",
        "/api/v1/projects/shop/services/api/secrets/TOKEN",
    ] {
        w.ask("PATCH", path).json(json!({})).with(&w.keys.admin).await.is(200);
    }
    assert_eq!(w.fingerprint().await, before);
}

#[tokio::test]
async fn times_are_rfc_3339_in_utc_with_microseconds_and_ids_are_uuid_v7() {
    let w = World::new().await;
    let project = w.get("/api/v1/projects/shop").with(&w.keys.admin).await.is(200).json();
    assert_eq!(project["created_at"], "2026-11-21T08:00:00.000000Z");
    let id: uuid::Uuid = project["id"].as_str().expect("an id").parse().expect("a uuid");
    assert_eq!(id.get_version_num(), 7);
}
