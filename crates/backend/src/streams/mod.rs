//! Telling programs that something has changed: `GET /v1/stream` and the streams of OFREP.
//!
//! A stream carries signals, never values: which key changed, and the revision to ask for. One task
//! per tenant that somebody listens to reads what happened once and hands it to everybody; it is
//! woken by changes of this process and by the news of others'. Who reads too slowly is cut off and
//! comes back with the last revision that they heard of.

mod address;
mod events;
mod listen;
mod pump;

pub use address::{address, authenticate};
pub use listen::listen;
pub(crate) use listen::{CHANNEL, payload};

use crate::flags::{State, ready};
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::{Error, Result, crypto};
use nexus_domain::action::Action;
use nexus_domain::service::ServiceKind;
use nexus_domain::{ServiceId, TenantId, Timestamp};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// Signals that wait for a slow reader; more, and the stream ends.
const WAITING: usize = 64;
/// Open streams of this process.
const MAX_STREAMS: usize = 20_000;

/// Something that happened to what a service reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Coming back with it tells everything after it: the revision, and after a dot how many moments of
    /// schedules have passed, where any have.
    pub id: String,
    /// The service's revision from then on.
    pub revision: i64,
    /// `secret.updated`, `flag.toggled`, …, or `snapshot.updated` where it is more than one thing.
    pub name: String,
    pub key: Option<String>,
    /// The state of the service's flags, for OFREP.
    pub state: String,
}

/// Who listens, by tenant.
#[derive(Default)]
pub struct Streams(Mutex<All>);

#[derive(Default)]
struct All {
    next: u64,
    closed: bool,
    tenants: HashMap<TenantId, Arc<Hub>>,
}

/// The listeners of one tenant.
#[derive(Default)]
struct Hub {
    changed: Notify,
    listeners: Mutex<HashMap<u64, Listener>>,
}

struct Listener {
    /// Everything up to this change number has been told.
    cursor: i64,
    /// Which moments of schedules have been told.
    told: Told,
    actor: Actor,
    /// Which value of a key opened it.
    value: String,
    /// When what opened it ends by itself.
    until: Option<Timestamp>,
    service: ServiceId,
    hears: Hears,
    sender: mpsc::Sender<Arc<Event>>,
}

/// Which moments of schedules somebody has been told of.
#[derive(Debug, Clone, Copy)]
enum Told {
    /// So many, by another stream; which ones that are is known when the flags are.
    Many(u64),
    /// Those up to then.
    Until(Timestamp),
}

/// What of a service somebody may hear of.
#[derive(Debug, Clone, Copy)]
struct Hears {
    secrets: bool,
    configs: bool,
    flags: bool,
}

impl Hears {
    fn event(self, event: &str) -> bool {
        match event.split('.').next() {
            Some("secret") => self.secrets,
            Some("config") => self.configs,
            Some("flag") => self.flags,
            _ => true,
        }
    }
}

