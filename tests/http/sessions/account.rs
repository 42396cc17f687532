//! The account of a person, as the console shows and changes it.

use super::{reads_projects, sign_in, signed_in};
use crate::world::{As, PASSWORD, Person, Reply, World, encoded};
use nexus_backend::mail;
use nexus_domain::timestamp::MINUTE;
use serde_json::Value;

const NEW: &str = "another horse battery";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1";

async fn signed_in_with(w: &World, person: Person, agent: &str, address: &str) -> As {
    let fields = [("email", person.email()), ("password", PASSWORD)];
    let reply = w.call("sign_in", &fields).header("user-agent", agent).from(address).await.is(200);
    reply.session().expect("a session")
}

async fn sessions(w: &World, session: &As) -> Vec<Value> {
    let reply = w.call("read_sessions", &[]).with(session.clone()).await.is(200);
    reply.json()["sessions"].as_array().expect("a list").clone()
}

/// The last link that was sent to an address, as a token.
async fn token(w: &World, to: &str) -> String {
    w.nexus.settled().await;
    let letters = mail::letters_for(&w.nexus, to).await.expect("letters");
    let (_, link) = letters.into_iter().filter_map(|letter| letter.button).next_back().expect("a link");
    assert!(link.starts_with("https://nexus.test/"), "{link}");
    link.rsplit('/').next().expect("a token").to_owned()
}

async fn subjects(w: &World, to: &str) -> Vec<String> {
    w.nexus.settled().await;
    let letters = mail::letters_for(&w.nexus, to).await.expect("letters");
    letters.into_iter().map(|letter| letter.subject).collect()
}

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_gives_this_one_a_new_id() {
    let w = World::new().await;
    let (here, there) = (signed_in(&w, Person::Owner).await, As::from(Person::Owner));
    let fields = [("current", PASSWORD), ("password", NEW)];
    let reply = w.call("change_password", &fields).with(here.clone()).await.is(200);
    let renewed = reply.session().expect("a new id");
    assert_eq!(reads_projects(&w, &renewed).await, 200);
    assert_eq!(reads_projects(&w, &here).await, 401);
    assert_eq!(reads_projects(&w, &there).await, 401);
    assert_eq!(reads_projects(&w, &As::from(Person::Viewer)).await, 200);
    sign_in(&w, Person::Owner.email(), PASSWORD).await.refused(401, "unauthorized");
    sign_in(&w, Person::Owner.email(), NEW).await.is(200);
    assert_eq!(subjects(&w, Person::Owner.email()).await, ["Your password has changed"]);
}

#[tokio::test]
async fn a_wrong_password_changes_nothing_and_stands_at_its_field() {
    let w = World::new().await;
    let fields = [("current", "wrong horse battery"), ("password", NEW)];
    w.call("change_password", &fields).with(Person::Owner).await.invalid("current");
    w.call("change_password", &[("password", NEW)]).with(Person::Owner).await.invalid("current");
    w.call("change_password", &[("current", PASSWORD), ("password", "short")])
        .with(Person::Owner)
        .await
        .invalid("password");
    assert_eq!(reads_projects(&w, &As::from(Person::Owner)).await, 200);
}

#[tokio::test]
async fn the_page_shows_where_one_is_signed_in() {
    let w = World::new().await;
    let phone = signed_in_with(&w, Person::Viewer, SAFARI, "192.0.2.7").await;
    w.clock.pass(MINUTE);
    let here = signed_in_with(&w, Person::Viewer, FIREFOX, "198.51.100.9").await;
    let page =
        w.get("/account/sessions").with(here.clone()).header("user-agent", FIREFOX).await.is(200).text();
    for text in
        ["Firefox on Linux", "Safari on iPhone", "192.0.2.7", "198.51.100.9", "THIS SESSION", "password"]
    {
        assert!(page.contains(text), "{text}");
    }
    let shown = sessions(&w, &here).await;
    assert_eq!((shown.len(), shown[0]["this"].as_bool()), (3, Some(true)));
    let other = shown.iter().find(|it| it["device"] == "Safari on iPhone").expect("the telephone");
    w.call("end_session", &[("handle", other["handle"].as_str().expect("a handle"))])
        .with(here.clone())
        .await
        .is(200);
    assert_eq!(reads_projects(&w, &phone).await, 401, "on the next request");
    assert_eq!(reads_projects(&w, &here).await, 200);
}

