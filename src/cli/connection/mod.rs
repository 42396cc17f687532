//! Where a command that uses an instance finds its service: address, what it presents there, and the copies for
//! outages. A key comes first, then workload identity, then the login of the person at this machine; the first
//! one that is there is used, and nothing else where it fails. Keys come from the environment or a file and
//! never from the command line, which everybody on the machine can read.

mod folder;
mod identity;
mod own;

pub(super) use folder::Folder;

use anyhow::{Context as _, bail, ensure};
use nexus_client::login::Login;
use nexus_client::{Client, Options, WorkloadIdentity};
use secrecy::{ExposeSecret as _, SecretString};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Connection {
    /// The address of Nexus, or a service's endpoint; several, separated by commas, for several services.
    #[arg(long, env = "NEXUS_URL", value_delimiter = ',')]
    url: Vec<String>,
    /// A file with the key of each service, one a line; without it NEXUS_KEY, separated by commas.
    #[arg(long, env = "NEXUS_KEY_FILE")]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    identity: identity::Platform,
    #[command(flatten)]
    own: own::Own,
    /// Ask the server nothing: use the copy of the last time.
    #[arg(long)]
    offline: bool,
    /// How old that copy may be during an outage, for example 90s, 15m, 24h, 7d.
    #[arg(long, default_value = "24h", value_parser = age)]
    max_age: Duration,
    /// Where copies are kept, sealed with the key or for the login; by default in the user's cache folder. With
    /// workload identity there are none.
    #[arg(long, env = "NEXUS_CACHE_DIR")]
    cache_dir: Option<PathBuf>,
    /// Keep no copy.
    #[arg(long, conflicts_with = "offline")]
    no_cache: bool,
}

/// What a command presents.
pub(super) enum Way {
    Keys(Vec<SecretString>),
    Identity(Box<WorkloadIdentity>),
    Login(Login),
}

impl Connection {
    /// Reads the snapshot of each service.
    pub async fn open(&self, follow: bool) -> anyhow::Result<Vec<Client>> {
        let found = match self.way()? {
            Way::Keys(keys) => self.pairs(keys)?,
            Way::Identity(identity) => self.identified(&identity)?,
            Way::Login(login) => return self.open_own(login, follow).await,
        };
        let mut clients = Vec::new();
        for (url, options) in found {
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

    /// The first of the three ways that is there.
    pub fn way(&self) -> anyhow::Result<Way> {
        if let Some(keys) = self.keys()? {
            return Ok(Way::Keys(keys));
        }
        if let Some(identity) = self.identity.recognise()? {
            return Ok(Way::Identity(Box::new(identity)));
        }
        self.own.login(&self.url).map(Way::Login)
    }

    fn with_patience(&self, options: Options) -> Options {
        options.max_age(self.max_age).offline(self.offline)
    }

    /// Each address with its key.
    fn pairs(&self, keys: Vec<SecretString>) -> anyhow::Result<Vec<(String, Options)>> {
        let (urls, several) = (self.urls()?, self.url.len().max(keys.len()));
        ensure!(
            (urls.len() == 1 || urls.len() == several) && (keys.len() == 1 || keys.len() == several),
            "{} addresses and {} keys do not fit together",
            urls.len(),
            keys.len()
        );
        let urls = urls.iter().cycle().take(several).cloned();
        let pairs = urls.zip(keys.into_iter().cycle()).map(|(url, key)| {
            let options = Client::options(&url, key);
            (url, self.with_copies(options))
        });
        Ok(pairs.collect())
    }

    /// Each address with the same identity.
    fn identified(&self, identity: &WorkloadIdentity) -> anyhow::Result<Vec<(String, Options)>> {
        ensure!(
            !self.offline,
            "with workload identity no copies are kept, so that there is nothing to start from"
        );
        let urls = self.urls()?.iter().cloned();
        Ok(urls.map(|url| (url.clone(), Options::workload_identity(url, identity.clone()))).collect())
    }

    /// The addresses of a program. A file in a folder does not say them, because whoever wrote that file
    /// would be sent the key.
    fn urls(&self) -> anyhow::Result<&[String]> {
        ensure!(!self.url.is_empty(), "there is no address: set NEXUS_URL, or name it with --url");
        Ok(&self.url)
    }

    fn with_copies(&self, options: Options) -> Options {
        match self.copies() {
            Some(folder) => options.keep_copies_in(folder),
            None => options,
        }
    }

    fn keys(&self) -> anyhow::Result<Option<Vec<SecretString>>> {
        let text = match &self.key_file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("the key file {}", file.display()))?;
                Some(SecretString::from(text))
            }
            None => variable("NEXUS_KEY").map(SecretString::from),
        };
        let Some(text) = text else { return Ok(None) };
        let words = text.expose_secret().split([',', '\n', ' ', '\r']).filter(|word| !word.is_empty());
        let keys: Vec<SecretString> = words.map(SecretString::from).collect();
        ensure!(!keys.is_empty(), "there is no key in it");
        Ok(Some(keys))
    }

    fn copies(&self) -> Option<PathBuf> {
        if self.no_cache {
            return None;
        }
        self.cache_dir.clone().or_else(|| of_user("XDG_CACHE_HOME", ".cache"))
    }
}

/// Says where what is shown may not be what the server has by now.
pub(super) fn warn_if_old(client: &Client) {
    if let Some(trouble) = client.trouble() {
        super::warn(&format!("{trouble}; this is the copy of the last time"));
    }
}

/// The folder of Nexus among those that a user has for one purpose (XDG Base Directory).
fn of_user(name: &str, below_home: &str) -> Option<PathBuf> {
    let named = variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let of_home = || variable("HOME").map(|home| PathBuf::from(home).join(below_home));
    Some(named.or_else(of_home)?.join("nexus"))
}

/// Where logins are kept.
pub(super) fn logins() -> anyhow::Result<PathBuf> {
    let named = variable("NEXUS_LOGIN_DIR").map(PathBuf::from);
    let found = named.or_else(|| of_user("XDG_CONFIG_HOME", ".config"));
    found.context("there is no folder for logins: set HOME, or NEXUS_LOGIN_DIR")
}

#[expect(
    clippy::disallowed_methods,
    reason = "these commands have no settings file; this is where their key comes from"
)]
pub(super) fn variable(name: &str) -> Option<String> {
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
            identity: identity::Platform::default(),
            own: own::Own::default(),
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
        let pairs = |urls: &[&str]| {
            let connection = connection(urls, file.clone());
            connection.keys().and_then(|keys| connection.pairs(keys.expect("there are some")))
        };
        assert_eq!(pairs(&["https://a.b"]).expect("they fit").len(), 2);
        assert_eq!(pairs(&["https://a.b/1", "https://a.b/2"]).expect("they fit")[1].0, "https://a.b/2");
        assert!(pairs(&["1", "2", "3"]).is_err());
        assert!(pairs(&[]).is_err(), "a key goes to no address but one that was named");
        std::fs::write(&file, "\n").expect("written");
        assert!(pairs(&["1"]).is_err());
    }
}
