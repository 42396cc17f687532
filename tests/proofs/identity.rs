//! Workload identity from end to end: the real server, a metadata server of a cloud on loopback that signs
//! tokens, `nexus run` and the client beside it. No key is given to either.

use crate::client::{Client as Http, Request};
use crate::database::Engine;
use crate::instance::{Instance, PROGRAM, Server};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nexus_client::{Client, Error, Options, WorkloadIdentity};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tokio::time::timeout;

const SERVICE: &str = "checkout-api";
const ACCOUNT: &str = "104729104729104729104";
const BACK: Duration = Duration::from_secs(30);

/// A metadata server as Google's, with keys of its own.
struct Cloud {
    address: SocketAddr,
    jwks: String,
}

impl Cloud {
    fn new() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let point = key.public_key().as_ref()[1..].to_vec();
        let half = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "kid": "one", "alg": "ES256", "use": "sig",
            "x": half(&point[..32]), "y": half(&point[32..])
        });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for visitor in listener.incoming().flatten() {
                // Who goes away in the middle is none of the proof's business.
                let _gone = answer(visitor, &key);
            }
        });
        Self { address, jwks: json!({ "keys": [jwk] }).to_string() }
    }
}

fn answer(mut visitor: TcpStream, key: &EcdsaKeyPair) -> std::io::Result<()> {
    let mut lines = BufReader::new(visitor.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let asked = head.iter().any(|line| line.eq_ignore_ascii_case("metadata-flavor: google"));
    let audience =
        first.split("audience=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default();
    let audience = audience.replace("%3A", ":").replace("%2F", "/");
    let body = if asked { token(key, &audience) } else { String::new() };
    write!(
        visitor,
        "HTTP/1.1 200 OK\r\nmetadata-flavor: Google\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[expect(clippy::disallowed_methods, reason = "a cloud has a clock of its own")]
fn token(key: &EcdsaKeyPair, audience: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = json!({ "alg": "ES256", "kid": "one", "typ": "JWT" });
    let claims = json!({
        "iss": "https://accounts.google.com", "sub": ACCOUNT, "azp": ACCOUNT, "aud": audience,
        "email": "shop@acme.iam.gserviceaccount.com", "email_verified": true, "iat": now, "exp": now + 3600,
        "google": { "compute_engine": { "project_id": "acme", "instance_id": "1", "zone": "europe-west1-b" } }
    });
    let text = format!("{}.{}", part(&head), part(&claims));
    let signature = key.sign(&SystemRandom::new(), text.as_bytes()).expect("signed");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

struct Stage {
    instance: Instance,
    server: Server,
    cloud: Cloud,
    provider: String,
    rule: String,
    endpoint: String,
    key: String,
    home: TempDir,
}

impl Stage {
    fn new(name: &str) -> Self {
        let instance = Instance::new(Engine::Sqlite, name).expect("SQLite is always there");
        let server = instance.start();
        let mut http = Http::new(server.address);
        instance.make_project(&mut http, &instance.admin);
        let key = instance.service(&mut http, &instance.admin, SERVICE);
        let mut stage = Self {
            instance,
            server,
            cloud: Cloud::new(),
            provider: String::new(),
            rule: String::new(),
            endpoint: String::new(),
            key,
            home: tempfile::tempdir().expect("a folder"),
        };
        let service = stage.api(&Request::get(&stage.instance.path(SERVICE), &stage.instance.admin));
        stage.endpoint = service["endpoint"].as_str().expect("an endpoint").to_owned();
        let jwks: Value = serde_json::from_str(&stage.cloud.jwks).expect("JSON");
        let new = json!({
            "name": "Google", "kind": "gcp", "keys": "uploaded", "jwks": jwks, "algorithms": ["ES256"]
        });
        let made = stage.api(&Request::post("/api/v1/identity-providers", &stage.instance.admin, &new));
        stage.provider = made["id"].as_str().expect("an id").to_owned();
        stage.let_in();
        stage.write("one");
        stage
    }

    fn api(&self, request: &Request) -> Value {
        Http::new(self.server.address).ask(request).good()
    }

    /// Makes the rule that lets the cloud's account in.
    fn let_in(&mut self) {
        let new = json!({ "name": "Shop", "provider": self.provider, "claims": { "sub": ACCOUNT } });
        let path = format!("{}/identities", self.instance.path(SERVICE));
        let made = self.api(&Request::post(&path, &self.instance.admin, &new));
        self.rule = made["id"].as_str().expect("an id").to_owned();
    }

    fn delete(&self, path: &str) {
        let answer = Http::new(self.server.address).ask(&Request::delete(path, &self.instance.admin));
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    fn write(&self, value: &str) {
        self.api(&Request::put("/v1/secrets/VALUE", &self.key, &json!({ "value": value })));
    }

    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "GCE_METADATA_HOST" => Some(self.cloud.address.to_string()),
            "NEXUS_IDENTITY_PROVIDER" => Some(self.provider.clone()),
            _ => None,
        }
    }

    fn run(&self, provider: &str) -> Output {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.home.path())
            .env("NEXUS_URL", &self.endpoint)
            .env("GCE_METADATA_HOST", self.cloud.address.to_string())
            .args(["run", "--identity-provider", provider, "--", "sh", "-c", "echo $VALUE"]);
        command.output().expect("nexus starts")
    }
}

#[test]
fn a_program_without_a_key_is_let_in_by_its_rule_and_by_nothing_else() {
    let stage = Stage::new("identity-run");
    let output = stage.run(&stage.provider);
    assert_eq!(output.stdout, b"one\n", "{output:?}");
    assert!(
        !stage.home.path().join(".cache/nexus").exists(),
        "no copy is kept without something to seal it with"
    );

    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let another = stage.run("0197a5f0-0000-7000-8000-000000000001");
    assert_eq!((another.status.code(), another.stdout.as_slice()), (Some(125), b"".as_slice()));
    assert!(said(&another).contains("workload identity by Google Cloud was refused"), "{}", said(&another));

    stage.delete(&format!("{}/identities/{}", stage.instance.path(SERVICE), stage.rule));
    let gone = stage.run(&stage.provider);
    assert_eq!((gone.status.code(), gone.stdout.as_slice()), (Some(125), b"".as_slice()), "{}", said(&gone));
    stage.instance.is_sound(&stage.server);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_is_replaced_and_a_rule_that_is_gone_leaves_the_values() {
    let mut stage = tokio::task::spawn_blocking(|| Stage::new("identity-sdk")).await.expect("made");
    let identity = WorkloadIdentity::detect_with(&|name| stage.variable(name)).expect("recognised");
    let client = Options::workload_identity(&stage.endpoint, identity).connect().await.expect("let in");
    assert_eq!(value(&client), "one");

    stage.end_sessions();
    stage.write("two");
    until(&client, "two").await;

    stage.delete(&format!("{}/identities/{}", stage.instance.path(SERVICE), stage.rule));
    stage.write("three");
    let noticed = async {
        while !client.trouble().is_some_and(|it| matches!(*it, Error::IdentityRefused { .. })) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(BACK, noticed).await.expect("it notices");
    assert_eq!(value(&client), "two", "what it has stays");
    stage.let_in();
    let again = WorkloadIdentity::detect_with(&|name| stage.variable(name)).expect("recognised");
    let again = Options::workload_identity(&stage.endpoint, again).follow(false).connect().await;
    assert_eq!(value(&again.expect("let in again")), "three");
}

impl Stage {
    fn end_sessions(&self) {
        let open = self.api(&Request::get("/api/v1/sessions", &self.instance.admin));
        let open = open["data"].as_array().expect("a list").clone();
        assert!(!open.is_empty());
        for session in open {
            self.delete(&format!("/api/v1/sessions?id={}", session["id"].as_str().expect("an id")));
        }
    }
}

fn value(client: &Client) -> String {
    client.get_secret("VALUE").expect("it is held").expose_secret().to_owned()
}

async fn until(client: &Client, expected: &str) {
    let arrived = async {
        loop {
            let revision = client.revision();
            if value(client) == expected {
                return;
            }
            client.changed_since(revision).await;
        }
    };
    let told = timeout(BACK, arrived).await;
    let trouble: Option<Arc<Error>> = client.trouble();
    told.unwrap_or_else(|_| panic!("not back in time: {trouble:?}"));
}
