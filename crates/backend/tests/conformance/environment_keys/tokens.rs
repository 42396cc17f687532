//! Tokens that a key's signing secret has signed.

use super::{make, new_key, opened};
use crate::world::{Outcome, World};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::StreamExt as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use nexus_backend::credentials::{at_endpoint, authenticate, introspect};
use nexus_backend::gate::{Actor, Who};
use nexus_backend::keys::environment;
use nexus_backend::{environments, services, snapshot as programs, streams};
use nexus_domain::Code;
use nexus_domain::environment_key::{NewEnvironmentKey, SigningSecret};
use nexus_domain::keys::Access;
use nexus_domain::role::{Scope, Scopes};
use nexus_domain::timestamp::{MINUTE, SECOND};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;

both![
    a_token_stands_for_its_key,
    permissions_only_narrow_and_unknown_words_are_kept,
    everything_wrong_is_refused_alike,
    times_are_checked_with_a_minute_of_leeway,
    another_signing_secret_and_a_revocation_end_all_tokens,
    a_token_for_a_service_is_that_service_and_no_other,
    a_stream_ends_with_the_token_that_opened_it,
    a_token_makes_no_key_that_outlives_it,
    introspection_tells_the_tenants_own_tokens_apart,
    a_signing_secret_is_stored_sealed,
    the_networks_of_the_key_hold_for_its_tokens,
];

