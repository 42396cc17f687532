//! The warm path of evaluations: the compiled flags of the services that programs ask for, kept
//! while their revision stays. Flags hold no secrets, so they are kept as they are.

use super::Served;
use super::counts::{Pending, Whole, WholeReads};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::snapshot::{ServiceRow, service_row};
use crate::{Result, tiers};
use nexus_domain::flag::Targeting;
use nexus_domain::{ServiceId, TenantId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Compiled flags of this process, and evaluations that were not written down yet.
#[derive(Default)]
pub struct ReadyFlags {
    ready: RwLock<HashMap<ServiceId, Arc<Ready>>>,
    pub(super) pending: Mutex<Pending>,
    pub(super) whole: Whole,
}

/// The flags of a service in one state of the database.
pub(crate) struct Ready {
    pub tenant: TenantId,
    pub about: ServiceRow,
    pub targeting: Targeting,
    pub served: Arc<Served>,
    pub whole: Arc<WholeReads>,
}

/// More services than this are forgotten together.
const MAX_SERVICES: usize = 2_000;

impl ReadyFlags {
    /// Where it is noted that all flags of a service are read at once.
    pub(crate) fn whole_reads(&self, tenant: TenantId, service: ServiceId) -> Arc<WholeReads> {
        self.whole.of(tenant, service)
    }

    fn recall(&self, service: ServiceId) -> Option<Arc<Ready>> {
        self.ready.read().unwrap_or_else(PoisonError::into_inner).get(&service).cloned()
    }

    fn remember(&self, service: ServiceId, ready: &Arc<Ready>) {
        let mut all = self.ready.write().unwrap_or_else(PoisonError::into_inner);
        let mut gone: Vec<Arc<Ready>> = Vec::new();
        if all.len() >= MAX_SERVICES {
            gone.extend(all.drain().map(|(_, ready)| ready));
        }
        gone.extend(all.insert(service, Arc::clone(ready)));
        drop(all);
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).take_from(&gone);
    }

    /// Everything that is kept, for writing down what was counted.
    pub(super) fn all(&self) -> Vec<Arc<Ready>> {
        self.ready.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// The flags of a service as they are now, without SQL while nothing of the tenant has changed.
pub(crate) async fn ready(nexus: &Nexus, actor: &Actor, service: ServiceId) -> Result<Arc<Ready>> {
    let known = nexus.flags.recall(service);
    match known {
        Some(ready) if ready.about.seq == nexus.seq_of(actor.tenant) => Ok(ready),
        // In a box, so that the many requests that need none of it do not carry it around.
        known => Box::pin(refresh(nexus, actor, service, known)).await,
    }
}

async fn refresh(
    nexus: &Nexus,
    actor: &Actor,
    service: ServiceId,
    known: Option<Arc<Ready>>,
) -> Result<Arc<Ready>> {
    let ready = nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let about = service_row(w, service).await?;
                let tenant = w.actor.tenant;
                let engine = about.engine();
                let whole = w.nexus.flags.whole_reads(tenant, service);
                let same = |known: &Arc<Ready>| {
                    known.about.revision == about.revision && known.served.engine == engine
                };
                if let Some(known) = known.filter(same) {
                    let (targeting, served) = (known.targeting, Arc::clone(&known.served));
                    return Ok(Arc::new(Ready { tenant, about, targeting, served, whole }));
                }
                let active = tiers::ab_testing_active(w, about.project_id).await?;
                let targeting = if active { Targeting::Active } else { Targeting::Ignored };
                let served = Arc::new(Served::load(w, service, about.umbrella_id, engine).await?);
                Ok(Arc::new(Ready { tenant, about, targeting, served, whole }))
            })
        })
        .await?;
    nexus.saw_seq(actor.tenant, ready.about.seq);
    nexus.flags.remember(service, &ready);
    Ok(ready)
}
