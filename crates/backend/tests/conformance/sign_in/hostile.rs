//! A provider that misbehaves lets nobody in.

use super::{Scene, refusal, somebody};
use crate::world::{Outcome, World};
use jsonwebtoken::Algorithm;
use nexus_backend::sign_in::{self, Returned};
use nexus_domain::Code;
use nexus_domain::sign_in::Purpose;
use nexus_domain::timestamp::SECOND;
use serde_json::json;

both![
    claims_that_do_not_fit_let_nobody_in,
    tokens_signed_otherwise_let_nobody_in,
    new_keys_are_fetched_once_in_half_a_minute,
    a_provider_that_is_down_is_said_and_nothing_is_lost,
    a_description_that_does_not_fit_is_refused,
    another_issuer_that_answers_is_refused,
    the_person_is_asked_for_where_the_token_says_little,
    a_large_answer_is_cut_off,
];

async fn ready(w: &World) -> Scene {
    let scene = Scene::new(w).await;
    scene.connect(w, scene.id, w.owner_id, "42").await;
    scene
}

async fn claims_that_do_not_fit_let_nobody_in(w: &World) {
    let scene = ready(w).await;
    let now = w.now().0 / SECOND;
    for claims in [
        json!({ "iss": "https://evil.test" }),
        json!({ "iss": null }),
        json!({ "aud": "another" }),
        json!({ "aud": ["nexus-client", "another"] }),
        json!({ "azp": "another" }),
        json!({ "nonce": "of another sign-in" }),
        json!({ "nonce": null }),
        json!({ "exp": now - 60 }),
        json!({ "exp": null }),
        json!({ "exp": "soon" }),
        json!({ "iat": now + 61 }),
        json!({ "nbf": now + 61 }),
        json!({ "sub": "" }),
        json!({ "sub": 42 }),
        json!({ "sub": null }),
    ] {
        scene.provider.person(somebody(claims.clone()));
        let refused = refusal(scene.sign_in(scene.id).await);
        assert_eq!(refused.code, Code::Unauthorized, "{claims}");
    }
    scene.provider.person(somebody(json!({ "exp": now - 59, "iat": now + 60 })));
    scene.sign_in(scene.id).await.fine();
}

async fn tokens_signed_otherwise_let_nobody_in(w: &World) {
    let scene = ready(w).await;
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        scene.provider.script().algorithm = algorithm;
        scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
    }
    scene.provider.script().algorithm = Algorithm::ES256;
    scene.sign_in(scene.id).await.fine();
    // Another key by the name of the published one.
    scene.provider.rotate("k1");
    scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
}

async fn new_keys_are_fetched_once_in_half_a_minute(w: &World) {
    let scene = ready(w).await;
    let asked = || scene.provider.script().asked["/jwks"];
    assert_eq!(asked(), 1);
    scene.provider.rotate("k2");
    scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
    assert_eq!(asked(), 1, "they were read a moment ago");
    w.pass(31 * SECOND);
    scene.sign_in(scene.id).await.fine();
    assert_eq!(asked(), 2);
    scene.provider.script().kid = "nobodys".into();
    for _ in 0..5 {
        scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
    }
    w.pass(31 * SECOND);
    scene.provider.script().hides_keys = true;
    for _ in 0..5 {
        scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
    }
    assert_eq!(asked(), 3, "however many tokens name unknown ones");
}

async fn a_provider_that_is_down_is_said_and_nothing_is_lost(w: &World) {
    let scene = Scene::new(w).await;
    scene.provider.script().down = vec!["/.well-known/openid-configuration"];
    let refused = scene.begin(scene.id, Purpose::SignIn, None, "b").await.expect_err("refused").refusal();
    assert_eq!(refused.code, Code::Unavailable);
    assert!(refused.message.contains("The Provider"), "{refused}");
    scene.provider.script().down.clear();
    scene.connect(w, scene.id, w.owner_id, "42").await;
    scene.provider.script().down = vec!["/token"];
    scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
    scene.provider.script().down.clear();
    scene.sign_in(scene.id).await.fine();
}

async fn a_description_that_does_not_fit_is_refused(w: &World) {
    for (name, value) in [
        ("issuer", json!("https://evil.test")),
        ("issuer", json!(null)),
        ("token_endpoint", json!("http://127.0.0.1/token")),
        ("token_endpoint", json!("ftp://127.0.0.2/token")),
        ("jwks_uri", json!("http://[::1]/jwks")),
        ("userinfo_endpoint", json!("http://169.254.169.254/latest/meta-data")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("authorization_endpoint", json!(7)),
    ] {
        let scene = Scene::new(w).await;
        scene.provider.script().description.insert(name.to_owned(), value.clone());
        let refused = scene.begin(scene.id, Purpose::SignIn, None, "b").await.expect_err("refused").refusal();
        assert_eq!(refused.code, Code::Unavailable, "{name} {value}");
    }
}

async fn another_issuer_that_answers_is_refused(w: &World) {
    let scene = ready(w).await;
    let right = scene.provider.issuer();
    for (supported, iss, fine) in [
        (false, None, true),
        (false, Some(right.clone()), true),
        (false, Some("https://evil.test".to_owned()), false),
        (true, None, false),
        (true, Some(right.clone()), true),
    ] {
        w.pass(61 * 60 * SECOND);
        scene.provider.script().now = w.now().0 / SECOND;
        let name = "authorization_response_iss_parameter_supported".to_owned();
        scene.provider.script().description.insert(name, json!(supported));
        let address = scene.begin(scene.id, Purpose::SignIn, None, "b").await.fine();
        let sent = scene.provider.agree(&address);
        let returned = Returned {
            state: sent.state,
            code: Some(sent.code),
            error: None,
            iss: iss.clone(),
            browser: Some("b".into()),
            opened: None,
            ip: super::ip(),
        };
        let outcome = sign_in::finish(&scene.nexus, returned).await;
        assert_eq!(outcome.is_ok(), fine, "{supported} {iss:?}");
    }
}

async fn the_person_is_asked_for_where_the_token_says_little(w: &World) {
    let scene = Scene::new(w).await;
    scene.provider.person(json!({ "sub": "42" }));
    scene.provider.script().person =
        json!({ "sub": "42", "email": "told@corp.test", "email_verified": true });
    let opened = Some(nexus_backend::people::Opened::by_password(w.owner_id, w.now()));
    scene.go(scene.id, Purpose::Link, opened).await.fine();
    assert_eq!(w.texts("SELECT shown FROM identities").await, ["told@corp.test"]);
    scene.provider.script().person = json!({ "sub": "43", "email": "told@corp.test" });
    scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
}

async fn a_large_answer_is_cut_off(w: &World) {
    let scene = Scene::new(w).await;
    scene.provider.script().description.insert("padding".into(), json!("x".repeat(64 * 1024)));
    let refused = scene.begin(scene.id, Purpose::SignIn, None, "b").await.expect_err("refused").refusal();
    assert_eq!(refused.code, Code::Unavailable);
    scene.provider.script().description.insert("padding".into(), json!("x".repeat(60 * 1024)));
    scene.begin(scene.id, Purpose::SignIn, None, "b").await.fine();
}
