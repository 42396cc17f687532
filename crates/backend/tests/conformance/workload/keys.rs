//! Keys of providers: asked for once for all who wait, once more for a key that is not known, and nobody waits for a
//! provider that is not theirs.

use super::issuer::{Issuer, RSA, ec};
use super::{Scene, by_token, good, instance, named, pins, refused};
use crate::world::{Outcome, World};
use futures::future::{BoxFuture, join_all};
use nexus_backend::egress::Names;
use nexus_backend::workload;
use nexus_domain::workload::{IdentityProviderKind, KeysFrom, NewIdentityProvider};
use nexus_domain::{Code, timestamp};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

both![
    keys_are_asked_for_once_and_kept_for_an_hour,
    a_new_key_is_found_and_unknown_ones_are_not_looked_for_again_and_again,
    a_provider_that_hangs_is_waited_for_by_so_many_and_by_nobody_else,
    what_an_issuer_publishes_is_not_believed_blindly,
    a_name_that_changes_its_mind_leads_nowhere,
    two_clusters_with_one_issuer_are_two_providers,
    a_token_for_one_cluster_asks_no_other,
];

async fn keys_are_asked_for_once_and_kept_for_an_hour(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, _) = scene.usual().await;
    let token = good(&RSA, &scene.claims(&provider));
    let id = provider.id.to_string();
    for outcome in join_all((0..8).map(|_| scene.exchange(&id, &token))).await {
        outcome.fine();
    }
    assert_eq!(scene.issuer.fetches(), 1, "one look for all who wait");
    w.pass(30 * timestamp::MINUTE);
    scene.exchange(&id, &good(&RSA, &scene.claims(&provider))).await.fine();
    assert_eq!(scene.issuer.fetches(), 1, "they are kept");
    w.pass(31 * timestamp::MINUTE);
    scene.issuer.script().status = Some(500);
    let outcome = scene.exchange(&id, &good(&RSA, &scene.claims(&provider))).await;
    assert_eq!(
        outcome.expect_err("no keys").refusal().code,
        Code::Unavailable,
        "without keys nobody gets in"
    );
    scene.issuer.script().status = None;
    w.pass(31 * timestamp::SECOND);
    scene.exchange(&id, &good(&RSA, &scene.claims(&provider))).await.fine();
    // When they are old enough to be looked at again, nobody waits for that.
    scene.issuer.hang(true);
    w.pass(50 * timestamp::MINUTE);
    scene.exchange(&id, &good(&RSA, &scene.claims(&provider))).await.fine();
    scene.issuer.hang(false);
}

async fn a_new_key_is_found_and_unknown_ones_are_not_looked_for_again_and_again(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, _) = scene.usual().await;
    let id = provider.id.to_string();
    scene.session(&provider).await;
    let (next, claims) = (ec(), scene.claims(&provider));
    // The key is one for another algorithm than the provider is believed with.
    scene.issuer.publishes(&[(&RSA, "k2"), (&next, "k3")]);
    w.pass(31 * timestamp::SECOND);
    scene.exchange(&id, &named(&RSA, "k2", &claims)).await.fine();
    assert_eq!(scene.issuer.fetches(), 2, "a rotation is noticed");
    refused(scene.exchange(&id, &named(&next, "k3", &claims)).await, "an algorithm that is not taken");
    for kid in 0..8 {
        refused(scene.exchange(&id, &named(&RSA, &format!("flood-{kid}"), &claims)).await, "an unknown key");
    }
    assert_eq!(scene.issuer.fetches(), 2, "a flood of unknown keys is one look in 30 s");
    scene.exchange(&id, &named(&RSA, "k2", &claims)).await.fine();
    refused(scene.exchange(&id, &good(&RSA, &claims)).await, "the key before is not published any more");
    w.pass(31 * timestamp::SECOND);
    refused(scene.exchange(&id, &named(&RSA, "flood", &claims)).await, "an unknown key");
    assert_eq!(scene.issuer.fetches(), 3);
}

