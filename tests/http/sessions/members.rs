//! What becomes of an open session when its person is removed, demoted, or leaves.

use crate::world::{Person, World};

const LEAVE: [(&str, &str); 2] = [("tenant", "acme"), ("typed", "acme")];

#[tokio::test]
async fn who_was_removed_is_led_to_where_they_still_belong() {
    let w = World::new().await;
    w.get("/").with(Person::Removed).await.redirects("/t/rival/projects");
    w.get("/t/rival/projects").with(Person::Removed).await.is(200);
    w.get("/t/acme/projects").with(Person::Removed).await.is(404);
    let tenants = w.call("read_tenants", &[]).with(Person::Removed).await.is(200).json();
    assert_eq!(tenants["tenants"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn an_open_session_loses_a_tenant_with_the_next_request() {
    let w = World::new().await;
    w.get("/t/acme/projects/shop").with(Person::Viewer).await.is(200);
    let fields =
        [("tenant", "acme"), ("project", "shop"), ("member", &w.keys.viewer), ("typed", "vic@acme.test")];
    w.call("remove_project_member", &fields).with(Person::Lead).await.is(200);
    w.get("/t/acme/projects/shop").with(Person::Viewer).await.is(404);
    w.get("/t/acme/projects").with(Person::Viewer).await.is(200);
    w.call("remove_member", &fields).with(Person::Owner).await.is(200);
    let gone = w.get("/t/acme/projects").with(Person::Viewer).await;
    assert!(gone.status == 303 || gone.status == 404, "{}", gone.status);
}

#[tokio::test]
async fn leaving_asks_for_the_slug_and_ends_the_session_with_the_account() {
    let w = World::new().await;
    let wrong = [("tenant", "acme"), ("typed", "rival")];
    w.call("leave_tenant", &wrong).with(Person::Tester).await.invalid("typed");
    w.call("leave_tenant", &LEAVE).with(Person::Owner).await.refused(409, "conflict");
    let done = w.call("leave_tenant", &LEAVE).with(Person::Tester).await.is(200).json();
    assert_eq!(done["to"], "/sign-in");
    w.call("read_tenants", &[]).with(Person::Tester).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_new_tenant_is_entered_at_once_and_left_when_somebody_else_owns_it() {
    let w = World::new().await;
    let done = w.call("create_tenant", &[("name", "Second")]).with(Person::Viewer).await.is(200).json();
    assert_eq!(done["to"], "/t/second/projects");
    w.get("/t/second/settings").with(Person::Viewer).await.is(200);
    w.get("/t/second/projects").with(Person::Owner).await.is(404);
    let leave = [("tenant", "second"), ("typed", "second")];
    w.call("leave_tenant", &leave).with(Person::Viewer).await.refused(409, "conflict");
    w.call("create_tenant", &[("name", "Second")]).with(Person::Owner).await.refused(409, "conflict");
}

#[tokio::test]
async fn without_a_script_the_forms_lead_back_with_what_was_done_or_refused() {
    let w = World::new().await;
    let page = "/t/acme/projects/shop/members?new";
    let fields = [("tenant", "acme"), ("project", "shop"), ("email", "nobody@acme.test"), ("role", "viewer")];
    w.submit("add_project_member", page, &fields).with(Person::Lead).await.redirects(page);
    let html = w.get(page).with(Person::Lead).await.is(200).text();
    assert!(html.contains("Nobody in this tenant has this address") && html.contains("nobody@acme.test"));
    let page = "/t/acme/members?edit=x";
    let fields = [("tenant", "acme"), ("member", w.keys.viewer.as_str()), ("role", "finance")];
    w.submit("change_member", page, &fields).with(Person::Owner).await.redirects(page);
    let html = w.get("/t/acme/members").with(Person::Owner).await.is(200).text();
    assert!(html.contains("vic@acme.test is finance now"));
}
