//! Requests and answers of the protocol: forms, headers, errors.

use crate::world::apps::{CALLBACK, VERIFIER, asking, code_in};
use crate::world::{Person, Reply, World, encoded};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use nexus_backend::oauth::authorize;
use nexus_backend::people::Opened;
use nexus_domain::UserId;
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

/// A code of the confidential app, for the owner.
async fn code(w: &World) -> String {
    let owner = w.texts("SELECT lower(hex(id)) FROM users WHERE email = 'ana@acme.test'").await[0].clone();
    let opened = Opened::by_password(UserId(owner.parse().expect("an id")), w.nexus.now());
    let raw = asking(&w.keys.apps.app, CALLBACK, "read:configs read:services");
    code_in(&authorize::decide(&w.nexus, opened, &raw, true, None).await.expect("allowed"))
}

fn header(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn problem(reply: &Reply, status: u16, error: &str) {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    let body = reply.json();
    assert_eq!(body["error"], error, "{body}");
    assert!(body["error_description"].is_string() && body["request_id"].is_string(), "{body}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn tokens_are_given_for_a_code_and_never_kept_by_anybody_on_the_way() {
    let w = World::new().await;
    let (apps, code) = (&w.keys.apps, code(&w).await);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let ask = w.ask("POST", "/oauth/token").fields(&fields);
    let reply = ask.header("authorization", &header(&apps.app, &apps.app_secret)).await.is(200);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("pragma"), Some("no-cache"));
    let body = reply.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(body["scope"], "read:services read:configs");
    let token = body["access_token"].as_str().expect("a token").to_owned();
    w.get("/api/v1/projects/shop/services/api").with(&token).await.is(200);
    w.get("/api/v1/members").with(&token).await.refused(403, "forbidden");
}

#[tokio::test]
async fn every_refusal_is_in_the_words_of_the_protocol() {
    let w = World::new().await;
    let apps = &w.keys.apps;
    let good = header(&apps.app, &apps.app_secret);
    let send = async |authorization: Option<&str>, body: &str| {
        let ask = w.ask("POST", "/oauth/token").raw(FORM, body);
        match authorization {
            Some(value) => ask.header("authorization", value).await,
            None => ask.await,
        }
    };
    problem(&send(Some(&good), "").await, 400, "invalid_request");
    problem(&send(Some(&good), "grant_type=password").await, 400, "unsupported_grant_type");
    problem(&send(Some(&good), "grant_type=refresh_token&refresh_token=x").await, 400, "invalid_grant");
    problem(
        &send(Some(&good), "grant_type=refresh_token&grant_type=refresh_token").await,
        400,
        "invalid_request",
    );
    problem(&send(Some(&good), "grant_type=%FF%FE").await, 400, "unsupported_grant_type");
    let refresh = "grant_type=refresh_token&refresh_token=x";
    for wrong in [
        header(&apps.app, "ocs_wrong"),
        header("nobody", &apps.app_secret),
        "Basic".into(),
        "Basic !!!".into(),
        format!("Basic {}", STANDARD.encode("no-colon")),
        format!("Basic {}", STANDARD.encode(b"\xff:\xfe")),
        format!("Bearer {}", w.keys.admin),
        format!("Digest {}", apps.app),
    ] {
        let reply = send(Some(&wrong), refresh).await;
        problem(&reply, 401, "invalid_client");
        assert!(reply.header("www-authenticate").is_some_and(|it| it.starts_with("Basic ")), "{wrong}");
    }
    problem(&send(None, refresh).await, 401, "invalid_client");
    let twice = w.ask("POST", "/oauth/token").raw(FORM, refresh).header("authorization", &good);
    problem(&twice.header("authorization", &good).await, 401, "invalid_client");
    let json = w.post("/oauth/token", json!({ "grant_type": "refresh_token" })).await;
    problem(&json, 415, "invalid_request");
    problem(&send(None, &"a=b&".repeat(200_000)).await, 413, "invalid_request");
    problem(&w.ask("POST", "/oauth/token").raw(FORM, b"a=\xff".to_vec()).await, 400, "invalid_request");
    w.get("/oauth/token").await.is(405);
    w.get("/oauth/nothing").await.refused(404, "not_found");
}

#[tokio::test]
async fn the_halves_of_the_header_are_written_as_in_a_form() {
    let w = World::new().await;
    let apps = &w.keys.apps;
    let odd: String = apps.app.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let ask = w.ask("POST", "/oauth/token").raw(FORM, "grant_type=refresh_token&refresh_token=x");
    problem(
        &ask.header("authorization", &header(&odd, &encoded(&apps.app_secret))).await,
        400,
        "invalid_grant",
    );
}

#[tokio::test]
async fn too_many_requests_are_told_in_the_words_of_the_protocol() {
    let w = World::new().await;
    let ask = || {
        let fields = [("client_id", "nexus-cli")];
        w.ask("POST", "/oauth/device_authorization").fields(&fields).from("10.200.0.1")
    };
    for _ in 0..100 {
        ask().await.is(200);
    }
    let reply = ask().await;
    problem(&reply, 429, "temporarily_unavailable");
    assert!(reply.header("retry-after").is_some());
    assert_eq!(reply.json()["code"], "rate_limited");
}

#[tokio::test]
async fn apps_without_a_server_read_answers_from_their_page_and_nobody_reads_the_others() {
    let w = World::new().await;
    let shared = "access-control-allow-origin";
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", &*w.keys.apps.public_app)];
    let reply = w.ask("POST", "/oauth/token").header("origin", "https://spa.test").fields(&fields).await;
    assert_eq!((reply.status.as_u16(), reply.header(shared)), (400, Some("*")));
    let asked = w.ask("OPTIONS", "/oauth/token").header("origin", "https://spa.test");
    let asked = asked.header("access-control-request-method", "POST").await.is(204);
    assert_eq!((asked.header(shared), asked.header("access-control-allow-credentials")), (Some("*"), None));
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/jwks.json"] {
        assert_eq!(w.get(path).header("origin", "https://spa.test").await.is(200).header(shared), Some("*"));
    }
    let introspected = w.ask("POST", "/oauth/introspect").header("origin", "https://spa.test");
    let introspected = introspected.fields(&[("token", "x")]).with(&w.keys.admin).await.is(200);
    assert_eq!(introspected.header(shared), None);
}

