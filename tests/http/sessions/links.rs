//! One-time links: looking shows, sending uses up.

use super::{reads_projects, sign_in};
use crate::world::{As, PASSWORD, Person, World};
use nexus_domain::timestamp::HOUR;

const NEW: &str = "another horse battery";

fn reset<'a>(w: &'a World, password: &str) -> crate::world::Ask<'a> {
    w.call("reset_password", &[("token", &w.keys.reset), ("password", password)])
}

#[tokio::test]
async fn looking_at_a_link_however_often_does_not_use_it_up() {
    let w = World::new().await;
    let page = format!("/reset/{}", w.keys.reset);
    for method in ["GET", "HEAD", "GET"] {
        w.ask(method, &page).await.is(200);
    }
    assert!(w.get(&page).await.text().contains("Choose a new password"));
    let link = w.call("reset_link", &[("token", &w.keys.reset)]).await.is(200);
    assert_eq!(link.text(), "true");
    reset(&w, NEW).await.is(200);
}

#[tokio::test]
async fn a_link_works_once() {
    let w = World::new().await;
    reset(&w, NEW).await.is(200);
    reset(&w, NEW).await.refused(404, "not_found");
    assert!(w.get(&format!("/reset/{}", w.keys.reset)).await.text().contains("This link does not work"));
}

#[tokio::test]
async fn of_many_at_the_same_moment_one_succeeds() {
    let w = World::new().await;
    let all = futures::future::join_all((0..8).map(|_| async { reset(&w, NEW).await.status.as_u16() })).await;
    assert_eq!(all.iter().filter(|status| **status == 200).count(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|status| **status == 404).count(), 7, "{all:?}");
}

#[tokio::test]
async fn a_link_is_over_after_a_day() {
    let w = World::new().await;
    w.clock.pass(24 * HOUR);
    reset(&w, NEW).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_password_that_is_refused_leaves_the_link_as_it_was() {
    let w = World::new().await;
    for weak in ["short", "password123", &"x".repeat(129)] {
        reset(&w, weak).await.invalid("password");
    }
    reset(&w, NEW).await.is(200);
}

#[tokio::test]
async fn a_new_password_ends_every_session_of_the_person_and_opens_one() {
    let w = World::new().await;
    let before = As::from(Person::Viewer);
    assert_eq!(reads_projects(&w, &before).await, 200);
    let session = reset(&w, NEW).await.is(200).session().expect("a session");
    assert_eq!(reads_projects(&w, &before).await, 401);
    assert_eq!(reads_projects(&w, &session).await, 200);
    sign_in(&w, Person::Viewer.email(), PASSWORD).await.refused(401, "unauthorized");
    sign_in(&w, Person::Viewer.email(), NEW).await.is(200);
}

#[tokio::test]
async fn a_new_password_ends_nobody_elses_session() {
    let w = World::new().await;
    reset(&w, NEW).await.is(200);
    assert_eq!(reads_projects(&w, &As::from(Person::Owner)).await, 200);
}

#[tokio::test]
async fn a_link_is_made_from_the_public_address_and_never_from_the_host_header() {
    let w = World::new().await;
    let sync =
        w.get("/api/v1/projects/shop/services/api").header("host", "evil.test").with(&w.keys.admin).await;
    let endpoint = sync.is(200).json()["endpoint"].as_str().expect("an endpoint").to_owned();
    assert!(endpoint.starts_with("https://nexus.test/s/"), "{endpoint}");
}
