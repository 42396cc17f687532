//! The outbox: the mail about a tenant, for its owners, and all of it for whoever runs the program. The
//! list holds no text. The text of a kept mail is shown to be handed on; from then on a link in it
//! proves nobody's mailbox.

use super::unseal;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::invitation::{MailState, OpenedMail, OutboxMail};
use nexus_domain::page::Page;
use nexus_domain::{Code, MailId, Refusal, Timestamp};
use serde_json::json;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: MailId,
    recipient: String,
    kind: String,
    #[sqlx(try_from = "String")]
    state: MailState,
    attempts: i32,
    next_attempt_at: Option<Timestamp>,
    problem: Option<String>,
    opened_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    fn into_wire(self) -> OutboxMail {
        OutboxMail {
            id: self.id,
            recipient: self.recipient,
            kind: self.kind,
            state: self.state,
            attempts: i64::from(self.attempts),
            next_attempt_at: self.next_attempt_at,
            problem: self.problem,
            opened_at: self.opened_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// Every id is before this one.
const NEWEST: Uuid = Uuid::max();

/// A page of the tenant's mail, newest first.
pub async fn list(
    nexus: &Nexus,
    actor: &Actor,
    cursor: Option<String>,
    limit: i64,
) -> Result<Page<OutboxMail>> {
    let before = match cursor.as_deref() {
        None => NEWEST,
        Some(text) => text.parse().map_err(|_| Error::invalid("cursor", "Not a cursor of this list"))?,
    };
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::OutboxList)?;
                let limit = limit.max(0);
                let mut rows: Vec<Row> = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT id, recipient, kind, state, attempts, next_attempt_at, problem, opened_at, created_at, updated_at
                     FROM mails WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
                ))
                .bind(w.actor.tenant)
                .bind(MailId(before))
                .bind(limit.saturating_add(1))
                .fetch_all(c)
                .await)?;
                let more = i64::try_from(rows.len()).unwrap_or(0) > limit;
                rows.truncate(usize::try_from(limit).unwrap_or(0));
                let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
                Ok(Page { data: rows.into_iter().map(Row::into_wire).collect(), next_cursor })
            })
        })
        .await
}

/// The text of a kept mail, to be handed on by other means. Audited, and remembered at the mail.
pub async fn open(nexus: &Nexus, actor: &Actor, id: MailId) -> Result<OpenedMail> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::OutboxRead)?;
                let row: Option<(String, String, Option<Vec<u8>>)> = on!(w.tx, |c| sqlx::query_as(sql!(
                    "UPDATE mails SET opened_at = $3 WHERE tenant_id = $1 AND id = $2 AND state = 'kept'
                     RETURNING recipient, kind, sealed"
                ))
                .bind(w.actor.tenant)
                .bind(id)
                .bind(w.now)
                .fetch_optional(c)
                .await)?;
                let (recipient, kind, sealed) = row.ok_or_else(Error::not_found)?;
                let letter = unseal(&w.nexus, id, &sealed.ok_or_else(Error::not_found)?)?;
                w.record(Action::OutboxRead, &Target::named(&recipient), json!({ "mail": kind })).await?;
                Ok(OpenedMail { recipient, text: letter.text(), subject: letter.subject })
            })
        })
        .await
}

/// Sends a mail now that was kept, or that waits for its next attempt. What was delivered or given up has no text any
/// more.
pub async fn resend(nexus: &Nexus, actor: &Actor, id: MailId) -> Result<()> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::OutboxResend)?;
                if w.nexus.settings.mail.is_none() {
                    return Err(Refusal::new(Code::Conflict, "There is no mail server to send it by").into());
                }
                let (recipient, kind) = requeue(w, id).await?;
                w.record(Action::OutboxResend, &Target::named(&recipient), json!({ "mail": kind })).await
            })
        })
        .await
}

/// One that is being sent at this moment stays with whoever sends it.
async fn requeue(w: &mut Work, id: MailId) -> Result<(String, String)> {
    let row: Option<(String, String)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "UPDATE mails SET state = 'queued', next_attempt_at = $3, attempts = 0, updated_at = $3
         WHERE tenant_id = $1 AND id = $2 AND sealed IS NOT NULL AND (state = 'kept' OR problem IS NOT NULL)
         RETURNING recipient, kind"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(w.now)
    .fetch_optional(c)
    .await)?;
    if let Some(row) = row {
        return Ok(row);
    }
    let known: Option<(String,)> =
        on!(w.tx, |c| sqlx::query_as(sql!("SELECT state FROM mails WHERE tenant_id = $1 AND id = $2"))
            .bind(w.actor.tenant)
            .bind(id)
            .fetch_optional(c)
            .await)?;
    let (state,) = known.ok_or_else(Error::not_found)?;
    let message = match MailState::parse(&state) {
        Some(MailState::Queued) => "It is on its way",
        _ => "Its text is gone; send what it was about once more",
    };
    Err(Refusal::new(Code::Conflict, message).into())
}

/// All mail of the instance, newest first, for whoever runs the program.
pub async fn by_operator(nexus: &Nexus, limit: i64) -> Result<Vec<OutboxMail>> {
    let mut tx = nexus.db.begin_read().await?;
    let rows: Vec<Row> = on!(tx, |c| {
        sqlx::query_as(sql!(
        "SELECT id, recipient, kind, state, attempts, next_attempt_at, problem, opened_at, created_at, updated_at
         FROM mails ORDER BY id DESC LIMIT $1"
    ))
    .bind(limit)
    .fetch_all(c)
    .await
    })?;
    tx.rollback().await?;
    Ok(rows.into_iter().map(Row::into_wire).collect())
}

/// The text of a mail that has not gone out, for whoever runs the program; `None` where there is no such mail.
pub async fn text_for_operator(nexus: &Nexus, id: MailId) -> Result<Option<OpenedMail>> {
    let mut tx = nexus.db.begin_read().await?;
    let row: Option<(String, Vec<u8>)> = on!(tx, |c| sqlx::query_as(sql!(
        "SELECT recipient, sealed FROM mails WHERE id = $1 AND sealed IS NOT NULL"
    ))
    .bind(id)
    .fetch_optional(c)
    .await)?;
    tx.rollback().await?;
    let Some((recipient, sealed)) = row else { return Ok(None) };
    let letter = unseal(nexus, id, &sealed)?;
    Ok(Some(OpenedMail { recipient, text: letter.text(), subject: letter.subject }))
}
