//! Of each platform one good token and many bad ones, under the real names of the issuers: the good one gets in, and
//! none of the others does.

use super::issuer::{RSA, Signer, ec};
use super::platforms::{self, Platform};
use super::{Scene, good, refused, with};
use crate::world::{Outcome, World, run};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use nexus_backend::workload;
use nexus_domain::timestamp::MINUTE;
use nexus_domain::workload::IdentityProvider;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;

both![every_platform_gets_in_and_nobody_else_does, no_other_spelling_of_a_token_gets_in];

/// The claims with audience and times of now.
fn timed(scene: &Scene<'_>, provider: &IdentityProvider, claims: &Value) -> Value {
    let now = scene.now();
    with(claims, json!({ "aud": provider.audience, "iat": now, "nbf": now, "exp": now + 3000 }))
}

/// What is wrong with a token of whomever.
fn forged(scene: &Scene<'_>, claims: &Value) -> Vec<(String, String)> {
    let now = scene.now();
    let (usual, header) =
        (good(&RSA, claims), json!({ "alg": "RS256", "kid": "k1", "typ": "JWT" }).to_string());
    let changed = |more: Value| good(&RSA, &with(claims, more));
    let headed = |header: Value| RSA.token(&header.to_string(), &claims.to_string());
    let (message, signature) = usual.rsplit_once('.').expect("a signature");
    let aud = claims["aud"].clone();
    let iss = claims["iss"].as_str().expect("an issuer");
    let twice = claims.to_string().replacen('{', "{\"sub\":\"someone\",", 1);
    let mut all: Vec<(&str, String)> = vec![
        ("another key", good(&Signer::clone_new(), claims)),
        ("another kind of key", good(&ec(), claims)),
        ("no signature", format!("{message}.")),
        ("none", unsigned(&json!({ "alg": "none" }), claims, "")),
        ("none, and a signature", unsigned(&json!({ "alg": "none", "kid": "k1" }), claims, signature)),
        ("None", unsigned(&json!({ "alg": "None", "kid": "k1" }), claims, signature)),
        ("signed with the public key", by_secret(&RSA, claims)),
        ("another algorithm of the key", headed(json!({ "alg": "PS256", "kid": "k1" }))),
        ("an algorithm that is no word", headed(json!({ "alg": 256, "kid": "k1" }))),
        ("no algorithm", headed(json!({ "kid": "k1" }))),
        ("an unknown key", headed(json!({ "alg": "RS256", "kid": "k2" }))),
        ("a key that is a number", headed(json!({ "alg": "RS256", "kid": 1 }))),
        ("its own key", headed(json!({ "alg": "RS256", "jwk": ec().jwk("k1"), "kid": "k3" }))),
        ("something critical", headed(json!({ "alg": "RS256", "kid": "k1", "crit": ["exp"] }))),
        (
            "another way of writing",
            headed(json!({ "alg": "RS256", "kid": "k1", "b64": false, "crit": ["b64"] })),
        ),
        ("a token inside", headed(json!({ "alg": "RS256", "kid": "k1", "cty": "JWT" }))),
        ("another type", headed(json!({ "alg": "RS256", "kid": "k1", "typ": "logout+jwt" }))),
        ("a claim twice", RSA.token(&header, &twice)),
        (
            "a header twice",
            RSA.token("{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"k1\"}", &claims.to_string()),
        ),
        ("claims in a list", RSA.token(&header, &format!("[{claims}]"))),
        ("over", changed(json!({ "exp": now - 61, "iat": now - 300, "nbf": now - 300 }))),
        ("over in words", changed(json!({ "exp": (now + 300).to_string() }))),
        ("without an end", changed(json!({ "exp": null }))),
        (
            "an end that is infinite",
            RSA.token(
                &header,
                &claims.to_string().replace(&format!("\"exp\":{}", now + 3000), "\"exp\":1e999"),
            ),
        ),
        ("without a beginning", changed(json!({ "iat": null }))),
        ("from the future", changed(json!({ "iat": now + 1800, "exp": now + 2100 }))),
        ("not yet", changed(json!({ "nbf": now + 1800 }))),
        ("not yet in words", changed(json!({ "nbf": "now" }))),
        ("for years", changed(json!({ "exp": now + 365 * 86_400 }))),
        ("without an audience", changed(json!({ "aud": null }))),
        ("for somebody else", changed(json!({ "aud": "https://other.test" }))),
        (
            "for another provider",
            changed(json!({ "aud": "https://nexus.test/wif/019aa4c2-7b1e-7c3d-9f10-2a6b8c0d4e5f" })),
        ),
        ("for us and somebody else", changed(json!({ "aud": [aud, "https://other.test"] }))),
        ("for nobody", changed(json!({ "aud": [] }))),
        ("for us in a list in a list", changed(json!({ "aud": [[claims["aud"]]] }))),
        ("of another issuer", changed(json!({ "iss": "https://evil.test" }))),
        ("of an issuer with a slash", changed(json!({ "iss": format!("{iss}/") }))),
        ("of an issuer in capitals", changed(json!({ "iss": iss.to_uppercase() }))),
        ("of two issuers", changed(json!({ "iss": [iss] }))),
        ("without an issuer", changed(json!({ "iss": null }))),
        ("cut", usual[..usual.len() - 4].to_owned()),
        ("with a fourth part", format!("{usual}.{signature}")),
        ("nothing", String::new()),
        ("256 KiB", "a".repeat(256 * 1024)),
    ];
    let mut other = message.to_owned();
    other.replace_range(message.len() - 6..message.len() - 2, "AAAA");
    all.push(("changed after it was signed", format!("{other}.{signature}")));
    all.into_iter().map(|(what, token)| (what.to_owned(), token)).collect()
}

