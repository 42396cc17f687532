//! `nexus mail …`: what the operator sees of mail at the machine itself. Mail about a person alone (a new password, an
//! address) is in no tenant's outbox, so without a mail server this is where it is taken from.

use super::{open, say};
use crate::settings::Settings;
use nexus_backend::mail;
use nexus_domain::MailId;
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// The newest mails: when, how far, to whom, what about.
    List {
        #[arg(long, default_value_t = 50)]
        limit: u16,
    },
    /// Print the text of a mail that has not gone out. It may hold a link that lets somebody in.
    Show { id: uuid::Uuid },
}

pub(super) async fn run(settings: &Settings, command: Command) -> anyhow::Result<ExitCode> {
    let nexus = open(settings).await?;
    let outcome = match command {
        Command::List { limit } => list(&nexus, limit).await,
        Command::Show { id } => show(&nexus, MailId(id)).await,
    };
    nexus.db.close().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn list(nexus: &nexus_backend::Nexus, limit: u16) -> anyhow::Result<()> {
    for mail in mail::by_operator(nexus, limit.into()).await? {
        let problem = mail.problem.unwrap_or_default();
        let at = mail.created_at.rfc3339();
        let line = format!(
            "{}  {at}  {:<7}  {}  {}  {problem}",
            mail.id,
            mail.state.as_str(),
            mail.recipient,
            mail.kind
        );
        say(line.trim_end());
    }
    Ok(())
}

async fn show(nexus: &nexus_backend::Nexus, id: MailId) -> anyhow::Result<()> {
    let Some(mail) = mail::text_for_operator(nexus, id).await? else {
        anyhow::bail!("there is no mail {id} that has not gone out");
    };
    say(&format!("To: {}\nSubject: {}\n\n{}", mail.recipient, mail.subject, mail.text));
    Ok(())
}