impl Hub {
    fn listeners(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Listener>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Streams {
    fn all(&self) -> std::sync::MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a tenant has changed.
    pub(crate) fn wake(&self, tenant: TenantId) {
        if let Some(hub) = self.all().tenants.get(&tenant) {
            hub.changed.notify_one();
        }
    }

    /// Ends every stream and opens no more; for the end of the program.
    pub fn close(&self) {
        let mut all = self.all();
        all.closed = true;
        for hub in all.tenants.values() {
            hub.listeners().clear();
            hub.changed.notify_one();
        }
    }

    /// How many streams are open.
    pub fn open(&self) -> usize {
        self.all().tenants.values().map(|hub| hub.listeners().len()).sum()
    }

    /// Adds a listener; the flag says whether it is the first one of its tenant.
    fn add(&self, listener: Listener) -> Result<(u64, Arc<Hub>, bool)> {
        let mut all = self.all();
        let open: usize = all.tenants.values().map(|hub| hub.listeners().len()).sum();
        if all.closed || open >= MAX_STREAMS {
            return Err(Error::Unavailable);
        }
        all.next += 1;
        let (id, tenant) = (all.next, listener.actor.tenant);
        let first = !all.tenants.contains_key(&tenant);
        let hub = Arc::clone(all.tenants.entry(tenant).or_default());
        hub.listeners().insert(id, listener);
        Ok((id, hub, first))
    }

    /// Forgets a tenant that nobody listens to any more.
    fn retire(&self, tenant: TenantId) -> bool {
        let mut all = self.all();
        let empty = all.tenants.get(&tenant).is_none_or(|hub| hub.listeners().is_empty());
        if empty {
            all.tenants.remove(&tenant);
        }
        empty
    }
}

/// An open stream. Dropping it ends it.
pub struct Subscription {
    /// The revision at which it began.
    pub revision: i64,
    /// What to come back with when nothing is told.
    pub begin: String,
    /// How long to wait before coming back when it ends: another time for everybody, so that not all
    /// come at once.
    pub retry: Duration,
    id: u64,
    hub: Arc<Hub>,
    receiver: mpsc::Receiver<Arc<Event>>,
}

impl futures::Stream for Subscription {
    type Item = Arc<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_recv(context)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.listeners().remove(&self.id);
        self.hub.changed.notify_one();
    }
}

/// Opens a stream for the key's service: from now on, or from the id that the caller heard of
/// last. One that is unknown here (another database, or no number) is answered as if much had
/// changed.
pub async fn subscribe(nexus: &Nexus, actor: &Actor, last_event_id: Option<&str>) -> Result<Subscription> {
    let reader = actor.reader()?;
    let secrets = reader.secrets && reader.kind == ServiceKind::Backend;
    let hears = Hears { secrets, configs: reader.configs, flags: reader.flags };
    reader.expect(hears.secrets || hears.configs || hears.flags, Action::ConfigRead)?;
    let service = reader.service;
    let (value, until) = match &actor.who {
        Who::EnvironmentKey { value, until, .. } => (value.clone(), *until),
        // One token may listen at several services, where the person may hear different things.
        Who::OauthGrant { value, until, .. } => (format!("{value} {service}"), *until),
        Who::WorkloadSession { session, until, .. } => (session.to_string(), Some(*until)),
        _ => (actor.id().unwrap_or_default().to_string(), None),
    };
    let (seq, revision) = nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let row: Option<(i64, i64)> = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT t.seq, CASE WHEN u.changed_seq > s.changed_seq THEN u.changed_seq
                                        ELSE s.changed_seq END AS revision
                     FROM services s JOIN tenants t ON t.id = s.tenant_id
                     LEFT JOIN services u ON u.id = s.umbrella_id
                     WHERE s.tenant_id = $1 AND s.id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(service)
                .fetch_optional(c)
                .await)?;
                row.ok_or_else(Error::not_found)
            })
        })
        .await?;
    nexus.saw_seq(actor.tenant, seq);
    let heard = last_event_id.map(|id| State::parse(id).filter(|heard| heard.revision <= revision));
    let (cursor, told, begin) = match heard {
        Some(heard) => {
            let heard = heard.unwrap_or(State { revision: 0, moments: 0 });
            (heard.revision, Told::Many(heard.moments), heard)
        }
        None => {
            let now = nexus.now();
            let moments = ready(nexus, actor, service).await?.served.moments_passed(now);
            (seq, Told::Until(now), State { revision, moments })
        }
    };
    let [spread] = crypto::random::<1>(nexus.keyring.random())?;
    let retry = Duration::from_millis(1_000 + u64::from(spread) * 16);
    let (sender, receiver) = mpsc::channel(WAITING);
    let listener = Listener { cursor, told, actor: actor.clone(), value, until, service, hears, sender };
    let (id, hub, first) = nexus.streams.add(listener)?;
    if first {
        tokio::spawn(pump::run(nexus.clone(), actor.tenant, Arc::clone(&hub)));
    }
    hub.changed.notify_one();
    Ok(Subscription { revision: begin.revision, begin: begin.to_string(), retry, id, hub, receiver })
}