async fn a_provider_that_hangs_is_waited_for_by_so_many_and_by_nobody_else(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, _) = scene.usual().await;
    let hanging = Issuer::start().await;
    hanging.publishes(&[(&RSA, "k1")]);
    hanging.hang(true);
    let other = NewIdentityProvider {
        issuer: Some(hanging.origin.clone()),
        ..NewIdentityProvider::usual("Hangs", IdentityProviderKind::Oidc)
    };
    let slow = scene.provider(other).await;
    scene.rule(&slow, pins(&[("sub", "build-7")])).await;
    let token = good(&RSA, &scene.claims(&slow));
    let waiting: Vec<_> = (0..40)
        .map(|_| {
            let (nexus, endpoint, ip) = (scene.nexus.clone(), scene.endpoint.clone(), scene.ip());
            let asked = by_token(&slow.id.to_string(), &token);
            tokio::spawn(async move { workload::exchange(&nexus, &endpoint, asked, ip).await })
        })
        .collect();
    hanging.asked("/.well-known/openid-configuration", 1).await;
    // Meanwhile everybody else gets in.
    scene.session(&provider).await;
    hanging.hang(false);
    let (mut let_in, mut sent_away) = (0, 0);
    for task in waiting {
        match task.await.expect("no panic") {
            Ok(_) => let_in += 1,
            Err(error) => {
                assert_eq!(error.refusal().code, Code::Unavailable);
                sent_away += 1;
            }
        }
    }
    assert!(let_in >= 32 && let_in + sent_away == 40, "{let_in} waited, {sent_away} were sent away");
    assert_eq!(hanging.fetches(), 1);
}

async fn what_an_issuer_publishes_is_not_believed_blindly(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let (provider, _) = scene.usual().await;
    let id = provider.id.to_string();
    let described = "/.well-known/openid-configuration";
    let (origin, keys) = (scene.issuer.origin.clone(), scene.issuer.script().keys.clone());
    let own = serde_json::json!({ "keys": keys }).to_string();
    let says = |path: &str, text: String| scene.issuer.script().says.insert(path.to_owned(), text);
    let description =
        |issuer: &str, keys: &str| serde_json::json!({ "issuer": issuer, "jwks_uri": keys }).to_string();
    let secret =
        serde_json::json!({ "keys": [{ "kty": "oct", "kid": "k1", "k": "c2VjcmV0c2VjcmV0" }] }).to_string();
    let encrypting = own.replace("\"sig\"", "\"enc\"");
    for (what, path, text) in [
        ("another issuer", described, description("https://evil.test", &format!("{origin}/keys"))),
        ("an issuer with a slash", described, description(&format!("{origin}/"), &format!("{origin}/keys"))),
        ("keys inside", described, description(&origin, "http://127.0.0.1/keys")),
        ("keys at the metadata", described, description(&origin, "http://169.254.169.254/keys")),
        ("keys in a file", described, description(&origin, "file:///etc/passwd")),
        ("no description", described, "[]".into()),
        ("no JSON", described, "<html>".into()),
        ("nothing", "/keys", String::new()),
        ("no keys", "/keys", "{\"keys\":[]}".into()),
        ("a list", "/keys", "[]".into()),
        ("a secret", "/keys", secret),
        ("a key for something else", "/keys", encrypting),
        (
            "a small key",
            "/keys",
            "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"k1\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}".into(),
        ),
        ("too much", "/keys", format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(70_000))),
        ("too many", "/keys", format!("{{\"keys\":[{}]}}", vec!["{\"kty\":\"XYZ\"}"; 101].join(","))),
    ] {
        says(path, text);
        w.pass(2 * timestamp::HOUR);
        let outcome = scene.exchange(&id, &good(&RSA, &scene.claims(&provider))).await;
        let code = outcome.expect_err(what).refusal().code;
        assert!(matches!(code, Code::Unavailable | Code::Unauthorized), "{what}: {code:?}");
        scene.issuer.script().says.clear();
    }
    for path in [described, "/keys"] {
        scene.issuer.script().leads.insert(path.to_owned(), format!("{origin}/elsewhere"));
        scene.issuer.script().says.insert("/elsewhere".into(), own.clone());
        w.pass(2 * timestamp::HOUR);
        let outcome = scene.exchange(&id, &good(&RSA, &scene.claims(&provider))).await;
        assert_eq!(outcome.expect_err("a redirect").refusal().code, Code::Unavailable, "{path}");
        scene.issuer.script().leads.clear();
    }
    assert!(!scene.issuer.script().asked.contains_key("/elsewhere"));
    assert_eq!(scene.sessions().await, 0);
    w.pass(2 * timestamp::HOUR);
    scene.session(&provider).await;
}

/// The first look leads to the issuer, every other one to the metadata of the machine.
struct Changing(AtomicBool);

impl Names for Changing {
    fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let first = !self.0.swap(true, Ordering::SeqCst);
        let address = if first { super::REACHABLE } else { "169.254.169.254" };
        Box::pin(async move { Ok(vec![address.parse().expect("an address")]) })
    }
}

