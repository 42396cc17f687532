//! What a service has, as environment variables: text secrets and configs by value, files by their path.

use anyhow::{Context as _, bail};
use nexus_client::{Client, Entry};
use nexus_domain::export::{collisions, variable};
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::BTreeMap;
use std::ffi::OsString;

/// The variables of a command.
#[derive(Default)]
pub(super) struct Variables {
    pub values: BTreeMap<String, SecretString>,
    /// Whether some of them are paths of files that go with the clients.
    pub files: bool,
}

impl Variables {
    /// Collects what the services have now.
    ///
    /// # Errors
    /// Where two keys would be one variable, or a value cannot be one.
    pub async fn of(clients: &[Client]) -> anyhow::Result<Self> {
        let mut variables = Self::default();
        let mut keys = Vec::new();
        for client in clients {
            for left_out in client.left_out() {
                tracing::warn!(key = left_out.key, code = left_out.code, "left out by the server");
            }
            for entry in client.entries() {
                let (key, value) = match entry {
                    Entry::Secret { key, value } => (key, value),
                    Entry::Config { key, value } => (key, value.into()),
                    Entry::File { key } => {
                        let path = client.get_secret_file_path(&key).await.with_context(|| key.clone())?;
                        variables.files = true;
                        (key, path.to_string_lossy().into_owned().into())
                    }
                    // A flag is asked for when it is needed, because it changes.
                    _ => continue,
                };
                if value.expose_secret().contains('\0') {
                    bail!(
                        "{key} holds a zero byte, which no environment variable can; make it a secret of type file"
                    );
                }
                variables.values.insert(variable(&key), value);
                keys.push(key);
            }
        }
        refuse_collisions(&keys)?;
        Ok(variables)
    }

    /// As a command takes them; `taken` says which of the caller's own win.
    pub fn for_command(&self, taken: impl Fn(&str) -> bool) -> impl Iterator<Item = (&str, OsString)> {
        let wanted = self.values.iter().filter(move |(name, _)| !taken(name));
        wanted.map(|(name, value)| (name.as_str(), OsString::from(value.expose_secret())))
    }

    /// Whether a command that was started with the others would be started the same way with these.
    pub fn same_as(&self, other: &Self) -> bool {
        let one = self.values.iter().map(|(name, value)| (name, value.expose_secret()));
        one.eq(other.values.iter().map(|(name, value)| (name, value.expose_secret())))
    }
}

fn refuse_collisions(keys: &[String]) -> anyhow::Result<()> {
    let found = collisions(keys.iter().map(String::as_str));
    // Those that differ in case alone are different variables here.
    let found: Vec<_> = found.into_iter().filter(|collision| collision.variable.is_some()).collect();
    if found.is_empty() {
        return Ok(());
    }
    let found: Vec<String> = found.iter().map(|collision| collision.describe()).collect();
    bail!("{}; rename all but one of them", found.join("; "))
}
