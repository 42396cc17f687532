//! `nexus user …`: what the operator does for people at the machine itself.

use super::{open, say};
use crate::settings::Settings;
use nexus_backend::people;
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Print a one-time link with which a person sets a new password.
    ResetPassword {
        #[arg(long)]
        email: String,
    },
}

pub(super) async fn run(settings: &Settings, command: Command) -> anyhow::Result<ExitCode> {
    let Command::ResetPassword { email } = command;
    let nexus = open(settings).await?;
    let link = people::password_link(&nexus, &email).await?;
    nexus.db.close().await;
    match link {
        Some(link) => {
            say(&link);
            Ok(ExitCode::SUCCESS)
        }
        None => anyhow::bail!("there is no person with the address {email}"),
    }
}
