//! The running instance: its database, keys, clock and limits, behind one handle that is cheap to
//! clone. Use cases take it as their first parameter; nothing in this crate is global.

use crate::clock::Clock;
use crate::credentials::Credentials;
use crate::crypto::{Keyring, Random, RootKey};
use crate::egress::{self, Egress};
use crate::flags::ReadyFlags;
use crate::gate::Actor;
use crate::limits::{Limits, Quarantines};
use crate::mail::MailServer;
use crate::members::Seen;
use crate::people::Passwords;
use crate::request_log::RequestLog;
use crate::sign_in::{Discoveries, InstanceProvider, Records, SystemRecords};
use crate::snapshot::Snapshots;
use crate::store::{Db, Tx, afterwards, as_here, single, sql};
use crate::streams::Streams;
use crate::tenants::TenantCreation;
use crate::tiers::Catalogue;
use crate::work::Work;
use crate::workload::ProviderKeys;
use crate::{Error, Result, audit, idempotency};
use futures::future::BoxFuture;
use nexus_domain::tier::BillingMode;
use nexus_domain::{TenantId, Timestamp};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::watch;

/// A handle on the running instance.
#[derive(Clone)]
pub struct Nexus(Arc<Instance>);

pub struct Instance {
    pub db: Db,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    pub limits: Limits,
    /// From where which key is refused for a while.
    pub quarantines: Quarantines,
    /// Which requests were made, until it is written.
    pub request_log: RequestLog,
    pub passwords: Passwords,
    pub credentials: Credentials,
    pub snapshots: Snapshots,
    pub flags: ReadyFlags,
    pub streams: Streams,
    /// Which people were there, until it is written down.
    pub seen: Seen,
    /// The way out.
    pub egress: Egress,
    /// What providers of sign-in said of themselves.
    pub discoveries: Discoveries,
    /// What providers of workload identity sign with.
    pub provider_keys: ProviderKeys,
    /// SHA-256 of the set-up page's one-time token, while there is one.
    pub(crate) set_up: Mutex<Option<[u8; 32]>>,
    /// Whoever uses something that works once holds this, so that only the first one does the work.
    pub(crate) turn: tokio::sync::Mutex<()>,
    /// The last change number seen of each tenant: what every cache of this process is checked by.
    seqs: RwLock<HashMap<TenantId, i64>>,
    /// How many tasks run that nobody waits for.
    background: watch::Sender<usize>,
}

/// What an operator decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where people and programs reach this instance, without a slash at the end.
    pub public_url: String,
    /// What each tier allows.
    pub catalogue: Catalogue,
    /// Who may make tenants.
    pub tenant_creation: TenantCreation,
    /// Where mail goes out; without one it is kept.
    pub mail: Option<MailServer>,
    /// The way out to other servers.
    pub egress: egress::Rules,
    /// What DNS publishes.
    pub records: DnsRecords,
    /// With whom everybody may sign in.
    pub providers: Vec<InstanceProvider>,
}

/// How TXT records are found.
#[derive(Clone)]
pub struct DnsRecords(pub Arc<dyn Records>);

impl Default for DnsRecords {
    fn default() -> Self {
        Self(Arc::new(SystemRecords))
    }
}

impl std::fmt::Debug for DnsRecords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DnsRecords")
    }
}

impl Settings {
    /// An instance of one's own, with the tiers that come with the program.
    pub fn self_hosted(public_url: impl Into<String>) -> Result<Self> {
        let catalogue = Catalogue::embedded(BillingMode::SelfHosted)?;
        Ok(Self {
            public_url: public_url.into(),
            catalogue,
            tenant_creation: TenantCreation::Anyone,
            mail: None,
            egress: egress::Rules::default(),
            records: DnsRecords::default(),
            providers: Vec::new(),
        })
    }
}

/// What an instance is made of.
pub struct Parts {
    pub db: Db,
    pub root: RootKey,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub settings: Settings,
}

impl Nexus {
    /// Unlocks the database with the root key, brings its schema up to date, and is ready to serve.
    pub async fn open(parts: Parts) -> Result<Self> {
        Keyring::refuse_other(&parts.db, &parts.root).await?;
        parts.db.migrate().await?;
        let now = parts.clock.now();
        let keyring = Keyring::unlock(&parts.db, &parts.root, parts.random, now).await?;
        let limits = Limits::new(&parts.db, &keyring)?;
        Ok(Self(Arc::new(Instance {
            db: parts.db,
            snapshots: Snapshots::new(&keyring)?,
            keyring,
            clock: parts.clock,
            egress: Egress::new(parts.settings.egress.clone()),
            discoveries: Discoveries::default(),
            provider_keys: ProviderKeys::default(),
            settings: parts.settings,
            limits,
            quarantines: Quarantines::default(),
            request_log: RequestLog::default(),
            flags: ReadyFlags::default(),
            streams: Streams::default(),
            seen: Seen::default(),
            passwords: Passwords::new(),
            set_up: Mutex::new(None),
            turn: tokio::sync::Mutex::default(),
            credentials: Credentials::default(),
            seqs: RwLock::default(),
            background: watch::Sender::new(0),
        })))
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs a use case that only reads, on one state of the database.
    pub(crate) async fn read<T, F>(&self, actor: &Actor, work: F) -> Result<T>
    where
        F: for<'w> FnOnce(&'w mut Work) -> BoxFuture<'w, Result<T>>,
    {
        let mut unit = Work::read(self.clone(), actor.clone()).await?;
        let outcome = work(&mut unit).await;
        unit.discard().await;
        self.note_denial(actor, &outcome);
        outcome
    }

