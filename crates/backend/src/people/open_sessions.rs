//! Where a person is signed in: a list to recognise oneself in, and the end of one session or of all
//! others. A session is named by a MAC of what it is stored by, which opens nothing.

use super::sessions::{ABSOLUTE, hash};
use super::{Means, Proof, record_in, saw};
use crate::nexus::Nexus;
use crate::sign_in;
use crate::store::{on, single, sql};
use crate::{Error, Result};
use nexus_domain::account::{OpenSession, OpenSessions};
use nexus_domain::sign_in::Connection;
use nexus_domain::{Timestamp, UserId, device};
use std::net::IpAddr;
use subtle::ConstantTimeEq;

/// More than anybody looks through; the newest are shown.
const SHOWN: i64 = 200;

#[derive(sqlx::FromRow)]
struct Row {
    id_hash: Vec<u8>,
    created_at: Timestamp,
    seen_at: Option<Timestamp>,
    ip: Option<String>,
    user_agent: Option<String>,
    opened: Option<String>,
}

/// The sessions of a person that are open, the one that asks (`this`, its id) first.
pub async fn list(nexus: &Nexus, user: UserId, this: &[u8]) -> Result<OpenSessions> {
    let now = nexus.now();
    let rows: Vec<Row> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT id_hash, created_at, seen_at, ip, user_agent, opened FROM sessions
         WHERE user_id = $1 AND expires_at > $2 AND created_at > $3 ORDER BY created_at DESC LIMIT $4"
    ))
    .bind(user)
    .bind(now)
    .bind(now.plus(-ABSOLUTE))
    .bind(SHOWN)
    .fetch_all(pool)
    .await)?;
    let this = hash(this);
    let connections = sign_in::connections(nexus, user).await?;
    let mut sessions = rows
        .into_iter()
        .map(|row| shown(nexus, row, &this, &connections))
        .collect::<Result<Vec<OpenSession>>>()?;
    sessions.sort_by_key(|session| (!session.this, std::cmp::Reverse(session.seen_at)));
    Ok(OpenSessions { sessions, now })
}

fn shown(nexus: &Nexus, row: Row, this: &[u8], connections: &[Connection]) -> Result<OpenSession> {
    Ok(OpenSession {
        handle: handle(nexus, &row.id_hash)?,
        this: row.id_hash.ct_eq(this).into(),
        device: device::in_words(row.user_agent.as_deref().unwrap_or_default()),
        ip: row.ip,
        by: by(row.opened.as_deref(), connections),
        signed_in_at: row.created_at,
        seen_at: row.seen_at.unwrap_or(row.created_at),
    })
}

fn handle(nexus: &Nexus, id_hash: &[u8]) -> Result<String> {
    Ok(hex::encode(nexus.keyring.mac("session-handle", id_hash)?))
}

/// How a session was opened, in words.
fn by(opened: Option<&str>, connections: &[Connection]) -> String {
    // A session from before that was kept was opened by a password.
    let proof: Proof = opened.and_then(|json| serde_json::from_str(json).ok()).unwrap_or(Proof::PASSWORD);
    let means = match proof.means {
        Means::Password => "password",
        Means::Passkey => return "passkey".to_owned(),
        Means::Provider(id) => {
            connections.iter().find(|it| it.provider == id).map_or("a provider", |it| it.name.as_str())
        }
        Means::Link => "link",
    };
    if proof.second_factor { format!("{means} and a second factor") } else { means.to_owned() }
}

/// Ends one session of a person; 404 for one that is not open or not theirs.
pub async fn end(nexus: &Nexus, user: UserId, named: &str, ip: IpAddr) -> Result<()> {
    let (nexus_in, named, now) = (nexus.clone(), named.to_owned(), nexus.now());
    let seqs = nexus
        .write(move |tx| {
            Box::pin(async move {
                let rows: Vec<(Vec<u8>,)> =
                    on!(*tx, |c| sqlx::query_as(sql!("SELECT id_hash FROM sessions WHERE user_id = $1"))
                        .bind(user)
                        .fetch_all(c)
                        .await)?;
                let mut found = None;
                for (id_hash,) in rows {
                    if handle(&nexus_in, &id_hash)?.as_bytes().ct_eq(named.as_bytes()).into() {
                        found = Some(id_hash);
                    }
                }
                let id_hash = found.ok_or_else(Error::not_found)?;
                on!(*tx, |c| sqlx::query(sql!("DELETE FROM sessions WHERE id_hash = $1 AND user_id = $2"))
                    .bind(id_hash)
                    .bind(user)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                record_in(tx, user, "user.session_ended", "done", ip, now).await
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(())
}

/// Ends all sessions of a person but the one with this id; answers how many those were.
pub async fn end_others(nexus: &Nexus, user: UserId, this: &[u8], ip: IpAddr) -> Result<u64> {
    let (this, now) = (hash(this), nexus.now());
    let (ended, seqs) = nexus
        .write(move |tx| {
            Box::pin(async move {
                let ended = on!(*tx, |c| sqlx::query(sql!(
                    "DELETE FROM sessions WHERE user_id = $1 AND id_hash <> $2"
                ))
                .bind(user)
                .bind(this)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
                let seqs = match ended {
                    0 => Vec::new(),
                    _ => record_in(tx, user, "user.sessions_ended", "done", ip, now).await?,
                };
                Ok((ended, seqs))
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(ended)
}
