//! The keys of providers, as this process knows them: asked for once an hour, once more for a key that is not known,
//! and never more than once in 30 s. Whoever needs keys while they are being asked for waits for the same answer,
//! and only so many; a provider that hangs is waited for by nobody else, because no lock is held meanwhile.

use super::Trusted;
use crate::egress::Egress;
use crate::jwt::{Unusable, fetch_keys, read_keys};
use crate::nexus::Nexus;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use jsonwebtoken::jwk::JwkSet;
use nexus_domain::workload::{CheckKind, KeySource};
use nexus_domain::{IdentityProviderId, Timestamp, timestamp};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long keys are used.
const FRESH: i64 = timestamp::HOUR;
/// Keys older than this are asked for again while they are still used.
const AGEING: i64 = 45 * timestamp::MINUTE;
/// They are asked for at most this often, however many tokens name unknown ones.
const REFETCH: i64 = 30 * timestamp::SECOND;
/// More exchanges than this do not wait for one provider.
const MAX_WAITING: usize = 32;
/// More providers than this are not remembered at once.
const MAX_KEPT: usize = 5_000;

type Fetched = Result<Arc<JwkSet>, Unusable>;

/// Why there are no keys to check with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unready {
    #[error("too many wait for the provider's keys")]
    Busy,
    #[error("{0}")]
    Unusable(#[from] Unusable),
}

/// What is known of providers, in this process.
#[derive(Default)]
pub struct ProviderKeys {
    slots: Mutex<HashMap<IdentityProviderId, Arc<Slot>>>,
    noted: Mutex<Noted>,
}

/// The minute, and which refusals of it were written down.
#[derive(Default)]
struct Noted {
    minute: i64,
    refusals: HashSet<(IdentityProviderId, CheckKind)>,
}

/// One provider's.
struct Slot {
    /// The change that made it trust these.
    since: i64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    kept: Option<(Arc<JwkSet>, Timestamp)>,
    asked_at: Option<Timestamp>,
    failed: Option<Unusable>,
    running: Option<Shared<BoxFuture<'static, Fetched>>>,
    waiting: usize,
}

/// What to do about keys.
enum Plan {
    Use(Arc<JwkSet>),
    Wait(Shared<BoxFuture<'static, Fetched>>),
}

impl ProviderKeys {
    /// The slot of a provider; a new one where it trusts something else by now.
    fn slot(&self, provider: &Trusted) -> Arc<Slot> {
        let mut all = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = all.get(&provider.id).filter(|slot| slot.since == provider.since) {
            return Arc::clone(slot);
        }
        if all.len() >= MAX_KEPT {
            all.clear();
        }
        let slot = Arc::new(Slot { since: provider.since, state: Mutex::default() });
        all.insert(provider.id, Arc::clone(&slot));
        slot
    }

    /// Whether a refusal was not written down in this minute yet, so that a flood of them asks no database.
    pub(super) fn is_news(&self, provider: IdentityProviderId, reason: CheckKind, now: Timestamp) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.minute != now.minute() {
            *noted = Noted { minute: now.minute(), refusals: HashSet::new() };
        }
        noted.refusals.insert((provider, reason))
    }
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fresh(&self, now: Timestamp) -> Option<&Arc<JwkSet>> {
        self.kept.as_ref().filter(|(_, at)| *at > now.plus(-FRESH)).map(|(keys, _)| keys)
    }

    fn may_ask(&self, now: Timestamp) -> bool {
        self.asked_at.is_none_or(|at| at <= now.plus(-REFETCH))
    }
}

/// Somebody who waits; counted until they go away.
struct Waiting<'s>(&'s Slot);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.waiting = state.waiting.saturating_sub(1);
    }
}

/// The keys of a provider. `again`: the ones that are known did not have what was looked for.
pub(super) async fn keys(nexus: &Nexus, provider: &Trusted, again: bool) -> Result<Arc<JwkSet>, Unready> {
    if let KeySource::Uploaded(jwks) = &provider.keys {
        return Ok(Arc::new(read_keys(jwks.as_str().as_bytes())?));
    }
    let slot = nexus.provider_keys.slot(provider);
    match plan(nexus, provider, &slot, again)? {
        Plan::Use(keys) => Ok(keys),
        Plan::Wait(answer) => {
            let _waiting = Waiting(&slot);
            Ok(answer.await?)
        }
    }
}

/// Decides in one step, and begins to ask where that is due.
fn plan(nexus: &Nexus, provider: &Trusted, slot: &Arc<Slot>, again: bool) -> Result<Plan, Unready> {
    let now = nexus.now();
    let mut state = slot.state();
    let known = state.fresh(now).cloned();
    if let (Some(keys), false) = (&known, again) {
        let ages = state.kept.as_ref().is_some_and(|(_, at)| *at <= now.plus(-AGEING));
        if ages && state.running.is_none() && state.may_ask(now) {
            begin(nexus, provider, slot, &mut state);
        }
        return Ok(Plan::Use(Arc::clone(keys)));
    }
    if state.running.is_none() && state.may_ask(now) {
        begin(nexus, provider, slot, &mut state);
    }
    match (&state.running, known) {
        (Some(running), _) if state.waiting < MAX_WAITING => {
            let running = running.clone();
            state.waiting += 1;
            Ok(Plan::Wait(running))
        }
        (Some(_), _) => Err(Unready::Busy),
        // It was asked a moment ago: what it said then counts.
        (None, Some(keys)) => Ok(Plan::Use(keys)),
        (None, None) => Err(state.failed.map_or(Unready::Busy, Unready::Unusable)),
    }
}

/// Asks in a task of its own, so that whoever asked first may go away.
fn begin(nexus: &Nexus, provider: &Trusted, slot: &Arc<Slot>, state: &mut State) {
    let asked_at = nexus.now();
    state.asked_at = Some(asked_at);
    let (nexus, provider, slot) = (nexus.clone(), provider.clone(), Arc::clone(slot));
    let task = tokio::spawn(async move {
        let fetched = fetch(&nexus.egress, &provider).await.map(Arc::new);
        let mut state = slot.state();
        state.running = None;
        match &fetched {
            Ok(keys) => {
                state.kept = Some((Arc::clone(keys), asked_at));
                state.failed = None;
            }
            Err(unusable) => {
                state.failed = Some(*unusable);
                tracing::warn!(provider = %provider.id, %unusable, "the keys of a provider cannot be had");
            }
        }
        fetched
    });
    let answer = async move { task.await.unwrap_or(Err(Unusable::Unreadable)) };
    state.running = Some(answer.boxed().shared());
}

/// What an issuer says of itself, as far as it matters here.
#[derive(Deserialize)]
struct Described {
    issuer: String,
    jwks_uri: String,
}

async fn fetch(egress: &Egress, provider: &Trusted) -> Result<JwkSet, Unusable> {
    match &provider.keys {
        KeySource::JwksUrl(url) => fetch_keys(egress, url).await,
        KeySource::Uploaded(jwks) => read_keys(jwks.as_str().as_bytes()),
        KeySource::Discovery => {
            let issuer = &provider.issuer;
            let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
            let answer = egress.get(&address, None).await?;
            let described: Described = serde_json::from_slice(&answer).map_err(|_| Unusable::Unreadable)?;
            if described.issuer != *issuer {
                return Err(Unusable::OtherIssuer);
            }
            egress.check(&described.jwks_uri).map_err(Unusable::Endpoint)?;
            fetch_keys(egress, &described.jwks_uri).await
        }
    }
}
