//! What the pages of the console say when no script runs: the document that the server sends, and what the console's
//! own calls offer to whom.

use crate::world::{Person, World};

/// The names of what the palette offers somebody on a page.
async fn offered(w: &World, person: Person, here: &str) -> Vec<String> {
    let spots = w.call("palette", &[("tenant", "acme"), ("here", here)]).with(person).await.is(200).json();
    let names = spots.as_array().expect("spots").iter().map(|spot| spot["name"].as_str());
    names.map(|name| name.expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn a_title_is_text_and_nothing_else() {
    let w = World::new().await;
    for (page, title) in [
        ("/t/acme/environments", "Environments · Nexus"),
        ("/t/acme/projects/shop/live/api/secrets", "Secrets · api · live · shop · Nexus"),
        ("/t/acme/projects/a&b", "a&amp;b · Nexus"),
    ] {
        let html = w.get(page).with(Person::Owner).await.text();
        assert!(html.contains(&format!("<title>{title}</title>")), "{page}");
    }
}

#[tokio::test]
async fn the_grid_shows_the_service_that_the_address_names() {
    let w = World::new().await;
    let html = w
        .get("/t/acme/projects/shop/grid?kind=secret&service=frontend:web")
        .with(Person::Owner)
        .await
        .is(200)
        .text();
    assert!(html.contains("<option value=\"frontend:web\" selected"), "the one that is named");
    assert!(!html.contains("has no secrets"), "configs are shown in their place");
    assert!(!html.contains(">Secrets</a>"), "what it cannot have is not offered");
    let html = w.get("/t/acme/projects/shop/grid?service=nothing").with(Person::Owner).await.text();
    assert!(html.contains("<option value=\"nothing\" selected"), "and no other in its place");
}

#[tokio::test]
async fn the_palette_offers_what_the_role_allows() {
    let w = World::new().await;
    let here = "/t/acme/projects/shop/live/api/configs";
    let owner = offered(&w, Person::Owner, here).await;
    for name in [
        "New project",
        "Audit log",
        "API log",
        "Invite members",
        "New config here",
        "New secret here",
        "Sign out",
    ] {
        assert!(owner.iter().any(|it| it == name), "an owner is offered {name}");
    }
    let viewer = offered(&w, Person::Viewer, here).await;
    assert!(viewer.iter().any(|it| it == "Projects") && viewer.iter().any(|it| it == "Theme: Dark"));
    for name in &viewer {
        let refused = [
            "New project",
            "New environment",
            "New service",
            "New secret",
            "New config",
            "New flag",
            "Audit log",
        ];
        let refused = refused.iter().chain(&["API log", "Invite", "Settings of", "Outbox", "API keys"]);
        assert!(!refused.clone().any(|it| name.starts_with(it)), "a viewer is offered {name}");
    }
}

#[tokio::test]
async fn the_palette_finds_what_is_near_first() {
    let w = World::new().await;
    for environment in ["develop", "live"] {
        let uri = format!("/api/v1/projects/shop/services/api/configs?environment={environment}");
        let body = serde_json::json!({ "key": "NEAR_AND_FAR", "value": "x" });
        w.post(&uri, body).with(&w.keys.admin).await.is(201);
    }
    let hints = async |here: &str| {
        let fields = [("tenant", "acme"), ("q", "near_and"), ("here", here)];
        let found = w.call("find_entries", &fields).with(Person::Owner).await.is(200).json();
        let hints = found.as_array().expect("spots").iter().map(|spot| spot["hint"].to_string());
        hints.collect::<Vec<_>>()
    };
    let live_first = hints("/t/acme/projects").await;
    assert_eq!(live_first.len(), 2);
    assert!(live_first[0].contains("Config of api in shop, live"), "{live_first:?}");
    let own_first = hints("/t/acme/projects/shop/develop/api/configs").await;
    assert!(own_first[0].contains("develop"), "{own_first:?}");
}
