//! Tokens that a key's signing secret has signed (RFC 7519, HS256 and nothing else). A token stands
//! for its key, cut down to the `permissions` that it names, and for one service where it names one.
//!
//! `kid` and `iss` are the key's id, `aud` is this instance, it ends within an hour, and it names
//! itself (`jti`). When it was made (`iat`) it may say. Whatever is wrong gives the answer that a wrong key gets.

use super::rows::{self, EnvironmentKeyRow};
use super::{Credential, Known, unauthorized};
use crate::crypto::Sealed;
use crate::gate::{Token, Who};
use crate::jwt::strict;
use crate::keys::environment::signing_place;
use crate::nexus::Nexus;
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use nexus_domain::environment_key::{Introspection, MAX_TOKEN_LIFE};
use nexus_domain::role::{Scope, Scopes};
use nexus_domain::timestamp::SECOND;
use nexus_domain::{KeyId, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

/// A longer one is nobody's.
const MAX_TOKEN: usize = 8 * 1024;
/// Clocks may differ by this much.
const LEEWAY: i64 = 60 * SECOND;
/// More words than this are no narrowing.
const MAX_PERMISSIONS: usize = 200;

/// A key that tokens are signed for; its secret is wiped when it is forgotten.
pub(super) struct Signer {
    known: Known,
    secret: DecodingKey,
}

/// Nothing else may stand there: what a token says of how it is to be checked is not believed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: Uuid,
    #[serde(default)]
    typ: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// What is checked, each of its one type. A token may say more.
#[derive(Deserialize)]
struct Claims {
    iss: Uuid,
    aud: Audience,
    exp: i64,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
    jti: String,
    #[serde(default)]
    service: Option<String>,
    #[serde(default)]
    permissions: Option<Vec<String>>,
}

impl Claims {
    /// Whether it is for this instance, by this key, and now.
    fn hold(&self, kid: Uuid, audience: &str, now: Timestamp) -> bool {
        let at = |seconds: i64| Timestamp(seconds.saturating_mul(SECOND));
        let for_us = match &self.aud {
            Audience::One(aud) => aud == audience,
            Audience::Several(all) => all.iter().any(|aud| aud == audience),
        };
        let latest = now.plus(LEEWAY);
        for_us
            && self.iss == kid
            && (1..=256).contains(&self.jti.len())
            && at(self.exp) > now.plus(-LEEWAY)
            && at(self.exp) <= latest.plus(MAX_TOKEN_LIFE)
            && self.iat.is_none_or(|iat| at(iat) <= latest && iat <= self.exp)
            && self.nbf.is_none_or(|nbf| at(nbf) <= latest)
            && self.permissions.as_ref().is_none_or(|words| words.len() <= MAX_PERMISSIONS)
    }

    /// What introspection tells: the scopes that the key has too, and words that are no scopes.
    fn kept(&self, scopes: &Scopes) -> Vec<String> {
        let means_something = |word: &String| {
            Scope::parse(word).is_none_or(|scope| scopes.has(scope) || scopes.has(Scope::AdminAll))
        };
        match &self.permissions {
            Some(words) => words.iter().filter(|word| means_something(word)).cloned().collect(),
            None => scopes.0.iter().map(|scope| scope.as_str().to_owned()).collect(),
        }
    }
}

/// A token whose signature and claims are right.
struct Verified {
    signer: Arc<Signer>,
    claims: Claims,
}

/// Whom a token stands for.
pub(super) async fn authenticate(nexus: &Nexus, text: &str, ip: Option<IpAddr>) -> Result<Credential> {
    let Verified { signer, claims } = verify(nexus, text).await?.ok_or_else(unauthorized)?;
    let mut credential = signer.known.admitted(ip)?;
    if let Who::EnvironmentKey { scopes, until, token, .. } = &mut credential.actor.who {
        if let Some(words) = &claims.permissions {
            *scopes = scopes.narrowed(words);
        }
        let end = Timestamp(claims.exp.saturating_mul(SECOND)).plus(LEEWAY);
        *until = Some(until.map_or(end, |until| until.min(end)));
        *token = Some(Token { service: claims.service });
    }
    Ok(credential)
}

/// What a token of the caller's tenant says, for a service that was given one. Of any other text it
/// says no more than that it is none.
pub async fn introspect(nexus: &Nexus, caller: &Credential, text: &str) -> Result<Introspection> {
    let Some(Verified { signer, claims }) = verify(nexus, text).await? else {
        return Ok(Introspection::default());
    };
    let actor = &signer.known.credential.actor;
    let Who::EnvironmentKey { scopes, environment_slug, id, .. } = &actor.who else {
        return Ok(Introspection::default());
    };
    if actor.tenant != caller.actor.tenant {
        return Ok(Introspection::default());
    }
    Ok(Introspection {
        active: true,
        permissions: Some(claims.kept(scopes)),
        environment: Some(environment_slug.clone()),
        iss: Some(id.to_string()),
        aud: Some(nexus.settings.public_url.clone()),
        iat: claims.iat,
        exp: Some(claims.exp),
        service: claims.service,
        jti: Some(claims.jti),
        ..Introspection::default()
    })
}

/// What an unknown key's tokens are checked against, so that it takes the same work.
static NOBODYS: LazyLock<DecodingKey> = LazyLock::new(|| DecodingKey::from_secret(&[0; 64]));

async fn verify(nexus: &Nexus, text: &str) -> Result<Option<Verified>> {
    let Some(kid) = key_of(text) else { return Ok(None) };
    let signer = signer(nexus, KeyId(kid)).await?;
    let secret = signer.as_ref().map_or(&*NOBODYS, |signer| &signer.secret);
    let claims =
        claims_of(text, secret).filter(|claims| claims.hold(kid, &nexus.settings.public_url, nexus.now()));
    Ok(signer.zip(claims).map(|(signer, claims)| Verified { signer, claims }))
}

/// The key that a token names, if it is a token of the one kind that is taken.
fn key_of(text: &str) -> Option<Uuid> {
    if text.len() > MAX_TOKEN {
        return None;
    }
    let (header, rest) = text.split_once('.')?;
    rest.split_once('.').filter(|(_, signature)| !signature.contains('.'))?;
    let header: Header = strict(&URL_SAFE_NO_PAD.decode(header).ok()?)?;
    let is_token = header.typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
    (header.alg == "HS256" && is_token).then_some(header.kid)
}

/// The claims, if the signature is right.
fn claims_of(text: &str, secret: &DecodingKey) -> Option<Claims> {
    let mut validation = Validation::new(Algorithm::HS256);
    // Times are judged by the instance's clock, and the rest with the other claims.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = decode::<Box<RawValue>>(text, secret, &validation).ok()?.claims;
    strict(claims.get().as_bytes())
}

/// The key that signs, without SQL while nothing of its tenant has changed.
async fn signer(nexus: &Nexus, id: KeyId) -> Result<Option<Arc<Signer>>> {
    let known = nexus.credentials.signers.recall(&id).filter(|signer| signer.known.holds(nexus));
    match known {
        Some(signer) => Ok(Some(signer)),
        None => load(nexus, id).await,
    }
}

async fn load(nexus: &Nexus, id: KeyId) -> Result<Option<Arc<Signer>>> {
    let signer = match rows::signing_key(nexus, id).await? {
        Some(row) => Some(open(nexus, row).await?),
        None => None,
    };
    if let Some(signer) = &signer {
        nexus.saw_seq(signer.known.credential.actor.tenant, signer.known.seq);
    }
    Ok(nexus.credentials.signers.keep(id, signer))
}

async fn open(nexus: &Nexus, mut row: EnvironmentKeyRow) -> Result<Signer> {
    let sealed = row.signing_sealed.take().zip(row.signing_wrapped_key.take()).zip(row.signing_made_at);
    let ((payload, wrapped_key), made_at) =
        sealed.ok_or(Error::Impossible("a signing secret that is stored in part"))?;
    let mut tx = nexus.db.begin_read().await?;
    let place = signing_place(row.tenant_id, row.id);
    let secret =
        nexus.keyring.open_for(&mut tx, row.tenant_id, &place, &Sealed { payload, wrapped_key }).await?;
    tx.rollback().await?;
    let (value, until) = (value_of(row.id, made_at), row.expires_at());
    Ok(Signer { known: row.known(value, Vec::new(), until), secret: DecodingKey::from_secret(&secret) })
}

/// What stands for everything that one signing secret has signed, where single values of keys are named.
pub(crate) fn value_of(key: KeyId, made_at: Timestamp) -> String {
    format!("{key} {}", made_at.0)
}
