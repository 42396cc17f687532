//! An issuer on loopback that does as it is told: what it publishes, and how it misbehaves. It stands in for the real
//! ones under their real names.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The address at which issuers of the tests may be reached, and no other of the machine.
pub const REACHABLE: &str = "127.0.0.2";

/// What a token is signed with.
pub enum Signer {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

/// Made once: it takes a while.
pub static RSA: LazyLock<Signer> =
    LazyLock::new(|| Signer::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key")));

pub fn ec() -> Signer {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    Signer::Ec(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).expect("a key"))
}

impl Signer {
    pub fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let [n, e] = [public.modulus(), public.exponent()]
                    .map(|part| URL_SAFE_NO_PAD.encode(part.big_endian_without_leading_zero()));
                json!({ "kty": "RSA", "use": "sig", "kid": kid, "n": n, "e": e })
            }
            Self::Ec(pair) => {
                let public = pair.public_key().as_ref();
                let [x, y] = [&public[1..33], &public[33..65]].map(|part| URL_SAFE_NO_PAD.encode(part));
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": x, "y": y })
            }
        }
    }

    /// The bytes that others know too.
    pub fn public(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Self::Ec(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
        }
    }

    /// Signs; of an RSA key also in the way of another algorithm.
    pub fn sign(&self, algorithm: &str, message: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let way: &dyn aws_lc_rs::signature::RsaEncoding =
                    if algorithm.starts_with("PS") { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(way, &random, message.as_bytes(), &mut signature).expect("signed");
                signature
            }
            Self::Ec(pair) => pair.sign(&random, message.as_bytes()).expect("signed").as_ref().to_vec(),
        }
    }

    /// A token with this header and these claims, as they are written.
    pub fn token(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let algorithm = serde_json::from_str::<Value>(header).ok();
        let algorithm =
            algorithm.and_then(|header| header["alg"].as_str().map(str::to_owned)).unwrap_or_default();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.sign(&algorithm, &message)))
    }
}

/// What it does.
#[derive(Default)]
pub struct Script {
    /// What it is called in its description.
    pub issuer: String,
    pub keys: Vec<Value>,
    /// Answers by path, in place of the right ones.
    pub says: HashMap<String, String>,
    pub leads: HashMap<String, String>,
    /// Answers with this status.
    pub status: Option<u16>,
    /// How often each path was asked.
    pub asked: HashMap<String, usize>,
    /// What STS answers, and what it was asked.
    pub sts: Option<(u16, String)>,
    pub signed: Vec<(HeaderMap, Bytes)>,
}

#[derive(Clone)]
pub struct Issuer {
    script: Arc<Mutex<Script>>,
    pub origin: String,
    /// While it is true, nobody gets an answer.
    hangs: watch::Sender<bool>,
}

impl Issuer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind((REACHABLE, 0)).await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let script = Script { issuer: origin.clone(), ..Script::default() };
        let issuer = Self { script: Arc::new(Mutex::new(script)), origin, hangs: watch::Sender::new(false) };
        let router = Router::new().fallback(answer).with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("free")
    }

    pub fn publishes(&self, keys: &[(&Signer, &str)]) {
        self.script().keys = keys.iter().map(|(key, kid)| key.jwk(kid)).collect();
    }

    pub fn hang(&self, hangs: bool) {
        self.hangs.send_replace(hangs);
    }

    /// How often keys were asked for.
    pub fn fetches(&self) -> usize {
        self.script().asked.get("/keys").copied().unwrap_or_default()
    }

    /// Waits until somebody has asked for this path so often.
    pub async fn asked(&self, path: &str, times: usize) {
        while self.script().asked.get(path).copied().unwrap_or_default() < times {
            tokio::task::yield_now().await;
        }
    }
}

async fn answer(State(issuer): State<Issuer>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path().to_owned();
    *issuer.script().asked.entry(path.clone()).or_default() += 1;
    let mut hangs = issuer.hangs.subscribe();
    let _ = hangs.wait_for(|hangs| !*hangs).await;
    let mut script = issuer.script();
    if let Some(to) = script.leads.get(&path) {
        return Redirect::temporary(to).into_response();
    }
    if let Some(status) = script.status {
        return StatusCode::from_u16(status).expect("a status").into_response();
    }
    if let Some(text) = script.says.get(&path) {
        return ([("content-type", "application/json")], text.clone()).into_response();
    }
    if path.ends_with("/.well-known/openid-configuration") {
        return Json(json!({ "issuer": script.issuer, "jwks_uri": format!("{}/keys", issuer.origin) }))
            .into_response();
    }
    match path.as_str() {
        "/keys" => Json(json!({ "keys": script.keys })).into_response(),
        "/" => {
            script.signed.push((headers, body));
            let (status, text) = script.sts.clone().unwrap_or((403, String::new()));
            (StatusCode::from_u16(status).expect("a status"), text).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
