//! What is stored of requests with an `Idempotency-Key`.

use super::claim::Claim;
use super::{Answer, HELD, KEPT, seal};
use crate::Result;
use crate::crypto::Sealed;
use crate::nexus::Nexus;
use crate::store::{Tx, carry_out, on, single, sql};
use nexus_domain::Timestamp;
use sqlx::FromRow;
use std::sync::Arc;

#[derive(FromRow)]
pub(super) struct Row {
    pub request_mac: Vec<u8>,
    pub status: Option<i64>,
    pub sealed: Option<Vec<u8>>,
    pub wrapped_key: Option<Vec<u8>>,
}

/// Takes the claim: where there is none, where the last one is a day old, or where the same request was
/// left behind by somebody who is gone.
pub(super) async fn take(nexus: &Nexus, claim: &Arc<Claim>) -> Result<bool> {
    let (claim, now) = (Arc::clone(claim), nexus.now());
    nexus
        .write(move |tx| {
            Box::pin(async move {
                let taken: Option<(i64,)> = on!(*tx, |c| sqlx::query_as(sql!(
                    "INSERT INTO idempotency_keys AS k
                         (tenant_id, credential_id, key_mac, request_mac, claim, held_until, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)
                     ON CONFLICT (tenant_id, credential_id, key_mac) DO UPDATE
                     SET request_mac = excluded.request_mac, claim = excluded.claim,
                         held_until = excluded.held_until, expires_at = excluded.expires_at,
                         status = NULL, sealed = NULL, wrapped_key = NULL
                     WHERE k.expires_at <= $8
                         OR (k.status IS NULL AND k.held_until <= $8 AND k.request_mac = excluded.request_mac)
                     RETURNING expires_at"
                ))
                .bind(claim.tenant)
                .bind(claim.credential)
                .bind(claim.key_mac.as_slice())
                .bind(claim.request_mac.as_slice())
                .bind(claim.token)
                .bind(now.plus(HELD))
                .bind(now.plus(KEPT))
                .bind(now)
                .fetch_optional(c)
                .await)?;
                Ok(taken.is_some())
            })
        })
        .await
}

pub(super) async fn find(nexus: &Nexus, claim: &Claim) -> Result<Option<Row>> {
    let row = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT request_mac, status, sealed, wrapped_key FROM idempotency_keys
         WHERE tenant_id = $1 AND credential_id = $2 AND key_mac = $3"
    ))
    .bind(claim.tenant)
    .bind(claim.credential)
    .bind(claim.key_mac.as_slice())
    .fetch_optional(pool)
    .await)?;
    Ok(row)
}

/// Marks the request as carried out; false where the claim is somebody else's by now.
pub(super) async fn mark(tx: &mut Tx, claim: &Claim, sealed: Option<Sealed>, now: Timestamp) -> Result<bool> {
    store(tx, claim, claim.status(), sealed, now).await
}

/// Keeps the answer as it was sent.
pub(super) async fn keep(nexus: &Nexus, claim: &Arc<Claim>, answer: &Answer) -> Result<()> {
    let (here, claim, answer, now) = (nexus.clone(), Arc::clone(claim), answer.clone(), nexus.now());
    nexus
        .write(move |tx| {
            Box::pin(async move {
                let sealed = seal::seal(&here, tx, &claim, &answer).await?;
                store(tx, &claim, answer.status, sealed, now).await.map(|_| ())
            })
        })
        .await
}

async fn store(
    tx: &mut Tx,
    claim: &Claim,
    status: u16,
    sealed: Option<Sealed>,
    now: Timestamp,
) -> Result<bool> {
    let (payload, wrapped_key) = sealed.map(|it| (it.payload, it.wrapped_key)).unzip();
    let stored: Option<(i64,)> = on!(*tx, |c| sqlx::query_as(sql!(
        "UPDATE idempotency_keys SET status = $5, sealed = $6, wrapped_key = $7, expires_at = $8
         WHERE tenant_id = $1 AND credential_id = $2 AND key_mac = $3 AND claim = $4
         RETURNING expires_at"
    ))
    .bind(claim.tenant)
    .bind(claim.credential)
    .bind(claim.key_mac.as_slice())
    .bind(claim.token)
    .bind(i64::from(status))
    .bind(payload)
    .bind(wrapped_key)
    .bind(now.plus(KEPT))
    .fetch_optional(c)
    .await)?;
    Ok(stored.is_some())
}

/// Ends a claim under which nothing was carried out.
pub(super) async fn let_go(nexus: &Nexus, claim: &Arc<Claim>) -> Result<()> {
    let claim = Arc::clone(claim);
    carry_out!(
        nexus,
        sql!(
            "DELETE FROM idempotency_keys
             WHERE tenant_id = $1 AND credential_id = $2 AND key_mac = $3 AND claim = $4 AND status IS NULL"
        ),
        claim.tenant,
        claim.credential,
        claim.key_mac.as_slice(),
        claim.token,
    )
}

/// Forgets what was kept for a day.
pub async fn sweep(nexus: &Nexus) -> Result<()> {
    let now = nexus.now();
    carry_out!(nexus, sql!("DELETE FROM idempotency_keys WHERE expires_at <= $1"), now)
}

/// At the start of the only server of an embedded database: whoever held a claim is gone.
pub async fn forget_interrupted(nexus: &Nexus) -> Result<()> {
    if !nexus.db.is_embedded() {
        return Ok(());
    }
    carry_out!(nexus, sql!("DELETE FROM idempotency_keys WHERE status IS NULL"))
}
