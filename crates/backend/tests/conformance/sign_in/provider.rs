//! A provider of sign-in on loopback that does as it is told: who comes back, and how it misbehaves.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use url::Url;

pub const CLIENT: &str = "nexus-client";
pub const SECRET: &str = "a client secret & more";

/// What it does.
pub struct Script {
    pub issuer: String,
    /// Fields of the description that are put in place of the right ones.
    pub description: Map<String, Value>,
    /// Claims that are put in place of the right ones; null takes one out.
    pub claims: Map<String, Value>,
    /// What it answers when it is asked for the person.
    pub person: Value,
    pub algorithm: Algorithm,
    pub kid: String,
    key: Key,
    /// Keys that it does not publish (yet).
    pub hides_keys: bool,
    /// Paths that answer with an error, or lead somewhere else.
    pub down: Vec<&'static str>,
    pub leads: HashMap<&'static str, String>,
    /// Now, in seconds.
    pub now: i64,
    /// How often each path was asked.
    pub asked: HashMap<&'static str, usize>,
    /// What it knows of those who were sent to it: nonce, challenge and redirect address by code.
    codes: HashMap<String, (String, String, String)>,
    /// How many codes there were.
    given: usize,
}

struct Key {
    pkcs8: Vec<u8>,
    public: Vec<u8>,
}

impl Key {
    fn new() -> Self {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .expect("a key");
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).expect("a key");
        Self { pkcs8: document.as_ref().to_vec(), public: pair.public_key().as_ref().to_vec() }
    }

    fn jwk(&self, kid: &str) -> Value {
        let [x, y] = [&self.public[1..33], &self.public[33..65]].map(|part| URL_SAFE_NO_PAD.encode(part));
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y })
    }
}

#[derive(Clone)]
pub struct Provider(Arc<Mutex<Script>>);

/// What it sends a browser back with.
pub struct Sent {
    pub state: String,
    pub code: String,
}

impl Provider {
    /// Starts one on this address of the machine.
    pub async fn start(ip: &str, now: i64) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let provider = Self(Arc::new(Mutex::new(Script {
            issuer,
            description: Map::new(),
            claims: Map::new(),
            person: Value::Null,
            algorithm: Algorithm::ES256,
            kid: "k1".into(),
            key: Key::new(),
            hides_keys: false,
            down: Vec::new(),
            leads: HashMap::new(),
            now,
            asked: HashMap::new(),
            codes: HashMap::new(),
            given: 0,
        })));
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(|State(it): State<Self>| async move { it.description() }),
            )
            .route("/jwks", get(|State(it): State<Self>| async move { it.keys() }))
            .route("/token", post(|State(it): State<Self>, form| async move { it.token(form, "/token") }))
            .route("/userinfo", get(|State(it): State<Self>| async move { it.userinfo() }))
            .route(
                "/login/oauth/access_token",
                post(
                    |State(it): State<Self>, form| async move { it.token(form, "/login/oauth/access_token") },
                ),
            )
            .route(
                "/api/v3/user",
                get(|State(it): State<Self>| async move { it.fixed("/api/v3/user", "user") }),
            )
            .route(
                "/api/v3/user/emails",
                get(|State(it): State<Self>| async move { it.fixed("/api/v3/user/emails", "emails") }),
            )
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().expect("free")
    }

    pub fn issuer(&self) -> String {
        self.script().issuer.clone()
    }

    /// From now on this is who signs in.
    pub fn person(&self, claims: Value) {
        self.script().claims = claims.as_object().expect("claims").clone();
    }

    /// Does everything right again.
    pub fn behaves(&self) {
        let mut script = self.script();
        script.description.clear();
        script.leads.clear();
        script.down.clear();
    }

    /// Signs with another key from now on, by another name.
    pub fn rotate(&self, kid: &str) {
        let mut script = self.script();
        script.key = Key::new();
        script.kid = kid.to_owned();
    }

    /// A person agrees: what the browser is sent back with.
    pub fn agree(&self, address: &str) -> Sent {
        let query: HashMap<String, String> =
            Url::parse(address).expect("an address").query_pairs().into_owned().collect();
        assert_eq!((query["response_type"].as_str(), query["client_id"].as_str()), ("code", CLIENT));
        assert_eq!(query["code_challenge_method"], "S256");
        let mut script = self.script();
        script.given += 1;
        let code = format!("code-{}", script.given);
        let nonce = query.get("nonce").cloned().unwrap_or_default();
        script
            .codes
            .insert(code.clone(), (nonce, query["code_challenge"].clone(), query["redirect_uri"].clone()));
        Sent { state: query["state"].clone(), code }
    }

    /// Counts the question; an answer where the script has one for all questions there.
    fn ask(&self, path: &'static str) -> Option<Response> {
        let mut script = self.script();
        *script.asked.entry(path).or_default() += 1;
        if script.down.contains(&path) {
            return Some(StatusCode::SERVICE_UNAVAILABLE.into_response());
        }
        script.leads.get(path).map(|to| Redirect::temporary(to).into_response())
    }

    fn description(&self) -> Response {
        if let Some(answer) = self.ask("/.well-known/openid-configuration") {
            return answer;
        }
        let script = self.script();
        let at = |path: &str| json!(format!("{}{path}", script.issuer));
        let mut description = json!({
            "issuer": script.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"), "userinfo_endpoint": at("/userinfo"),
        });
        for (name, value) in &script.description {
            description[name] = value.clone();
        }
        Json(description).into_response()
    }

    fn keys(&self) -> Response {
        if let Some(answer) = self.ask("/jwks") {
            return answer;
        }
        let script = self.script();
        let odd = json!({ "kty": "XYZ", "kid": "unknown" });
        let keys = if script.hides_keys { vec![odd] } else { vec![odd, script.key.jwk(&script.kid)] };
        Json(json!({ "keys": keys })).into_response()
    }

    fn token(&self, Form(form): Form<HashMap<String, String>>, path: &'static str) -> Response {
        if let Some(answer) = self.ask(path) {
            return answer;
        }
        let mut script = self.script();
        let Some((nonce, challenge, back)) = script.codes.remove(form.get("code").map_or("", String::as_str))
        else {
            return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
        };
        let verifier = form.get("code_verifier").map_or("", String::as_str);
        assert_eq!(
            URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
            challenge,
            "the proof of the one who began"
        );
        assert_eq!(form["redirect_uri"], back);
        let id_token = script.sign(&nonce);
        Json(json!({ "access_token": "an-access-token", "token_type": "Bearer", "id_token": id_token }))
            .into_response()
    }

    fn userinfo(&self) -> Response {
        self.ask("/userinfo").unwrap_or_else(|| Json(self.script().person.clone()).into_response())
    }

    fn fixed(&self, path: &'static str, part: &str) -> Response {
        self.ask(path).unwrap_or_else(|| Json(self.script().person[part].clone()).into_response())
    }
}

impl Script {
    fn sign(&self, nonce: &str) -> String {
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT, "nonce": nonce, "iat": self.now, "exp": self.now + 300,
        });
        for (name, value) in &self.claims {
            match value {
                Value::Null => {
                    claims.as_object_mut().expect("claims").remove(name);
                }
                value => claims[name] = value.clone(),
            }
        }
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(self.algorithm) };
        match self.algorithm {
            Algorithm::ES256 => {
                encode(&header, &claims, &EncodingKey::from_ec_der(&self.key.pkcs8)).expect("signed")
            }
            // What everybody can compute: the published key, or the secret that both sides know.
            _ => encode(&header, &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("signed"),
        }
    }
}
