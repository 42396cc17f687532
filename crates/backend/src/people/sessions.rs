//! Browser sessions in the database, keyed by the SHA-256 of their id, so that a copy of the
//! database opens no session.

use super::devices;
use crate::nexus::Nexus;
use crate::store::{carry_out, on, single, sql};
use crate::{Result, sign_in};
use nexus_domain::{Timestamp, UserId, timestamp};
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// A session ends this long after its first request, however busy it is.
pub const ABSOLUTE: i64 = 24 * timestamp::HOUR;

/// A stored session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub user: Option<UserId>,
    /// JSON of the adapter; nothing in here reads it.
    pub data: String,
    pub expires_at: Timestamp,
}

/// Where a session is used from, and how it was opened: what the person is shown of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    pub ip: Option<IpAddr>,
    /// What the browser says it is; anything may stand there.
    pub user_agent: Option<String>,
    /// A [`Proof`](super::Proof) as JSON.
    pub opened: Option<String>,
}

pub(super) fn hash(id: &[u8]) -> Vec<u8> {
    Sha256::digest(id).to_vec()
}

/// Stores a new session; `false` when its id exists. Every way of signing in ends here, so this is also
/// where a person is told of a device that was not seen before.
pub async fn create(nexus: &Nexus, id: &[u8], session: Stored, around: Around) -> Result<bool> {
    let (key, now, handle) = (hash(id), nexus.now(), nexus.clone());
    nexus
        .write(move |tx| {
            Box::pin(async move {
                let rows = on!(*tx, |c| sqlx::query(sql!(
                    "INSERT INTO sessions (id_hash, user_id, data, created_at, expires_at, seen_at, ip, user_agent, opened)
                     VALUES ($1, $2, $3, $4, $5, $4, $6, $7, $8) ON CONFLICT DO NOTHING"
                ))
                .bind(key)
                .bind(session.user)
                .bind(session.data)
                .bind(now)
                .bind(session.expires_at)
                .bind(around.ip.map(|ip| ip.to_string()))
                .bind(around.user_agent.as_deref())
                .bind(around.opened.as_deref())
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
                if let (1, Some(user)) = (rows, session.user) {
                    devices::greet(&handle, tx, user, &around, now).await?;
                }
                Ok(rows == 1)
            })
        })
        .await
}

/// Updates a session that is still there. One that has ended in the meantime stays ended. What is not
/// known around it stays as it was.
pub async fn save(nexus: &Nexus, id: &[u8], session: Stored, around: Around) -> Result<()> {
    let (key, now) = (hash(id), nexus.now());
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!(
                    "UPDATE sessions SET user_id = $2, data = $3, expires_at = $4, seen_at = $5,
                        ip = COALESCE($7, ip), user_agent = COALESCE($8, user_agent), opened = COALESCE($9, opened)
                     WHERE id_hash = $1 AND expires_at > $5 AND created_at > $6"
                ))
                .bind(key)
                .bind(session.user)
                .bind(session.data)
                .bind(session.expires_at)
                .bind(now)
                .bind(now.plus(-ABSOLUTE))
                .bind(around.ip.map(|ip| ip.to_string()))
                .bind(around.user_agent.as_deref())
                .bind(around.opened.as_deref())
                .execute(c)
                .await
                .map(|_| ()))?;
                Ok(())
            })
        })
        .await
}

/// A session that has neither idled out nor passed its absolute end.
pub async fn load(nexus: &Nexus, id: &[u8]) -> Result<Option<Stored>> {
    let (key, now) = (hash(id), nexus.now());
    let row: Option<(Option<UserId>, String, Timestamp)> = single!(nexus.db, |pool| {
        sqlx::query_as(sql!(
        "SELECT user_id, data, expires_at FROM sessions WHERE id_hash = $1 AND expires_at > $2 AND created_at > $3"
    ))
    .bind(key)
    .bind(now)
    .bind(now.plus(-ABSOLUTE))
    .fetch_optional(pool)
    .await
    })?;
    Ok(row.map(|(user, data, expires_at)| Stored { user, data, expires_at }))
}

pub async fn delete(nexus: &Nexus, id: &[u8]) -> Result<()> {
    let key = hash(id);
    carry_out!(nexus, sql!("DELETE FROM sessions WHERE id_hash = $1"), key)
}

/// Forgets sessions and one-time links whose time is over, and devices that were not seen for long.
pub async fn sweep(nexus: &Nexus) -> Result<()> {
    let now = nexus.now();
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!(
                    "DELETE FROM sessions WHERE expires_at <= $1 OR created_at <= $2"
                ))
                .bind(now)
                .bind(now.plus(-ABSOLUTE))
                .execute(c)
                .await
                .map(|_| ()))?;
                on!(*tx, |c| sqlx::query(sql!("DELETE FROM one_time_links WHERE expires_at <= $1"))
                    .bind(now)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                devices::forget(tx, now).await?;
                super::factors::sweep(tx, now).await?;
                sign_in::sweep(tx, now).await?;
                on!(*tx, |c| sqlx::query(sql!("DELETE FROM audit_denials WHERE minute < $1"))
                    .bind(now.minute() - 60)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                Ok(())
            })
        })
        .await
}
