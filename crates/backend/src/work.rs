//! A unit of work: one transaction, its actor, and the audit rows that it will leave.
//!
//! A change begins by taking the tenant's next change number, which serialises the writers of a
//! tenant on both engines and numbers audit rows, revisions and events alike. A change that leaves
//! no audit row is not committed.

use crate::audit::{Chain, Entry};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::Tx;
use crate::streams::{CHANNEL, payload};
use crate::tiers::Ledger;
use crate::{Error, Result};
use nexus_domain::Timestamp;
use nexus_domain::action::Action;
use nexus_domain::role::{Place, ProjectRole};
use nexus_domain::service::ServicePath;
use serde_json::{Map, Value};

pub struct Work {
    pub tx: Tx,
    pub nexus: Nexus,
    pub actor: Actor,
    pub now: Timestamp,
    /// What has been counted of the quotas.
    pub(crate) ledger: Ledger,
    chain: Option<Chain>,
    unchanged: bool,
}

impl Work {
    pub(crate) async fn read(nexus: Nexus, actor: Actor) -> Result<Self> {
        let (tx, now) = (nexus.db.begin_read().await?, nexus.now());
        Ok(Self { tx, nexus, actor, now, ledger: Ledger::default(), chain: None, unchanged: false })
    }

    pub(crate) async fn change(nexus: Nexus, actor: Actor) -> Result<Self> {
        let (mut tx, now) = (nexus.db.begin_write().await?, nexus.now());
        let chain = Chain::next(&mut tx, actor.tenant).await?;
        Ok(Self { tx, nexus, actor, now, ledger: Ledger::default(), chain: Some(chain), unchanged: false })
    }

    /// The number of this change: the revision of everything that it touches.
    pub fn seq(&self) -> Result<i64> {
        self.chain.as_ref().map(Chain::first).ok_or(Error::Impossible("a change inside a read"))
    }

    /// The hash of the last row of this change, in hex.
    pub(crate) fn chain_head(&self) -> String {
        self.chain.as_ref().map(Chain::head_hex).unwrap_or_default()
    }

    /// Asks the gate for an act on the tenant itself.
    pub fn authorise(&self, action: Action) -> Result<()> {
        self.actor.may(action, self.now)
    }

    /// Asks the gate for an act inside a project.
    pub fn authorise_in(
        &self,
        role: Option<ProjectRole>,
        place: Place,
        action: Action,
        target: &str,
    ) -> Result<()> {
        self.actor.may_in(role, place, action, target, self.now)
    }

    /// Appends a row to the tenant's audit chain, in this transaction.
    pub async fn record(&mut self, action: Action, at: &Target<'_>, details: Value) -> Result<()> {
        self.record_event(action.event(), at, details).await
    }

    /// Appends a row about something that is not an [`Action`] of its own (a sign-in, a sync).
    pub async fn record_event(&mut self, event: &str, at: &Target<'_>, details: Value) -> Result<()> {
        let details = match details {
            Value::Object(details) => details,
            _ => Map::new(),
        };
        let chain = self.chain.as_mut().ok_or(Error::Impossible("an audit row inside a read"))?;
        let entry = Entry::new(&self.actor, self.now, event, "done", at, details);
        chain.append(&mut self.tx, &entry).await
    }

    /// Says that this change found nothing to do, so that it needs no audit row.
    pub const fn nothing_to_do(&mut self) {
        self.unchanged = true;
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        let Some(chain) = self.chain.take() else {
            return self.tx.rollback().await;
        };
        if chain.is_empty() {
            self.tx.rollback().await?;
            return if self.unchanged {
                Ok(())
            } else {
                Err(Error::Impossible("a change without an audit row"))
            };
        }
        chain.close(&mut self.tx).await?;
        self.tx.announce(CHANNEL, &payload(chain.tenant(), chain.last())).await?;
        self.tx.commit().await?;
        self.nexus.saw_seq(chain.tenant(), chain.last());
        Ok(())
    }

    pub(crate) async fn discard(self) {
        if let Err(error) = self.tx.rollback().await {
            tracing::warn!(%error, "a rollback failed; the pool will do it");
        }
    }
}

/// What an audit row is about. Slugs, because they are permanent and people read them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Target<'a> {
    pub project: Option<&'a str>,
    pub environment: Option<&'a str>,
    pub service: Option<&'a str>,
    /// The thing itself, for example a secret's key.
    pub name: Option<&'a str>,
}

impl<'a> Target<'a> {
    pub const fn named(name: &'a str) -> Self {
        Self { project: None, environment: None, service: None, name: Some(name) }
    }

    pub const fn in_project(project: &'a str, name: &'a str) -> Self {
        Self { project: Some(project), environment: None, service: None, name: Some(name) }
    }

    pub fn of_service(path: &'a ServicePath) -> Self {
        Self {
            project: Some(&path.project),
            environment: Some(&path.environment),
            service: Some(&path.service),
            name: None,
        }
    }

    #[must_use]
    pub const fn with_name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }
}
