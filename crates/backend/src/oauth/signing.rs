//! What the instance signs for others to check: answers about tokens (RFC 9701). The key is Ed25519, random,
//! wrapped like the instance's other keys, and published as a JWK (RFC 8037).

use crate::nexus::Nexus;
use crate::{Error, Result};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The one algorithm (RFC 8037).
pub const SIGNING_ALGORITHM: &str = "EdDSA";

fn pair(nexus: &Nexus) -> Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(nexus.keyring.oauth_seed.bytes())
        .map_err(|_| Error::Impossible("Ed25519 refused a seed"))
}

fn public(pair: &Ed25519KeyPair) -> String {
    URL_SAFE_NO_PAD.encode(pair.public_key().as_ref())
}

/// The thumbprint of the key (RFC 7638): its members in their order, without a space.
fn key_id(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members.as_bytes()))
}

/// The keys by which what this instance signs is checked.
pub fn jwks(nexus: &Nexus) -> Result<Value> {
    let x = public(&pair(nexus)?);
    let kid = key_id(&x);
    let key =
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": SIGNING_ALGORITHM });
    Ok(json!({ "keys": [key] }))
}

/// A JWT of the given type (RFC 7519).
pub(super) fn sign(nexus: &Nexus, kind: &str, claims: &Value) -> Result<String> {
    let pair = pair(nexus)?;
    let header = json!({ "alg": SIGNING_ALGORITHM, "kid": key_id(&public(&pair)), "typ": kind });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()).as_ref());
    Ok(format!("{message}.{signature}"))
}
