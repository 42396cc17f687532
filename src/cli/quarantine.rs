//! `nexus quarantine …`: which keys are refused from where, and letting an address in again before the
//! time is over.

use super::{open, say};
use crate::settings::Settings;
use nexus_backend::{Nexus, limits};
use std::net::IpAddr;
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// What is in quarantine: until when, from where, which key, why.
    List {
        #[arg(long, default_value_t = 1000)]
        limit: u16,
    },
    /// Let an address in again, whatever keys it used. Of an IPv6 address its whole /64.
    Lift { address: IpAddr },
}

pub(super) async fn run(settings: &Settings, command: Command) -> anyhow::Result<ExitCode> {
    let nexus = open(settings).await?;
    let outcome = match command {
        Command::List { limit } => list(&nexus, limit).await,
        Command::Lift { address } => lift(&nexus, address).await,
    };
    nexus.db.close().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn list(nexus: &Nexus, limit: u16) -> anyhow::Result<()> {
    for held in limits::quarantines(nexus, limit.into()).await? {
        say(&format!("{}  {}  {}  {}", held.expires_at.rfc3339(), held.network, held.shown, held.reason));
    }
    Ok(())
}

async fn lift(nexus: &Nexus, address: IpAddr) -> anyhow::Result<()> {
    match limits::lift(nexus, address).await? {
        0 => anyhow::bail!("nothing is in quarantine from {address}"),
        lifted => {
            say(&format!("{lifted} lifted"));
            Ok(())
        }
    }
}
