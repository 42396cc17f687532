//! The first start: one owner, one tenant, one token, once.

use super::reads_projects;
use crate::world::{PASSWORD, Reply, World};
use nexus_backend::people;

async fn set_up(w: &World, token: &str, password: &str) -> Reply {
    let fields =
        [("token", token), ("tenant_name", "Acme"), ("email", "ana@acme.test"), ("password", password)];
    w.call("set_up", &fields).await
}

#[tokio::test]
async fn an_instance_without_an_owner_leads_everybody_to_the_set_up() {
    let w = World::empty().await;
    w.get("/").await.redirects("/setup");
    w.get("/sign-in").await.redirects("/setup");
    w.get("/setup").await.is(200);
    w.get("/t/acme/projects").await.redirects("/sign-in?next=%2Ft%2Facme%2Fprojects");
}

#[tokio::test]
async fn the_right_token_makes_the_owner_and_signs_them_in() {
    let w = World::empty().await;
    let token = people::open_set_up(&w.nexus).expect("a token");
    let reply = set_up(&w, &token, PASSWORD).await.is(200);
    assert_eq!(reads_projects(&w, &reply.session().expect("a session")).await, 200);
    w.get("/setup").await.redirects("/sign-in");
}

#[tokio::test]
async fn the_token_works_once() {
    let w = World::empty().await;
    let token = people::open_set_up(&w.nexus).expect("a token");
    set_up(&w, &token, PASSWORD).await.is(200);
    set_up(&w, &token, PASSWORD).await.refused(409, "conflict");
}

#[tokio::test]
async fn of_many_at_the_same_moment_one_becomes_the_owner() {
    let w = World::empty().await;
    let token = people::open_set_up(&w.nexus).expect("a token");
    let all =
        futures::future::join_all((0..20).map(|_| async { set_up(&w, &token, PASSWORD).await.status })).await;
    assert_eq!(all.iter().filter(|status| status.is_success()).count(), 1, "{all:?}");
    assert_eq!(w.number("SELECT count(*) FROM tenants").await, 1);
    assert_eq!(w.number("SELECT count(*) FROM users").await, 1);
}

#[tokio::test]
async fn a_wrong_token_makes_nobody_and_ten_of_them_have_to_wait() {
    let w = World::empty().await;
    people::open_set_up(&w.nexus).expect("a token");
    for _ in 0..10 {
        set_up(&w, "0123", PASSWORD).await.invalid("token");
    }
    set_up(&w, "0123", PASSWORD).await.refused(429, "rate_limited");
    assert_eq!(w.number("SELECT count(*) FROM users").await, 0);
}

#[tokio::test]
async fn a_form_that_is_refused_leaves_the_token_as_it_was() {
    let w = World::empty().await;
    let token = people::open_set_up(&w.nexus).expect("a token");
    set_up(&w, &token, "password").await.invalid("password");
    set_up(&w, &token, PASSWORD).await.is(200);
}

#[tokio::test]
async fn without_a_token_on_the_terminal_there_is_no_set_up() {
    let w = World::empty().await;
    set_up(&w, "", PASSWORD).await.refused(409, "conflict");
    assert_eq!(w.number("SELECT count(*) FROM users").await, 0);
}
