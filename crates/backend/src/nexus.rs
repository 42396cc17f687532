//! The running instance: its database, keys, clock and limits, behind one handle that is cheap to
//! clone. Use cases take it as their first parameter; nothing in this crate is global.

use crate::clock::Clock;
use crate::credentials::Credentials;
use crate::crypto::{Keyring, Random, RootKey};
use crate::gate::Actor;
use crate::limits::Limits;
use crate::people::Passwords;
use crate::snapshot::Snapshots;
use crate::store::{Db, Tx};
use crate::work::Work;
use crate::{Error, Result, audit};
use futures::future::BoxFuture;
use nexus_domain::{TenantId, Timestamp};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A handle on the running instance.
#[derive(Clone)]
pub struct Nexus(Arc<Instance>);

pub struct Instance {
    pub db: Db,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    pub limits: Limits,
    pub passwords: Passwords,
    pub credentials: Credentials,
    pub snapshots: Snapshots,
    /// SHA-256 of the set-up page's one-time token, while there is one.
    pub(crate) set_up: Mutex<Option<[u8; 32]>>,
    /// The last change number seen of each tenant: what every cache of this process is checked by.
    seqs: RwLock<HashMap<TenantId, i64>>,
}

/// What an operator decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where people and programs reach this instance, without a slash at the end.
    pub public_url: String,
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
        Ok(Self(Arc::new(Instance {
            db: parts.db,
            snapshots: Snapshots::new(&keyring)?,
            keyring,
            clock: parts.clock,
            settings: parts.settings,
            limits: Limits::default(),
            passwords: Passwords::new(),
            set_up: Mutex::new(None),
            credentials: Credentials::default(),
            seqs: RwLock::default(),
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
        let (nexus, actor) = (self.clone(), actor.clone());
        let task = tokio::spawn(async move {
            let mut unit = Work::change(nexus.clone(), actor.clone()).await?;
            let outcome = work(&mut unit).await;
            match &outcome {
                Ok(_) => unit.commit().await?,
                Err(_) => unit.discard().await,
            }
            nexus.note_denial(&actor, &outcome);
            outcome
        });
        task.await.unwrap_or(Err(Error::Impossible("a use case panicked")))
    }

    /// Runs a change that belongs to no tenant (a session, a one-time link), in a task of its own.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let nexus = self.clone();
        let task = tokio::spawn(async move {
            let mut tx = nexus.db.begin_write().await?;
            let outcome = work(&mut tx).await;
            match &outcome {
                Ok(_) => tx.commit().await?,
                Err(_) => tx.rollback().await?,
            }
            outcome
        });
        task.await.unwrap_or(Err(Error::Impossible("a use case panicked")))
    }

    /// Writes a refused attempt to the audit log, in a transaction of its own.
    fn note_denial<T>(&self, actor: &Actor, outcome: &Result<T>) {
        if let Err(Error::Denied(denial)) = outcome {
            let (nexus, actor, denial) = (self.clone(), actor.clone(), denial.clone());
            tokio::spawn(async move {
                if let Err(error) = audit::record_denial(&nexus, &actor, &denial).await {
                    tracing::error!(%error, "a denied attempt could not be written to the audit log");
                }
            });
        }
    }

    /// The last change number that this process knows of.
    pub(crate) fn seq_of(&self, tenant: TenantId) -> i64 {
        self.seqs.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).copied().unwrap_or(0)
    }

    /// Remembers that a tenant has changed; caches of an older state are not used again.
    pub(crate) fn saw_seq(&self, tenant: TenantId, seq: i64) {
        let mut seqs = self.seqs.write().unwrap_or_else(PoisonError::into_inner);
        let known = seqs.entry(tenant).or_insert(seq);
        *known = (*known).max(seq);
    }
}

impl Deref for Nexus {
    type Target = Instance;
    fn deref(&self) -> &Instance {
        &self.0
    }
}
