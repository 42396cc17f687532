//! The task of a tenant that somebody listens to: one look at the database per change, however many
//! listen.

use super::events::{ChangeRow, Look, ServiceRow, ValidKey, look};
use super::{Event, Hears, Hub, Listener, Told};
use crate::flags::{Ready, State, ready};
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::{Result, credentials};
use nexus_domain::network::Networks;
use nexus_domain::{ServiceId, TenantId, Timestamp};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// How often moments of schedules and ends of keys are looked for, in memory.
const TICK: Duration = Duration::from_millis(250);
/// More changes than this at once are told as one.
const MAX_EVENTS: usize = 50;
/// After a failed look, and so that many changes in a row are told together.
const PAUSE: Duration = Duration::from_millis(20);

/// The name of the signal that more than single keys may have changed.
const SNAPSHOT: &str = "snapshot.updated";

/// What is remembered between two looks.
#[derive(Default)]
struct Memory {
    /// When each value of a key ends.
    ends: HashMap<String, Option<Timestamp>>,
    flags: HashMap<ServiceId, Arc<Ready>>,
}

/// Runs until nobody listens any more.
pub(super) async fn run(nexus: Nexus, tenant: TenantId, hub: Arc<Hub>) {
    let mut memory = Memory::default();
    loop {
        let woken = tokio::time::timeout(TICK, hub.changed.notified()).await.is_ok();
        if hub.listeners().is_empty() && nexus.streams.retire(tenant) {
            return;
        }
        if woken {
            // Boxed, because this future is small and lives long.
            if let Err(error) = Box::pin(tell_changes(&nexus, &hub, &mut memory)).await {
                tracing::warn!(%error, "what happened could not be read for streams; it is tried again");
                hub.changed.notify_one();
            }
            tokio::time::sleep(PAUSE).await;
        }
        tell_moments(&nexus, &hub, &memory);
    }
}

async fn tell_changes(nexus: &Nexus, hub: &Hub, memory: &mut Memory) -> Result<()> {
    let Some((actor, after)) = oldest(hub) else { return Ok(()) };
    let mut seen = nexus.read(&actor, move |w| Box::pin(look(w, after))).await?;
    admit_apps(nexus, hub, &mut seen).await?;
    memory.ends = seen.keys.iter().map(|(value, key)| (value.clone(), key.until)).collect();
    let mut behind: HashMap<ServiceId, Actor> = HashMap::new();
    {
        let mut listeners = hub.listeners();
        listeners.retain(|_, listener| seen.admits(listener));
        for listener in listeners.values() {
            let revision = seen.services.get(&listener.service).map_or(0, |service| service.revision);
            let known = memory.flags.get(&listener.service).map(|ready| ready.about.revision);
            if revision > listener.cursor || known != Some(revision) {
                behind.insert(listener.service, listener.actor.clone());
            }
        }
    }
    for (service, actor) in behind {
        // A service that is gone since then is told by its keys.
        if let Ok(ready) = ready(nexus, &actor, service).await {
            memory.flags.insert(service, ready);
        }
    }
    let now = nexus.now();
    let mut listeners = hub.listeners();
    listeners.retain(|_, listener| seen.tell(listener, memory, now));
    let heard: HashSet<ServiceId> = listeners.values().map(|listener| listener.service).collect();
    memory.flags.retain(|service, _| heard.contains(service));
    Ok(())
}

/// Adds the tokens of apps that still hear what they heard when they began: a person's role may have changed.
async fn admit_apps(nexus: &Nexus, hub: &Hub, seen: &mut Look) -> Result<()> {
    let apps: Vec<(String, Actor)> = hub
        .listeners()
        .values()
        .filter(|listener| matches!(listener.actor.who, Who::OauthGrant { .. }))
        .map(|listener| (listener.value.clone(), listener.actor.clone()))
        .collect();
    for (value, actor) in apps {
        if let Some(until) = credentials::stands(nexus, &actor).await? {
            let key = ValidKey { until: Some(until), allowed: Networks::default() };
            seen.keys.insert(value, key);
        }
    }
    Ok(())
}

/// Whoever is furthest behind, and how far.
fn oldest(hub: &Hub) -> Option<(Actor, i64)> {
    let listeners = hub.listeners();
    let listener = listeners.values().min_by_key(|listener| listener.cursor)?;
    Some((listener.actor.clone(), listener.cursor))
}

impl Look {
    /// Whether the key of a stream still is one, and taken from where the stream comes from.
    fn admits(&self, listener: &Listener) -> bool {
        let ip = listener.actor.ip;
        self.allowed.admit(ip)
            && self.keys.get(&listener.value).is_some_and(|key| key.allowed.admit(ip))
            && self.services.contains_key(&listener.service)
    }

    /// Tells one listener what concerns it; false when it reads too slowly, or is gone.
    fn tell(&self, listener: &mut Listener, memory: &Memory, now: Timestamp) -> bool {
        let Some(service) = self.services.get(&listener.service) else { return false };
        let cursor = std::mem::replace(&mut listener.cursor, self.seq);
        let ready = memory.flags.get(&listener.service);
        let moments = match listener.told {
            Told::Many(moments) => moments,
            Told::Until(then) => ready.map_or(0, |ready| ready.served.moments_passed(then)),
        };
        let mut all = if service.revision > cursor {
            let state = ready.map_or_else(String::new, |ready| ready.served.state(service.revision, now));
            self.events(service, cursor, listener.hears, (moments, &state))
        } else {
            Vec::new()
        };
        if let (Told::Many(heard), Some(ready)) = (listener.told, ready) {
            listener.told = Told::Until(now);
            missed(&mut all, ready, heard, now);
            if all.len() > MAX_EVENTS {
                all = vec![whole(ready, now)];
            }
        }
        all.into_iter().all(|event| listener.hear(&Arc::new(event)))
    }

