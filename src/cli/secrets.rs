//! `nexus secrets …`: a service's secrets with its key. Values come from standard input or a file, and
//! never from the command line.

use super::connection::Connection;
use super::{pull, say};
use anyhow::{Context as _, ensure};
use nexus_client::{Client, Entry, SecretValue};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// More than any secret may have.
const MAX_INPUT: u64 = 2 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// The keys, with their types.
    List,
    /// One value, as it is.
    Get {
        key: String,
        /// Write it to this file, for this user alone.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
    /// A new secret or its next version; the value is read from standard input.
    Set {
        key: String,
        /// Read it from this file, as a secret of type file.
        #[arg(long)]
        file: Option<PathBuf>,
        /// Why this version.
        #[arg(long)]
        description: Option<String>,
    },
    /// Delete a secret of the service's own; it can be restored in the console.
    Delete { key: String },
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let client = args.connection.open_one().await?;
        match args.command {
            Command::List => list(&client),
            Command::Get { key, output } => get(&client, &key, output).await?,
            Command::Set { key, file, description } => {
                let version = client.set_secret(&key, &value(file)?, description.as_deref()).await?;
                say(&format!("{key} is at v{version}"));
            }
            Command::Delete { key } => {
                client.delete_secret(&key).await?;
                say(&format!("{key} is deleted"));
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn list(client: &Client) {
    for entry in client.entries() {
        match entry {
            Entry::Secret { key, .. } => say(&format!("{key}\ttext")),
            Entry::File { key } => say(&format!("{key}\tfile")),
            _ => {}
        }
    }
}

async fn get(client: &Client, key: &str, output: Option<PathBuf>) -> anyhow::Result<()> {
    let bytes = match client.get_secret(key) {
        Ok(text) => SecretBox::new(Box::new(text.expose_secret().as_bytes().to_vec())),
        Err(nexus_client::Error::WrongType { .. }) => {
            SecretBox::new(Box::new(std::fs::read(client.get_secret_file_path(key).await?)?))
        }
        Err(error) => return Err(error.into()),
    };
    match output {
        Some(file) => pull::write(&file, bytes.expose_secret()).with_context(|| file.display().to_string()),
        None => Ok(std::io::stdout().write_all(bytes.expose_secret())?),
    }
}

fn value(file: Option<PathBuf>) -> anyhow::Result<SecretValue> {
    let mut bytes = Vec::new();
    if let Some(file) = file {
        let opened = std::fs::File::open(&file).with_context(|| file.display().to_string())?;
        opened.take(MAX_INPUT + 1).read_to_end(&mut bytes)?;
        ensure!(bytes.len() as u64 <= MAX_INPUT, "{} is larger than any secret may be", file.display());
        return Ok(SecretValue::File(SecretBox::new(Box::new(bytes))));
    }
    let mut input = std::io::stdin();
    if input.is_terminal() {
        super::warn("the value, then a new line and Ctrl D:");
    }
    std::io::Read::by_ref(&mut input).take(MAX_INPUT + 1).read_to_end(&mut bytes)?;
    ensure!(bytes.len() as u64 <= MAX_INPUT, "this is larger than any secret may be");
    let text = String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("this is no text; use --file"))?;
    // The line's end that a shell or a person adds belongs to the line.
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(SecretValue::Text(SecretString::from(text)))
}
