//! Where a command that uses an instance finds its service: address, key, and the copies for outages.
//! Keys come from the environment or a file and never from the command line, which everybody on the
//! machine can read.

use anyhow::{Context as _, bail, ensure};
use nexus_client::{Client, Options};
use secrecy::{ExposeSecret as _, SecretString};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Connection {
    /// The address of Nexus, or a service's endpoint; several, separated by commas, for several services.
    #[arg(long, env = "NEXUS_URL", value_delimiter = ',', required = true)]
    url: Vec<String>,
    /// A file with the key of each service, one a line; without it NEXUS_KEY, separated by commas.
    #[arg(long, env = "NEXUS_KEY_FILE")]
    key_file: Option<PathBuf>,
    /// Ask the server nothing: use the copy of the last time.
    #[arg(long)]
    offline: bool,
    /// How old that copy may be during an outage, for example 90s, 15m, 24h, 7d.
    #[arg(long, default_value = "24h", value_parser = age)]
    max_age: Duration,
    /// Where copies are kept, sealed with the key; by default in the user's cache folder.
    #[arg(long, env = "NEXUS_CACHE_DIR")]
    cache_dir: Option<PathBuf>,
    /// Keep no copy.
    #[arg(long, conflicts_with = "offline")]
    no_cache: bool,
}

impl Connection {
    /// Reads the snapshot of each service.
    pub async fn open(&self, follow: bool) -> anyhow::Result<Vec<Client>> {
        let mut clients = Vec::new();
        for (url, key) in self.pairs()? {
            let mut options = Client::options(&url, key);
            if let Some(folder) = self.copies() {
                options = options.keep_copies_in(folder);
            }
            clients.push(self.with_patience(options).follow(follow).connect().await.with_context(|| url)?);
        }
        Ok(clients)
    }

    /// The same where a command is about one service.
    pub async fn open_one(&self) -> anyhow::Result<Client> {
        let mut clients = self.open(false).await?;
        match (clients.pop(), clients.is_empty()) {
            (Some(client), true) => Ok(client),
            _ => bail!("this is about one service; there are several addresses or keys"),
        }
    }

    fn with_patience(&self, options: Options) -> Options {
        options.max_age(self.max_age).offline(self.offline)
    }

    /// Each address with its key.
    fn pairs(&self) -> anyhow::Result<Vec<(String, SecretString)>> {
        let keys = self.keys()?;
        let (urls, several) = (&self.url, self.url.len().max(keys.len()));
        ensure!(
            (urls.len() == 1 || urls.len() == several) && (keys.len() == 1 || keys.len() == several),
            "{} addresses and {} keys do not fit together",
            urls.len(),
            keys.len()
        );
        let urls = urls.iter().cycle().take(several).cloned();
        Ok(urls.zip(keys.iter().cycle().cloned()).collect())
    }

    fn keys(&self) -> anyhow::Result<Vec<SecretString>> {
        let text = match &self.key_file {
            Some(file) => {
                let text = std::fs::read_to_string(file).with_context(|| format!("the key file {}", file.display()))?;
                SecretString::from(text)
            }
            None => variable("NEXUS_KEY").map(SecretString::from).context(
                "there is no key: set NEXUS_KEY, or name a file with --key-file (keys are on the service's API keys tab)",
            )?,
        };
        let words = text.expose_secret().split([',', '\n', ' ', '\r']).filter(|word| !word.is_empty());
        let keys: Vec<SecretString> = words.map(SecretString::from).collect();
        ensure!(!keys.is_empty(), "there is no key in it");
        Ok(keys)
    }

    fn copies(&self) -> Option<PathBuf> {
        if self.no_cache {
            return None;
        }
        let of_user = || variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let of_home = || variable("HOME").map(|home| PathBuf::from(home).join(".cache"));
        self.cache_dir.clone().or_else(|| Some(of_user().or_else(of_home)?.join("nexus")))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "these commands have no settings file; this is where their key comes from"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// `90s`, `15m`, `24h`, `7d`
fn age(text: &str) -> Result<Duration, String> {
    let rule = || "a number with s, m, h or d, for example 24h".to_owned();
    let unit = match text.chars().next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return Err(rule()),
    };
    let number: u64 =
        text.get(..text.len().saturating_sub(1)).and_then(|digits| digits.parse().ok()).ok_or_else(rule)?;
    number.checked_mul(unit).map(Duration::from_secs).ok_or_else(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_a_unit() {
        assert_eq!(age("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(age("0s"), Ok(Duration::ZERO));
        for wrong in ["", "h", "15", "-1h", "1.5h", "15µ", "99999999999999999999d", "9999999999999999999d"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }

    fn connection(url: &[&str], key_file: PathBuf) -> Connection {
        Connection {
            url: url.iter().map(|&url| url.to_owned()).collect(),
            key_file: Some(key_file),
            offline: false,
            max_age: Duration::ZERO,
            cache_dir: None,
            no_cache: true,
        }
    }

    #[test]
    fn each_address_has_a_key_and_each_key_an_address() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("keys");
        std::fs::write(&file, "one\ntwo\r\n").expect("written");
        let pairs = connection(&["https://a.b"], file.clone()).pairs().expect("they fit");
        assert_eq!(pairs.len(), 2);
        assert_eq!(
            connection(&["https://a.b/1", "https://a.b/2"], file.clone()).pairs().expect("they fit")[1].0,
            "https://a.b/2"
        );
        assert!(connection(&["1", "2", "3"], file.clone()).pairs().is_err());
        std::fs::write(&file, "\n").expect("written");
        assert!(connection(&["1"], file).pairs().is_err());
    }
}