#[tokio::test]
async fn the_instance_says_what_it_is() {
    let w = World::new().await;
    let said = w.get("/.well-known/oauth-authorization-server").await.is(200).json();
    assert_eq!(said["issuer"], "https://nexus.test");
    for (name, path) in [
        ("authorization_endpoint", "/oauth/authorize"),
        ("token_endpoint", "/oauth/token"),
        ("revocation_endpoint", "/oauth/revoke"),
        ("introspection_endpoint", "/oauth/introspect"),
        ("device_authorization_endpoint", "/oauth/device_authorization"),
        ("jwks_uri", "/.well-known/jwks.json"),
    ] {
        assert_eq!(said[name], format!("https://nexus.test{path}"));
    }
    assert_eq!(said["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(said["authorization_response_iss_parameter_supported"], true);
    let scopes = said["scopes_supported"].as_array().expect("scopes");
    assert!(scopes.contains(&json!("read:secrets")) && !scopes.contains(&json!("admin:all")));
    let keys = w.get("/.well-known/jwks.json").await.is(200).json();
    let key = &keys["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA")));
    assert!(key.get("d").is_none() && keys["keys"].as_array().is_some_and(|keys| keys.len() == 1));
}

/// The parts of a signed text.
fn parts(text: &str) -> (Value, Value) {
    let read =
        |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON");
    let mut parts = text.split('.').map(str::to_owned);
    (read(&parts.next().expect("a header")), read(&parts.next().expect("claims")))
}

#[tokio::test]
async fn an_answer_about_a_token_is_signed_for_who_wants_that() {
    let w = World::new().await;
    let apps = &w.keys.apps;
    let ask = || {
        let ask = w.ask("POST", "/oauth/introspect").fields(&[("token", &apps.oauth)]);
        ask.header("authorization", &header(&apps.app, &apps.app_secret))
    };
    let plain = ask().await.is(200).json();
    assert_eq!((&plain["active"], &plain["username"]), (&json!(true), &json!("ana@acme.test")));
    assert_eq!((&plain["client_id"], &plain["token_type"]), (&json!(apps.app), &json!("Bearer")));
    let signed = ask().header("accept", "application/token-introspection+jwt").await.is(200);
    assert_eq!(signed.header("content-type"), Some("application/token-introspection+jwt"));
    let (header, claims) = parts(&signed.text());
    assert_eq!((&header["typ"], &header["alg"]), (&json!("token-introspection+jwt"), &json!("EdDSA")));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("https://nexus.test"), &json!(apps.app)));
    assert_eq!(claims["token_introspection"], plain);
    let keys = w.get("/.well-known/jwks.json").await.json();
    assert_eq!(keys["keys"][0]["kid"], header["kid"]);
    let public = w.ask("POST", "/oauth/introspect");
    let public = public.fields(&[("token", &*apps.oauth), ("client_id", &*apps.public_app)]).await;
    problem(&public, 401, "invalid_client");
    let of_key = w.ask("POST", "/oauth/introspect").fields(&[("token", &apps.oauth)]);
    assert_eq!(of_key.with(&w.keys.sk_read).await.is(200).json()["active"], true);
    let of_rival = w.ask("POST", "/oauth/introspect").fields(&[("token", &apps.oauth)]);
    assert_eq!(of_rival.with(&w.keys.rival).await.is(200).json(), json!({ "active": false }));
}

#[tokio::test]
async fn a_cookie_means_nothing_where_tokens_are_given_out() {
    let w = World::new().await;
    let ask =
        w.ask("POST", "/oauth/token").fields(&[("grant_type", "refresh_token"), ("refresh_token", "x")]);
    problem(&ask.with(Person::Owner).await, 401, "invalid_client");
}
