//! `nexus audit verify`: checks every chain and every signed checkpoint, without a server.

use super::{open, say};
use crate::settings::Settings;
use nexus_backend::{audit, tenants};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check the audit log's hash chains and the signed checkpoints outside of the database.
    Verify {
        /// The file of checkpoints; by default the one in the data directory.
        #[arg(long)]
        checkpoints: Option<PathBuf>,
    },
}

pub(super) async fn run(settings: &Settings, command: Command) -> anyhow::Result<ExitCode> {
    let Command::Verify { checkpoints } = command;
    let nexus = open(settings).await?;
    let mut whole = true;
    for actor in tenants::operators(&nexus).await? {
        let verdict = audit::verify(&nexus, &actor).await?;
        match (&verdict.reason, verdict.broken_at) {
            (Some(reason), Some(at)) => say(&format!("{}: broken at row {at}: {reason}", actor.tenant_slug)),
            _ => say(&format!("{}: {} rows, whole", actor.tenant_slug, verdict.rows)),
        }
        whole &= verdict.ok;
    }
    let file = checkpoints.unwrap_or_else(|| checkpoint_file(settings));
    match audit::verify_checkpoints(&nexus, &file).await? {
        Ok(count) => say(&format!("checkpoints: {count} signed and matching")),
        Err(reason) => {
            say(&format!("checkpoints: {reason}"));
            whole = false;
        }
    }
    nexus.db.close().await;
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where the server leaves its checkpoints.
pub(super) fn checkpoint_file(settings: &Settings) -> PathBuf {
    settings.data_dir.join("audit-checkpoints.jsonl")
}
