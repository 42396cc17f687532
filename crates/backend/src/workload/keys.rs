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
use nexus_domain::{IdentityProviderId, TenantId, Timestamp, timestamp};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long keys are used.
const FRESH: i64 = timestamp::HOUR;
/// Keys older than this are asked for again while they are still used.
const AGEING: i64 = 45 * timestamp::MINUTE;
/// They are asked for at most this often, however many tokens name unknown ones.
const REFETCH: i64 = 30 * timestamp::SECOND;
/// More exchanges than this do not wait for one provider.
const MAX_WAITING: usize = 32;
/// More providers than this are not remembered at once; those that were not needed for longest are forgotten first.
const MAX_KEPT: usize = 5_000;
/// Nor more than this of one tenant, so that no tenant makes those of others be forgotten.
const MAX_KEPT_OF_TENANT: usize = 200;
/// More requests than this are not under way to STS for one provider: nobody's flood keeps out those of others.
const MAX_STS_OF_PROVIDER: usize = 32;
/// Nor more than this for all of them together.
const MAX_STS: usize = 256;

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
pub struct ProviderKeys {
    slots: Mutex<Slots>,
    noted: Mutex<Noted>,
    sts: Arc<Semaphore>,
}

impl Default for ProviderKeys {
    fn default() -> Self {
        Self { slots: Mutex::default(), noted: Mutex::default(), sts: Arc::new(Semaphore::new(MAX_STS)) }
    }
}

#[derive(Default)]
struct Slots {
    by_provider: HashMap<IdentityProviderId, Kept>,
    /// How often any was needed: what is counted from, to know which was not for longest.
    uses: u64,
}

struct Kept {
    slot: Arc<Slot>,
    tenant: TenantId,
    used: u64,
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
    sts: Arc<Semaphore>,
}

/// Room for one request to STS, until it is dropped.
pub(super) struct StsRoom {
    _of_all: OwnedSemaphorePermit,
    _of_provider: OwnedSemaphorePermit,
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
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).slot(provider)
    }

    /// Room for one more request to STS; none where too many are under way.
    pub(super) fn room_for_sts(&self, provider: &Trusted) -> Option<StsRoom> {
        let own = Arc::clone(&self.slot(provider).sts).try_acquire_owned().ok()?;
        let all = Arc::clone(&self.sts).try_acquire_owned().ok()?;
        Some(StsRoom { _of_all: all, _of_provider: own })
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

impl Slots {
    fn slot(&mut self, provider: &Trusted) -> Arc<Slot> {
        self.uses += 1;
        let used = self.uses;
        if let Some(kept) = self.by_provider.get_mut(&provider.id)
            && kept.slot.since == provider.since
        {
            kept.used = used;
            return Arc::clone(&kept.slot);
        }
        self.by_provider.remove(&provider.id);
        self.make_room(provider.tenant);
        let sts = Arc::new(Semaphore::new(MAX_STS_OF_PROVIDER));
        let slot = Arc::new(Slot { since: provider.since, state: Mutex::default(), sts });
        let kept = Kept { slot: Arc::clone(&slot), tenant: provider.tenant, used };
        self.by_provider.insert(provider.id, kept);
        slot
    }

    /// Forgets the one that was not needed for longest where there are too many: of this tenant, or of all.
    fn make_room(&mut self, tenant: TenantId) {
        let own = self.by_provider.values().filter(|kept| kept.tenant == tenant).count();
        let full = self.by_provider.len() >= MAX_KEPT;
        if own < MAX_KEPT_OF_TENANT && !full {
            return;
        }
        let of_whom = |kept: &Kept| own < MAX_KEPT_OF_TENANT || kept.tenant == tenant;
        let candidates = self.by_provider.iter().filter(|(_, kept)| of_whom(kept));
        if let Some(oldest) = candidates.min_by_key(|(_, kept)| kept.used).map(|(id, _)| *id) {
            self.by_provider.remove(&oldest);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::workload::IdentityProviderKind;
    use uuid::Uuid;

    fn provider(tenant: TenantId, number: usize) -> Trusted {
        Trusted {
            id: IdentityProviderId(Uuid::from_u128(number as u128)),
            tenant,
            name: "Own".into(),
            kind: IdentityProviderKind::AwsIam,
            issuer: String::new(),
            keys: KeySource::Discovery,
            audience: "https://nexus.test".into(),
            max_lifetime: 3600,
            algorithms: Vec::new(),
            since: 1,
        }
    }

    fn tenant(number: usize) -> TenantId {
        TenantId(Uuid::from_u128(number as u128))
    }

    fn keeps(slots: &Slots, provider: &Trusted) -> bool {
        slots.by_provider.contains_key(&provider.id)
    }

    #[test]
    fn a_tenant_with_many_providers_pushes_out_its_own() {
        let mut slots = Slots::default();
        let other = provider(tenant(2), 1_000_000);
        slots.slot(&other);
        for number in 0..MAX_KEPT_OF_TENANT {
            slots.slot(&provider(tenant(1), number));
        }
        // It is needed once more, so that the one after it is the oldest.
        slots.slot(&provider(tenant(1), 0));
        slots.slot(&provider(tenant(1), MAX_KEPT_OF_TENANT));
        assert!(keeps(&slots, &other) && keeps(&slots, &provider(tenant(1), 0)));
        assert!(!keeps(&slots, &provider(tenant(1), 1)) && keeps(&slots, &provider(tenant(1), 2)));
        assert_eq!(slots.by_provider.len(), MAX_KEPT_OF_TENANT + 1);
    }

    #[test]
    fn at_the_limit_the_oldest_is_forgotten_and_not_all() {
        let mut slots = Slots::default();
        for number in 0..=MAX_KEPT {
            slots.slot(&provider(tenant(number / 100), number));
        }
        assert_eq!(slots.by_provider.len(), MAX_KEPT);
        assert!(!keeps(&slots, &provider(tenant(0), 0)) && keeps(&slots, &provider(tenant(0), 1)));
        // What trusts something else by now takes its own place.
        let changed = Trusted { since: 2, ..provider(tenant(0), 2) };
        assert_eq!(slots.slot(&changed).since, 2);
        assert!(keeps(&slots, &provider(tenant(0), 1)) && slots.by_provider.len() == MAX_KEPT);
    }

    #[test]
    fn so_many_requests_are_under_way_to_sts_for_one_provider_and_for_all() {
        let keys = ProviderKeys::default();
        let take = |number: usize| keys.room_for_sts(&provider(tenant(1), number));
        let mut under_way: Vec<StsRoom> = (0..MAX_STS_OF_PROVIDER).filter_map(|_| take(1)).collect();
        assert_eq!(under_way.len(), MAX_STS_OF_PROVIDER);
        assert!(take(1).is_none() && take(2).is_some(), "another one has room of its own");
        under_way.pop();
        assert!(take(1).is_some(), "there is room again");
        under_way.extend(
            (2..20)
                .flat_map(|number| std::iter::repeat_with(move || number).take(MAX_STS_OF_PROVIDER))
                .filter_map(take),
        );
        assert_eq!(under_way.len(), MAX_STS);
    }
}
