//! What providers say of themselves: their endpoints (OpenID Connect Discovery) and their keys. Asked by the
//! egress client, kept for an hour, and asked again for a key that is not known yet, at most every 30 s.

use super::Known;
use super::github;
use crate::egress::Egress;
use crate::jwt::{Unusable, fetch_keys};
use crate::nexus::Nexus;
use jsonwebtoken::jwk::JwkSet;
use nexus_domain::sign_in::ProviderKind;
use nexus_domain::{Timestamp, timestamp};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How long an answer is kept.
const FRESH: i64 = timestamp::HOUR;
/// Keys are asked for again at most this often, however many tokens name unknown ones.
const REFETCH: i64 = 30 * timestamp::SECOND;
/// More providers than this are not remembered at once.
const MAX_KEPT: usize = 1_000;

/// The endpoints of a provider.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoints {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    /// Only GitHub has none: it signs nothing.
    #[serde(default)]
    pub jwks_uri: String,
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Whether it names itself when it sends people back (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

struct Kept<T> {
    value: Arc<T>,
    at: Timestamp,
}

/// What is known of providers, in this process.
#[derive(Default)]
pub struct Discoveries {
    endpoints: Mutex<HashMap<String, Kept<Endpoints>>>,
    keys: Mutex<HashMap<String, Kept<JwkSet>>>,
    /// When somebody last looked ahead.
    looked: Mutex<HashMap<String, Kept<()>>>,
}

fn kept<T>(store: &Mutex<HashMap<String, Kept<T>>>, key: &str, younger_than: Timestamp) -> Option<Arc<T>> {
    let store = store.lock().unwrap_or_else(PoisonError::into_inner);
    store.get(key).filter(|kept| kept.at > younger_than).map(|kept| Arc::clone(&kept.value))
}

fn keep<T>(store: &Mutex<HashMap<String, Kept<T>>>, key: &str, value: T, at: Timestamp) -> Arc<T> {
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    if store.len() >= MAX_KEPT {
        store.clear();
    }
    let value = Arc::new(value);
    store.insert(key.to_owned(), Kept { value: Arc::clone(&value), at });
    value
}

/// The endpoints of a provider, kept or asked for.
pub(super) async fn endpoints(nexus: &Nexus, provider: &Known) -> Result<Arc<Endpoints>, Unusable> {
    if provider.kind == ProviderKind::Github {
        return Ok(Arc::new(github::endpoints(&provider.issuer)));
    }
    kept_or_discovered(nexus, &provider.issuer).await
}

async fn kept_or_discovered(nexus: &Nexus, issuer: &str) -> Result<Arc<Endpoints>, Unusable> {
    let now = nexus.now();
    if let Some(kept) = kept(&nexus.discoveries.endpoints, issuer, now.plus(-FRESH)) {
        return Ok(kept);
    }
    let found = discover(&nexus.egress, issuer).await?;
    Ok(keep(&nexus.discoveries.endpoints, issuer, found, now))
}

/// Looks in the background, so that no page waits for a provider; at most every 30 s for each.
fn look_ahead(nexus: &Nexus, issuer: &str) {
    let now = nexus.now();
    if kept(&nexus.discoveries.looked, issuer, now.plus(-REFETCH)).is_some() {
        return;
    }
    keep(&nexus.discoveries.looked, issuer, (), now);
    let (nexus, issuer) = (nexus.clone(), issuer.to_owned());
    tokio::spawn(async move {
        if let Err(unusable) = kept_or_discovered(&nexus, &issuer).await {
            tracing::warn!(issuer, %unusable, "a provider cannot be used");
        }
    });
}

/// Where a provider signs people in, where that is known without asking; otherwise the next one who asks knows.
pub(super) fn remembered(nexus: &Nexus, kind: ProviderKind, issuer: &str) -> Option<String> {
    if kind == ProviderKind::Github {
        return Some(github::endpoints(issuer).authorization_endpoint);
    }
    let known = kept(&nexus.discoveries.endpoints, issuer, Timestamp(i64::MIN));
    if known.is_none() {
        look_ahead(nexus, issuer);
    }
    known.map(|known| known.authorization_endpoint.clone())
}

/// Asks a provider what it is.
pub(super) async fn discover(egress: &Egress, issuer: &str) -> Result<Endpoints, Unusable> {
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let answer = egress.get(&address, None).await?;
    let found: Endpoints = serde_json::from_slice(&answer).map_err(|_| Unusable::Unreadable)?;
    if found.issuer != issuer {
        return Err(Unusable::OtherIssuer);
    }
    let named = [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri];
    for address in named.into_iter().chain(&found.userinfo_endpoint) {
        egress.check(address).map_err(Unusable::Endpoint)?;
    }
    Ok(found)
}

/// The keys at an address. `again`: the kept ones did not have what was looked for.
pub(super) async fn keys(nexus: &Nexus, address: &str, again: bool) -> Result<Arc<JwkSet>, Unusable> {
    let now = nexus.now();
    let age = if again { REFETCH } else { FRESH };
    if let Some(kept) = kept(&nexus.discoveries.keys, address, now.plus(-age)) {
        return Ok(kept);
    }
    let found = fetch_keys(&nexus.egress, address).await?;
    Ok(keep(&nexus.discoveries.keys, address, found, now))
}
