//! When keys were used last, and from where: noted in memory and written once a minute.

use crate::Result;
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::store::{on, sql};
use nexus_domain::{KeyId, TenantId, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// When a key was presented last, and from where.
type LastUse = (Timestamp, Option<IpAddr>);

#[derive(Default)]
pub(super) struct Uses(Mutex<HashMap<(TenantId, KeyId), LastUse>>);

impl Uses {
    pub fn note(&self, nexus: &Nexus, actor: &Actor) {
        if let Who::ServiceKey { id, .. } | Who::EnvironmentKey { id, .. } = actor.who {
            let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            used.insert((actor.tenant, id), (nexus.now(), actor.ip));
        }
    }

    fn take(&self) -> HashMap<(TenantId, KeyId), LastUse> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes the last uses that were noted since the last call.
pub async fn flush(nexus: &Nexus) -> Result<()> {
    let used = nexus.credentials.uses.take();
    if used.is_empty() {
        return Ok(());
    }
    nexus
        .write(move |tx| {
            Box::pin(async move {
                for ((tenant, id), (at, ip)) in used {
                    let ip = ip.map(|ip| ip.to_string());
                    on!(*tx, |c| sqlx::query(sql!(
                        "UPDATE service_keys SET last_used_at = $3, last_used_ip = $4
                         WHERE tenant_id = $1 AND id = $2"
                    ))
                    .bind(tenant)
                    .bind(id)
                    .bind(at)
                    .bind(ip.as_deref())
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                    on!(*tx, |c| sqlx::query(sql!(
                        "UPDATE environment_keys SET last_used_at = $3, last_used_ip = $4
                         WHERE tenant_id = $1 AND id = $2"
                    ))
                    .bind(tenant)
                    .bind(id)
                    .bind(at)
                    .bind(ip.as_deref())
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                }
                Ok(())
            })
        })
        .await
}
