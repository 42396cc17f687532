//! `nexus secrets import`: every secret of a text, one write each, because that is what a service's key may do.
//! The management API has the import that is all or nothing.

use crate::cli::{say, warn};
use anyhow::{Context as _, bail};
use nexus_backend::entries::read_texts;
use nexus_client::{Client, SecretValue};
use nexus_domain::import::ImportFormat;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// The keys of a text with their values; refused as a whole while anything in it is wrong.
pub fn read(format: ImportFormat, text: &str) -> anyhow::Result<Vec<(String, Zeroizing<String>)>> {
    let (mut texts, mut wrong) = (Vec::new(), 0_usize);
    for found in read_texts(format, text)? {
        match found {
            Ok(named) => texts.push(named),
            Err(item) => {
                wrong += 1;
                let line = item.line.map(|line| format!("line {line}, ")).unwrap_or_default();
                warn(&format!("{line}{}: {}", item.key, item.reason.unwrap_or_default()));
            }
        }
    }
    match wrong {
        0 => Ok(texts),
        _ => bail!("{wrong} of them are wrong; nothing was written"),
    }
}

/// Writes what is new or another value than the service has.
pub async fn import(
    client: &Client,
    texts: Vec<(String, Zeroizing<String>)>,
    dry_run: bool,
    description: Option<&str>,
) -> anyhow::Result<()> {
    let (mut new, mut changed, mut unchanged) = (0_usize, 0_usize, 0_usize);
    for (key, value) in texts {
        let (counted, said) = match client.get_secret(&key) {
            Ok(there) if there.expose_secret() == value.as_str() => {
                unchanged += 1;
                continue;
            }
            Err(nexus_client::Error::SecretNotFound { .. }) => (&mut new, "new"),
            _ => (&mut changed, "changed"),
        };
        if !dry_run {
            let value = SecretValue::Text(SecretString::from(value.as_str()));
            let written = client.set_secret(&key, &value, description).await;
            written.with_context(|| {
                format!("{key}; those before it are written, and the import can be said again")
            })?;
        }
        *counted += 1;
        say(&format!("{key}\t{said}"));
    }
    let tense = if dry_run { "would be " } else { "" };
    say(&format!("{new} {tense}new, {changed} {tense}changed, {unchanged} unchanged"));
    Ok(())
}
