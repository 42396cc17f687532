//! `nexus log list`: requests that are in no tenant's API log, because nobody knows their credential, or
//! because a person was on pages of their own.

use super::{open, say};
use crate::settings::Settings;
use nexus_backend::request_log;
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// The newest: when, how often, from where, what, and how it was answered.
    List {
        #[arg(long, default_value_t = 50)]
        limit: u16,
    },
}

pub(super) async fn run(settings: &Settings, command: Command) -> anyhow::Result<ExitCode> {
    let nexus = open(settings).await?;
    let Command::List { limit } = command;
    let rows = request_log::of_no_tenant(&nexus, limit.into()).await;
    nexus.db.close().await;
    for row in rows? {
        let at = row.last_at.rfc3339();
        say(&format!(
            "{at}  {:>6}x  {:<39}  {}  {} {} {}",
            row.count, row.ip, row.actor, row.method, row.route, row.status
        ));
    }
    Ok(ExitCode::SUCCESS)
}
