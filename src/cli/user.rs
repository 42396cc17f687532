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
    /// Take every second factor and recovery code from a person who lost them.
    RemoveSecondFactors {
        #[arg(long)]
        email: String,
    },
}

pub(super) async fn run(settings: &Settings, command: Command) -> anyhow::Result<ExitCode> {
    let nexus = open(settings).await?;
    let (said, email) = match command {
        Command::ResetPassword { email } => (people::password_link(&nexus, &email).await?, email),
        Command::RemoveSecondFactors { email } => {
            let removed = people::factors::remove_all(&nexus, &email).await?;
            (removed.then(|| format!("{email} signs in without a second factor now")), email)
        }
    };
    nexus.db.close().await;
    match said {
        Some(said) => {
            say(&said);
            Ok(ExitCode::SUCCESS)
        }
        None => anyhow::bail!("there is no person with the address {email}"),
    }
}
