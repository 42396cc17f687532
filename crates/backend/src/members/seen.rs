//! When members were last there, to the minute: noted in memory with every request of a person, and
//! written down once a minute, so that no request waits for it.

use crate::Result;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use nexus_domain::{TenantId, Timestamp, UserId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who was there since it was last written down.
#[derive(Default)]
pub struct Seen(Mutex<HashMap<(TenantId, UserId), Timestamp>>);

impl Seen {
    fn noted(&self) -> MutexGuard<'_, HashMap<(TenantId, UserId), Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, tenant: TenantId, user: UserId, now: Timestamp) {
        self.noted().insert((tenant, user), now);
    }

    pub(super) fn of(&self, tenant: TenantId, user: UserId) -> Option<Timestamp> {
        self.noted().get(&(tenant, user)).copied()
    }
}

/// Writes down who was there since the last call.
pub async fn flush(nexus: &Nexus) -> Result<()> {
    let noted = std::mem::take(&mut *nexus.seen.noted());
    if noted.is_empty() {
        return Ok(());
    }
    // In one order, so that two processes never wait for each other.
    let mut rows: Vec<_> = noted.into_iter().collect();
    rows.sort_unstable();
    let written = rows.clone();
    let outcome = nexus
        .write(move |tx| {
            Box::pin(async move {
                for ((tenant, user), at) in rows {
                    on!(*tx, |c| sqlx::query(sql!(
                        "UPDATE memberships SET last_seen_at = $3
                         WHERE tenant_id = $1 AND user_id = $2 AND (last_seen_at IS NULL OR last_seen_at < $3)"
                    ))
                    .bind(tenant)
                    .bind(user)
                    .bind(at)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                }
                Ok(())
            })
        })
        .await;
    if outcome.is_err() {
        // They are written with the next ones; who came back in the meantime was noted anew.
        let mut noted = nexus.seen.noted();
        for (member, at) in written {
            noted.entry(member).or_insert(at);
        }
    }
    outcome
}
