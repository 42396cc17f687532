//! Signing in and out.

use super::{reads_projects, sign_in, signed_in};
use crate::world::{As, PASSWORD, Person, Start, World};

#[tokio::test]
async fn the_cookie_of_a_session_is_for_this_host_over_https_and_for_no_script() {
    let w = World::new().await;
    let reply = sign_in(&w, Person::Owner.email(), PASSWORD).await.is(200);
    let [line] = reply.cookies()[..] else { panic!("one cookie: {:?}", reply.cookies()) };
    let mut parts = line.split("; ");
    let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a pair");
    assert_eq!(name, "__Host-nexus");
    assert_eq!(value.len(), 22, "128 bits in base64");
    let mut flags: Vec<_> = parts.collect();
    flags.sort_unstable();
    assert_eq!(flags, ["HttpOnly", "Max-Age=3600", "Path=/", "SameSite=Lax", "Secure"]);
}

#[tokio::test]
async fn over_plain_http_the_cookie_has_its_plain_name() {
    let w = World::started(Start { public_url: "http://127.0.0.1:3000", ..Start::default() }).await;
    let reply = sign_in(&w, Person::Owner.email(), PASSWORD).await.is(200);
    let line = reply.cookies()[0].to_owned();
    assert!(line.starts_with("nexus=") && line.contains("HttpOnly") && !line.contains("Secure"), "{line}");
}

#[tokio::test]
async fn signing_in_opens_a_session_under_a_new_id_and_ends_the_one_that_was_presented() {
    let w = World::new().await;
    let planted = As::from(Person::Member);
    let reply = w
        .call("sign_in", &[("email", Person::Owner.email()), ("password", PASSWORD)])
        .with(planted.clone())
        .await
        .is(200);
    let session = reply.session().expect("a session");
    assert_eq!(reads_projects(&w, &session).await, 200);
    assert_eq!(reads_projects(&w, &planted).await, 401, "the planted id leads nowhere");
}

#[tokio::test]
async fn an_id_that_somebody_made_up_is_never_taken_over() {
    let w = World::new().await;
    for made_up in ["AAAAAAAAAAAAAAAAAAAAAA", "x", "", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%00"] {
        let reply = w
            .call("sign_in", &[("email", Person::Owner.email()), ("password", PASSWORD)])
            .with(As::Cookie(made_up.to_owned()))
            .await
            .is(200);
        let Some(As::Cookie(value)) = reply.session() else { panic!("a session") };
        assert_ne!(value, made_up);
    }
}

#[tokio::test]
async fn the_database_holds_no_id_that_opens_a_session() {
    let w = World::new().await;
    let As::Cookie(value) = signed_in(&w, Person::Owner).await else { panic!("a cookie") };
    let raw =
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &value).expect("base64");
    let hex: String = raw.iter().map(|byte| format!("{byte:02X}")).collect();
    let like =
        format!("SELECT count(*) FROM sessions WHERE hex(id_hash) LIKE '%{hex}%' OR data LIKE '%{value}%'");
    assert_eq!(w.number(&like).await, 0);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer_for_the_same_work() {
    let w = World::new().await;
    let mut seen = Vec::new();
    for email in [Person::Owner.email(), "nobody@acme.test"] {
        let before = w.nexus.passwords.hashes();
        let reply = sign_in(&w, email, "wrong horse battery").await.refused(401, "unauthorized");
        assert!(reply.cookies().is_empty(), "{:?}", reply.cookies());
        seen.push((reply.text(), w.nexus.passwords.hashes() - before));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].1, 1);
}

#[tokio::test]
async fn the_address_is_found_whatever_its_case() {
    let w = World::new().await;
    sign_in(&w, " Ana@ACME.test ", PASSWORD).await.is(200);
}

#[tokio::test]
async fn signing_in_is_written_to_the_audit_log_of_each_tenant_and_failing_too() {
    let w = World::new().await;
    sign_in(&w, Person::Owner.email(), "wrong horse battery").await.is(401);
    sign_in(&w, Person::Owner.email(), PASSWORD).await.is(200);
    let events = w.events("acme").await;
    assert_eq!(events[..2], ["user.signed_in done", "user.sign_in_failed denied"]);
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let w = World::new().await;
    let (here, there) = (signed_in(&w, Person::Owner).await, As::from(Person::Owner));
    w.call("sign_out", &[]).with(here.clone()).await.is(200);
    assert_eq!(reads_projects(&w, &here).await, 401);
    assert_eq!(reads_projects(&w, &there).await, 200);
}

#[tokio::test]
async fn signing_out_takes_the_cookie_away_in_a_way_that_browsers_accept() {
    let w = World::new().await;
    let reply = w.call("sign_out", &[]).with(Person::Owner).await.is(200);
    let line = reply
        .cookies()
        .into_iter()
        .find(|line| line.starts_with("__Host-nexus=;"))
        .expect("a removal")
        .to_owned();
    for part in ["Path=/", "Secure", "HttpOnly", "Max-Age=0"] {
        assert!(line.contains(part), "{line}");
    }
}

#[tokio::test]
async fn a_page_that_is_looked_at_again_writes_no_session_and_sets_no_cookie() {
    let w = World::new().await;
    w.get("/t/acme/projects").with(Person::Owner).await.is(200);
    let before = w.texts("SELECT data || expires_at FROM sessions ORDER BY 1").await;
    let again = w.get("/t/acme/projects").with(Person::Owner).await.is(200);
    assert!(again.cookies().is_empty(), "{:?}", again.cookies());
    assert_eq!(w.texts("SELECT data || expires_at FROM sessions ORDER BY 1").await, before);
}

#[tokio::test]
async fn a_visitor_who_only_looks_gets_no_session() {
    let w = World::new().await;
    let before = w.number("SELECT count(*) FROM sessions").await;
    for path in [
        "/",
        "/sign-in",
        "/t/acme/projects",
        "/nowhere",
        "/api/docs",
        "/reset/0123",
        "/forgot",
        "/verify/0123",
    ] {
        assert!(w.get(path).await.cookies().is_empty(), "{path}");
    }
    assert_eq!(w.number("SELECT count(*) FROM sessions").await, before);
}
