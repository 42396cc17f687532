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
