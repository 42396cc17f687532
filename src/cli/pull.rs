//! `nexus pull`: what a service has, as a file that other programs read. The file is this user's alone;
//! better is `nexus run`, which leaves nothing behind.

use super::connection::{Connection, warn_if_old};
use super::output;
use nexus_backend::entries::write_texts;
use nexus_client::Entry;
use nexus_domain::export::ExportFormat;
use secrecy::ExposeSecret as _;
use std::path::PathBuf;
use std::process::ExitCode;
use zeroize::Zeroizing;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// env, json or yaml.
    #[arg(long, default_value = "env", value_parser = |text: &str| ExportFormat::parse(text).ok_or("env, json or yaml"))]
    format: ExportFormat,
    /// The file; without it the terminal.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = runtime.block_on(args.connection.open_one())?;
    warn_if_old(&client);
    let mut texts = Vec::new();
    for entry in client.entries() {
        match entry {
            Entry::Secret { key, value } => {
                texts.push((key, Zeroizing::new(value.expose_secret().to_owned())))
            }
            Entry::Config { key, value } => texts.push((key, Zeroizing::new(value))),
            Entry::File { key } => {
                super::warn(&format!("{key} is a file: `nexus secrets get {key}` writes it"))
            }
            _ => {}
        }
    }
    let text = write_texts(args.format, texts);
    output::write(args.output.as_deref(), text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
