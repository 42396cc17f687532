//! Mail to people. A use case puts a mail into the queue in its own transaction, so that nothing is
//! sent of what was not committed; the text holds links that work once, so it is sealed until it is
//! delivered. Every mail is a few paragraphs and at most one button, in text and in HTML alike.
//!
//! Without a mail server mails are kept: those about a tenant for its owners, in the outbox; those about
//! a person alone for whoever runs the program, because an owner who could read another's reset link would be that
//! person in every tenant.

mod letter;
mod outbox;
mod sender;
mod server;

pub use outbox::{by_operator, list, open, resend, text_for_operator};
pub use sender::{deliver, sweep};
pub use server::MailServer;
pub(crate) use server::is_address;

use crate::crypto::Aad;
use crate::nexus::Nexus;
use crate::store::{Tx, on, sql};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::invitation::MailState;
use nexus_domain::{MailId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many mails may wait for the mail server. What comes on top is given up at once, so that a flood fills no disk;
/// whoever caused it gets the same answer as ever.
const MOST_WAITING: i64 = 10_000;

/// What is said to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    /// The tenant that it is about: its owners see it in their outbox. None for what is about a person
    /// alone (a new password, an address, a notice): no owner may read that.
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

/// Opens a letter as it is stored.
fn unseal(nexus: &Nexus, id: MailId, sealed: &[u8]) -> Result<Letter> {
    let letter = nexus.keyring.open_for_people(&aad(id), sealed)?;
    serde_json::from_slice(&letter).map_err(|_| Error::Impossible("a letter is JSON"))
}

/// Puts a mail into the queue, in the transaction of what it is about.
pub(crate) async fn queue(nexus: &Nexus, tx: &mut Tx, mail: &Mail, now: Timestamp) -> Result<MailId> {
    let id = MailId(Uuid::now_v7());
    let letter = serde_json::to_vec(&mail.letter).map_err(|_| Error::Impossible("a letter is JSON"))?;
    let sealed = nexus.keyring.seal_for_people(&aad(id), &letter)?;
    let (state, due) = match (&nexus.settings.mail, is_full(tx).await?) {
        (None, _) => (MailState::Kept, None),
        (Some(_), false) => (MailState::Queued, Some(now)),
        (Some(_), true) => (MailState::Failed, None),
    };
    let given_up = state == MailState::Failed;
    on!(*tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO mails (id, tenant_id, recipient, kind, state, attempts, next_attempt_at, problem, sealed,
             created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $9)"
    ))
        .bind(id)
        .bind(mail.tenant)
        .bind(mail.to.as_str())
        .bind(mail.kind)
        .bind(state.as_str())
        .bind(due)
        .bind(given_up.then_some("Too many mails were waiting"))
        .bind((!given_up).then_some(sealed))
        .bind(now)
        .execute(c)
        .await
        .map(|_| ())
    })?;
    Ok(id)
}

async fn is_full(tx: &mut Tx) -> Result<bool> {
    let row: Option<(MailId,)> = on!(*tx, |c| {
        sqlx::query_as(sql!(
        "SELECT id FROM mails WHERE next_attempt_at IS NOT NULL ORDER BY next_attempt_at LIMIT 1 OFFSET $1"
    ))
    .bind(MOST_WAITING)
    .fetch_optional(c)
    .await
    })?;
    Ok(row.is_some())
}

/// Takes back a mail of the tenant that has not gone out: what it says is not true any more.
pub(crate) async fn withdraw(w: &mut Work, id: MailId) -> Result<()> {
    on!(w.tx, |c| sqlx::query(sql!(
        "DELETE FROM mails WHERE tenant_id = $1 AND id = $2 AND state IN ('queued', 'kept')"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}
