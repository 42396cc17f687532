//! The second step: what a session on the way there can do (nothing), and how it gets in.

use super::{reads_projects, sign_in, signed_in};
use crate::table::{functions, pages};
use crate::world::{As, PASSWORD, Person, World};
use nexus_domain::timestamp::{MINUTE, SECOND};
use std::process::Command;

const STEP: i64 = 30 * SECOND;

/// The code of an app with this secret, made by a program of somebody else's.
fn code(w: &World, secret: &str) -> String {
    let now = format!("@{}", w.nexus.now().0 / SECOND);
    let made = Command::new("oathtool").args(["--totp", "--base32", "--now", &now, secret]).output();
    let made = made.expect("oathtool, which `cargo xtask test` installs");
    String::from_utf8(made.stdout).expect("digits").trim().to_owned()
}

/// Sets an app up for the owner; answers with its secret and the recovery codes.
async fn with_app(w: &World) -> (String, Vec<String>) {
    let session = signed_in(w, Person::Owner).await;
    let new = w.call("begin_totp", &[]).with(session.clone()).await.is(200).json();
    let secret = new["secret"].as_str().expect("a secret").to_owned();
    let typed = code(w, &secret);
    let codes = w.call("activate_totp", &[("code", &typed)]).with(session).await.is(200).json();
    w.clock.pass(STEP);
    (secret, serde_json::from_value(codes).expect("codes"))
}

/// A session that has given the password and not the second factor.
async fn on_the_way(w: &World) -> As {
    let reply = sign_in(w, Person::Owner.email(), PASSWORD).await.is(200);
    assert_eq!(reply.json()["to"], "/sign-in/second");
    reply.session().expect("a session")
}

