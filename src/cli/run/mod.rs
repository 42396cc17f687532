//! `nexus run -- command`: the command with a service's secrets and configs in its environment. Nothing
//! is written to disk but secrets of type file, in a folder of this user that goes when the command ends.
//!
//! Where nothing has to be done while the command runs, this program becomes the command (`exec`), so that
//! signals and the exit code are its own. Otherwise it stays in front of it and passes both on. Where it is killed, the
//! files stay as long as the command runs, and the next one that has files takes them away.

mod child;
mod variables;

use super::connection::Connection;
use anyhow::Context as _;
use child::Ended;
use nexus_client::Client;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};
use variables::Variables;

/// As other programs that start programs have it (env(1), sh(1)): this one failed itself, the command
/// cannot be started, there is no such command.
const FAILED: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// Start the command again when something that it was started with changes.
    #[arg(long)]
    watch: bool,
    /// Let variables that are set already win.
    #[arg(long)]
    preserve_env: bool,
    /// The command and its arguments, after `--`.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(args.run()) {
        Ok(code) => Ok(code),
        Err(error) => {
            super::complain(&error);
            Ok(ExitCode::from(FAILED))
        }
    }
}

impl Args {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let clients = self.connection.open(self.watch).await?;
        for trouble in clients.iter().filter_map(Client::trouble) {
            super::warn(&format!("{trouble}; the command starts with the copy of the last time"));
        }
        if !self.watch && !variables::with_files(&clients) {
            let error = self.command(&Variables::of(&clients).await?)?.exec();
            return Ok(self.not_started(&error));
        }
        self.stay(&clients).await
    }

    /// Stays in front of the command until it ends.
    async fn stay(&self, clients: &[Client]) -> anyhow::Result<ExitCode> {
        // Before the first file is there: a signal may not end this program and leave a file behind.
        let mut signals = child::Signals::listen()?;
        let mut variables = match signals.or_else(Variables::of(clients)).await {
            Ok(variables) => variables?,
            Err(code) => return Ok(code),
        };
        loop {
            for client in clients {
                client.share_files_with_commands().await?;
            }
            let child = match child::start(self.command(&variables)?) {
                Ok(child) => child,
                Err(error) => return Ok(self.not_started(&error)),
            };
            let next = child::until(child, &mut signals, self.news(clients, &variables)).await?;
            match next {
                Ended::ByItself(code) => return Ok(code),
                Ended::ForNews(news) => variables = news,
            }
        }
    }

    /// What the command should be started with instead, once that is something else.
    async fn news(&self, clients: &[Client], before: &Variables) -> Variables {
        if !self.watch {
            return std::future::pending().await;
        }
        loop {
            let revisions: Vec<i64> = clients.iter().map(Client::revision).collect();
            match Variables::of(clients).await {
                Ok(now) if !now.same_as(before) => return now,
                Ok(_) => {}
                Err(error) => super::warn(&format!("the command goes on with what it has: {error:#}")),
            }
            let changes =
                clients.iter().zip(revisions).map(|(client, known)| Box::pin(client.changed_since(known)));
            futures::future::select_all(changes).await;
        }
    }

    fn command(&self, variables: &Variables) -> anyhow::Result<Command> {
        let (program, arguments) = self.command.split_first().context("there is no command")?;
        let mut command = Command::new(program);
        let taken = |name: &str| self.preserve_env && std::env::var_os(name).is_some();
        command.args(arguments).envs(variables.for_command(taken));
        Ok(command)
    }

    fn not_started(&self, error: &io::Error) -> ExitCode {
        let name = self.command.first().map(|name| name.to_string_lossy()).unwrap_or_default();
        super::warn(&format!("{name} cannot be started: {error}"));
        ExitCode::from(if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE })
    }
}
