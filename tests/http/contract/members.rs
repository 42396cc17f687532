//! Members as programs see them: of the tenant, of a project, and at `/v1/users`.

use crate::world::{Person, World};
use serde_json::{Value, json};

const IN_SHOP: &str = "/api/v1/projects/shop/members";

async fn id_of(w: &World, email: &str) -> String {
    let list = w.get(&format!("/api/v1/members?q={email}")).with(&w.keys.admin).await.is(200).json();
    list["data"][0]["id"].as_str().expect("an id").to_owned()
}

async fn patch(w: &World, path: &str, body: Value) -> crate::world::Reply {
    w.ask("PATCH", path).json(body).with(&w.keys.admin).await
}

#[tokio::test]
async fn a_member_says_role_projects_and_environment() {
    let w = World::new().await;
    let dan = w.get("/api/v1/members?q=dan").with(&w.keys.admin).await.is(200).json()["data"][0].clone();
    let mut names: Vec<&str> = dan.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["created_at", "email", "handle", "id", "last_seen_at", "projects", "role", "second_factor"]
    );
    assert_eq!((&dan["email"], &dan["role"]), (&json!("dan@acme.test"), &json!("member")));
    assert_eq!(
        dan["projects"],
        json!([{ "project": "shop", "role": "developer", "developer_environment": "dev_dan" }])
    );
    let id = dan["id"].as_str().expect("an id");
    assert_eq!(w.get(&format!("/api/v1/members/{id}")).with(&w.keys.admin).await.is(200).json(), dan);
}

#[tokio::test]
async fn the_list_is_paged_and_stands_at_v1_users_too() {
    let w = World::new().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page =
            w.get(&format!("/api/v1/members?limit=4{cursor}")).with(&w.keys.admin).await.is(200).json();
        seen.extend(page["data"].as_array().expect("rows").iter().map(|row| row["email"].to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 9);
    assert!(seen.is_sorted(), "{seen:?}");
    for key in [&w.keys.admin, &w.keys.wide] {
        let all = w.get("/api/v1/members").with(key).await.is(200);
        assert_eq!(w.get("/v1/users").with(key).await.is(200).json(), all.json());
        // A key of one environment learns of no other.
        assert_eq!(all.text().contains("dev_dan"), key == &w.keys.admin);
        let of_project = w.get(IN_SHOP).with(key).await.is(200);
        assert_eq!(of_project.text().contains("dev_dan"), key == &w.keys.admin);
    }
    w.get("/v1/users?limit=201").with(&w.keys.wide).await.invalid("limit");
    w.get("/v1/users?cursor=nonsense").with(&w.keys.wide).await.invalid("cursor");
    w.get("/v1/users").with(&w.keys.sk_read).await.refused(403, "forbidden");
    w.get("/v1/users").with(Person::Owner).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn the_last_owner_is_a_conflict() {
    let w = World::new().await;
    let path = format!("/api/v1/members/{}", id_of(&w, "ana").await);
    patch(&w, &path, json!({ "role": "member" })).await.refused(409, "conflict");
    w.ask("DELETE", &path).with(&w.keys.admin).await.refused(409, "conflict");
    patch(&w, &path, json!({})).await.is(200);
    let other = format!("/api/v1/members/{}", id_of(&w, "mia").await);
    assert_eq!(patch(&w, &other, json!({ "role": "owner" })).await.is(200).json()["role"], "owner");
    patch(&w, &path, json!({ "role": "finance" })).await.is(200);
}

#[tokio::test]
async fn somebody_is_added_to_a_project_and_found_where_location_says() {
    let w = World::new().await;
    let add = async |body: Value| w.post(IN_SHOP, body).with(&w.keys.admin).await;
    let made = add(json!({ "email": "Max@acme.test", "role": "developer" })).await.is(201);
    let there = w.get(made.header("location").expect("a location")).with(&w.keys.admin).await.is(200);
    assert_eq!(made.json(), there.json());
    assert_eq!(there.json()["developer_environment"], "dev_max");
    add(json!({ "email": "max@acme.test", "role": "viewer" })).await.refused(409, "conflict");
    add(json!({ "email": "nobody@acme.test", "role": "viewer" })).await.invalid("email");
    add(json!({ "email": "rita@rival.test", "role": "viewer" })).await.invalid("email");
    add(json!({ "email": "not an address", "role": "viewer" })).await.invalid("email");
    add(json!({ "email": "max@acme.test", "role": "boss" })).await.invalid("role");
    add(json!({ "email": "max@acme.test" })).await.invalid("role");
    add(json!({ "email": "max@acme.test", "role": "viewer", "more": 1 })).await.invalid("more");
}

#[tokio::test]
async fn a_project_lists_the_owners_of_the_tenant_and_leaves_them_alone() {
    let w = World::new().await;
    let list = w.get(IN_SHOP).with(&w.keys.admin).await.is(200).json();
    let ana = list["data"].as_array().expect("rows").iter().find(|row| row["email"] == "ana@acme.test");
    assert_eq!(ana.expect("the owner")["tenant_owner"], true);
    assert!(!list.to_string().contains("max@acme.test"), "who was not added");
    let path = format!("{IN_SHOP}/{}", id_of(&w, "ana").await);
    patch(&w, &path, json!({ "role": "viewer" })).await.refused(409, "conflict");
    w.ask("DELETE", &path).with(&w.keys.admin).await.refused(409, "conflict");
}

#[tokio::test]
async fn what_is_no_member_is_not_found() {
    let w = World::new().await;
    let stranger = id_of(&w, "max").await;
    for id in ["nonsense", "00000000-0000-0000-0000-000000000000", "%00", "..%2fprojects"] {
        for path in [format!("/api/v1/members/{id}"), format!("{IN_SHOP}/{id}")] {
            w.get(&path).with(&w.keys.admin).await.refused(404, "not_found");
            patch(&w, &path, json!({})).await.refused(404, "not_found");
            w.ask("DELETE", &path).with(&w.keys.admin).await.refused(404, "not_found");
        }
    }
    w.get(&format!("{IN_SHOP}/{stranger}")).with(&w.keys.admin).await.refused(404, "not_found");
    let viewer = format!("/api/v1/members/{}", w.keys.viewer);
    w.get(&viewer).with(&w.keys.rival).await.refused(404, "not_found");
    patch(&w, &viewer, json!({ "role": "boss" })).await.invalid("role");
    patch(&w, &viewer, json!({ "email": "other@acme.test" })).await.invalid("email");
}