async fn a_name_that_changes_its_mind_leads_nowhere(w: &World) {
    let mut scene = Scene::new(w, &[]).await;
    scene.nexus = instance(w, &scene.issuer, &[], Arc::new(Changing(AtomicBool::new(false)))).await;
    let named = scene.issuer.origin.replace(super::REACHABLE, "issuer.test");
    scene.issuer.script().issuer.clone_from(&named);
    let own = format!("{named}/keys");
    let description = serde_json::json!({ "issuer": named, "jwks_uri": own }).to_string();
    scene.issuer.script().says.insert("/.well-known/openid-configuration".into(), description);
    let new = NewIdentityProvider {
        issuer: Some(named),
        ..NewIdentityProvider::usual("Changing", IdentityProviderKind::Oidc)
    };
    let provider = scene.provider(new).await;
    scene.rule(&provider, pins(&[("sub", "build-7")])).await;
    let outcome = scene.exchange(&provider.id.to_string(), &good(&RSA, &scene.claims(&provider))).await;
    assert_eq!(outcome.expect_err("nowhere").refusal().code, Code::Unavailable);
    assert_eq!(scene.issuer.fetches(), 0, "the second look led elsewhere");
}

async fn two_clusters_with_one_issuer_are_two_providers(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let issuer = "https://kubernetes.default.svc.cluster.local";
    let mut clusters = Vec::new();
    for name in ["north", "south"] {
        let (key, kid) = (ec(), "k1");
        let jwks = serde_json::json!({ "keys": [key.jwk(kid)] }).to_string();
        let new = NewIdentityProvider {
            issuer: Some(issuer.into()),
            keys: Some(KeysFrom::Uploaded),
            jwks: serde_json::from_str(&jwks).ok(),
            ..NewIdentityProvider::usual(name, IdentityProviderKind::Kubernetes)
        };
        clusters.push((scene.provider(new).await, key));
    }
    let sub = "system:serviceaccount:shop:checkout";
    scene.rule(&clusters[0].0, pins(&[("sub", sub)])).await;
    let claims = |at: usize| {
        super::with(&scene.claims(&clusters[at].0), serde_json::json!({ "sub": sub, "iss": issuer }))
    };
    let north = good(&clusters[0].1, &claims(0));
    scene.exchange("kubernetes", &north).await.fine();
    scene.exchange(&clusters[0].0.id.to_string(), &north).await.fine();
    refused(scene.exchange("kubernetes", &good(&clusters[1].1, &claims(1))).await, "no rule takes its word");
    refused(
        scene.exchange("kubernetes", &good(&clusters[1].1, &claims(0))).await,
        "it signs for the other one",
    );
    refused(scene.exchange(&clusters[1].0.id.to_string(), &north).await, "it is of the other one");
    // Now both are believed, and each is still itself.
    scene.rule(&clusters[1].0, pins(&[("sub", sub)])).await;
    scene.exchange("kubernetes", &good(&clusters[1].1, &claims(1))).await.fine();
    refused(scene.exchange("kubernetes", &good(&clusters[1].1, &claims(0))).await, "for the other cluster");
}

async fn a_token_for_one_cluster_asks_no_other(w: &World) {
    let scene = Scene::new(w, &[]).await;
    let hanging = Issuer::start().await;
    hanging.hang(true);
    let issuer = "https://kubernetes.default.svc.cluster.local";
    let named = |name: &str, origin: &str| NewIdentityProvider {
        issuer: Some(issuer.into()),
        keys: Some(KeysFrom::JwksUrl),
        jwks_url: Some(format!("{origin}/keys")),
        ..NewIdentityProvider::usual(name, IdentityProviderKind::Kubernetes)
    };
    let sub = "system:serviceaccount:shop:checkout";
    // By name the ones that hang come first, and there are more of them than are tried.
    for number in 0..9 {
        let slow = scene.provider(named(&format!("a{number}"), &hanging.origin)).await;
        scene.rule(&slow, pins(&[("sub", sub)])).await;
    }
    let own = scene.provider(named("own", &scene.issuer.origin)).await;
    scene.rule(&own, pins(&[("sub", sub)])).await;
    let claims = super::with(&scene.claims(&own), serde_json::json!({ "sub": sub, "iss": issuer }));
    scene.exchange("kubernetes", &good(&RSA, &claims)).await.fine();
    let in_a_list = super::with(&claims, serde_json::json!({ "aud": [own.audience] }));
    scene.exchange("kubernetes", &good(&RSA, &in_a_list)).await.fine();
    refused(scene.exchange("kubernetes", &good(&ec(), &claims)).await, "somebody else's signature");
    assert_eq!(hanging.fetches(), 0, "nobody asked the others");
    scene.nexus.settled().await;
    let log = "SELECT target FROM audit_log WHERE event = 'identity.exchange_refused'";
    assert_eq!(w.texts(log).await.len(), 1, "and only the one that it is for is told");
    hanging.hang(false);
}
