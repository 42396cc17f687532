//! Redirects stay on this instance, wherever the target came from.

use crate::world::{PASSWORD, Person, World, encoded};

/// Where somebody would like to send a person.
const ELSEWHERE: [&str; 14] = [
    "https://evil.test/",
    "http:evil.test",
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\u{202e}/evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.test",
    "/ok\r\nLocation: https://evil.test",
    "/\t/evil.test",
    " //evil.test",
    "",
];

fn leads_elsewhere(location: &str) -> bool {
    !location.starts_with('/')
        || location.starts_with("//")
        || location.contains('\\')
        || location.contains("evil")
}

#[tokio::test]
async fn where_a_form_wants_to_go_is_followed_only_on_this_instance() {
    let w = World::new().await;
    for to in ELSEWHERE {
        let reply = w.submit("set_theme", "/t/acme/settings", &[("theme", "dark"), ("_to", to)]).await;
        reply.redirects("/t/acme/settings");
    }
    let local = w.submit("set_theme", "/", &[("theme", "dark"), ("_to", "/t/acme/projects?q=a%2Fb")]).await;
    local.redirects("/t/acme/projects?q=a%2Fb");
}

#[tokio::test]
async fn a_referrer_from_elsewhere_gives_its_path_at_most() {
    let w = World::new().await;
    for (referrer, back) in [
        ("https://evil.test/t/acme", "/t/acme"),
        ("https://evil.test//evil.test/x", "/"),
        ("https://evil.test", "/"),
        ("nonsense", "/"),
        ("", "/"),
    ] {
        let form = w.ask("POST", "/_fn/set_theme").header("accept", "text/html").header("referer", referrer);
        form.fields(&[("theme", "dark")]).await.redirects(back);
    }
}

#[tokio::test]
async fn after_signing_in_next_is_followed_only_on_this_instance() {
    let w = World::new().await;
    for to in ["https://evil.test/", "//evil.test", "/\\evil.test"] {
        let fields = [("email", Person::Owner.email()), ("password", PASSWORD), ("next", to)];
        let reply = w.call("sign_in", &fields).await.is(200);
        assert_eq!(reply.json()["to"], "/t/acme/projects", "{to}");
    }
    let fields =
        [("email", Person::Owner.email()), ("password", PASSWORD), ("next", "/t/acme/audit?event=key.")];
    let form = w.submit("sign_in", "/sign-in", &fields).await;
    form.redirects("/t/acme/audit?event=key.");
}

#[tokio::test]
async fn after_stepping_up_next_is_followed_only_on_this_instance() {
    let w = World::new().await;
    let fields = [("password", PASSWORD), ("next", "//evil.test")];
    let reply = w.submit("step_up", "/step-up", &fields).with(Person::Owner).await.is(303);
    assert!(!leads_elsewhere(reply.header("location").expect("a location")));
}

#[tokio::test]
async fn the_pages_that_ask_for_a_password_offer_no_way_elsewhere() {
    let w = World::new().await;
    for to in ELSEWHERE.into_iter().filter(|to| to.contains("evil")) {
        let page = w.get(&format!("/step-up?next={}", encoded(to))).with(Person::Owner).await.is(200).text();
        for href in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(!leads_elsewhere(href), "{to}: {href}");
        }
    }
}

#[tokio::test]
async fn what_comes_back_from_a_refused_export_stays_on_this_instance() {
    let w = World::new().await;
    for to in ELSEWHERE {
        let form = w.ask("POST", "/t/acme/audit/export").fields(&[("format", "csv"), ("back", to)]);
        form.with(Person::Viewer).await.redirects("/t/acme/audit");
    }
}

#[tokio::test]
async fn who_has_to_sign_in_first_comes_back_to_the_same_address() {
    let w = World::new().await;
    let page = w.get("/t/acme/projects/shop/live/api/secrets?q=a%26b").await;
    page.redirects("/sign-in?next=%2Ft%2Facme%2Fprojects%2Fshop%2Flive%2Fapi%2Fsecrets%3Fq%3Da%2526b");
}

#[tokio::test]
async fn the_start_leads_each_to_where_they_belong() {
    let w = World::new().await;
    w.get("/").await.redirects("/sign-in");
    w.get("/").with(Person::Ended).await.redirects("/sign-in");
    w.get("/").with(Person::Viewer).await.redirects("/t/acme/projects");
    w.get("/").with(Person::Rival).await.redirects("/t/rival/projects");
    w.get("/sign-in").with(Person::Viewer).await.redirects("/");
}