#[tokio::test]
async fn the_password_alone_opens_nothing_and_the_code_opens_the_session_under_a_new_id() {
    let w = World::new().await;
    let (secret, _) = with_app(&w).await;
    let waiting = on_the_way(&w).await;
    assert_eq!(reads_projects(&w, &waiting).await, 401);
    let ways = w.call("read_second_step", &[]).with(waiting.clone()).await.is(200).json();
    assert_eq!(ways, serde_json::json!({ "totp": true, "passkey": false, "recovery_code": true }));
    let typed = code(&w, &secret);
    let reply = w.call("second_step", &[("code", &typed)]).with(waiting.clone()).await.is(200);
    assert_eq!(reply.json()["to"], "/t/acme/projects");
    let session = reply.session().expect("a session");
    assert_eq!(reads_projects(&w, &session).await, 200);
    assert_eq!(reads_projects(&w, &waiting).await, 401, "the id from before leads nowhere");
    w.call("second_step", &[("code", &code(&w, &secret))]).with(waiting).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_session_on_the_way_can_do_what_nobody_can() {
    let w = World::new().await;
    with_app(&w).await;
    let waiting = on_the_way(&w).await;
    // What consumes the second step, or the session itself.
    let own = [
        "read_second_step",
        "second_step",
        "second_step_with_passkey",
        "ask_second_step_passkey",
        "sign_out",
    ];
    for call in functions::calls().into_iter().chain(pages::calls()) {
        let name = call.route.rsplit('/').next().unwrap_or_default().to_owned();
        if own.contains(&name.as_str()) || call.route == "GET /sign-in/second" {
            continue;
        }
        // A link that works once is used up by whoever asks first.
        if ["reset_password", "confirm_address", "join_by_invitation"].contains(&name.as_str()) {
            continue;
        }
        let (nobody, with) = (call.ask(&w).await, call.ask(&w).with(waiting.clone()).await);
        w.nexus.settled().await;
        assert_eq!(with.status, nobody.status, "{}", call.name());
        let leads_on = with.header("location").map(str::to_owned);
        assert_eq!(leads_on, nobody.header("location").map(str::to_owned), "{}", call.name());
    }
}

#[tokio::test]
async fn signing_in_ends_the_session_that_was_presented_though_the_second_step_is_open() {
    let w = World::new().await;
    with_app(&w).await;
    let planted = As::from(Person::Member);
    let fields = [("email", Person::Owner.email()), ("password", PASSWORD)];
    let reply = w.call("sign_in", &fields).with(planted.clone()).await.is(200);
    assert_eq!(reads_projects(&w, &planted).await, 401);
    assert_eq!(reads_projects(&w, &reply.session().expect("a session")).await, 401);
}

#[tokio::test]
async fn without_javascript_the_second_step_is_a_form_and_keeps_where_one_wanted_to_go() {
    let w = World::new().await;
    let (_, recovery) = with_app(&w).await;
    let fields =
        [("email", Person::Owner.email()), ("password", PASSWORD), ("next", "/t/acme/audit?event=key.")];
    let reply = w.submit("sign_in", "/sign-in", &fields).await;
    let waiting = reply.session().expect("a session");
    let to = reply.redirects("/sign-in/second?next=%2Ft%2Facme%2Faudit%3Fevent%3Dkey.");
    let page = to.header("location").expect("a page").to_owned();
    let text = w.get(&page).with(waiting.clone()).await.is(200).text();
    assert!(text.contains("name=\"code\"") && text.contains("/_fn/second_step"), "{text}");
    let wrong = [("code", "000000"), ("next", "/t/acme/audit")];
    let refused = w.submit("second_step", &page, &wrong).with(waiting.clone()).await;
    refused.redirects("/sign-in/second?next=%2Ft%2Facme%2Faudit%3Fevent%3Dkey.");
    let text = w.get(&page).with(waiting.clone()).await.is(200).text();
    assert!(text.contains("This code is wrong") && !text.contains("000000"), "{text}");
    let right = [("code", recovery[0].as_str()), ("next", "/t/acme/audit?event=key.")];
    let done = w.submit("second_step", &page, &right).with(waiting).await;
    let session = done.session().expect("a session");
    done.redirects("/t/acme/audit?event=key.");
    assert_eq!(reads_projects(&w, &session).await, 200);
}

#[tokio::test]
async fn the_page_of_the_second_step_is_for_those_on_the_way() {
    let w = World::new().await;
    w.get("/sign-in/second").await.redirects("/sign-in");
    w.get("/sign-in/second").with(Person::Owner).await.redirects("/");
    with_app(&w).await;
    let waiting = on_the_way(&w).await;
    w.get("/sign-in").with(waiting.clone()).await.is(200);
    w.clock.pass(5 * MINUTE);
    let text = w.get("/sign-in/second").with(waiting).await.is(200).text();
    assert!(text.contains("That took too long"), "{text}");
}

#[tokio::test]
async fn a_new_password_by_a_link_leads_to_the_second_step_too() {
    let w = World::new().await;
    with_app(&w).await;
    let link = nexus_backend::people::password_link(&w.nexus, Person::Owner.email()).await.expect("made");
    let link = link.expect("a link");
    let token = link.rsplit('/').next().expect("a token");
    let fields = [("token", token), ("password", "another horse battery")];
    let reply = w.call("reset_password", &fields).await.is(200);
    assert_eq!(reply.json()["to"], "/sign-in/second");
    assert_eq!(reads_projects(&w, &reply.session().expect("a session")).await, 401);
}

#[tokio::test]
async fn what_is_shown_once_is_in_no_page() {
    let w = World::new().await;
    let (secret, recovery) = with_app(&w).await;
    let waiting = on_the_way(&w).await;
    let typed = code(&w, &secret);
    let session =
        w.call("second_step", &[("code", &typed)]).with(waiting).await.session().expect("a session");
    let new = w.call("begin_totp", &[]).with(session.clone()).await.is(200);
    assert_eq!(new.header("cache-control"), Some("no-store"));
    let page = w.get("/account/security").with(session).await.is(200).text();
    let another = new.json()["secret"].as_str().expect("a secret").to_owned();
    assert!(!page.contains(&secret) && !page.contains(&another));
    assert!(!recovery.iter().any(|code| page.contains(code)));
    assert!(page.contains("10 codes"), "{page}");
}

#[tokio::test]
async fn a_tenant_that_requires_one_leads_to_where_it_is_set_up() {
    let w = World::new().await;
    let (secret, _) = with_app(&w).await;
    let rule = [("tenant", "acme"), ("required", "true")];
    let refused = w.call("require_second_factor", &rule).with(Person::Owner).await;
    refused.refused(403, "second_factor_required");
    let shown =
        w.call("show_second_factor", &[("code", &code(&w, &secret))]).with(Person::Owner).await.is(200);
    let owner = shown.session().expect("a session under a new id");
    w.call("require_second_factor", &rule).with(owner.clone()).await.is(200);
    assert_eq!(reads_projects(&w, &owner).await, 200);
    w.call("read_projects", &[("tenant", "acme")])
        .with(Person::Viewer)
        .await
        .refused(403, "second_factor_required");
    let page = w.get("/t/acme/projects").with(Person::Viewer).await.is(403).text();
    assert!(
        page.contains("href=\"/account/security\"") && page.contains("requires a second factor"),
        "{page}"
    );
    let form = [("tenant", "acme"), ("project", "shop"), ("typed", "shop")];
    let stopped =
        w.submit("delete_project", "/t/acme/projects/shop/settings", &form).with(Person::Lead).await;
    stopped.redirects("/account/security");
    let page = w.get("/account/security").with(Person::Viewer).await.is(200).text();
    assert!(page.contains("acme requires a second factor"), "{page}");
    // Only that tenant: the other one, and programs, go on.
    w.call("read_projects", &[("tenant", "rival")]).with(Person::Rival).await.is(200);
    w.get("/api/v1/projects").with(As::from(&w.keys.admin)).await.is(200);
}

#[tokio::test]
async fn guesses_of_codes_are_counted_for_the_account() {
    let w = World::new().await;
    let (secret, _) = with_app(&w).await;
    let waiting = on_the_way(&w).await;
    for _ in 0..10 {
        w.call("second_step", &[("code", "000000")]).with(waiting.clone()).await.invalid("code");
    }
    let right = code(&w, &secret);
    w.call("second_step", &[("code", &right)]).with(waiting).await.refused(429, "rate_limited");
}
