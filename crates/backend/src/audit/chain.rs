//! Appending to a tenant's chain.

use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{Tx, on, sql};
use crate::work::Target;
use crate::{Denial, Error, Result};
use nexus_domain::{TenantId, Timestamp};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub(super) type Hash = [u8; 32];

/// The end of a tenant's chain, held by the one transaction that may extend it.
pub struct Chain {
    tenant: TenantId,
    first: i64,
    next: i64,
    head: Hash,
}

impl Chain {
    /// Takes the tenant's next change number, and with it the right to write until the transaction
    /// ends.
    pub(crate) async fn next(tx: &mut Tx, tenant: TenantId) -> Result<Self> {
        let row: Option<(i64, Vec<u8>)> = on!(*tx, |c| sqlx::query_as(sql!(
            "UPDATE tenants SET seq = seq + 1 WHERE id = $1 RETURNING seq, chain_head"
        ))
        .bind(tenant)
        .fetch_optional(c)
        .await)?;
        let (first, head) = row.ok_or_else(Error::not_found)?;
        let head = head.try_into().map_err(|_| Error::Impossible("a chain head of the wrong length"))?;
        Ok(Self { tenant, first, next: first, head })
    }

    pub(crate) const fn first(&self) -> i64 {
        self.first
    }

    pub(crate) const fn last(&self) -> i64 {
        self.next - 1
    }

    pub(crate) const fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.next == self.first
    }

    /// Writes the next row.
    pub(crate) async fn append(&mut self, tx: &mut Tx, entry: &Entry<'_>) -> Result<()> {
        let details = Value::Object(entry.details.clone()).to_string();
        let seq = self.next;
        let hash = entry.hash(&self.head, self.tenant, seq, &details);
        let row = entry;
        let inserted = on!(*tx, |c| sqlx::query(sql!(
            "INSERT INTO audit_log (tenant_id, seq, at, actor_kind, actor_id, actor, event, outcome, project,
                 environment, service, target, details, ip, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        ))
        .bind(self.tenant)
        .bind(seq)
        .bind(row.at)
        .bind(row.actor_kind)
        .bind(row.actor_id)
        .bind(row.actor)
        .bind(row.event)
        .bind(row.outcome)
        .bind(row.target.project)
        .bind(row.target.environment)
        .bind(row.target.service)
        .bind(row.target.name)
        .bind(details.as_str())
        .bind(row.ip.as_deref())
        .bind(hash.as_slice())
        .execute(c)
        .await
        .map(|_| ()));
        match inserted.map_err(Error::from) {
            Ok(()) => {}
            Err(Error::StorageFull) => return Err(Error::StorageFull),
            Err(error) => {
                tracing::error!(%error, "an audit row could not be written");
                return Err(Error::AuditUnavailable);
            }
        }
        self.head = hash;
        self.next += 1;
        Ok(())
    }

    /// The hash of the newest row, in hex.
    pub(crate) fn head_hex(&self) -> String {
        hex::encode(self.head)
    }

    /// Leaves the end of the chain where the next writer finds it.
    pub(crate) async fn close(&self, tx: &mut Tx) -> Result<()> {
        on!(*tx, |c| sqlx::query(sql!("UPDATE tenants SET seq = $2, chain_head = $3 WHERE id = $1"))
            .bind(self.tenant)
            .bind(self.last())
            .bind(self.head.as_slice())
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}

/// A row on its way into the chain, or out of it to be checked.
pub struct Entry<'a> {
    pub at: Timestamp,
    pub actor_kind: &'a str,
    pub actor_id: Option<Uuid>,
    pub actor: &'a str,
    pub event: &'a str,
    pub outcome: &'a str,
    pub target: Target<'a>,
    pub details: Map<String, Value>,
    pub ip: Option<String>,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(
        actor: &'a Actor,
        at: Timestamp,
        event: &'a str,
        outcome: &'a str,
        target: &Target<'a>,
        details: Map<String, Value>,
    ) -> Self {
        Self {
            at,
            actor_kind: actor.kind(),
            actor_id: actor.id(),
            actor: actor.label(),
            event,
            outcome,
            target: *target,
            details,
            ip: actor.ip.map(|ip| ip.to_string()),
        }
    }

    /// The row's hash. `details` is the text as it is stored, so that it never depends on how a
    /// library writes JSON.
    pub(super) fn hash(&self, before: &Hash, tenant: TenantId, seq: i64, details: &str) -> Hash {
        let mut hasher = Sha256::new();
        let mut field = |bytes: Option<&[u8]>| match bytes {
            Some(bytes) => {
                hasher.update([1]);
                hasher.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
                hasher.update(bytes);
            }
            None => hasher.update([0]),
        };
        field(Some(b"nexus/audit/v1"));
        field(Some(before));
        field(Some(tenant.0.as_bytes()));
        field(Some(&seq.to_be_bytes()));
        field(Some(&self.at.0.to_be_bytes()));
        field(Some(self.actor_kind.as_bytes()));
        field(self.actor_id.as_ref().map(|id| id.as_bytes().as_slice()));
        field(Some(self.actor.as_bytes()));
        field(Some(self.event.as_bytes()));
        field(Some(self.outcome.as_bytes()));
        for part in [self.target.project, self.target.environment, self.target.service, self.target.name] {
            field(part.map(str::as_bytes));
        }
        field(Some(details.as_bytes()));
        field(self.ip.as_deref().map(str::as_bytes));
        hasher.finalize().into()
    }
}

