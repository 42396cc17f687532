//! A token of a program, read in the one way that there is: three parts of base64url without padding, JSON in
//! which nothing stands twice, and a header that asks for nothing else than to be checked.

use super::signature::{Distrust, find_for};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use nexus_domain::json::JsonText;
use nexus_domain::workload::{MAX_TOKEN, TokenAlgorithm, TokenClaims};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The longest name of a key.
const MAX_KID: usize = 512;
/// RSA keys are not shorter than this, in bytes.
const MIN_RSA: usize = 256;

/// Reads JSON in which nothing stands twice: two readers may not take it for different things.
pub(crate) fn strict<T: serde::de::DeserializeOwned>(json: &[u8]) -> Option<T> {
    let raw: &RawValue = serde_json::from_slice(json).ok()?;
    if JsonText::from(raw).broken_rule().is_some() {
        return None;
    }
    serde_json::from_str(raw.get()).ok()
}

/// What of a header is looked at. Keys and addresses of keys in it are not: whoever made the token chose them.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    typ: Option<String>,
    /// What somebody has to understand who checks the token (RFC 7515, section 4.1.11): we would not.
    #[serde(default)]
    crit: Option<Value>,
    /// Whether the payload is written in another way (RFC 7797).
    #[serde(default)]
    b64: Option<Value>,
    /// Whether there is another token inside.
    #[serde(default)]
    cty: Option<Value>,
}

/// A token that can be read; nothing of it is believed yet.
pub(crate) struct Token<'t> {
    header: Header,
    pub claims: TokenClaims,
    message: &'t str,
    signature: &'t str,
}

impl<'t> Token<'t> {
    /// Takes a token apart, or says what is wrong with it.
    pub fn read(text: &'t str) -> Result<Self, &'static str> {
        if text.len() > MAX_TOKEN {
            return Err("It is longer than 16 KiB");
        }
        let apart = || {
            let (message, signature) = text.rsplit_once('.')?;
            let (header, payload) = message.split_once('.')?;
            (!payload.contains('.')).then_some((message, header, payload, signature))
        };
        let (message, header, payload, signature) =
            apart().ok_or("It has not three parts with a dot between them")?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "A part of it is no base64url");
        let (header, payload) = (decoded(header)?, decoded(payload)?);
        if decoded(signature)?.is_empty() {
            return Err("It has no signature");
        }
        let header: Header = strict(&header).ok_or("Its header cannot be read")?;
        let is_token = header
            .typ
            .as_deref()
            .is_none_or(|typ| ["JWT", "at+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known)));
        if !is_token || header.crit.is_some() || header.b64.is_some() || header.cty.is_some() {
            return Err("Its header asks for what is not done here");
        }
        if header.kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID) {
            return Err("The name of its key is empty or too long");
        }
        let claims: serde_json::Map<String, Value> = strict(&payload).ok_or("Its claims cannot be read")?;
        Ok(Self { header, claims: TokenClaims(claims), message, signature })
    }

    /// What it says that it is signed with, if that is one of these.
    pub fn algorithm(&self, allowed: &[TokenAlgorithm]) -> Option<TokenAlgorithm> {
        TokenAlgorithm::parse(&self.header.alg).filter(|algorithm| allowed.contains(algorithm))
    }

    /// What it says that it is signed with, for a message: cut, and letters only.
    pub fn named_algorithm(&self) -> String {
        self.header.alg.chars().filter(char::is_ascii_alphanumeric).take(16).collect()
    }

    /// Whether one of these keys signed it, in this way.
    pub fn is_signed_by(&self, keys: &JwkSet, algorithm: TokenAlgorithm) -> Result<(), Distrust> {
        let algorithm = as_known(algorithm);
        let key = find_for(keys, self.header.kid.as_deref(), algorithm)?;
        if !is_long_enough(key) {
            return Err(Distrust::Algorithm);
        }
        let key = DecodingKey::from_jwk(key).map_err(|_| Distrust::Algorithm)?;
        match crypto::verify(self.signature, self.message.as_bytes(), &key, algorithm) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Distrust::Wrong),
            Err(_) => Err(Distrust::Algorithm),
        }
    }
}

fn is_long_enough(key: &Jwk) -> bool {
    let AlgorithmParameters::RSA(rsa) = &key.algorithm else { return true };
    URL_SAFE_NO_PAD.decode(&rsa.n).is_ok_and(|n| {
        let leading = n.iter().take_while(|byte| **byte == 0).count();
        n.len().saturating_sub(leading) >= MIN_RSA
    })
}

const fn as_known(algorithm: TokenAlgorithm) -> Algorithm {
    use TokenAlgorithm as T;
    match algorithm {
        T::Rs256 => Algorithm::RS256,
        T::Rs384 => Algorithm::RS384,
        T::Rs512 => Algorithm::RS512,
        T::Ps256 => Algorithm::PS256,
        T::Ps384 => Algorithm::PS384,
        T::Ps512 => Algorithm::PS512,
        T::Es256 => Algorithm::ES256,
        T::Es384 => Algorithm::ES384,
        T::EdDsa => Algorithm::EdDSA,
    }
}