#[tokio::test]
async fn a_session_is_seen_where_it_was_used_last() {
    let w = World::new().await;
    let session = signed_in_with(&w, Person::Viewer, SAFARI, "192.0.2.7").await;
    w.clock.pass(10 * MINUTE);
    w.get("/account").with(session.clone()).header("user-agent", FIREFOX).from("203.0.113.5").await.is(200);
    let shown = sessions(&w, &session).await;
    let this = &shown[0];
    assert_eq!(
        (this["device"].as_str(), this["ip"].as_str()),
        (Some("Firefox on Linux"), Some("203.0.113.5"))
    );
    assert_ne!(this["seen_at"], this["signed_in_at"]);
}

#[tokio::test]
async fn without_javascript_all_others_are_ended_by_a_form() {
    let w = World::new().await;
    let (here, there) = (signed_in(&w, Person::Viewer).await, As::from(Person::Viewer));
    let form = w.submit("end_other_sessions", "/account/sessions", &[]).with(here.clone()).await;
    form.redirects("/account/sessions");
    assert_eq!(reads_projects(&w, &there).await, 401);
    let page = w.get("/account/sessions").with(here).await.is(200).text();
    assert!(page.contains("The other session is ended") && !page.contains("End all others"));
}

#[tokio::test]
async fn nobody_ends_somebody_elses_session() {
    let w = World::new().await;
    let shown = sessions(&w, &As::from(Person::Owner)).await;
    let handle = shown[0]["handle"].as_str().expect("a handle");
    w.call("end_session", &[("handle", handle)]).with(Person::Viewer).await.refused(404, "not_found");
    assert_eq!(reads_projects(&w, &As::from(Person::Owner)).await, 200);
    assert_eq!(reads_projects(&w, &As::Cookie(handle.to_owned())).await, 401, "it is no cookie");
}

/// All of an answer that a stranger sees, but for its id.
fn seen(reply: &Reply) -> (u16, String, Vec<String>) {
    let headers = reply.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let headers = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    (reply.status.as_u16(), reply.text(), headers)
}

#[tokio::test]
async fn a_forgotten_password_is_answered_alike_for_every_address() {
    let w = World::new().await;
    let mut answers = Vec::new();
    for email in [Person::Owner.email(), "nobody@acme.test"] {
        let (hashes, asked) = (w.nexus.passwords.hashes(), w.nexus.db.asked().so_far());
        let reply = w.call("forgot_password", &[("email", email)]).await.is(200);
        let work = (w.nexus.passwords.hashes() - hashes, w.nexus.db.asked().so_far() - asked);
        let form = w.submit("forgot_password", "/forgot", &[("email", email)]).await;
        answers.push((seen(&reply), seen(&form), work));
        form.redirects("/forgot?sent");
    }
    assert_eq!(answers[0], answers[1]);
    assert!(subjects(&w, "nobody@acme.test").await.is_empty());
}

#[tokio::test]
async fn the_link_in_the_mail_sets_a_new_password() {
    let w = World::new().await;
    w.call("forgot_password", &[("email", Person::Lead.email())]).header("host", "evil.test").await.is(200);
    let token = token(&w, Person::Lead.email()).await;
    assert!(w.get(&format!("/reset/{token}")).await.is(200).text().contains("Choose a new password"));
    w.call("reset_password", &[("token", &token), ("password", NEW)]).await.is(200);
    assert_eq!(reads_projects(&w, &As::from(Person::Lead)).await, 401);
    sign_in(&w, Person::Lead.email(), NEW).await.is(200);
}

#[tokio::test]
async fn looking_at_an_address_link_confirms_nothing() {
    let w = World::new().await;
    let page = format!("/verify/{}", w.keys.address);
    for method in ["GET", "HEAD", "GET"] {
        w.ask(method, &page).await.is(200);
    }
    assert!(w.get(&page).await.text().contains("is the address of your account"));
    assert!(w.get("/account").with(Person::Viewer).await.text().contains("NOT CONFIRMED"));
    let confirm = || w.submit("confirm_address", &page, &[("token", &w.keys.address)]);
    confirm().await.redirects("/sign-in");
    assert!(!w.get("/account").with(Person::Viewer).await.text().contains("NOT CONFIRMED"));
    confirm().await.redirects(&page);
    assert!(w.get(&page).await.text().contains("This link does not work"));
}

