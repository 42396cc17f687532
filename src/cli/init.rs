//! `nexus init`: a ready instance without a browser.

use super::{open, say};
use crate::settings::Settings;
use anyhow::Context as _;
use nexus_backend::tenants::{Founding, found};
use nexus_backend::{Nexus, credentials, people};
use nexus_domain::environment::LIVE;
use nexus_domain::member::{check_email, check_password};
use nexus_domain::role::Scopes;
use nexus_domain::slug;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::io::BufRead as _;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Slug of the tenant; its name too.
    #[arg(long)]
    tenant: String,
    /// Address of the first owner.
    #[arg(long)]
    email: String,
    /// Read the owner's password from the first line of standard input; without it a one-time link
    /// to set one is printed.
    #[arg(long)]
    password_stdin: bool,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    /// Do nothing, and say nothing, when a tenant exists.
    #[arg(long)]
    if_missing: bool,
}

pub(super) async fn run(settings: &Settings, args: Args) -> anyhow::Result<ExitCode> {
    let nexus = open(settings).await?;
    // Before anything is read or judged: whoever only wants a tenant to be there may say the rest as they like.
    if !people::needs_set_up(&nexus).await? {
        nexus.db.close().await;
        anyhow::ensure!(args.if_missing, "this instance has a tenant already");
        return Ok(ExitCode::SUCCESS);
    }
    slug::check(&args.tenant).context("--tenant")?;
    let email = check_email(&args.email).context("--email")?;
    let password = if args.password_stdin { Some(read_password()?) } else { None };
    let made = make(&nexus, &args.tenant, &email, password).await?;
    if args.json {
        say(&made.to_string());
    } else {
        for (name, value) in made.as_object().into_iter().flatten() {
            say(&format!("{name}: {}", value.as_str().unwrap_or_default()));
        }
    }
    nexus.db.close().await;
    Ok(ExitCode::SUCCESS)
}

fn read_password() -> anyhow::Result<SecretString> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("the password could not be read")?;
    let password = SecretString::from(line.trim_end_matches(['\n', '\r']).to_owned());
    check_password(password.expose_secret())?;
    Ok(password)
}

/// Founds the tenant and makes its first key.
async fn make(
    nexus: &Nexus,
    tenant: &str,
    email: &str,
    password: Option<SecretString>,
) -> anyhow::Result<serde_json::Value> {
    let with_link = password.is_none();
    let password_hash = match password {
        Some(password) => Some(nexus.passwords.hash(password).await?),
        None => None,
    };
    let founding =
        Founding { slug: tenant.to_owned(), name: tenant.to_owned(), email: email.to_owned(), password_hash };
    let founded = found(nexus, founding, None).await?;
    let key = credentials::make_environment_key(nexus, &founded.actor, LIVE, "init", Scopes::admin()).await?;
    let mut made = json!({
        "tenant": tenant,
        "owner": email,
        "api_key": key.text,
        "url": nexus.settings.public_url,
    });
    if let (true, Some(made)) = (with_link, made.as_object_mut()) {
        let link = people::password_link(nexus, email).await?;
        made.insert("setup_url".into(), json!(link));
    }
    Ok(made)
}
