//! Sending what waits: each mail is claimed by one statement, so that of several processes one sends
//! it; what the server does not take now is tried again after growing pauses; what it will never take
//! comes back. The text is wiped with the last attempt.

use super::server::{Handed, MailServer};
use super::unseal;
use crate::Result;
use crate::nexus::Nexus;
use crate::store::{on, single, sql};
use nexus_domain::invitation::MailState;
use nexus_domain::timestamp::{DAY_MICROS, HOUR, MINUTE};
use nexus_domain::{MailId, Timestamp};

/// How many mails are handed over at a time.
const HANDS: usize = 4;
/// For so long a mail that was claimed belongs to whoever claimed it; longer than any exchange with a server takes. A
/// process that dies in between leaves it to the next one.
const CLAIM: i64 = 10 * MINUTE;
/// The pauses after the attempts that failed; then the mail is given up.
const PAUSES: [i64; 5] = [MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 12 * HOUR];
/// How long the rows stay in the outbox, without their text.
const KEPT: i64 = 30 * DAY_MICROS;

/// Sends what is due. For a task that runs every second or so.
pub async fn deliver(nexus: &Nexus) -> Result<()> {
    let Some(server) = nexus.settings.mail.clone() else { return Ok(()) };
    // A look first: a claim would take the one writer of SQLite every time.
    if !is_any_due(nexus).await? {
        return Ok(());
    }
    let hands = (0..HANDS).map(|_| work_off(nexus, &server));
    futures::future::try_join_all(hands).await.map(|_| ())
}

async fn is_any_due(nexus: &Nexus) -> Result<bool> {
    let row: Option<(MailId,)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT id FROM mails WHERE next_attempt_at <= $1 LIMIT 1"
    ))
    .bind(nexus.now())
    .fetch_optional(pool)
    .await)?;
    Ok(row.is_some())
}

/// One mail after the other, until none is due or there is nobody to hand them to.
async fn work_off(nexus: &Nexus, server: &MailServer) -> Result<()> {
    while let Some(mail) = claim(nexus).await? {
        let handed = match mail.sealed.as_deref().map(|sealed| unseal(nexus, mail.id, sealed)) {
            Some(Ok(letter)) => server.hand_over(mail.id, &mail.recipient, &letter, mail.created_at).await,
            // It would be no better the next time.
            _ => Handed::Refused("Its text cannot be read".into()),
        };
        let unreachable = matches!(handed, Handed::Unreachable(_));
        settle(nexus, &mail, handed).await?;
        if unreachable {
            return Ok(());
        }
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Claimed {
    id: MailId,
    recipient: String,
    kind: String,
    attempts: i32,
    sealed: Option<Vec<u8>>,
    created_at: Timestamp,
}

/// Takes the mail that has been due for longest; while somebody has it, it has no problem. Two that look at once see the same one, and the
/// statement lets the first have it; the other looks again with its next round.
async fn claim(nexus: &Nexus) -> Result<Option<Claimed>> {
    let now = nexus.now();
    nexus
        .write(move |tx| {
            Box::pin(async move {
                Ok(on!(*tx, |c| sqlx::query_as(sql!(
                    "UPDATE mails SET attempts = attempts + 1, next_attempt_at = $2, updated_at = $1, problem = NULL
                     WHERE next_attempt_at <= $1 AND id = (SELECT id FROM mails WHERE next_attempt_at <= $1
                         ORDER BY next_attempt_at LIMIT 1)
                     RETURNING id, recipient, kind, attempts, sealed, created_at"
                ))
                .bind(now)
                .bind(now.plus(CLAIM))
                .fetch_optional(c)
                .await)?)
            })
        })
        .await
}

/// Writes down what came of an attempt.
async fn settle(nexus: &Nexus, mail: &Claimed, handed: Handed) -> Result<()> {
    let now = nexus.now();
    let made = usize::try_from(mail.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let (state, problem, due) = match handed {
        Handed::Over => (MailState::Sent, None, None),
        Handed::Refused(problem) => (MailState::Bounced, Some(problem), None),
        Handed::Later(problem) | Handed::Unreachable(problem) => match PAUSES.get(made) {
            Some(pause) => (MailState::Queued, Some(problem), Some(now.plus(*pause))),
            None => (MailState::Failed, Some(problem), None),
        },
    };
    if let Some(problem) = &problem {
        tracing::warn!(mail = %mail.id, kind = mail.kind, attempts = mail.attempts, state = state.as_str(), problem,
            "a mail was not taken");
    }
    let id = mail.id;
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!(
                    "UPDATE mails SET state = $2, problem = $3, next_attempt_at = $4, updated_at = $5,
                         sealed = CASE WHEN $2 = 'queued' THEN sealed END
                     WHERE id = $1 AND state = 'queued'"
                ))
                .bind(id)
                .bind(state.as_str())
                .bind(problem)
                .bind(due)
                .bind(now)
                .execute(c)
                .await
                .map(|_| ()))?;
                Ok(())
            })
        })
        .await
}

/// Forgets mails of long ago, and keeps those that were on their way when the mail server was taken away.
pub async fn sweep(nexus: &Nexus) -> Result<()> {
    let (now, keep) = (nexus.now(), nexus.settings.mail.is_none());
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!(
                    "DELETE FROM mails WHERE updated_at < $1 AND state <> 'queued'"
                ))
                .bind(now.plus(-KEPT))
                .execute(c)
                .await
                .map(|_| ()))?;
                if keep {
                    on!(*tx, |c| sqlx::query(sql!(
                        "UPDATE mails SET state = 'kept', next_attempt_at = NULL, updated_at = $1
                         WHERE next_attempt_at IS NOT NULL AND state = 'queued'"
                    ))
                    .bind(now)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                }
                Ok(())
            })
        })
        .await
}
