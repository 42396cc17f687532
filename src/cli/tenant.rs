//! `nexus tenant …`: what whoever runs the instance does for tenants at the machine itself.

use super::{open, say};
use crate::settings::Settings;
use anyhow::Context as _;
use nexus_backend::gate::Actor;
use nexus_backend::tenants::{Founding, found_for};
use nexus_backend::{Nexus, environments, people, sign_in, tenants};
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
    /// Let members sign in as they like again, where the provider that their tenant requires is gone.
    LiftProvider { tenant: String },
    /// Make the legacy sandbox `test`. It has keys like any other environment and does not count against how
    /// many a tenant may have.
    EnableTest { tenant: String },
    /// Say how many environments besides Production a tenant may have. Those that it has stay.
    EnvironmentCap { tenant: String, environments: i64 },
}

pub(super) async fn run(settings: &Settings, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Create { tenant, email } => create(settings, &tenant, &email).await,
        Command::LiftProvider { tenant } => lift_provider(settings, &tenant).await,
        Command::EnableTest { tenant } => enable_test(settings, &tenant).await,
        Command::EnvironmentCap { tenant, environments: cap } => {
            environment_cap(settings, &tenant, cap).await
        }
    }
}

async fn create(settings: &Settings, tenant: &str, email: &str) -> anyhow::Result<ExitCode> {
    slug::check(tenant).context("--tenant")?;
    let email = check_email(email).context("--email")?;
    let nexus = open(settings).await?;
    let (slug, name) = (tenant.to_owned(), tenant.to_owned());
    let founding = Founding { slug, name, email: email.clone(), password_hash: None };
    let is_new = found_for(&nexus, founding).await?;
    say(&format!("Tenant {tenant} is there; {email} is its owner"));
    if is_new && let Some(link) = people::password_link(&nexus, &email).await? {
        say(&link);
    }
    nexus.db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// The instance, and whoever runs it as an actor in the tenant.
async fn operate(settings: &Settings, tenant: &str) -> anyhow::Result<(Nexus, Actor)> {
    let nexus = open(settings).await?;
    let operators = tenants::operators(&nexus).await?;
    let Some(operator) = operators.into_iter().find(|operator| operator.tenant_slug == tenant) else {
        anyhow::bail!("there is no tenant {tenant}");
    };
    Ok((nexus, operator))
}

async fn lift_provider(settings: &Settings, tenant: &str) -> anyhow::Result<ExitCode> {
    let (nexus, operator) = operate(settings, tenant).await?;
    sign_in::lift_provider(&nexus, &operator).await?;
    nexus.db.close().await;
    say(&format!("Members of {tenant} may sign in as they like"));
    Ok(ExitCode::SUCCESS)
}

async fn enable_test(settings: &Settings, tenant: &str) -> anyhow::Result<ExitCode> {
    let (nexus, operator) = operate(settings, tenant).await?;
    let is_new = environments::enable_test(&nexus, &operator).await?;
    nexus.db.close().await;
    say(&format!("{tenant} {} the environment test", if is_new { "has now" } else { "had already" }));
    Ok(ExitCode::SUCCESS)
}

async fn environment_cap(settings: &Settings, tenant: &str, cap: i64) -> anyhow::Result<ExitCode> {
    let (nexus, operator) = operate(settings, tenant).await?;
    environments::set_cap(&nexus, &operator, cap).await?;
    nexus.db.close().await;
    say(&format!("{tenant} may have {cap} environments besides Production"));
    Ok(ExitCode::SUCCESS)
}