impl Signer {
    /// Another key of the same kind.
    fn clone_new() -> Self {
        use aws_lc_rs::rsa::{KeyPair, KeySize};
        static OTHER: std::sync::LazyLock<KeyPair> =
            std::sync::LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).expect("a key"));
        // Its bytes, because a pair cannot be cloned.
        use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
        let der: Pkcs8V1Der<'_> = OTHER.as_der().expect("a key");
        Self::Rsa(KeyPair::from_pkcs8(der.as_ref()).expect("a key"))
    }
}

fn unsigned(header: &Value, claims: &Value, signature: &str) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{claims}.{signature}")
}

/// Signed with what everybody knows, as if it were a secret.
fn by_secret(signer: &Signer, claims: &Value) -> String {
    let bare = unsigned(&json!({ "alg": "HS256", "kid": "k1" }), claims, "");
    let message = bare.trim_end_matches('.');
    let mut mac = <Hmac<Sha256>>::new_from_slice(&signer.public()).expect("a key");
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// What is wrong with a token of this platform: every pin without its claim, or with another type, and strangers.
fn of_strangers(platform: &Platform, claims: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for name in platform.pins.keys().filter(|name| !name.starts_with('/')) {
        for (what, value) in [
            ("without", Value::Null),
            ("a list of", json!([claims[name]])),
            ("an object of", json!({ "value": claims[name] })),
            ("a truth for", json!(true)),
            ("a number for", json!(7)),
            ("an empty", json!("")),
            ("a space behind", json!(format!("{} ", claims[name].as_str().expect("a text")))),
        ] {
            all.push((format!("{what} {name}"), good(&RSA, &with(claims, json!({ name: value })))));
        }
    }
    for (what, more) in &platform.strangers {
        all.push(((*what).to_owned(), good(&RSA, &with(claims, more.clone()))));
    }
    all
}

async fn every_platform_gets_in_and_nobody_else_does(w: &World) {
    if !w.nexus.db.is_embedded() {
        // The database has no part in it.
        return;
    }
    let all = platforms::all();
    let hosts: Vec<&str> = all.iter().map(|platform| platform.host).collect();
    let scene = Scene::new(w, &hosts).await;
    for platform in all {
        scene.issuer.script().issuer = platform.claims["iss"].as_str().expect("an issuer").to_owned();
        let provider = scene.provider(platform.provider.clone()).await;
        scene.rule(&provider, platform.pins.clone()).await;
        let id = provider.id.to_string();
        let claims = timed(&scene, &provider, &platform.claims);
        let session = scene.exchange(&id, &good(&RSA, &claims)).await;
        let session = session.unwrap_or_else(|error| panic!("{}: {error:?}", platform.name));
        assert!(session.access_token.starts_with("ws_") && session.expires_in == 900);
        let in_a_list = with(&claims, json!({ "aud": [provider.audience] }));
        scene.exchange(provider.kind.as_str(), &good(&RSA, &in_a_list)).await.fine();
        let open = scene.sessions().await;
        let bad: Vec<_> =
            forged(&scene, &claims).into_iter().chain(of_strangers(&platform, &claims)).collect();
        assert!(bad.len() >= 25, "{}: {}", platform.name, bad.len());
        for (at, (what, token)) in bad.into_iter().enumerate() {
            // In a minute a workload may fail ten times.
            if at % 9 == 8 {
                w.pass(MINUTE);
            }
            refused(scene.exchange(&id, &token).await, &format!("{}: {what}", platform.name));
        }
        assert_eq!(scene.sessions().await, open, "{}", platform.name);
        w.pass(MINUTE);
        workload::remove_provider(&scene.nexus, &scene.owner().await, provider.id).await.fine();
    }
    scene.nexus.settled().await;
    let log = w.texts("SELECT details || target || actor FROM audit_log").await.join("\n");
    assert!(log.contains("signature") && !log.contains("eyJ"), "reasons, and no token");
}

/// Sixteen ways to write the same bytes, of which one is a token's.
async fn no_other_spelling_of_a_token_gets_in(w: &World) {
    if !w.nexus.db.is_embedded() {
        return;
    }
    let scene = Scene::new(w, &[]).await;
    let (provider, _) = scene.usual().await;
    let token = good(&RSA, &scene.claims(&provider));
    let parts: Vec<Vec<u8>> =
        token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64")).collect();
    let written =
        |write: &dyn Fn(&[u8]) -> String| parts.iter().map(|part| write(part)).collect::<Vec<_>>().join(".");
    let padded = |part: &[u8]| format!("{}=", URL_SAFE_NO_PAD.encode(part));
    let spellings = [
        written(&|part| STANDARD.encode(part)),
        written(&|part| URL_SAFE.encode(part)),
        written(&|part| STANDARD_NO_PAD.encode(part)),
        written(&padded),
        written(&|part| format!("{}==", URL_SAFE_NO_PAD.encode(part))),
        written(&|part| format!("{}\n", URL_SAFE_NO_PAD.encode(part))),
        written(&|part| format!(" {}", URL_SAFE_NO_PAD.encode(part))),
        written(&|part| hex::encode(part)),
        written(&|part| URL_SAFE_NO_PAD.encode(URL_SAFE_NO_PAD.encode(part))),
        written(&|part| URL_SAFE_NO_PAD.encode(part).replace('A', "%41")),
        format!("{token}="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("Bearer {token}"),
        token.replace('.', ".."),
        token.replace('.', "\u{2024}"),
        format!("{token}\0"),
        loose_end(&token),
    ];
    let mut tried = 0;
    for spelling in spellings.iter().filter(|spelling| **spelling != token) {
        tried += 1;
        let outcome = scene.exchange(&provider.id.to_string(), spelling).await;
        assert!(outcome.is_err(), "{spelling}");
        if tried % 8 == 0 {
            w.pass(MINUTE);
        }
    }
    assert!(tried >= 16, "{tried}");
    assert_eq!(scene.sessions().await, 0);
}

/// The last letter of the signature with bits set that stand for nothing.
fn loose_end(token: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = token.chars().last().expect("a letter");
    let at = LETTERS.find(last).expect("a letter");
    let other = LETTERS.chars().nth(at ^ 1).expect("a letter");
    format!("{}{other}", &token[..token.len() - 1])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever stands in place of a claim that a rule pins: unless it is the very value, nobody gets in.
    #[test]
    fn no_other_value_of_a_pinned_claim_fits(text in "\\PC{0,24}", number: i64, which in 0usize..11) {
        use nexus_domain::workload::{TokenClaims, check_rule, passed};
        let platform = &platforms::all()[which];
        let claims = |value: &Value| TokenClaims(value.as_object().expect("claims").clone());
        prop_assert!(passed(&check_rule(platform.provider.kind, &platform.pins, &claims(&platform.claims))));
        for name in platform.pins.keys().filter(|name| !name.starts_with('/')) {
            for value in [json!(text), json!(number), json!([text]), json!({ "a": number }), json!(number % 2 == 0), Value::Null] {
                if value == platform.claims[name] {
                    continue;
                }
                let other = with(&platform.claims, json!({ name: value }));
                prop_assert!(!passed(&check_rule(platform.provider.kind, &platform.pins, &claims(&other))), "{name} {other}");
            }
        }
    }
}

#[test]
fn there_is_a_platform_of_each_kind_with_tokens() {
    run(async {
        let kinds: std::collections::BTreeSet<&str> =
            platforms::all().iter().map(|platform| platform.provider.kind.as_str()).collect();
        assert_eq!(kinds.len(), 6, "{kinds:?}");
    });
}
