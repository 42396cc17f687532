//! `nexus secrets …`: a service's secrets with its key. Values come from standard input or a file, and
//! never from the command line.

mod import;

use super::connection::{Connection, warn_if_old};
use super::{output, say};
use anyhow::{Context as _, ensure};
use nexus_client::{Client, Entry, SecretValue};
use nexus_domain::import::ImportFormat;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

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
    /// Set every secret of a `.env`, JSON or YAML text. Nothing is written while any of it is wrong; what the
    /// service has already is left alone, so that it can be said again after a failure.
    Import {
        /// The file; without it, or with -, standard input.
        file: Option<PathBuf>,
        /// auto, env, json or yaml.
        #[arg(long, default_value = "auto", value_parser = |text: &str| ImportFormat::parse(text).ok_or("auto, env, json or yaml"))]
        format: ImportFormat,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
        /// Why these versions.
        #[arg(long)]
        description: Option<String>,
    },
    /// Delete a secret of the service's own; it can be restored in the console.
    Delete { key: String },
}

impl Command {
    /// Whether it shows, or compares with, what the service has.
    const fn reads(&self) -> bool {
        matches!(self, Self::List | Self::Get { .. } | Self::Import { .. })
    }
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let client = args.connection.open_one().await?;
        if args.command.reads() {
            warn_if_old(&client);
        }
        match args.command {
            Command::List => list(&client),
            Command::Get { key, output } => get(&client, &key, output).await?,
            Command::Set { key, file, description } => {
                let version = client.set_secret(&key, &value(file)?, description.as_deref()).await?;
                say(&format!("{key} is at v{version}"));
            }
            Command::Import { file, format, dry_run, description } => {
                let file = file.filter(|file| file.as_os_str() != "-");
                let texts = import::read(format, &text(input(file.as_deref())?)?)?;
                import::import(&client, texts, dry_run, description.as_deref()).await?;
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
    output::write(output.as_deref(), bytes.expose_secret())
}

fn value(file: Option<PathBuf>) -> anyhow::Result<SecretValue> {
    if let Some(file) = file {
        return Ok(SecretValue::File(SecretBox::new(Box::new(input(Some(&file))?))));
    }
    let text = text(input(None)?).context("use --file for what is no text")?;
    // The line's end that a shell or a person adds belongs to the line.
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(SecretValue::Text(SecretString::from(text)))
}

/// What stands in a file, or what comes from standard input.
fn input(file: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match file {
        Some(file) => {
            let opened = std::fs::File::open(file).with_context(|| file.display().to_string())?;
            opened.take(MAX_INPUT + 1).read_to_end(&mut bytes)?;
        }
        None => {
            let mut input = std::io::stdin();
            if input.is_terminal() {
                super::warn("type it, then a new line and Ctrl D:");
            }
            std::io::Read::by_ref(&mut input).take(MAX_INPUT + 1).read_to_end(&mut bytes)?;
        }
    }
    ensure!(bytes.len() as u64 <= MAX_INPUT, "this is larger than anything that may be stored");
    Ok(bytes)
}

fn text(bytes: Vec<u8>) -> anyhow::Result<Zeroizing<String>> {
    // The bytes are no text and may be a secret all the same, so the error does not carry them.
    String::from_utf8(bytes).map(Zeroizing::new).map_err(|_| anyhow::anyhow!("this is no text"))
}
