//! Forms of a browser without JavaScript: refused, they come back with what was typed and without
//! what is secret; accepted, they lead on. Nothing of it travels in the address.

use crate::world::{As, Person, World};

const PAGE: &str = "/t/acme/projects/shop/live/api/secrets?new";

const SECRET: &str = "typed-but-secret-value";

fn fields(key: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("tenant", "acme"),
        ("project", "shop"),
        ("environment", "live"),
        ("service", "api"),
        ("key", key),
        ("value", SECRET),
        ("kind", "text"),
        ("description", "typed description"),
    ]
}

#[tokio::test]
async fn a_refused_form_leads_back_to_its_page_with_nothing_in_the_address() {
    let w = World::new().await;
    let reply = w.submit("create_secret", PAGE, &fields("9BAD")).with(Person::Owner).await;
    reply.redirects(PAGE);
}

#[tokio::test]
async fn the_page_then_shows_the_error_and_what_was_typed_but_for_the_secret() {
    let w = World::new().await;
    w.submit("create_secret", PAGE, &fields("9BAD")).with(Person::Owner).await.is(303);
    let html = w.get(PAGE).with(Person::Owner).await.is(200).text();
    assert!(html.contains("A key starts with a letter"), "the rule");
    assert!(html.contains("value=\"9BAD\""), "the key");
    assert!(html.contains("typed description"), "the description");
    assert!(!html.contains(SECRET), "and never the value");
    let again = w.get(PAGE).with(Person::Owner).await.is(200).text();
    assert!(!again.contains("9BAD"), "once");
}

#[tokio::test]
async fn what_the_session_keeps_of_a_refused_form_holds_no_secret() {
    let w = World::new().await;
    let typed = [
        ("create_secret", vec![("value", SECRET), ("value_base64", SECRET)]),
        ("import_secrets", vec![("text", SECRET)]),
        ("step_up", vec![("password", SECRET)]),
        ("sign_in", vec![("email", "ana@acme.test"), ("password", SECRET)]),
        ("reset_password", vec![("token", SECRET), ("password", SECRET)]),
        ("change_password", vec![("current", SECRET), ("password", SECRET)]),
        ("confirm_address", vec![("token", SECRET)]),
        (
            "set_up",
            vec![("token", SECRET), ("password", SECRET), ("tenant_name", "x"), ("email", "x@x.test")],
        ),
    ];
    for (function, more) in typed {
        let usual = [
            ("tenant", "acme"),
            ("project", "shop"),
            ("environment", "live"),
            ("service", "api"),
            ("key", "9BAD"),
        ];
        let fields: Vec<_> = usual.into_iter().chain(more).collect();
        w.submit(function, "/t/acme/projects", &fields).with(Person::Owner).await.is(303);
        let kept = w.texts("SELECT data FROM sessions").await.concat();
        assert!(!kept.contains(SECRET), "{function}: {kept}");
    }
}

#[tokio::test]
async fn an_accepted_form_leads_on_and_says_once_what_was_done() {
    let w = World::new().await;
    let reply = w.submit("create_secret", PAGE, &fields("GOOD")).with(Person::Owner).await;
    let to = "/t/acme/projects/shop/live/api/secrets?created=GOOD";
    reply.redirects(to);
    assert!(w.get(to).with(Person::Owner).await.is(200).text().contains("GOOD is created"));
    assert!(!w.get(to).with(Person::Owner).await.is(200).text().contains("GOOD is created"));
}

#[tokio::test]
async fn a_revealing_function_gives_a_form_no_value() {
    let w = World::new().await;
    for function in ["reveal_secret", "export_secrets"] {
        let fields: Vec<_> = fields("TOKEN").into_iter().filter(|(name, _)| *name != "value").collect();
        let reply = w.submit(function, PAGE, &fields).with(Person::Owner).await.is(303);
        let to = reply.header("location").expect("a location").to_owned();
        assert!(!to.contains("second-token") && reply.body.is_empty(), "{function}");
        let html = w.get(&to).with(Person::Owner).await.text();
        assert!(!html.contains("second-token"), "{function}");
    }
}

#[tokio::test]
async fn a_rotated_keys_text_does_not_wait_in_the_session() {
    let w = World::new().await;
    let mut fields = fields("TOKEN");
    fields.extend([("slot", "primary"), ("access", "read"), ("grace_hours", "0")]);
    w.submit("rotate_key", "/t/acme/projects/shop/live/api/keys", &fields).with(Person::Owner).await.is(303);
    let kept = w.texts("SELECT data FROM sessions").await.concat();
    assert!(!kept.contains("sk_live_"), "{kept}");
}

#[tokio::test]
async fn a_visitors_refused_sign_in_comes_back_with_the_address_and_no_password() {
    let w = World::new().await;
    let fields = [("email", "ana@acme.test"), ("password", SECRET), ("next", "/t/acme/audit")];
    let reply = w.submit("sign_in", "/sign-in?next=%2Ft%2Facme%2Faudit", &fields).await;
    let session: As = reply.session().expect("a place to keep the error");
    reply.redirects("/sign-in?next=%2Ft%2Facme%2Faudit");
    let html = w.get("/sign-in?next=%2Ft%2Facme%2Faudit").with(session).await.is(200).text();
    assert!(html.contains("The address or the password is wrong") && html.contains("ana@acme.test"));
    assert!(!html.contains(SECRET));
}

#[tokio::test]
async fn a_form_of_somebody_whose_session_is_over_leads_to_sign_in_and_back() {
    let w = World::new().await;
    let reply = w.submit("create_secret", PAGE, &fields("GOOD")).with(Person::Ended).await;
    reply.redirects("/sign-in?next=%2Ft%2Facme%2Fprojects%2Fshop%2Flive%2Fapi%2Fsecrets%3Fnew");
}

#[tokio::test]
async fn a_form_with_missing_or_broken_fields_is_refused_and_not_repeated() {
    let w = World::new().await;
    for body in
        ["", "tenant=acme", "tenant=%FF", "=&=&=", "tenant=acme&expected_version=typed-but-secret-value"]
    {
        let ask = w.ask("POST", "/_fn/add_secret_version").raw("application/x-www-form-urlencoded", body);
        let reply = ask
            .header("accept", "application/json")
            .with(Person::Owner)
            .await
            .refused(400, "invalid_request");
        assert!(!reply.text().contains(SECRET), "{}", reply.text());
    }
}

#[tokio::test]
async fn a_form_that_is_sent_as_something_else_is_refused() {
    let w = World::new().await;
    for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain"] {
        let ask = w.ask("POST", "/_fn/create_project").raw(kind, "{\"tenant\":\"acme\",\"name\":\"X\"}");
        let reply = ask.header("accept", "application/json").with(Person::Owner).await;
        assert!(reply.status.is_client_error(), "{kind}: {} {}", reply.status, reply.text());
    }
}
