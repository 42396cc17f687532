//! What a service has, as environment variables: text secrets and configs by value, files by their path.

use anyhow::{Context as _, bail};
use nexus_client::{Client, Entry};
use nexus_domain::export::{Collision, variable};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use std::collections::BTreeMap;
use std::ffi::OsString;

/// The variables of a command.
#[derive(Default)]
pub(super) struct Variables(BTreeMap<String, Vec<Found>>);

/// One that a service has.
struct Found {
    key: String,
    service: String,
    value: SecretString,
    /// What stands in the file, where the value is its path.
    file: Option<SecretBox<Vec<u8>>>,
}

/// Whether some of the variables would be paths of files that go with the clients.
pub(super) fn with_files(clients: &[Client]) -> bool {
    clients.iter().flat_map(Client::entries).any(|entry| matches!(entry, Entry::File { .. }))
}

impl Variables {
    /// Collects what the services have now.
    ///
    /// # Errors
    /// Where two keys would be one variable, or a value cannot be one.
    pub async fn of(clients: &[Client]) -> anyhow::Result<Self> {
        let mut variables = Self::default();
        for client in clients {
            for left_out in client.left_out() {
                tracing::warn!(key = left_out.key, code = left_out.code, "left out by the server");
            }
            for entry in client.entries() {
                let (key, value, file) = match entry {
                    Entry::Secret { key, value } => (key, value, None),
                    Entry::Config { key, value } => (key, value.into(), None),
                    Entry::File { key } => {
                        let path = client.get_secret_file_path(&key).await.with_context(|| key.clone())?;
                        let bytes = std::fs::read(&path).with_context(|| key.clone())?;
                        let path = path.to_string_lossy().into_owned();
                        (key, path.into(), Some(SecretBox::new(Box::new(bytes))))
                    }
                    // A flag is asked for when it is needed, because it changes.
                    _ => continue,
                };
                variables.add(Found { key, service: client.service(), value, file })?;
            }
        }
        variables.refuse_collisions(clients.len() > 1)?;
        Ok(variables)
    }

    fn add(&mut self, found: Found) -> anyhow::Result<()> {
        if found.value.expose_secret().contains('\0') {
            bail!(
                "{} holds a zero byte, which no environment variable can; make it a secret of type file",
                found.key
            );
        }
        let same = self.0.entry(variable(&found.key)).or_default();
        // What several services have from one umbrella is one thing.
        if !same.iter().any(|it| it.is_same(&found)) {
            same.push(found);
        }
        Ok(())
    }

    fn refuse_collisions(&self, several_services: bool) -> anyhow::Result<()> {
        let named = |it: &Found| match several_services {
            true => format!("{} of {}", it.key, it.service),
            false => it.key.clone(),
        };
        let collisions = self.0.iter().filter(|(_, found)| found.len() > 1).map(|(variable, found)| {
            let keys = found.iter().map(named).collect();
            Collision { keys, variable: Some(variable.clone()) }.describe()
        });
        let collisions: Vec<String> = collisions.collect();
        if collisions.is_empty() {
            return Ok(());
        }
        bail!("{}; rename all but one of them", collisions.join("; "))
    }

    fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, found)| Some((name.as_str(), found.first()?.value.expose_secret())))
    }

    /// As a command takes them; `taken` says which of the caller's own win.
    pub fn for_command(&self, taken: impl Fn(&str) -> bool) -> impl Iterator<Item = (&str, OsString)> {
        let wanted = self.values().filter(move |(name, _)| !taken(name));
        wanted.map(|(name, value)| (name, OsString::from(value)))
    }

    /// Whether a command that was started with the others would be started the same way with these.
    pub fn same_as(&self, other: &Self) -> bool {
        self.values().eq(other.values())
    }
}

impl Found {
    fn is_same(&self, other: &Self) -> bool {
        let values = match (&self.file, &other.file) {
            (Some(one), Some(other)) => one.expose_secret() == other.expose_secret(),
            (None, None) => self.value.expose_secret() == other.value.expose_secret(),
            _ => false,
        };
        values && self.key == other.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: &str, service: &str, value: &str, file: Option<&[u8]>) -> Found {
        let file = file.map(|bytes| SecretBox::new(Box::new(bytes.to_vec())));
        Found { key: key.into(), service: service.into(), value: value.into(), file }
    }

    fn complaint(all: Vec<Found>) -> String {
        let mut variables = Variables::default();
        for found in all {
            variables.add(found).expect("it can be one");
        }
        variables.refuse_collisions(true).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_two_services_have_from_one_umbrella_is_no_collision_and_two_values_are_one() {
        let (one, two) = (Some(b"one".as_slice()), Some(b"two".as_slice()));
        let same = || vec![found("SHARED", "api", "same", None), found("SHARED", "worker", "same", None)];
        assert_eq!(complaint(same()), "");
        assert_eq!(complaint(vec![found("C", "api", "/1", one), found("C", "worker", "/2", one)]), "");
        for (first, second) in [
            (found("SHARED", "api", "1", None), found("SHARED", "worker", "2", None)),
            (found("SHARED", "api", "/1", one), found("SHARED", "worker", "/2", two)),
            (found("SHARED", "api", "one", None), found("SHARED", "worker", "/2", one)),
        ] {
            let said = complaint(vec![first, second]);
            assert!(said.contains("SHARED of api, SHARED of worker would all be"), "{said}");
        }
        let said = complaint(vec![found("a.b", "api", "1", None), found("a-b", "worker", "1", None)]);
        assert!(said.contains("a.b of api, a-b of worker"), "{said}");
    }
}
