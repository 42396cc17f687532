//! `nexus tenant …`: what the operator does for a tenant at the machine itself.

use super::{open, say};
use crate::settings::Settings;
use nexus_backend::{sign_in, tenants};
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Let members sign in as they like again, where the provider that their tenant requires is gone.
    LiftProvider { tenant: String },
}

pub(super) async fn run(settings: &Settings, command: Command) -> anyhow::Result<ExitCode> {
    let Command::LiftProvider { tenant } = command;
    let nexus = open(settings).await?;
    let operators = tenants::operators(&nexus).await?;
    let Some(operator) = operators.into_iter().find(|operator| operator.tenant_slug == tenant) else {
        anyhow::bail!("there is no tenant {tenant}");
    };
    sign_in::lift_provider(&nexus, &operator).await?;
    nexus.db.close().await;
    say(&format!("Members of {tenant} may sign in as they like"));
    Ok(ExitCode::SUCCESS)
}
