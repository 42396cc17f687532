//! Tokens as a program signs them with a key's signing secret (HS256, RFC 7515).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use nexus_domain::Timestamp;
use nexus_domain::timestamp::SECOND;
use serde_json::{Value, json};
use sha2::Sha256;

/// A token of the key that is good for ten minutes; `more` adds claims, or takes the place of some.
pub fn signed((id, secret): (&str, &str), audience: &str, now: Timestamp, more: &Value) -> String {
    let now = now.0 / SECOND;
    let mut claims = json!({ "iss": id, "aud": audience, "iat": now, "exp": now + 600, "jti": "1" });
    for (name, value) in more.as_object().expect("claims") {
        claims[name] = value.clone();
    }
    let header = json!({ "alg": "HS256", "kid": id }).to_string();
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut mac = <Hmac<Sha256>>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}
