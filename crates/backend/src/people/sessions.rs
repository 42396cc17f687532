//! Browser sessions in the database, keyed by the SHA-256 of their id, so that a copy of the
//! database opens no session.

use crate::nexus::Nexus;
use crate::store::{on, single, sql};
use crate::{Result, sign_in};
use nexus_domain::{Timestamp, UserId, timestamp};
use sha2::{Digest, Sha256};

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

fn hash(id: &[u8]) -> Vec<u8> {
    Sha256::digest(id).to_vec()
}

/// Stores a new session; `false` when its id exists.
pub async fn create(nexus: &Nexus, id: &[u8], session: Stored) -> Result<bool> {
    let (key, now) = (hash(id), nexus.now());
    nexus
        .write(move |tx| {
            Box::pin(async move {
                let rows = on!(*tx, |c| sqlx::query(sql!(
                    "INSERT INTO sessions (id_hash, user_id, data, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT DO NOTHING"
                ))
                .bind(key)
                .bind(session.user)
                .bind(session.data)
                .bind(now)
                .bind(session.expires_at)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
                Ok(rows == 1)
            })
        })
        .await
}

/// Updates a session that is still there. One that has ended in the meantime stays ended.
pub async fn save(nexus: &Nexus, id: &[u8], session: Stored) -> Result<()> {
    let (key, now) = (hash(id), nexus.now());
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!(
                    "UPDATE sessions SET user_id = $2, data = $3, expires_at = $4
                     WHERE id_hash = $1 AND expires_at > $5 AND created_at > $6"
                ))
                .bind(key)
                .bind(session.user)
                .bind(session.data)
                .bind(session.expires_at)
                .bind(now)
                .bind(now.plus(-ABSOLUTE))
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
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!("DELETE FROM sessions WHERE id_hash = $1"))
                    .bind(key)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                Ok(())
            })
        })
        .await
}

/// Forgets sessions and one-time links whose time is over.
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