/// Writes a refused attempt: at most one row per actor, action, target and minute.
pub(crate) async fn record_denial(
    nexus: &Nexus,
    actor: &Actor,
    denial: &Denial,
    now: Timestamp,
) -> Result<()> {
    let entry = Entry::new(actor, now, denial.event, "denied", &denial.about(), Map::new());
    let who = actor.id().map_or_else(|| actor.label().to_owned(), |id| id.to_string());
    once_a_minute(nexus, actor.tenant, (&who, &denial.target), entry).await
}

/// Somebody who is no actor was refused.
pub(crate) struct Refused<'a> {
    pub event: &'a str,
    pub actor_kind: &'a str,
    pub actor: &'a str,
    /// What makes two of them the same within a minute.
    pub about: &'a str,
    pub target: Target<'a>,
    pub details: Map<String, Value>,
    pub ip: Option<String>,
}

/// Writes that, at most once for what it is about and a minute.
pub(crate) async fn record_refused(
    nexus: &Nexus,
    tenant: TenantId,
    refused: Refused<'_>,
    now: Timestamp,
) -> Result<()> {
    let Refused { event, actor_kind, actor, about, target, details, ip } = refused;
    let entry =
        Entry { at: now, actor_kind, actor_id: None, actor, event, outcome: "denied", target, details, ip };
    once_a_minute(nexus, tenant, (actor, about), entry).await
}

async fn once_a_minute(
    nexus: &Nexus,
    tenant: TenantId,
    (actor, target): (&str, &str),
    entry: Entry<'_>,
) -> Result<()> {
    let mut tx = nexus.db.begin_write().await?;
    let mut chain = match Chain::next(&mut tx, tenant).await {
        // A tenant that is gone has no log to write to.
        Err(Error::Refused(_)) => return tx.rollback().await,
        chain => chain?,
    };
    let first = on!(tx, |c| sqlx::query(sql!(
        "INSERT INTO audit_denials (tenant_id, actor, action, target, minute) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING"
    ))
    .bind(tenant)
    .bind(actor)
    .bind(entry.event)
    .bind(target)
    .bind(entry.at.minute())
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    if first == 0 {
        return tx.rollback().await;
    }
    chain.append(&mut tx, &entry).await?;
    chain.close(&mut tx).await?;
    tx.commit().await?;
    nexus.saw_seq(tenant, chain.last());
    Ok(())
}
