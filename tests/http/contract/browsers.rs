//! What browsers obey: cross-origin rules, policies, and the headers around every answer.

use crate::world::{Person, Start, World};

#[tokio::test]
async fn a_preflight_to_the_service_api_allows_exactly_what_the_contract_says() {
    let w = World::new().await;
    for path in ["/v1/sync", "/v1/secrets/A", "/s/x/v1/sync"] {
        let preflight = w
            .ask("OPTIONS", path)
            .header("origin", "https://shop.test")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization");
        let reply = preflight.await.is(204);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("access-control-allow-methods"), Some("GET, POST"));
        let headers = "Authorization, Content-Type, If-None-Match, Last-Event-ID";
        assert_eq!(reply.header("access-control-allow-headers"), Some(headers));
        assert_eq!(reply.header("access-control-max-age"), Some("600"));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
    }
}

#[tokio::test]
async fn a_public_keys_answer_may_be_read_by_a_page() {
    let w = World::new().await;
    let reply = w.get("/v1/sync").header("origin", "https://shop.test").with(&w.keys.pk).await.is(200);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.header("access-control-expose-headers"), Some("ETag, Retry-After, x-request-id"));
    assert_eq!(reply.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn a_page_can_read_why_it_was_refused() {
    let w = World::new().await;
    for key in ["", "nonsense", "pk_live_1234"] {
        let reply = w.get("/v1/sync").header("origin", "https://shop.test").with(key).await.is(401);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{key}");
    }
}

#[tokio::test]
async fn an_answer_to_a_secret_key_is_for_no_page() {
    let w = World::new().await;
    for key in [&w.keys.sk_read, &w.keys.sk_revoked, &w.keys.admin] {
        let reply = w.get("/v1/sync").header("origin", "https://shop.test").with(key).await;
        assert_eq!(reply.header("access-control-allow-origin"), None);
        assert_eq!(reply.header("access-control-expose-headers"), None);
    }
}

#[tokio::test]
async fn the_management_api_and_the_console_are_for_no_other_origin() {
    let w = World::new().await;
    for (method, path) in [
        ("GET", "/api/v1/projects"),
        ("OPTIONS", "/api/v1/projects"),
        ("OPTIONS", "/_fn/sign_in"),
        ("GET", "/sign-in"),
        ("GET", "/api/openapi.json"),
    ] {
        let ask = w.ask(method, path).header("origin", "https://shop.test");
        let reply = ask.header("access-control-request-method", "GET").with(&w.keys.admin).await;
        assert_eq!(reply.header("access-control-allow-origin"), None, "{method} {path}");
    }
}

const POLICY: &str = "default-src 'none'; script-src 'nonce-{}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
                      img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; object-src 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

fn nonce(policy: &str) -> &str {
    policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce")
}

#[tokio::test]
async fn every_page_has_the_policy_with_a_nonce_that_its_scripts_carry() {
    let w = World::new().await;
    for (path, status) in
        [("/t/acme/projects", 200), ("/t/acme/projects/nothing", 404), ("/nowhere", 404), ("/step-up", 200)]
    {
        let reply = w.get(path).with(Person::Owner).await.is(status);
        let policy = reply.header("content-security-policy").expect("a policy");
        let nonce = nonce(policy);
        assert!(nonce.len() >= 22, "128 bits at least: {nonce}");
        assert_eq!(policy, POLICY.replace("{}", nonce), "{path}");
        let html = reply.text();
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap_or_default();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{tag}>");
        }
        assert!(html.contains("<script"), "{path}");
    }
}

#[tokio::test]
async fn no_nonce_is_used_twice() {
    let w = World::new().await;
    let of = async |path| {
        let reply = w.get(path).await;
        nonce(reply.header("content-security-policy").expect("a policy")).to_owned()
    };
    assert_ne!(of("/sign-in").await, of("/sign-in").await);
}

#[tokio::test]
async fn no_page_has_inline_styles_or_handlers() {
    let w = World::new().await;
    for path in [
        "/t/acme/projects",
        "/t/acme/projects/shop/live/api/secrets?open=TOKEN",
        "/t/acme/settings",
        "/step-up",
    ] {
        let html = w.get(path).with(Person::Owner).await.is(200).text();
        for inline in [" style=", " onclick=", " onload=", "javascript:"] {
            assert!(!html.contains(inline), "{path} has {inline}");
        }
    }
}

#[tokio::test]
async fn what_is_no_page_may_load_nothing() {
    let w = World::new().await;
    for path in ["/healthz", "/api/v1/whoami", "/v1/sync", "/assets/missing.js", "/", "/api/openapi.json"] {
        let policy = w.get(path).await.header("content-security-policy").expect("a policy").to_owned();
        assert!(policy.starts_with("default-src 'none';"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"),
            "{path}: {policy}"
        );
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_that_browsers_obey() {
    let w = World::new().await;
    for path in
        ["/sign-in", "/", "/healthz", "/api/v1/whoami", "/v1/sync", "/nowhere", "/assets/x.js", "/api/docs"]
    {
        let reply = w.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path}");
        }
    }
}

#[tokio::test]
async fn over_plain_http_no_transport_security_is_promised() {
    let w = World::started(Start { public_url: "http://127.0.0.1:3000", ..Start::default() }).await;
    assert_eq!(w.get("/sign-in").await.is(200).header("strict-transport-security"), None);
}

#[tokio::test]
async fn pages_and_answers_of_server_functions_are_not_stored() {
    let w = World::new().await;
    for path in ["/sign-in", "/t/acme/projects", "/nowhere", "/", "/setup"] {
        let reply = w.get(path).with(Person::Owner).await;
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
    }
    let read = w.call("read_projects", &[("tenant", "acme")]).with(Person::Owner).await.is(200);
    assert_eq!(read.header("cache-control"), Some("no-store"));
    let refused = w.call("read_projects", &[("tenant", "acme")]).await.is(401);
    assert_eq!(refused.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_file_of_the_site_is_kept_for_good_and_sent_as_it_was_packed() {
    let w = World::new().await;
    let page = w.get("/sign-in").await.is(200).text();
    let Some(css) =
        page.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|href| href.ends_with(".css"))
    else {
        return; // The console was not built: there are no files.
    };
    let reply = w.get(css).header("accept-encoding", "gzip, br;q=1.0").await.is(200);
    assert_eq!(reply.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(reply.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(reply.header("content-encoding"), Some("br"));
    assert_eq!(reply.header("vary"), Some("accept-encoding"));
    assert_eq!(w.get(css).await.is(200).header("content-encoding"), None);
}

#[tokio::test]
async fn nothing_outside_of_the_site_is_served_as_a_file() {
    let w = World::new().await;
    for name in [
        "..%2f..%2fCargo.toml",
        "%2e%2e%2fmanifest.json",
        "..%5c..%5cCargo.toml",
        "%2fetc%2fpasswd",
        "%00",
        ".",
    ] {
        w.get(&format!("/assets/{name}")).await.is(404);
    }
}
