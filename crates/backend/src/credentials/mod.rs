//! Credentials: making them, and finding out whom a presented one belongs to.
//!
//! A credential is stored as its key id and an HMAC of its secret under the pepper. Valid ones are
//! remembered in memory and checked against the tenant's change number, so that a warm request
//! costs no SQL and a revoked key dies on the next request. The same holds for tokens that a key's
//! signing secret has signed.

mod grants;
mod place;
mod rows;
mod token;

pub use crate::keys::environment::make_by_operator as make_environment_key;
pub use place::at_endpoint;
pub(crate) use place::{of_stream, stands};
pub(crate) use rows::networks;
pub use token::introspect;
pub(crate) use token::value_of;

use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::{Error, Result, crypto};
use nexus_domain::credential::{self, Family, Parsed};
use nexus_domain::network::Networks;
use nexus_domain::{Code, Refusal, ServiceId, Timestamp, UserId};
use place::{Endpoint, Standing};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use subtle::ConstantTimeEq;
use token::Signer;

/// A credential that was just made: the only time that its text exists.
pub struct Made {
    pub text: String,
    pub key_id: String,
    pub mac: [u8; 32],
    pub shown: String,
}

/// Makes a credential in the one format.
pub fn make(nexus: &Nexus, prefix: &str) -> Result<Made> {
    let (id, secret) = (crypto::random(nexus.keyring.random())?, crypto::random(nexus.keyring.random())?);
    let text = credential::compose(prefix, id, secret);
    let parsed = credential::parse(&text).ok_or(Error::Impossible("a credential that was just made"))?;
    let (key_id, mac) = (parsed.key_id.to_owned(), mac_of(nexus, &parsed)?);
    let shown = credential::shown(prefix, &key_id);
    Ok(Made { text, key_id, mac, shown })
}

/// The MAC of a text that is in the one format.
pub(crate) fn mac_of_text(nexus: &Nexus, text: &str) -> Result<Option<[u8; 32]>> {
    credential::parse(text).map(|parsed| mac_of(nexus, &parsed)).transpose()
}

fn mac_of(nexus: &Nexus, parsed: &Parsed<'_>) -> Result<[u8; 32]> {
    nexus.keyring.mac("credential", [parsed.prefix, parsed.key_id, parsed.secret].concat().as_bytes())
}

/// What a valid credential stands for.
#[derive(Debug, Clone)]
pub struct Credential {
    pub actor: Actor,
    /// The endpoint of the service that a service key belongs to.
    pub endpoint_slug: Option<String>,
}

/// From where a credential is taken: the tenant's networks, and the key's own.
#[derive(Debug, Clone, Default)]
struct Allowed {
    tenant: Networks,
    key: Networks,
}

impl Allowed {
    fn admit(&self, ip: Option<IpAddr>) -> Result<()> {
        if self.tenant.admit(ip) && self.key.admit(ip) {
            return Ok(());
        }
        Err(Refusal::new(Code::IpNotAllowed, "This credential is not taken from your address").into())
    }
}

struct Known {
    mac: Vec<u8>,
    credential: Credential,
    expires_at: Option<Timestamp>,
    /// The tenant's change number when it was read.
    seq: i64,
    allowed: Allowed,
}

impl Known {
    /// Whether it may still be used without looking.
    fn holds(&self, nexus: &Nexus) -> bool {
        self.seq == nexus.seq_of(self.credential.actor.tenant)
            && self.expires_at.is_none_or(|at| at > nexus.now())
    }

    /// The credential, for a request from this address.
    fn admitted(&self, ip: Option<IpAddr>) -> Result<Credential> {
        self.allowed.admit(ip)?;
        let mut credential = self.credential.clone();
        credential.actor.ip = ip;
        Ok(credential)
    }
}

/// Credentials that this process has seen.
#[derive(Default)]
pub struct Credentials {
    known: Remembered<String, Known>,
    /// Keys with a signing secret, by the id that tokens name.
    signers: Remembered<nexus_domain::KeyId, Signer>,
    /// Services by their endpoint.
    endpoints: Remembered<String, Endpoint>,
    /// What a person is where a service is, for the apps that act for them.
    standings: Remembered<(UserId, ServiceId), Standing>,
}

/// More remembered things of a kind than this are forgotten together.
const MAX_KNOWN: usize = 50_000;

/// What was read once, and is used as long as it holds.
struct Remembered<K, V>(RwLock<HashMap<K, Arc<V>>>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: std::hash::Hash + Eq, V> Remembered<K, V> {
    fn recall<Q: std::hash::Hash + Eq + ?Sized>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Remembers what was found, or that nothing is there any more.
    fn keep(&self, key: K, found: Option<V>) -> Option<Arc<V>> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = found else {
            all.remove(&key);
            return None;
        };
        if all.len() >= MAX_KNOWN {
            all.clear();
        }
        let found = Arc::new(found);
        all.insert(key, Arc::clone(&found));
        Some(found)
    }
}

fn unauthorized() -> Refusal {
    Refusal::new(Code::Unauthorized, "Missing or invalid API key")
}

/// Whom a presented credential belongs to. Everything that is wrong gives the same refusal; from where
/// it may not be used is told only to who has it.
pub async fn authenticate(nexus: &Nexus, text: &str, ip: Option<IpAddr>) -> Result<Credential> {
    let Some(parsed) = credential::parse(text) else {
        // In a box, so that the many requests that need none of it do not carry it around.
        return Box::pin(token::authenticate(nexus, text, ip)).await;
    };
    let mac = mac_of(nexus, &parsed)?;
    let known = nexus.credentials.known.recall(parsed.key_id).filter(|known| known.holds(nexus));
    let found = match known {
        Some(found) => Some(found),
        None => Box::pin(load(nexus, &parsed)).await?,
    };
    // An unknown key id is compared like a known one.
    let stored = found.as_ref().map_or([0_u8; 32].as_slice(), |known| &known.mac);
    let matches = bool::from(stored.ct_eq(&mac));
    let Some(known) = found.filter(|_| matches) else { return Err(unauthorized().into()) };
    known.admitted(ip)
}

async fn load(nexus: &Nexus, parsed: &Parsed<'_>) -> Result<Option<Arc<Known>>> {
    let known = match parsed.family {
        Family::ServiceSecret | Family::ServicePublic => {
            rows::service_key(nexus, parsed.prefix, parsed.key_id).await?
        }
        Family::Environment => rows::environment_key(nexus, parsed.key_id).await?,
        Family::OauthAccess => grants::access_token(nexus, parsed.key_id).await?,
        Family::WorkloadSession => rows::workload_session(nexus, parsed.key_id).await?,
        // Where tokens are given out these are shown, and nowhere else.
        Family::OauthRefresh | Family::OauthSecret => None,
    };
    if let Some(known) = &known {
        nexus.saw_seq(known.credential.actor.tenant, known.seq);
    }
    Ok(nexus.credentials.known.keep(parsed.key_id.to_owned(), known))
}

/// The actor that a key id belongs to, where this process has seen its key: for the log, and no proof of
/// anything. Whoever presents a key has just made sure that it is known here.
pub(crate) fn owner_of(nexus: &Nexus, key_id: &str) -> Option<Actor> {
    nexus.credentials.known.recall(key_id).map(|known| known.credential.actor.clone())
}
