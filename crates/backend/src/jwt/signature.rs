//! The signature of a token, and the key that it is by.

use jsonwebtoken::jwk::{Jwk, JwkSet, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use std::str::FromStr as _;

/// A longer one is nobody's.
const MAX_TOKEN: usize = 16 * 1024;

/// What signs tokens: never nothing (`none`), and never a secret that both sides know.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    #[error("it is no token")]
    NoToken,
    #[error("it is signed in a way that is not taken")]
    Algorithm,
    /// The keys may have been changed: they are worth another look.
    #[error("it is signed with a key that the provider does not publish")]
    UnknownKey,
    #[error("its signature or its claims are wrong")]
    Wrong,
}

/// The claims of a token that one of these keys signed. Claims that are checked are checked by the caller.
pub fn verify<T: serde::de::DeserializeOwned>(token: &str, keys: &JwkSet) -> Result<T, Distrust> {
    if token.len() > MAX_TOKEN {
        return Err(Distrust::NoToken);
    }
    let header = decode_header(token).map_err(|_| Distrust::NoToken)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Distrust::Algorithm);
    }
    let key = find(keys, header.kid.as_deref()).ok_or(Distrust::UnknownKey)?;
    if !fits(key, header.alg) {
        return Err(Distrust::Algorithm);
    }
    let key = DecodingKey::from_jwk(key).map_err(|_| Distrust::Algorithm)?;
    let mut validation = Validation::new(header.alg);
    // Times are judged by the clock of the use case, and the audience with the other claims.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    decode::<T>(token, &key, &validation).map(|data| data.claims).map_err(|_| Distrust::Wrong)
}

/// The key of this name that is for this kind of signature: a set may have several of one name.
pub(super) fn find_for<'k>(
    keys: &'k JwkSet,
    kid: Option<&str>,
    algorithm: Algorithm,
) -> Result<&'k Jwk, Distrust> {
    let first = find(keys, kid).ok_or(Distrust::UnknownKey)?;
    let of_name = |key: &&Jwk| key.common.key_id.as_deref() == kid;
    let all = std::iter::once(first).chain(keys.keys.iter().filter(of_name));
    all.into_iter().find(|key| fits(key, algorithm)).ok_or(Distrust::Algorithm)
}

/// The key that the token names; without a name, the only one there is.
fn find<'k>(keys: &'k JwkSet, kid: Option<&str>) -> Option<&'k Jwk> {
    match (kid, keys.keys.as_slice()) {
        (Some(kid), _) => keys.find(kid),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// Whether the key is for signatures, and for this kind of them.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let for_signatures =
        !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption | PublicKeyUse::Other(_)))
            && key.common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
    let named = key.common.key_algorithm.map(|named| Algorithm::from_str(&named.to_string()));
    for_signatures && named.is_none_or(|named| named.is_ok_and(|named| named == algorithm))
}
