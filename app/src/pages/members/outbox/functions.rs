//! The server functions of the outbox.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::invitation::{OpenedMail, OutboxMail};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboxData {
    pub rows: Vec<OutboxMail>,
    pub next_cursor: Option<String>,
    /// Whether mail goes out.
    pub mails: bool,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_outbox")]
pub async fn read_outbox(
    tenant: String,
    #[server(default)] cursor: Option<String>,
) -> Result<OutboxData, Refused> {
    use nexus_domain::page::DEFAULT_LIMIT;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let page = nexus_backend::mail::list(&nexus, &actor, cursor, DEFAULT_LIMIT).await?;
    let mails = nexus.settings.mail.is_some();
    Ok(OutboxData { rows: page.data, next_cursor: page.next_cursor, mails, now: nexus.now() })
}

#[cfg(feature = "ssr")]
fn parsed(id: &str) -> Result<nexus_domain::MailId, Refused> {
    let id = id.parse().map_err(|_| nexus_domain::Refusal::not_found())?;
    Ok(nexus_domain::MailId(id))
}

/// The text of a kept mail. One of the two answers that hold a link.
#[server(prefix = "/_fn", endpoint = "open_mail")]
pub async fn open_mail(tenant: String, id: String) -> Result<OpenedMail, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::mail::open(&nexus, &actor, parsed(&id)?).await?)
}

#[server(prefix = "/_fn", endpoint = "resend_mail")]
pub async fn resend_mail(tenant: String, id: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    nexus_backend::mail::resend(&nexus, &actor, parsed(&id)?).await?;
    Ok(Done::new("The mail goes out now"))
}
