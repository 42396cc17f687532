//! Keys as a provider publishes them (RFC 7517), asked for by the egress client.

use crate::egress::{Egress, Problem};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use serde::Deserialize;

/// More keys than this are nobody's.
const MAX_KEYS: usize = 100;

/// What can be wrong with what a provider says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error(transparent)]
    Problem(#[from] Problem),
    #[error("What the server says of itself cannot be read")]
    Unreadable,
    #[error("The server names another issuer than this one; compare them, down to a slash at the end")]
    OtherIssuer,
    #[error("An endpoint that the server names may not be reached: {0}")]
    Endpoint(Problem),
}

/// Asks for the keys at an address.
pub(crate) async fn fetch_keys(egress: &Egress, address: &str) -> Result<JwkSet, Unusable> {
    read_keys(&egress.get(address, None).await?)
}

/// The members of a key that nobody but its owner may know (RFC 7518, section 6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Whether a set that somebody hands in holds a key that is not for others.
pub(crate) fn holds_private(text: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Map<String, serde_json::Value>>,
    }
    let set: Option<Set> = serde_json::from_slice(text).ok();
    set.is_some_and(|set| set.keys.iter().any(|key| PRIVATE.iter().any(|member| key.contains_key(*member))))
}

/// Reads a set of keys. Those of kinds that are not known here are left out, as RFC 7517 (section 5) says.
pub(crate) fn read_keys(text: &[u8]) -> Result<JwkSet, Unusable> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(text).map_err(|_| Unusable::Unreadable)?;
    if set.keys.len() > MAX_KEYS {
        return Err(Unusable::Unreadable);
    }
    let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    // Never a key that both sides know.
    let is_public = |key: &Jwk| {
        use AlgorithmParameters as P;
        matches!(key.algorithm, P::RSA(_) | P::EllipticCurve(_) | P::OctetKeyPair(_))
    };
    Ok(JwkSet { keys: keys.filter(is_public).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_known_by_what_others_may_not_know() {
        for key in
            [r#"{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"c"}"#, r#"{"kty":"oct","k":"c2VjcmV0"}"#]
        {
            assert!(holds_private(format!(r#"{{"keys":[{{"kty":"RSA"}},{key}]}}"#).as_bytes()), "{key}");
        }
        assert!(!holds_private(br#"{"keys":[{"kty":"RSA","n":"a","e":"AQAB"}]}"#));
        assert!(!holds_private(b"[]"));
    }
}
