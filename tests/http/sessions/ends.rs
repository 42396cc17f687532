//! A session ends an hour after it was used last, and a day after it began, whatever happens.

use super::{reads_projects, signed_in};
use crate::world::{As, Person, World};
use nexus_domain::timestamp::{HOUR, MINUTE};

#[tokio::test]
async fn an_hour_without_a_request_ends_it() {
    let w = World::new().await;
    let session = signed_in(&w, Person::Manager).await;
    w.clock.pass(HOUR);
    assert_eq!(reads_projects(&w, &session).await, 401);
    w.get("/t/acme/projects").with(session).await.redirects("/sign-in?next=%2Ft%2Facme%2Fprojects");
}

#[tokio::test]
async fn just_under_an_hour_does_not_end_it() {
    let w = World::new().await;
    let session = signed_in(&w, Person::Manager).await;
    w.clock.pass(HOUR - 1);
    assert_eq!(reads_projects(&w, &session).await, 200);
}

#[tokio::test]
async fn using_it_keeps_it_alive_for_a_day_and_no_longer() {
    let w = World::new().await;
    let session = signed_in(&w, Person::Manager).await;
    for _ in 0..47 {
        w.clock.pass(30 * MINUTE);
        assert_eq!(reads_projects(&w, &session).await, 200);
    }
    w.clock.pass(30 * MINUTE - 1);
    assert_eq!(reads_projects(&w, &session).await, 200);
    w.clock.pass(1);
    assert_eq!(reads_projects(&w, &session).await, 401, "24 hours after it began");
}

#[tokio::test]
async fn being_kept_alive_sends_the_cookie_anew() {
    let w = World::new().await;
    let session = signed_in(&w, Person::Manager).await;
    w.clock.pass(30 * MINUTE);
    let reply = w.get("/t/acme/projects").with(session).await.is(200);
    assert!(reply.session().is_some(), "or the browser forgets it an hour after it was set");
}

#[tokio::test]
async fn a_session_that_was_ended_stays_ended_while_a_request_of_it_is_under_way() {
    let w = World::new().await;
    let session = signed_in(&w, Person::Manager).await;
    w.clock.pass(30 * MINUTE);
    let row =
        "SELECT count(*) FROM sessions WHERE user_id = (SELECT id FROM users WHERE email = 'mia@acme.test')";
    let before = w.number(row).await;
    // Loaded before the sign-out and saved after it, as two requests at the same moment would be.
    let (_, out) = tokio::join!(async { w.get("/t/acme/projects").with(session.clone()).await }, async {
        w.call("sign_out", &[]).with(session.clone()).await
    },);
    out.is(200);
    assert_eq!(reads_projects(&w, &session).await, 401);
    assert_eq!(w.number(row).await, before - 1);
}

#[tokio::test]
async fn who_is_removed_from_the_tenant_finds_it_gone_at_once() {
    let w = World::new().await;
    let session = As::from(Person::Manager);
    assert_eq!(reads_projects(&w, &session).await, 200);
    w.execute("DELETE FROM memberships WHERE user_id = (SELECT id FROM users WHERE email = 'mia@acme.test')")
        .await;
    assert_eq!(reads_projects(&w, &session).await, 404);
}

#[tokio::test]
async fn a_demotion_holds_on_the_next_request() {
    let w = World::new().await;
    let fields = [("tenant", "acme"), ("project", "shop"), ("environment", "live"), ("service", "api")];
    w.call("read_secrets", &fields).with(Person::Manager).await.is(200);
    w.execute("UPDATE project_members SET role = 'viewer' WHERE role = 'manager'").await;
    w.call("read_secrets", &fields).with(Person::Manager).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_person_who_is_deleted_has_no_session() {
    let w = World::new().await;
    w.execute("DELETE FROM users WHERE email = 'mia@acme.test'").await;
    assert_eq!(reads_projects(&w, &As::from(Person::Manager)).await, 401);
}
