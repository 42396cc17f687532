//! A page of another site cannot make a browser act with the cookie.

use crate::table::functions;
use crate::world::{Ask, Person, World};

/// What browsers say about a request that another site caused.
fn foreign(ask: Ask<'_>, how: usize) -> Ask<'_> {
    let ask = ask.header("host", "nexus.test");
    match how {
        0 => ask.header("sec-fetch-site", "cross-site").header("origin", "https://evil.test"),
        1 => ask.header("sec-fetch-site", "same-site").header("origin", "https://evil.nexus.test"),
        2 => ask.header("origin", "https://evil.test"),
        3 => ask.header("origin", "null"),
        _ => ask.header("sec-fetch-site", "cross-site"),
    }
}

#[tokio::test]
async fn no_server_function_acts_for_another_site() {
    let w = World::new().await;
    let before = w.fingerprint().await;
    for call in functions::calls() {
        for how in 0..5 {
            let reply = foreign(call.ask(&w), how).with(Person::Owner).await.is(403);
            assert!(reply.cookies().is_empty(), "{}", call.name());
        }
    }
    assert_eq!(w.fingerprint().await, before);
}

#[tokio::test]
async fn the_audit_log_is_exported_for_no_other_site() {
    let w = World::new().await;
    for how in 0..5 {
        let export = w.ask("POST", "/t/acme/audit/export").fields(&[("format", "jsonl")]);
        foreign(export, how).with(Person::Owner).await.is(403);
    }
}

#[tokio::test]
async fn the_consoles_own_forms_and_scripts_are_let_through() {
    let w = World::new().await;
    let ask =
        || w.call("read_projects", &[("tenant", "acme")]).header("host", "nexus.test").with(Person::Owner);
    ask().header("sec-fetch-site", "same-origin").header("origin", "https://nexus.test").await.is(200);
    ask().header("sec-fetch-site", "none").await.is(200);
    ask().header("origin", "https://nexus.test").await.is(200);
    ask().await.is(200);
}

#[tokio::test]
async fn a_link_from_another_site_is_followed() {
    let w = World::new().await;
    let link = w.get("/t/acme/projects").header("sec-fetch-site", "cross-site").header("host", "nexus.test");
    link.with(Person::Owner).await.is(200);
}

#[tokio::test]
async fn no_server_function_answers_to_get() {
    let w = World::new().await;
    for call in functions::calls() {
        let path = call.route.trim_start_matches("POST ").to_owned();
        for method in ["GET", "PUT", "DELETE"] {
            let reply = w.ask(method, &path).with(Person::Owner).await;
            assert_eq!(reply.status, 405, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_server_function_that_is_none_is_not_found() {
    let w = World::new().await;
    for path in ["/_fn/nothing", "/_fn/", "/_fn/read_projects/x", "/_fn/../_fn/x"] {
        let reply =
            w.ask("POST", path).header("accept", "application/json").fields(&[]).with(Person::Owner).await;
        assert!([404, 405].contains(&reply.status.as_u16()), "{path}: {} {}", reply.status, reply.text());
    }
}