/// Signs any text as a token with any header.
fn signed(header: &str, claims: &str, secret: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut mac = <Hmac<Sha256>>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn header(signing: &SigningSecret) -> Value {
    json!({ "alg": "HS256", "typ": "JWT", "kid": signing.id })
}

/// The claims of a good token, with some of them replaced; `null` takes one away.
fn claims(w: &World, signing: &SigningSecret, changes: Value) -> Value {
    let now = w.now().0 / SECOND;
    let mut claims = json!({
        "iss": signing.id, "aud": "https://nexus.test", "iat": now, "exp": now + 300, "jti": "t-1",
    });
    for (name, value) in changes.as_object().expect("changes") {
        match value {
            Value::Null => claims.as_object_mut().expect("claims").remove(name),
            value => claims.as_object_mut().expect("claims").insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn token(w: &World, signing: &SigningSecret, changes: Value) -> String {
    let (header, claims) = (header(signing).to_string(), claims(w, signing, changes).to_string());
    signed(&header, &claims, &signing.signing_secret)
}

async fn signer(w: &World, new: NewEnvironmentKey) -> SigningSecret {
    let made = make(w, new).await;
    let owner = w.signed_in_again(&w.owner).await;
    environment::sign(&w.nexus, &owner, made.about.id).await.fine()
}

fn scopes_of(actor: &Actor) -> &Scopes {
    let Who::EnvironmentKey { scopes, .. } = &actor.who else { panic!("{actor:?}") };
    scopes
}

async fn a_token_stands_for_its_key(w: &World) {
    let signing = signer(w, new_key("develop", None)).await;
    assert_eq!(signing.audience, "https://nexus.test");
    let actor = w.present(&token(w, &signing, json!({}))).await.fine();
    assert_eq!(actor.id(), Some(signing.id.0));
    assert_eq!(scopes_of(&actor), &Scopes::all_but_admin());
    assert_eq!(environments::list(&w.nexus, &actor).await.fine()[0].slug, "develop");
    let several = json!({ "aud": ["https://other.test", "https://nexus.test"], "more": { "x": [1] } });
    w.present(&token(w, &signing, several)).await.fine();
    let bare = json!({ "alg": "HS256", "kid": signing.id }).to_string();
    w.present(&signed(&bare, &claims(w, &signing, json!({})).to_string(), &signing.signing_secret))
        .await
        .fine();
}

async fn permissions_only_narrow_and_unknown_words_are_kept(w: &World) {
    let signing = signer(w, new_key("live", Some(&[Scope::ReadFlags, Scope::ReadServices]))).await;
    let wide = json!({ "permissions": ["read:flags", "write:flags", "admin:all", "orders:ship"] });
    let text = token(w, &signing, wide);
    let actor = w.present(&text).await.fine();
    assert_eq!(scopes_of(&actor).0, [Scope::ReadFlags]);
    let caller = authenticate(&w.nexus, &text, None).await.expect("valid");
    let told = introspect(&w.nexus, &caller, &text).await.fine();
    assert_eq!(told.permissions, Some(vec!["read:flags".to_owned(), "orders:ship".to_owned()]));
    let none = w.present(&token(w, &signing, json!({ "permissions": [] }))).await.fine();
    assert!(scopes_of(&none).0.is_empty());
    let admin = signer(w, new_key("live", Some(&[Scope::AdminAll]))).await;
    let narrowed = json!({ "permissions": ["read:configs"] });
    assert_eq!(scopes_of(&w.present(&token(w, &admin, narrowed)).await.fine()).0, [Scope::ReadConfigs]);
}

async fn everything_wrong_is_refused_alike(w: &World) {
    let signing = signer(w, new_key("live", None)).await;
    let secret = signing.signing_secret.as_str();
    let good = claims(w, &signing, json!({})).to_string();
    let id = signing.id;
    let headed = |header: Value| signed(&header.to_string(), &good, secret);
    let now = w.now().0 / SECOND;
    let plain = header(&signing).to_string();
    let unsigned =
        |header: &str| format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(&good));
    let mut wrong = vec![
        unsigned(&json!({ "alg": "none", "kid": id }).to_string()),
        unsigned(&plain),
        headed(json!({ "alg": "none", "kid": id })),
        headed(json!({ "alg": "HS512", "kid": id })),
        headed(json!({ "alg": "RS256", "kid": id })),
        headed(json!({ "alg": "hs256", "kid": id })),
        headed(json!({ "alg": ["HS256"], "kid": id })),
        headed(json!({ "alg": "HS256" })),
        headed(json!({ "alg": "HS256", "kid": "00000000-0000-7000-8000-000000000000" })),
        headed(json!({ "alg": "HS256", "kid": 7 })),
        headed(json!({ "alg": "HS256", "kid": id, "typ": "secret" })),
        headed(json!({ "alg": "HS256", "kid": id, "jku": "https://evil.test" })),
        headed(json!({ "alg": "HS256", "kid": id, "jwk": { "kty": "oct", "k": "AA" } })),
        headed(json!({ "alg": "HS256", "kid": id, "crit": ["b64"], "b64": false })),
        signed(&format!(r#"{{"alg":"none","alg":"HS256","kid":"{id}"}}"#), &good, secret),
        signed(&plain, &good.replacen('{', r#"{"permissions":["admin:all"],"permissions":[],"#, 1), secret),
        signed(&plain, &good.replacen('{', r#"{"x":1,"x":2,"#, 1), secret),
        signed(&plain, "[]", secret),
        signed(&plain, "", secret),
        signed(&plain, &good, &secret.to_uppercase()),
        signed(&plain, &good, ""),
        format!("{}.", headed(header(&signing))),
        format!(" {}", headed(header(&signing))),
        ".".into(),
        "..".into(),
        "a.b.c".into(),
        "e30.e30.".into(),
        "x".repeat(256 * 1024),
        format!("{}.{}.{}", "x".repeat(100_000), "y".repeat(100_000), "z".repeat(50_000)),
        token(w, &signing, json!({ "more": "x".repeat(256 * 1024) })),
    ];
    for changes in [
        json!({ "iss": "00000000-0000-7000-8000-000000000000" }),
        json!({ "iss": null }),
        json!({ "aud": "https://other.test" }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "aud": 7 }),
        json!({ "exp": null }),
        json!({ "exp": (now + 300).to_string() }),
        json!({ "exp": now as f64 + 0.5 }),
        json!({ "exp": true }),
        json!({ "exp": i64::MAX }),
        json!({ "exp": u64::MAX }),
        json!({ "exp": i64::MIN }),
        json!({ "iat": "now" }),
        json!({ "iat": now as f64 + 0.5 }),
        json!({ "iat": now + 400 }),
        json!({ "nbf": "now" }),
        json!({ "nbf": now + 61 }),
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "jti": 7 }),
        json!({ "service": 7 }),
        json!({ "permissions": "read:flags" }),
        json!({ "permissions": [7] }),
        json!({ "permissions": vec!["x"; 201] }),
    ] {
        wrong.push(token(w, &signing, changes));
    }
    for text in wrong {
        let refusal = w.present(&text).await.refused_as(Code::Unauthorized);
        assert_eq!(refusal.message, "Missing or invalid API key", "{text:.200}");
        assert!(refusal.details.is_empty());
    }
    w.present(&headed(header(&signing))).await.fine();
}

async fn times_are_checked_with_a_minute_of_leeway(w: &World) {
    let signing = signer(w, new_key("live", None)).await;
    let now = w.now().0 / SECOND;
    for (changes, valid) in [
        (json!({ "exp": now - 59, "iat": now - 100 }), true),
        (json!({ "exp": now - 60, "iat": now - 100 }), false),
        (json!({ "exp": now + 3_660 }), true),
        (json!({ "exp": now + 3_661 }), false),
        (json!({ "iat": now + 60 }), true),
        (json!({ "iat": now + 61 }), false),
        // When it was made, it need not say; when it ends is bounded all the same.
        (json!({ "iat": null }), true),
        (json!({ "iat": null, "exp": now + 3_660 }), true),
        (json!({ "iat": null, "exp": now + 3_661 }), false),
        (json!({ "nbf": now + 60 }), true),
        (json!({ "exp": now + 10, "iat": now + 20 }), false),
    ] {
        let found = w.present(&token(w, &signing, changes.clone())).await;
        assert_eq!(found.is_ok(), valid, "{changes}");
    }
    // A token that is remembered ends all the same.
    let text = token(w, &signing, json!({ "exp": now + 60 }));
    w.present(&text).await.fine();
    w.pass(2 * MINUTE);
    w.present(&text).await.refused_as(Code::Unauthorized);
}

async fn another_signing_secret_and_a_revocation_end_all_tokens(w: &World) {
    let first = signer(w, new_key("live", None)).await;
    let old = token(w, &first, json!({}));
    w.present(&old).await.fine();
    let second = environment::sign(&w.nexus, &w.owner, first.id).await.fine();
    w.present(&old).await.refused_as(Code::Unauthorized);
    let new = token(w, &second, json!({}));
    w.present(&new).await.fine();
    let other = w.another_process().await;
    authenticate(&other, &new, None).await.map(|found| found.actor).fine();
    environment::revoke(&w.nexus, &w.owner, first.id).await.fine();
    w.present(&new).await.refused_as(Code::Unauthorized);
    other.follow().await.fine();
    authenticate(&other, &new, None).await.map(|found| found.actor).refused_as(Code::Unauthorized);
    other.db.close().await;
    assert_eq!(w.number("SELECT COUNT(*) FROM environment_keys WHERE signing_sealed IS NOT NULL").await, 0);
    let events = w.events().await;
    assert_eq!(events.iter().filter(|event| *event == "key.signing_secret").count(), 2);
}

async fn a_token_for_a_service_is_that_service_and_no_other(w: &World) {
    let api = w.shop().await;
    let other = w.service("shop", "live", "other").await;
    let far = w.service("shop", "develop", "api").await;
    w.set(&api, "PORT", "80").await;
    let slug =
        async |path| services::get(&w.nexus, &w.owner, path).await.fine().endpoint_slug.expect("a slug");
    let (own, other, far) = (slug(&api).await, slug(&other).await, slug(&far).await);
    let signing = signer(w, new_key("live", None)).await;
    let at = async |service: &str, named: Option<&str>| {
        let text = token(w, &signing, json!({ "service": service }));
        let credential = authenticate(&w.nexus, &text, None).await.expect("valid");
        at_endpoint(&w.nexus, credential, named).await.map(|found| found.actor)
    };
    let reader = at(&own, None).await.fine();
    programs::config(&w.nexus, &reader, "PORT").await.map(|_| ()).fine();
    // An address would outlive the token.
    assert_eq!(streams::address(&w.nexus, &reader).fine(), None);
    streams::subscribe(&w.nexus, &reader, None).await.fine();
    at(&own, Some(&own)).await.fine();
    at(&own, Some(&other)).await.refused_as(Code::NotFound);
    at(&far, None).await.refused_as(Code::NotFound);
    at("nowhere", None).await.refused_as(Code::NotFound);
    // By its slug too, in the key's environment.
    let reader = at("api", None).await.fine();
    programs::config(&w.nexus, &reader, "PORT").await.map(|_| ()).fine();
    at("api", None).await.fine();
    at("api", Some(&own)).await.fine();
    at("api", Some(&other)).await.refused_as(Code::NotFound);
    at("api", Some(&far)).await.refused_as(Code::NotFound);
    at("shared", None).await.refused_as(Code::NotFound);
    // Where two projects have one, the address says which.
    w.project("second").await;
    let second = slug(&w.service("second", "live", "api").await).await;
    at("api", None).await.refused_as(Code::NotFound);
    at("api", Some(&own)).await.fine();
    at("api", Some(&second)).await.fine();
}

async fn a_stream_ends_with_the_token_that_opened_it(w: &World) {
    let api = w.shop().await;
    let slug = services::get(&w.nexus, &w.owner, &api).await.fine().endpoint_slug;
    let first = signer(w, new_key("live", None)).await;
    let listen = async |signing: &SigningSecret| {
        let credential = authenticate(&w.nexus, &token(w, signing, json!({})), None).await.expect("valid");
        let reader = at_endpoint(&w.nexus, credential, slug.as_deref()).await.expect("there").actor;
        streams::subscribe(&w.nexus, &reader, None).await.fine()
    };
    let ends = async |mut stream: streams::Subscription| {
        let rest = async { while stream.next().await.is_some() {} };
        tokio::time::timeout(Duration::from_secs(20), rest).await.expect("the end, in time");
    };
    let stream = listen(&first).await;
    w.pass(10 * MINUTE);
    ends(stream).await;
    // Another signing secret ends what the one before has opened.
    let stream = listen(&first).await;
    let owner = w.signed_in_again(&w.owner).await;
    let second = environment::sign(&w.nexus, &owner, first.id).await.fine();
    ends(stream).await;
    let stream = listen(&second).await;
    environment::revoke(&w.nexus, &owner, first.id).await.fine();
    ends(stream).await;
}

async fn a_token_makes_no_key_that_outlives_it(w: &World) {
    let signing = signer(w, new_key("live", None)).await;
    let actor = w.present(&token(w, &signing, json!({}))).await.fine();
    environment::create(&w.nexus, &actor, new_key("live", Some(&[]))).await.refused_as(Code::Forbidden);
    let expires_at = Some(w.now().plus(4 * MINUTE));
    let short = NewEnvironmentKey { expires_at, ..new_key("live", Some(&[])) };
    environment::create(&w.nexus, &actor, short).await.fine();
    environment::sign(&w.nexus, &actor, signing.id).await.refused_as(Code::Forbidden);
}

async fn introspection_tells_the_tenants_own_tokens_apart(w: &World) {
    let api = w.shop().await;
    let signing = signer(w, new_key("live", Some(&[Scope::ReadFlags]))).await;
    let (sk, _) = w.service_key(&api, Access::Read).await;
    let caller = authenticate(&w.nexus, &sk, None).await.expect("valid");
    let text = token(w, &signing, json!({ "service": "orders" }));
    let told = introspect(&w.nexus, &caller, &text).await.fine();
    assert!(told.active);
    assert_eq!((told.service.as_deref(), told.environment.as_deref()), (Some("orders"), Some("live")));
    assert_eq!(told.permissions, Some(vec!["read:flags".to_owned()]));
    assert_eq!(told.exp, Some(w.now().0 / SECOND + 300));
    let rival = w.rival().await;
    let theirs = nexus_backend::credentials::make_environment_key(
        &w.nexus,
        &rival.operator,
        "live",
        "x",
        Scopes::admin(),
    );
    let stranger = authenticate(&w.nexus, &theirs.await.fine().text, None).await.expect("valid");
    let nothing = nexus_domain::environment_key::Introspection::default();
    assert_eq!(introspect(&w.nexus, &stranger, &text).await.fine(), nothing);
    for text in ["", "x", sk.as_str()] {
        assert_eq!(introspect(&w.nexus, &caller, text).await.fine(), nothing);
    }
    w.pass(10 * MINUTE);
    assert_eq!(introspect(&w.nexus, &caller, &text).await.fine(), nothing);
}

async fn a_signing_secret_is_stored_sealed(w: &World) {
    let signing = signer(w, new_key("live", None)).await;
    assert_eq!(signing.signing_secret.len(), 64);
    assert!(!format!("{signing:?}").contains(&signing.signing_secret));
    for (place, bytes) in w.dump().await {
        assert!(!String::from_utf8_lossy(&bytes).contains(&signing.signing_secret), "{place}");
    }
    // One that is copied to another key does not open.
    let (other, _) = opened(w, new_key("live", None)).await;
    let (from, to) = (w.database.id(signing.id.0), w.database.id(other.about.id.0));
    for column in ["signing_sealed", "signing_wrapped_key", "signing_made_at"] {
        w.execute(&format!(
            "UPDATE environment_keys SET {column} = (SELECT {column} FROM environment_keys WHERE id = {from})
             WHERE id = {to}"
        ))
        .await;
    }
    let copied = SigningSecret { id: other.about.id, ..signing };
    let found = w.present(&token(w, &copied, json!({}))).await;
    assert!(found.is_err());
}

async fn the_networks_of_the_key_hold_for_its_tokens(w: &World) {
    let allowed_cidrs = Some(vec!["192.0.2.0/24".to_owned()]);
    let signing = signer(w, NewEnvironmentKey { allowed_cidrs, ..new_key("live", None) }).await;
    let text = token(w, &signing, json!({}));
    let from = async |ip: &str| authenticate(&w.nexus, &text, ip.parse().ok()).await.map(|found| found.actor);
    from("192.0.2.1").await.fine();
    from("192.0.3.1").await.refused_as(Code::IpNotAllowed);
}