    /// Runs a use case that changes something: one transaction with its audit rows, in a task of its
    /// own, so that a request that goes away half-way cannot leave it half-done.
    pub(crate) async fn change<T, F>(&self, actor: &Actor, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'w> FnOnce(&'w mut Work) -> BoxFuture<'w, Result<T>> + Send + 'static,
    {
        let (nexus, actor, claim) = (self.clone(), actor.clone(), idempotency::current());
        let task = tokio::spawn(as_here(async move {
            let mut unit = Work::change(nexus.clone(), actor.clone()).await?;
            let mut outcome = work(&mut unit).await;
            let answer = claim.as_ref().zip(outcome.as_ref().ok()).map(|(claim, done)| claim.answer(done));
            if let (Some(claim), Some(answer)) = (&claim, answer)
                && let Err(error) = idempotency::carried_out(&mut unit, claim, answer).await
            {
                outcome = Err(error);
            }
            match &outcome {
                Ok(_) => unit.commit().await?,
                Err(_) => unit.discard().await,
            }
            nexus.note_denial(&actor, &outcome);
            outcome
        }));
        task.await.unwrap_or(Err(Error::Impossible("a use case panicked")))
    }

    /// Runs a change for what it would answer, and undoes it: a preview that refuses what the change would
    /// refuse. It leaves no audit row but that of a denial.
    pub(crate) async fn rehearse<T, F>(&self, actor: &Actor, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'w> FnOnce(&'w mut Work) -> BoxFuture<'w, Result<T>> + Send + 'static,
    {
        let (nexus, actor) = (self.clone(), actor.clone());
        let task = tokio::spawn(as_here(async move {
            let mut unit = Work::change(nexus.clone(), actor.clone()).await?;
            let outcome = work(&mut unit).await;
            unit.discard().await;
            nexus.note_denial(&actor, &outcome);
            outcome
        }));
        task.await.unwrap_or(Err(Error::Impossible("a use case panicked")))
    }

    /// Runs a change that belongs to no tenant (a session, a one-time link), in a task of its own.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let nexus = self.clone();
        let task = tokio::spawn(as_here(async move {
            let mut tx = nexus.db.begin_write().await?;
            let outcome = work(&mut tx).await;
            match &outcome {
                Ok(_) => tx.commit().await?,
                Err(_) => tx.rollback().await?,
            }
            outcome
        }));
        task.await.unwrap_or(Err(Error::Impossible("a use case panicked")))
    }

    /// Writes a refused attempt to the audit log, in a transaction of its own.
    fn note_denial<T>(&self, actor: &Actor, outcome: &Result<T>) {
        if let Err(Error::Denied(denial)) = outcome {
            let (nexus, actor, denial, now) = (self.clone(), actor.clone(), denial.clone(), self.now());
            self.in_background("a denied attempt", async move {
                audit::record_denial(&nexus, &actor, &denial, now).await
            });
        }
    }

    /// Does something that the answer does not wait for, so that its timing tells nothing about what
    /// exists.
    pub(crate) fn in_background(
        &self,
        what: &'static str,
        work: impl Future<Output = Result<()>> + Send + 'static,
    ) {
        let running = Running::start(self);
        tokio::spawn(async move {
            let _running = running;
            if let Err(error) = afterwards(work).await {
                tracing::error!(%error, what, "could not be written");
            }
        });
    }

    /// Waits until everything that was begun in the background is written.
    pub async fn settled(&self) {
        // The sender lives in this very handle, so that the wait can only end well.
        let _ = self.background.subscribe().wait_for(|running| *running == 0).await;
    }

    /// Looks which tenants other processes have changed, so that no cache of this one outlives its
    /// truth for longer than the period in which this is called; and what they have put into quarantine.
    pub async fn follow(&self) -> Result<()> {
        let known: Vec<TenantId> =
            self.seqs.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
        let rows: Vec<(TenantId, i64)> =
            single!(self.db, |pool| sqlx::query_as(sql!("SELECT id, seq FROM tenants"))
                .fetch_all(pool)
                .await)?;
        for tenant in known {
            if self.seq_of(tenant) < i64::MAX && !rows.iter().any(|(existing, _)| *existing == tenant) {
                self.saw_end_of(tenant);
            }
        }
        for (tenant, seq) in rows {
            self.saw_seq(tenant, seq);
        }
        self.quarantines.follow(self).await
    }

    /// The last change number that this process knows of.
    pub(crate) fn seq_of(&self, tenant: TenantId) -> i64 {
        self.seqs.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).copied().unwrap_or(0)
    }

    /// Remembers that a tenant is no more: nothing that is kept of it is used again.
    pub(crate) fn saw_end_of(&self, tenant: TenantId) {
        self.saw_seq(tenant, i64::MAX);
        self.keyring.forget_tenant(tenant);
    }

    /// Remembers that a tenant has changed; caches of an older state are not used again.
    pub(crate) fn saw_seq(&self, tenant: TenantId, seq: i64) {
        let is_news = {
            let mut seqs = self.seqs.write().unwrap_or_else(PoisonError::into_inner);
            let known = seqs.insert(tenant, seq);
            if let Some(newer) = known.filter(|known| *known > seq) {
                seqs.insert(tenant, newer);
            }
            known.is_none_or(|known| known < seq)
        };
        if is_news {
            self.streams.wake(tenant);
        }
    }
}

/// A task in the background; counted until it is dropped, however it ends.
struct Running(Nexus);

impl Running {
    fn start(nexus: &Nexus) -> Self {
        nexus.background.send_modify(|running| *running += 1);
        Self(nexus.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.background.send_modify(|running| *running = running.saturating_sub(1));
    }
}

impl Deref for Nexus {
    type Target = Instance;
    fn deref(&self) -> &Instance {
        &self.0
    }
}
