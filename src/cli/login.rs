//! `nexus login`, `logout` and `whoami`: a person at a terminal, who is let in by the browser. No token is ever an
//! argument, printed or logged.

use super::connection::{Connection, Folder, Way, logins};
use super::{say, warn};
use anyhow::{Context as _, bail, ensure};
use nexus_client::login::{Login, Pending, Person};
use secrecy::ExposeSecret as _;
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The address of Nexus; without it the one in nexus.toml, where you are logged in already.
    #[arg(long, env = "NEXUS_URL")]
    url: Option<String>,
    /// Open no browser, only say where to go.
    #[arg(long)]
    no_browser: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct LogoutArgs {
    /// The address of Nexus; without it the one in nexus.toml, or the only one where you are logged in.
    #[arg(long, env = "NEXUS_URL")]
    url: Option<String>,
    /// Everywhere.
    #[arg(long, conflicts_with = "url")]
    all: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct WhoamiArgs {
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let folder = logins()?;
    let url = match args.url {
        Some(url) => url,
        // One that cannot be read is none: it has to be made anew with the address.
        None => again(Folder::find()?.url, |url| matches!(Login::open(&folder, url), Ok(Some(_))))?,
    };
    block_on(async move {
        let pending = Pending::begin(&url, &folder).await.with_context(|| url.clone())?;
        say(&format!(
            "Logging in at {}: open {} and compare the code: {}",
            pending.url(),
            pending.complete_address(),
            pending.code()
        ));
        say("Nobody else should have sent you here. Waiting for your decision …");
        if !args.no_browser && has_browser() {
            open(pending.complete_address());
        }
        let login = pending.finish().await?;
        // The login is there, whatever this says.
        match login.whoami().await {
            Ok(person) => say(&format!("Logged in: {}", describe(&person, login.url()))),
            Err(_) => say(&format!("Logged in at {}", login.url())),
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The address that a folder says. Whoever wrote `nexus.toml` may be anybody, so it begins no login at an address
/// that this person never named.
fn again(said: Option<String>, is_logged_in: impl Fn(&str) -> bool) -> anyhow::Result<String> {
    let url = said.context("there is no address: name it with --url, or set NEXUS_URL")?;
    ensure!(
        is_logged_in(&url),
        "nexus.toml names {url}, where you are not logged in: say `nexus login --url {url}`, if that is the address \
         you mean"
    );
    Ok(url)
}

pub(super) fn logout(args: LogoutArgs) -> anyhow::Result<ExitCode> {
    let folder = logins()?;
    let urls = match args.url.map_or_else(|| Folder::find().map(|it| it.url), |url| Ok(Some(url)))? {
        Some(url) if !args.all => vec![url],
        _ => Login::addresses(&folder),
    };
    if urls.len() > 1 && !args.all {
        bail!("you are logged in at {}: say which with --url, or --all", urls.join(", "));
    }
    block_on(async move {
        let mut ended = 0_usize;
        for url in urls {
            ended += usize::from(end(&folder, &url).await?);
        }
        if ended == 0 {
            say("Nobody is logged in");
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn end(folder: &Path, url: &str) -> anyhow::Result<bool> {
    let Some(login) = Login::open(folder, url)? else { return Ok(false) };
    let url = login.url().to_owned();
    if let Err(error) = login.end().await {
        warn(&format!(
            "{error}; the login is gone from this machine, and may be ended at the server under Connected apps"
        ));
    }
    say(&format!("Logged out at {url}"));
    Ok(true)
}

pub(super) fn whoami(args: WhoamiArgs) -> anyhow::Result<ExitCode> {
    let login = match args.connection.way()? {
        Way::Keys(keys) => {
            let shown = keys.iter().filter_map(|key| nexus_domain::credential::parse(key.expose_secret()));
            let shown: Vec<String> =
                shown.filter_map(|it| Some(format!("{}{}…", it.prefix, it.key_id.get(..4)?))).collect();
            say(&format!(
                "A key: {}",
                if shown.is_empty() { "in no format of Nexus".to_owned() } else { shown.join(", ") }
            ));
            return Ok(ExitCode::SUCCESS);
        }
        Way::Identity(identity) => {
            say(&format!("Workload identity by {}", identity.platform()));
            return Ok(ExitCode::SUCCESS);
        }
        Way::Login(login) => login,
    };
    block_on(async move {
        let person = login.whoami().await?;
        say(&describe(&person, login.url()));
        say(&format!("It may: {}", person.scopes.join(" ")));
        Ok(ExitCode::SUCCESS)
    })
}

fn describe(person: &Person, url: &str) -> String {
    let who = person.label.as_deref().map(|who| format!("{who}, ")).unwrap_or_default();
    format!("{who}tenant {} at {url}", person.tenant)
}

fn block_on(task: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(task)
}

/// Whether a browser on this machine would be seen by the person at the terminal.
fn has_browser() -> bool {
    let there = |name: &str| std::env::var_os(name).is_some();
    let desktop = cfg!(target_os = "macos") || there("DISPLAY") || there("WAYLAND_DISPLAY");
    desktop && !there("SSH_CONNECTION") && std::io::stdout().is_terminal()
}

/// Quietly: the address stands in the terminal too.
fn open(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _nobody_there = command.spawn();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_begins_no_login_at_an_address_that_nobody_named() {
        let said = || Some("https://nexus.example".to_owned());
        let error = again(said(), |_| false).expect_err("it is new").to_string();
        assert!(error.contains("nexus login --url https://nexus.example`"), "{error}");
        let known = again(said(), |url| url == "https://nexus.example").expect("it is known");
        assert_eq!(known, "https://nexus.example");
        assert!(again(None, |_| true).is_err());
    }
}
