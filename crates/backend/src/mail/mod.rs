//! Mail to people. A use case puts a mail into the queue in its own transaction, so that nothing is
//! sent of what was not committed; the text holds links that work once, so it is sealed until it is
//! delivered. Every mail is a few paragraphs and at most one button, in text and in HTML alike.

use crate::Result;
use crate::crypto::Aad;
use crate::nexus::Nexus;
use crate::store::{Tx, on, single, sql};
use nexus_domain::{MailId, TenantId, Timestamp, timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is said to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    /// The tenant whose owners see it in their outbox where there is no mail server.
    pub tenant: Option<TenantId>,
    /// A word for lists and logs, for example `invitation`.
    pub kind: &'static str,
    pub letter: Letter,
}

/// What stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub subject: String,
    pub paragraphs: Vec<String>,
    /// Text of the button, and where it leads.
    pub button: Option<(String, String)>,
    /// What stands below the button, smaller.
    pub small: Vec<String>,
}

/// Binds a sealed letter to its row.
fn aad(id: MailId) -> Aad {
    Aad::new("nexus/mail/v1").id(id.0)
}

/// Puts a mail into the queue, in the transaction of what it is about.
pub(crate) async fn queue(nexus: &Nexus, tx: &mut Tx, mail: &Mail, now: Timestamp) -> Result<MailId> {
    let id = MailId(Uuid::now_v7());
    let letter =
        serde_json::to_vec(&mail.letter).map_err(|_| crate::Error::Impossible("a letter is JSON"))?;
    let sealed = nexus.keyring.seal_for_people(&aad(id), &letter)?;
    on!(*tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO mails (id, tenant_id, recipient, kind, state, attempts, next_attempt_at, sealed, created_at,
             updated_at)
         VALUES ($1, $2, $3, $4, 'queued', 0, $5, $6, $5, $5)"
    ))
    .bind(id)
    .bind(mail.tenant)
    .bind(mail.to.as_str())
    .bind(mail.kind)
    .bind(now)
    .bind(sealed)
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(id)
}

/// How many mails of a kind went to an address within the last hour, whatever became of them.
pub(crate) async fn lately(tx: &mut Tx, to: &str, kind: &str, now: Timestamp) -> Result<i64> {
    let (count,): (i64,) = on!(*tx, |c| sqlx::query_as(sql!(
        "SELECT COUNT(*) FROM mails WHERE recipient = $1 AND created_at > $2 AND kind = $3"
    ))
    .bind(to)
    .bind(now.plus(-timestamp::HOUR))
    .bind(kind)
    .fetch_one(c)
    .await)?;
    Ok(count)
}

/// The letters to an address that are still on their way, oldest first, opened.
pub async fn letters_for(nexus: &Nexus, to: &str) -> Result<Vec<Letter>> {
    let rows: Vec<(MailId, Vec<u8>)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT id, sealed FROM mails WHERE recipient = $1 AND sealed IS NOT NULL ORDER BY id"
    ))
    .bind(to)
    .fetch_all(pool)
    .await)?;
    rows.into_iter()
        .map(|(id, sealed)| {
            let letter = nexus.keyring.open_for_people(&aad(id), &sealed)?;
            serde_json::from_slice(&letter).map_err(|_| crate::Error::Impossible("a stored letter is JSON"))
        })
        .collect()
}