#[tokio::test]
async fn another_address_is_confirmed_by_who_has_its_mailbox() {
    let w = World::new().await;
    w.call("change_address", &[("email", "taken@evil.test")]).with(Person::Viewer).await.is(200);
    let taken =
        w.call("change_address", &[("email", Person::Owner.email())]).with(Person::Viewer).await.is(200);
    let free = w.call("change_address", &[("email", "vic.new@acme.test")]).with(Person::Viewer).await.is(200);
    assert_eq!(seen(&taken), seen(&free), "whoever has it");
    assert!(w.get("/account").with(Person::Viewer).await.text().contains("vic.new@acme.test"));
    let token = token(&w, "vic.new@acme.test").await;
    w.call("confirm_address", &[("token", &token)]).with(Person::Viewer).await.is(200);
    sign_in(&w, "vic.new@acme.test", PASSWORD).await.is(200);
    sign_in(&w, Person::Viewer.email(), PASSWORD).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_change_of_the_address_that_is_stale_comes_back_as_it_was() {
    let w = World::new().await;
    let session = signed_in(&w, Person::Viewer).await;
    w.clock.pass(6 * MINUTE);
    let form =
        w.submit("change_address", "/account", &[("email", "vic.new@acme.test")]).with(session.clone()).await;
    form.redirects("/step-up?next=%2Faccount");
    w.get("/step-up?next=%2Faccount").with(session.clone()).await.is(200);
    let wrong = [("password", "wrong horse battery"), ("next", "/account")];
    let again = w.submit("step_up", "/step-up?next=%2Faccount", &wrong).with(session.clone()).await;
    again.redirects("/step-up?next=%2Faccount");
    let asked = w.get("/step-up?next=%2Faccount").with(session.clone()).await.is(200).text();
    assert!(asked.contains("The password is wrong"), "{asked}");
    let confirm = [("password", PASSWORD), ("next", "/account")];
    let confirmed = w.submit("step_up", "/step-up?next=%2Faccount", &confirm).with(session).await;
    let session = confirmed.session().expect("a new id");
    confirmed.redirects("/account");
    let page = w.get("/account").with(session.clone()).await.is(200).text();
    assert!(page.contains("value=\"vic.new@acme.test\"") && page.contains("Nothing was done yet"), "{page}");
    assert!(!w.get("/account").with(session).await.text().contains("Nothing was done yet"), "once");
}

#[tokio::test]
async fn a_sign_in_from_elsewhere_is_told_by_mail() {
    let w = World::new().await;
    signed_in_with(&w, Person::Owner, FIREFOX, "192.0.2.7").await;
    signed_in_with(&w, Person::Owner, FIREFOX, "192.0.2.8").await;
    assert!(subjects(&w, Person::Owner.email()).await.is_empty());
    signed_in_with(&w, Person::Owner, SAFARI, "203.0.113.9").await;
    assert_eq!(subjects(&w, Person::Owner.email()).await, ["A new sign-in to your account"]);
    let letters = mail::letters_for(&w.nexus, Person::Owner.email()).await.expect("letters");
    let text = letters[0].paragraphs.concat();
    assert!(text.contains("Safari on iPhone") && text.contains("203.0.113.9"), "{text}");
}

#[tokio::test]
async fn what_a_browser_says_of_itself_stays_text() {
    let w = World::new().await;
    let long = "<script>alert(1)</script> Firefox/1 ".repeat(500);
    let session = signed_in_with(&w, Person::Viewer, &long, "192.0.2.7").await;
    let page = w.get("/account/sessions").with(session).await.is(200).text();
    assert!(!page.contains("<script>alert"));
    assert_eq!(w.number("SELECT max(length(user_agent)) FROM sessions").await, 512);
}

#[tokio::test]
async fn the_account_is_for_who_is_signed_in() {
    let w = World::new().await;
    for path in ["/account", "/account/sessions"] {
        w.get(path).await.redirects(&format!("/sign-in?next={}", encoded(path)));
    }
}
