//! The same rules through the console's server functions, as its script calls them.

use super::{BAD_KEYS, CONTROL};
use crate::world::{Person, Reply, World};

async fn call(w: &World, function: &str, more: &[(&str, &str)]) -> Reply {
    let usual = [("tenant", "acme"), ("project", "shop"), ("environment", "live"), ("service", "api")];
    let usual = usual.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    let fields: Vec<_> = usual.chain(more).copied().collect();
    w.call(function, &fields).with(Person::Owner).await
}

#[tokio::test]
async fn a_key_outside_of_the_pattern_is_refused_at_its_field() {
    let w = World::new().await;
    for key in BAD_KEYS {
        // Space around a key is forgiven to people.
        if key.trim().is_empty() || key == key.trim() {
            call(&w, "create_secret", &[("key", key), ("value", "x")]).await.invalid("key");
        }
    }
}

#[tokio::test]
async fn values_are_judged_as_over_rest() {
    let w = World::new().await;
    let create = async |value: &str| call(&w, "create_secret", &[("key", "A"), ("value", value)]).await;
    create("").await.invalid("value");
    create(&"x".repeat(64 * 1024 + 1)).await.refused(413, "too_large");
    for text in CONTROL {
        create(text).await.invalid("value");
    }
    create("ключ 🔑 مفتاح").await.is(200);
}

#[tokio::test]
async fn a_file_of_1_mib_fits_through_a_form_and_one_byte_more_does_not() {
    let w = World::new().await;
    use base64::Engine as _;
    // Bytes whose base64 is nothing but characters that a form writes as three.
    let file = |size: usize| base64::engine::general_purpose::STANDARD.encode(vec![0xff_u8; size]);
    let create = async |size| {
        call(&w, "create_secret", &[("key", "FILE"), ("kind", "file"), ("value_base64", &file(size))]).await
    };
    create(1024 * 1024 + 1).await.refused(413, "too_large");
    create(1024 * 1024).await.is(200);
}

#[tokio::test]
async fn a_form_beyond_every_limit_is_413() {
    let w = World::new().await;
    let huge = "x".repeat(5 * 1024 * 1024);
    call(&w, "import_secrets", &[("text", &huge)]).await.refused(413, "too_large");
    let fields = [("tenant", "acme"), ("text", huge.as_str())];
    let form = w.submit("import_secrets", "/t/acme/projects", &fields).with(Person::Owner).await;
    form.redirects("/t/acme/projects");
    let kept = w.texts("SELECT data FROM sessions").await.concat();
    assert!(kept.contains("too_large"), "the page says why: {kept}");
}

#[tokio::test]
async fn a_duplicate_a_kind_that_is_none_and_a_frontend_service_are_refused() {
    let w = World::new().await;
    call(&w, "create_secret", &[("key", "TOKEN"), ("value", "x")]).await.refused(409, "conflict");
    call(&w, "create_service", &[("name", "X"), ("kind", "sideways")]).await.invalid("kind");
    let web = [("service", "web"), ("key", "A"), ("value", "x")];
    call(&w, "create_secret", &web).await.refused(403, "service_kind_mismatch");
    call(&w, "reveal_secret", &web[..2]).await.refused(403, "service_kind_mismatch");
}

#[tokio::test]
async fn another_tenant_is_not_there_whatever_is_asked_of_it() {
    let w = World::new().await;
    let before = w.fingerprint().await;
    let of_no_tenant = [
        "set_up",
        "sign_in",
        "sign_out",
        "step_up",
        "reset_link",
        "reset_password",
        "set_theme",
        "read_account",
        // What a sign-in page offers is for everybody.
        "read_offered_providers",
        "read_step_up_means",
        "read_connections",
    ];
    for call in crate::table::functions::calls() {
        let name = call.route.trim_start_matches("POST /_fn/").to_owned();
        if of_no_tenant.contains(&name.as_str()) {
            continue;
        }
        let reply = call.at("tenant", "rival").ask(&w).with(Person::Owner).await.refused(404, "not_found");
        assert_eq!(reply.json()["message"], "There is nothing here", "{name}");
    }
    assert_eq!(w.fingerprint().await, before);
}
