//! The command line: `nexus init`, `serve`, `config`, `audit verify`, `mail list`, `mail show`, `tenant create`,
//! `tenant lift-provider`,
//! `quarantine list`, `quarantine lift`, `log list`, `user reset-password`, `user remove-second-factors` for whoever runs an instance;
//! `nexus run`, `pull`, `secrets`, `login`, `logout` and `whoami` for those who use one.

mod audit;
mod connection;
mod demo;
mod init;
mod log;
mod login;
mod mail;
mod output;
mod pull;
mod quarantine;
mod run;
mod secrets;
mod serve;
mod tenant;
mod user;

use crate::settings::Settings;
use clap::{Parser, Subcommand};
use nexus_backend::crypto::SystemRandom;
use nexus_backend::store::Db;
use nexus_backend::{Error, Nexus, Parts, SystemClock};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// The master key does not belong to the database (`EX_CONFIG` of sysexits.h).
const WRONG_KEY: u8 = 78;

#[derive(Debug, Parser)]
#[command(
    name = "nexus",
    version,
    about = "Self-hosted console and API for secrets, typed configs and feature flags"
)]
struct Cli {
    /// A TOML file with the same names as the environment, in lower case and without NEXUS_.
    #[arg(long, global = true, env = "NEXUS_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the database, the first owner, the tenant and its environments.
    Init(init::Args),
    /// Serve the console and the API.
    Serve(serve::Args),
    /// Print the settings in force, secrets hidden.
    Config,
    /// Start a command with a service's secrets and configs in its environment.
    Run(run::Args),
    /// Write a service's secrets and configs to a file or the terminal.
    Pull(pull::Args),
    /// Read and write a service's secrets.
    Secrets(secrets::Args),
    /// Let this machine use your own developer environments: you say so in the browser.
    Login(login::Args),
    /// End a login, here and at the server.
    Logout(login::LogoutArgs),
    /// Say what a command here would present: a key, workload identity, or whose login.
    Whoami(login::WhoamiArgs),
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Tenants.
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Mail that is on its way, or kept.
    #[command(subcommand)]
    Mail(mail::Command),
    /// People.
    #[command(subcommand)]
    User(user::Command),
    /// Keys that are refused from an address for a while.
    #[command(subcommand)]
    Quarantine(quarantine::Command),
    /// Requests that are in no tenant's API log.
    #[command(subcommand)]
    Log(log::Command),
}

/// Runs the program and says how it ended.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            let wrong_key = matches!(error.downcast_ref::<Error>(), Some(Error::WrongRootKey(_)));
            complain(&error);
            if wrong_key { ExitCode::from(WRONG_KEY) } else { ExitCode::FAILURE }
        }
    }
}

#[expect(clippy::print_stderr, reason = "this is what the person at the terminal reads")]
fn complain(error: &anyhow::Error) {
    eprintln!("nexus: {error:#}");
}

/// Says something beside the command's answer.
#[expect(clippy::print_stderr, reason = "this is what the person at the terminal reads")]
fn warn(line: &str) {
    eprintln!("nexus: {line}");
}

/// Prints a line for the person or program that ran the command.
#[expect(clippy::print_stdout, reason = "this is the command's answer")]
fn say(line: &str) {
    println!("{line}");
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Run(args) => return run::run(args),
        Command::Pull(args) => return pull::run(args),
        Command::Secrets(args) => return secrets::run(args),
        Command::Login(args) => return login::run(args),
        Command::Logout(args) => return login::logout(args),
        Command::Whoami(args) => return login::whoami(args),
        _ => {}
    }
    let settings = Settings::read(cli.config.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        match cli.command {
            Command::Init(args) => init::run(&settings, args).await,
            Command::Serve(args) => serve::run(&settings, args).await,
            Command::Config => {
                for (name, value) in settings.shown() {
                    say(&format!("{name} = {value}"));
                }
                Ok(ExitCode::SUCCESS)
            }
            Command::Audit(command) => audit::run(&settings, command).await,
            Command::Tenant(command) => tenant::run(&settings, command).await,
            Command::Mail(command) => mail::run(&settings, command).await,
            Command::User(command) => user::run(&settings, command).await,
            Command::Quarantine(command) => quarantine::run(&settings, command).await,
            Command::Log(command) => log::run(&settings, command).await,
            // They were done before, without an instance.
            Command::Run(_)
            | Command::Pull(_)
            | Command::Secrets(_)
            | Command::Login(_)
            | Command::Logout(_)
            | Command::Whoami(_) => Ok(ExitCode::SUCCESS),
        }
    })
}

/// Opens the instance that the settings describe.
async fn open(settings: &Settings) -> anyhow::Result<Nexus> {
    let random = Arc::new(SystemRandom);
    std::fs::create_dir_all(&settings.data_dir).map_err(|error| {
        anyhow::anyhow!("the data directory {} cannot be made: {error}", settings.data_dir.display())
    })?;
    let (root, beside) = settings.root_key(&*random)?;
    if beside {
        tracing::warn!(
            "the master key lies in the data directory, beside what it protects; for production keep it elsewhere \
             and set NEXUS_MASTER_KEY_FILE or NEXUS_MASTER_KEY"
        );
    }
    let catalogue = settings.catalogue()?;
    let db = Db::open(&settings.location()).await?;
    let parts = Parts {
        db,
        root,
        clock: Arc::new(SystemClock),
        random,
        settings: nexus_backend::Settings {
            public_url: settings.public_url(),
            catalogue,
            tenant_creation: settings.tenant_creation,
            mail: settings.mail_server()?,
            egress: settings.egress()?,
            records: nexus_backend::DnsRecords::default(),
            providers: settings.sign_in_providers()?,
        },
    };
    Ok(Nexus::open(parts).await?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_does_not_contradict_itself() {
        super::Cli::command().debug_assert();
    }
}
