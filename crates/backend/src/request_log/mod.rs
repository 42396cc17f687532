//! The API log: every request of a key or session, so that a leak can be looked into. It holds who,
//! from where, which route, the status and how long it took; never a query, a body, a header or a
//! credential. Equal requests within a minute are one row with a count.
//!
//! It is counted in memory and written about once a second, so it may lose the last second in a
//! crash: it is not the audit log. Requests never wait for it, and what does not fit is counted.

mod counters;
mod query;
mod retention;
mod writer;

pub use counters::{Answered, RequestLog};
pub use query::{list, of_no_tenant};
pub use retention::{DAYS_KEPT, Room, prune, prune_to, recount};
pub use writer::flush;

use crate::gate::{Actor, Who};
use nexus_domain::request_log::CallerKind;
use nexus_domain::{TenantId, UserId};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Whom a request turned out to be from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    tenant: Option<TenantId>,
    kind: CallerKind,
    id: Option<Uuid>,
    /// An address or a shown prefix.
    label: String,
    /// The environment, where the credential itself says it.
    environment: Option<String>,
}

impl Caller {
    /// Somebody who proved who they are; none for what makes no requests.
    pub fn known(actor: &Actor) -> Option<Self> {
        let (kind, environment) = match &actor.who {
            Who::Person { .. } => (CallerKind::Session, None),
            Who::EnvironmentKey { .. } => (CallerKind::EnvironmentKey, actor.own_environment()),
            Who::ServiceKey { .. } => (CallerKind::ServiceKey, None),
            Who::WorkloadSession { .. } => (CallerKind::WorkloadSession, None),
            Who::OauthGrant { .. } => (CallerKind::OauthGrant, actor.own_environment()),
            Who::Operator => return None,
        };
        let environment = environment.map(str::to_owned);
        let label = actor.label().to_owned();
        Some(Self { tenant: Some(actor.tenant), kind, id: actor.id(), label, environment })
    }

    /// A person on their own pages, which are in no tenant.
    pub fn session(user: UserId) -> Self {
        let (kind, label) = (CallerKind::Session, "session".to_owned());
        Self { tenant: None, kind, id: Some(user.0), label, environment: None }
    }

    /// A credential that was refused. `meant` is the actor of the key that it names, if that exists: then
    /// the request is in the log of that tenant, at that key.
    pub(crate) fn refused(shown: String, meant: Option<&Actor>) -> Self {
        let (tenant, id) = (meant.map(|actor| actor.tenant), meant.and_then(Actor::id));
        let environment = meant.and_then(Self::known).and_then(|caller| caller.environment);
        Self { tenant, kind: CallerKind::Unknown, id, label: shown, environment }
    }
}

/// A request while it is answered: whoever finds out whom it is from says so here.
#[derive(Debug, Default)]
pub struct Visit(Mutex<Option<Caller>>);

impl Visit {
    /// What is known last holds, but somebody in a tenant is more than somebody in none.
    pub fn is_from(&self, caller: Caller) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let less = known.as_ref().is_some_and(|known| known.tenant.is_some() && caller.tenant.is_none());
        if !less {
            *known = Some(caller);
        }
    }

    /// Whom it was from, when it is answered.
    pub fn caller(&self) -> Option<Caller> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
