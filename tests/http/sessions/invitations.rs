//! Invitations over HTTP: the link opens one session, once, and stands in no page but that of whoever has it.

use super::reads_projects;
use crate::world::{As, PASSWORD, Person, World};

fn join<'a>(w: &'a World, password: &str) -> crate::world::Ask<'a> {
    w.call("join_by_invitation", &[("token", &w.keys.invitation_token), ("password", password)])
}

fn page(w: &World) -> String {
    format!("/invitation/{}", w.keys.invitation_token)
}

#[tokio::test]
async fn looking_at_an_invitation_however_often_does_not_use_it_up() {
    let w = World::new().await;
    for method in ["GET", "HEAD", "GET"] {
        w.ask(method, &page(&w)).await.is(200);
    }
    let text = w.get(&page(&w)).await.text();
    for part in ["Join acme", "ana@acme.test", "new@new.test", "viewer", "Choose a password"] {
        assert!(text.contains(part), "{part}");
    }
    join(&w, PASSWORD).await.is(200);
    assert!(w.get(&page(&w)).await.text().contains("This link does not work"));
}

#[tokio::test]
async fn who_signs_up_is_signed_in_and_the_link_is_used_up() {
    let w = World::new().await;
    for weak in ["short", "password123", &"x".repeat(129)] {
        join(&w, weak).await.invalid("password");
    }
    let session = join(&w, PASSWORD).await.is(200).session().expect("a session");
    assert_eq!(reads_projects(&w, &session).await, 200);
    join(&w, PASSWORD).await.refused(404, "not_found");
    let again = w.call("sign_in", &[("email", "new@new.test"), ("password", PASSWORD)]).await;
    again.is(200).session().expect("a session");
}

#[tokio::test]
async fn of_many_at_the_same_moment_one_signs_up() {
    let w = World::new().await;
    let all =
        futures::future::join_all((0..8).map(|_| async { join(&w, PASSWORD).await.status.as_u16() })).await;
    assert_eq!(all.iter().filter(|status| **status == 200).count(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|status| **status == 404).count(), 7, "{all:?}");
}

#[tokio::test]
async fn without_javascript_the_form_comes_back_without_the_password_or_leads_inside() {
    let w = World::new().await;
    let token = w.keys.invitation_token.as_str();
    let fields = |password| [("token", token), ("password", password)];
    w.submit("join_by_invitation", &page(&w), &fields("hunter2")).await.redirects(&page(&w));
    let kept = w.texts("SELECT data FROM sessions").await.concat();
    assert!(kept.contains("At least 8 characters"), "{kept}");
    assert!(!kept.contains("hunter2") && !kept.contains(token), "{kept}");
    let reply = w.submit("join_by_invitation", &page(&w), &fields(PASSWORD)).await;
    let session = reply.redirects("/t/acme/projects").session().expect("a session");
    assert_eq!(reads_projects(&w, &session).await, 200);
}

#[tokio::test]
async fn somebody_else_is_told_so_and_nobody_is_asked_to_sign_in() {
    let w = World::new().await;
    let token = [("token", w.keys.invitation_token.as_str())];
    let text = w.get(&page(&w)).with(Person::Viewer).await.text();
    assert!(text.contains("You are signed in as vic@acme.test"), "{text}");
    w.call("accept_invitation", &token).with(Person::Viewer).await.refused(403, "forbidden");
    w.call("accept_invitation", &token).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn another_site_accepts_nothing() {
    let w = World::new().await;
    let token = [("token", w.keys.invitation_token.as_str()), ("password", PASSWORD)];
    let ask = w.call("join_by_invitation", &token).header("sec-fetch-site", "cross-site");
    ask.header("origin", "https://evil.test").await.is(403);
}

#[tokio::test]
async fn no_list_holds_a_link() {
    let w = World::new().await;
    for path in ["/t/acme/members/invitations", "/t/acme/members/outbox"] {
        let text = w.get(path).with(Person::Owner).await.is(200).text();
        assert!(text.contains("kept@new.test"), "{text}");
        assert!(!text.contains("/invitation/"), "{text}");
    }
    let listed = w.get("/api/v1/invitations").with(As::from(&w.keys.admin)).await.is(200);
    assert_eq!(listed.json()["data"][0]["state"], "pending");
    assert!(!listed.text().contains("/invitation/") && !listed.text().contains(&w.keys.invitation_token));
    let mail =
        w.call("open_mail", &[("tenant", "acme"), ("id", &w.keys.mail)]).with(Person::Owner).await.is(200);
    assert!(mail.text().contains("https://nexus.test/invitation/"), "built from the public URL");
    assert_eq!(mail.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn what_is_wrong_in_the_form_is_told_at_its_field() {
    let w = World::new().await;
    let invite = |fields: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> = [("tenant", "acme")].iter().chain(fields).copied().collect();
        w.call("invite_members", &all).with(Person::Owner)
    };
    invite(&[("emails", " ,;\n")]).await.invalid("emails");
    invite(&[("emails", "nobody, \u{202e}a@b.test, a\0b@c.test")]).await.invalid("emails");
    invite(&[("emails", "bo@new.test"), ("tenant_role", "king")]).await.invalid("tenant_role");
    invite(&[("emails", "bo@new.test"), ("roles[shop]", "king")]).await.invalid("projects");
    let finance = [("emails", "bo@new.test"), ("tenant_role", "finance"), ("roles[shop]", "viewer")];
    invite(&finance).await.invalid("projects");
    invite(&[("emails", "bo@new.test"), ("roles[nowhere]", "viewer")]).await.invalid("projects");
    let many: String = (0..1_001).map(|n| format!("p{n}@new.test\n")).collect();
    invite(&[("emails", &many)]).await.invalid("emails");
    let mixed =
        invite(&[("emails", "Bo <Bo@new.test>; nobody; ana@acme.test; new+tag@new.test")]).await.is(200);
    let told = mixed.json()["notice"].as_str().expect("a notice").to_owned();
    assert_eq!(
        told,
        "2 people are invited. Members who have all of this: ana@acme.test. No addresses: nobody."
    );
    assert_eq!(w.number("SELECT COUNT(*) FROM invitations").await, 4);
}

#[tokio::test]
async fn a_program_is_told_what_is_wrong() {
    let w = World::new().await;
    let post = |body| w.post("/api/v1/invitations", body).with(As::from(&w.keys.admin));
    post(serde_json::json!({ "email": "nobody" })).await.invalid("email");
    post(serde_json::json!({ "email": "bo@new.test", "tenant_role": "king" })).await.invalid("tenant_role");
    post(serde_json::json!({ "email": "bo@new.test", "rank": 1 })).await.invalid("rank");
    let made = post(serde_json::json!({ "email": "Bo@new.test" })).await.is(201);
    let at = made.header("location").expect("a location").to_owned();
    assert_eq!(w.get(&at).with(As::from(&w.keys.admin)).await.is(200).json()["email"], "bo@new.test");
    post(serde_json::json!({ "email": "bo@new.test" })).await.refused(409, "conflict");
    w.ask("DELETE", &at).with(As::from(&w.keys.admin)).await.is(204);
    w.ask("DELETE", &at).with(As::from(&w.keys.admin)).await.refused(409, "conflict");
    w.get("/api/v1/invitations/nothing").with(As::from(&w.keys.admin)).await.refused(404, "not_found");
}
