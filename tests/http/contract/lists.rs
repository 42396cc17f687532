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

/// Lists of which a test's world has something, and which nothing else adds to meanwhile.
const LISTS: [&str; 15] = [
    "/api/v1/projects",
    "/api/v1/tiers",
    "/api/v1/environments",
    "/api/v1/members",
    "/api/v1/projects/shop/members",
    "/api/v1/projects/shop/services",
    "/api/v1/projects/shop/services/api/keys",
    "/api/v1/projects/shop/services/api/identities",
    "/api/v1/projects/shop/services/api/secrets",
    "/api/v1/projects/shop/services/api/secrets/TOKEN/versions",
    "/api/v1/identity-providers",
    "/api/v1/invitations",
    "/api/v1/keys",
    "/api/v1/oauth/apps",
    "/api/v1/sessions",
];

/// What a row is known by.
fn name(row: &Value) -> String {
    let known = ["id", "slug", "slot", "tier", "version", "key"].iter().find_map(|name| row.get(name));
    format!("{}{}", known.expect("a name"), row.get("environment").unwrap_or(&Value::Null))
}

fn rows(page: &Value) -> Vec<String> {
    page["data"].as_array().expect("rows").iter().map(name).collect()
}

#[tokio::test]
async fn every_list_comes_in_pages() {
    let w = World::new().await;
    let versions = "/api/v1/projects/shop/services/api/secrets/TOKEN/versions";
    for value in ["2", "3", "4"] {
        w.post(versions, json!({ "value": value })).with(&w.keys.admin).await.is(201);
    }
    for path in LISTS {
        let get = async |query: String| w.get(&format!("{path}?{query}")).with(&w.keys.admin).await;
        let whole = rows(&get("limit=200".into()).await.is(200).json());
        let (mut seen, mut mark) = (Vec::new(), String::new());
        loop {
            let page = get(format!("limit=1{mark}")).await.is(200).json();
            assert_eq!(rows(&page).len(), 1, "{path}");
            seen.extend(rows(&page));
            match page["next_cursor"].as_str() {
                Some(next) => mark = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, whole, "{path}");
        for limit in ["0", "201", "-1"] {
            get(format!("limit={limit}")).await.invalid("limit");
        }
        for cursor in ["zzz", "", "41"] {
            get(format!("cursor={cursor}")).await.invalid("cursor");
        }
        get("limit=x".into()).await.invalid("limit");
        get("bogus=1".into()).await.invalid("query");
    }
}

/// The rule for every list, also those that come later.
#[tokio::test]
async fn the_document_tells_of_every_list_that_it_comes_in_pages() {
    let document = World::new().await.get("/api/openapi.json").await.is(200).json();
    let mut lists = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        let call = &item["get"];
        let answer = call["responses"]["200"]["content"]["application/json"]["schema"].to_string();
        if !answer.contains("/Page_") && !answer.contains("/Tiers") {
            continue;
        }
        lists += 1;
        let parameters = call["parameters"].as_array().expect("parameters");
        for name in ["limit", "cursor"] {
            assert!(parameters.iter().any(|it| it["name"] == name), "{path} lacks {name}");
        }
    }
    assert!(lists > LISTS.len(), "{lists}");
}

#[tokio::test]
async fn a_name_that_a_call_does_not_have_is_refused_in_every_query() {
    let w = World::new().await;
    let before = w.fingerprint().await;
    let body = json!({ "name": "New" });
    for (method, path, key) in [
        ("GET", "/api/v1/whoami?bogus=1", &w.keys.admin),
        ("HEAD", "/api/v1/projects/shop?bogus=1", &w.keys.admin),
        ("GET", "/api/v1/projects/shop?bogus=1", &w.keys.admin),
        ("POST", "/api/v1/projects?bogus=1", &w.keys.admin),
        ("PATCH", "/api/v1/projects/shop?environment=live", &w.keys.admin),
        ("DELETE", "/api/v1/projects/shop?bogus", &w.keys.admin),
        ("PUT", "/api/v1/projects/shop/addons/security?=1", &w.keys.admin),
        ("GET", "/api/v1/audit/verify?limit=1", &w.keys.admin),
        ("GET", "/v1/users?bogus=1", &w.keys.wide),
        ("GET", "/v1/sync?bogus=1", &w.keys.sk_read),
        ("GET", "/v1/secrets/TOKEN?version=1", &w.keys.sk_read),
        ("GET", &format!("/s/{}/v1/sync?bogus=1", w.keys.endpoint), &w.keys.sk_read),
        ("POST", "/v1/evaluate?explain=true", &w.keys.sk_read),
        ("POST", "/v1/auth/token-exchange?bogus=1", &w.keys.sk_read),
    ] {
        let ask = || w.ask(method, path).json(body.clone()).with(key);
        let reply = ask().await.is(400);
        if method != "HEAD" {
            assert!(reply.json()["details"]["query"].is_string(), "{method} {path}: {}", reply.text());
            assert!(!reply.text().contains("bogus"), "what somebody made up is not said again");
        }
        ask().header("idempotency-key", "with-a-typo").await.is(400);
    }
    assert_eq!(w.fingerprint().await, before);
    // Who may not ask at all hears of that first, and of nothing else.
    w.get("/api/v1/whoami?bogus=1").await.refused(401, "unauthorized");
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
async fn a_rule_in_another_environment_is_found_where_location_says() {
    let w = World::new().await;
    let provider = json!({ "name": "Forge", "kind": "github" });
    let provider = w.post("/api/v1/identity-providers", provider).with(&w.keys.admin).await.is(201).json();
    let rule = json!({
        "name": "deploy", "provider": provider["id"],
        "claims": { "repository_id": "1", "repository_owner_id": "2" },
    });
    let path = "/api/v1/projects/shop/services/api/identities?environment=develop";
    let made = w.post(path, rule).with(&w.keys.admin).await.is(201);
    let there = w.get(made.header("location").expect("a location")).with(&w.keys.admin).await.is(200);
    assert_eq!(made.json()["id"], there.json()["id"]);
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
