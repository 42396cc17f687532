//! `nexus tenant …`: tenants that whoever runs the instance makes at the machine itself.

use super::{open, say};
use crate::settings::Settings;
use anyhow::Context as _;
use nexus_backend::people;
use nexus_backend::tenants::{Founding, found_for};
use nexus_domain::member::check_email;
use nexus_domain::slug;
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a tenant. Its owner is the person with this address; who is new gets a one-time link to set a
    /// password, which is printed.
    Create {
        /// Slug of the tenant; its name too.
        #[arg(long)]
        tenant: String,
        /// Address of its owner.
        #[arg(long)]
        email: String,
    },
}

pub(super) async fn run(settings: &Settings, command: Command) -> anyhow::Result<ExitCode> {
    let Command::Create { tenant, email } = command;
    slug::check(&tenant).context("--tenant")?;
    let email = check_email(&email).context("--email")?;
    let nexus = open(settings).await?;
    let founding =
        Founding { slug: tenant.clone(), name: tenant.clone(), email: email.clone(), password_hash: None };
    let is_new = found_for(&nexus, founding).await?;
    say(&format!("Tenant {tenant} is there; {email} is its owner"));
    if is_new && let Some(link) = people::password_link(&nexus, &email).await? {
        say(&link);
    }
    nexus.db.close().await;
    Ok(ExitCode::SUCCESS)
}
