//! Programs that exchange their platform's word for a session: how long that takes with known keys, while
//! the keys of another provider are waited for in vain.

use std::{
    net::TcpListener,
    thread,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, anyhow, ensure};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    instance::{Instance, Server},
    load::percentile,
    page::{Figure, Value as Shown},
    web::Web,
};

/// Exchanges that are measured, one after the other.
const EXCHANGES: usize = 1_000;
/// Programs of the provider that hangs.
const WAITING: usize = 16;
const SERVICE: &str = "exchanged";
const LIMIT: Shown = Shown::Milliseconds(20.0);

/// # Errors
/// When the server refuses what it should take.
pub fn measure(instance: &Instance, server: &Server) -> Result<Vec<Figure>> {
    instance.service(server, SERVICE)?;
    let key = Ed25519KeyPair::generate().map_err(|_| anyhow!("no key could be made"))?;
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": URL_SAFE_NO_PAD.encode(key.public_key()),
    });
    let uploaded = json!({
        "name": "Platform", "kind": "oidc", "issuer": "https://platform.test", "keys": "uploaded",
        "jwks": { "keys": [jwk] }, "algorithms": ["EdDSA"],
    });
    let platform = provider(instance, server, &uploaded)?;
    // It takes connections and never answers.
    let silent = TcpListener::bind(("127.0.0.1", 0))?;
    let issuer = format!("http://{}", silent.local_addr()?);
    let hangs = json!({ "name": "Hangs", "kind": "oidc", "issuer": issuer, "algorithms": ["EdDSA"] });
    let hanging = provider(instance, server, &hangs)?;
    let endpoint = endpoint(instance, server)?;
    let waiting: Vec<_> = (0..WAITING)
        .map(|n| {
            let body = request(&key, &hanging)?;
            let (address, path) = (server.address, endpoint.clone());
            Ok(thread::spawn(move || {
                let from = format!("203.0.113.{n}");
                Web::connect(address)?.with("x-forwarded-for", &from).post(&path, "application/json", &body)
            }))
        })
        .collect::<Result<_>>()?;
    let mut times = Vec::with_capacity(EXCHANGES);
    for n in 0..EXCHANGES {
        let body = request(&key, &platform)?;
        // Limits are per address.
        let from = format!("198.51.{}.{}", n / 250, n % 250);
        let mut web = Web::connect(server.address)?.with("x-forwarded-for", &from);
        let began = Instant::now();
        let answer = web.post(&endpoint, "application/json", &body)?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        ensure!(answer.status == 200, "an exchange was answered with {}", answer.status);
    }
    drop(silent);
    for program in waiting {
        let answer = program.join().map_err(|_| anyhow!("a program panicked"))??;
        ensure!(answer.status == 503, "without keys the answer was {}", answer.status);
    }
    let what = format!(
        "token exchange with known keys, 99 of 100 of {EXCHANGES}, while {WAITING} wait for another provider"
    );
    Ok(vec![Figure::at_most(&what, Shown::Milliseconds(percentile(&mut times, 99)), LIMIT)])
}

/// Makes a provider and a rule that takes its word.
fn provider(instance: &Instance, server: &Server, new: &Value) -> Result<Value> {
    let made = instance.make(server, "/api/v1/identity-providers", new)?;
    let rule =
        json!({ "name": made.get("name"), "provider": made.get("id"), "claims": { "sub": "build-7" } });
    let path = format!("/api/v1/projects/shop/services/{SERVICE}/identities");
    instance.make(server, &path, &rule)?;
    Ok(made)
}

fn endpoint(instance: &Instance, server: &Server) -> Result<String> {
    let service = instance.look(server, &format!("/api/v1/projects/shop/services/{SERVICE}"))?;
    let slug =
        service.get("endpoint_slug").and_then(Value::as_str).context("a service without an endpoint")?;
    Ok(format!("/s/{slug}/v1/auth/token-exchange"))
}

/// A request with a token of this provider, signed now.
fn request(key: &Ed25519KeyPair, provider: &Value) -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let claims = json!({
        "iss": provider["issuer"], "aud": provider["audience"], "sub": "build-7", "iat": now, "exp": now + 300,
    });
    let header = json!({ "alg": "EdDSA", "kid": "k1", "typ": "JWT" });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(&claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    Ok(json!({ "provider": provider["id"], "token": format!("{message}.{signature}") }).to_string())
}