    /// The changes of a service after a number, or one signal where they are too many, unknown, or more
    /// than changes of single keys. Their ids say that so many moments have been told.
    fn events(
        &self,
        service: &ServiceRow,
        after: i64,
        hears: Hears,
        (moments, state): (u64, &str),
    ) -> Vec<Event> {
        let event = |revision: i64, name: &str, key: Option<String>| Event {
            id: State { revision, moments }.to_string(),
            revision,
            name: name.to_owned(),
            key,
            state: state.to_owned(),
        };
        let concerned: Vec<&ChangeRow> =
            self.changes.iter().filter(|row| row.seq > after && row.concerns(service)).collect();
        let complete = self.complete_after.is_some_and(|from| from <= after);
        let by_key = !concerned.is_empty() && !concerned.iter().any(|row| row.is_whole());
        if !by_key || concerned.len() > MAX_EVENTS || !complete {
            return vec![event(service.revision, SNAPSHOT, None)];
        }
        let readable = |row: &&ChangeRow| hears.event(&row.event);
        // Each with the number of its own row, so that whoever hears only the first of several and comes
        // back is told the others. The rows of one change may be numbered past the revision it made.
        let of_row = |row: &ChangeRow| event(row.seq.min(service.revision), &row.event, row.target.clone());
        concerned.into_iter().filter(readable).map(of_row).collect()
    }
}

impl Listener {
    /// Hands an event on; false when too many wait already. Who hears nothing of flags learns of a
    /// schedule only that something may have changed with it.
    fn hear(&self, event: &Arc<Event>) -> bool {
        let hidden = !self.hears.event(&event.name);
        let told = if hidden { Arc::new(Event::clone(event).without_key()) } else { Arc::clone(event) };
        self.sender.try_send(told).is_ok()
    }
}

impl Event {
    fn without_key(self) -> Self {
        Self { name: SNAPSHOT.to_owned(), key: None, ..self }
    }
}

/// The one signal for everything.
fn whole(ready: &Ready, now: Timestamp) -> Event {
    let (revision, moments) = (ready.about.revision, ready.served.moments_passed(now));
    let id = State { revision, moments }.to_string();
    Event { state: id.clone(), id, revision, name: SNAPSHOT.to_owned(), key: None }
}

/// Adds the moments that passed while somebody did not listen who was told of `heard` ones before.
fn missed(told: &mut Vec<Event>, ready: &Ready, heard: u64, now: Timestamp) {
    let passed = ready.served.moments_passed(now);
    if told.iter().any(|event| event.name == SNAPSHOT) {
        // That says it all, and from now on the moments count from here.
        *told = vec![whole(ready, now)];
    } else if told.iter().any(|event| event.name.starts_with("flag.")) {
        // Other flags, other moments: which of them were told cannot be known.
        if heard > 0 || passed > 0 {
            told.push(whole(ready, now));
        }
    } else if heard > passed {
        told.push(whole(ready, now));
    } else if heard < passed {
        told.extend(switches(ready, ready.served.moment(heard), now));
    }
}

/// Tells the moments of schedules that have come, and ends the streams of keys that have ended.
fn tell_moments(nexus: &Nexus, hub: &Hub, memory: &Memory) {
    let now = nexus.now();
    // Most listeners of a service were told up to the same moment.
    let mut switched: HashMap<(ServiceId, Timestamp), Vec<Arc<Event>>> = HashMap::new();
    let ended = |listener: &Listener| {
        let of_value = memory.ends.get(&listener.value).copied().flatten();
        [of_value, listener.until].into_iter().flatten().any(|end| end <= now)
    };
    hub.listeners().retain(|_, listener| {
        if ended(listener) {
            return false;
        }
        let (Told::Until(before), Some(ready)) = (listener.told, memory.flags.get(&listener.service)) else {
            // They are told with the changes, as soon as the flags are known.
            return true;
        };
        listener.told = Told::Until(now.max(before));
        let made = || switches(ready, before, now).into_iter().map(Arc::new).collect();
        let events = switched.entry((listener.service, before)).or_insert_with(made);
        events.iter().all(|event| listener.hear(event))
    });
}

/// The flags that a schedule has switched between two moments. Only the last of them says that all are
/// told, so that whoever hears the first and comes back hears the others.
fn switches(ready: &Ready, before: Timestamp, now: Timestamp) -> Vec<Event> {
    let (revision, served) = (ready.about.revision, &ready.served);
    if served.next_moment(before).is_none_or(|moment| moment > now) {
        return Vec::new();
    }
    let moved: Vec<&String> = served
        .flags
        .iter()
        .filter(|(_, flag)| flag.compiled.moments_passed(before) != flag.compiled.moments_passed(now))
        .map(|(key, _)| key)
        .collect();
    if moved.len() > MAX_EVENTS {
        return vec![whole(ready, now)];
    }
    let (state, last) = (served.state(revision, now), moved.len().saturating_sub(1));
    let event = |(at, key): (usize, &String)| Event {
        id: if at == last { state.clone() } else { served.state(revision, before) },
        revision,
        name: "flag.toggled".to_owned(),
        key: Some(key.clone()),
        state: state.clone(),
    };
    moved.into_iter().enumerate().map(event).collect()
}
