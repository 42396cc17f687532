//! The snapshot that a client holds: taken apart once, so that reading a value is a look into a map.

use crate::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_domain::config::ConfigType;
use nexus_domain::secret::SecretType;
use nexus_domain::service::ServiceKind;
use nexus_domain::snapshot::{Snapshot, SnapshotConfig, SnapshotError, SnapshotSecret};
use secrecy::{SecretBox, SecretString};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A secret as it is held.
#[derive(Clone)]
pub(crate) enum Secret {
    Text(SecretString),
    File(Arc<SecretBox<Vec<u8>>>),
    /// A file that is fetched when it is asked for.
    Large {
        sha256: String,
    },
}

impl Secret {
    fn of(key: &str, secret: SnapshotSecret) -> Result<Self, Error> {
        let broken = |problem: &str| Error::WrongType { key: key.to_owned(), problem: problem.to_owned() };
        match (secret.kind, secret.value, secret.value_base64, secret.sha256) {
            (SecretType::Text, Some(value), ..) => Ok(Self::Text(value.into())),
            (SecretType::File, _, Some(value), _) => {
                let bytes = STANDARD.decode(value).map_err(|_| broken("it is not base64"))?;
                Ok(Self::File(Arc::new(SecretBox::new(Box::new(bytes)))))
            }
            (SecretType::File, _, None, Some(sha256)) => {
                Ok(Self::Large { sha256: sha256.to_ascii_lowercase() })
            }
            _ => Err(broken("it has no value")),
        }
    }

    /// The bytes of a file that came alone.
    pub fn bytes_of(key: &str, secret: SnapshotSecret) -> Result<Arc<SecretBox<Vec<u8>>>, Error> {
        match Self::of(key, secret)? {
            Self::File(bytes) => Ok(bytes),
            _ => Err(Error::WrongType { key: key.to_owned(), problem: "it is no file".to_owned() }),
        }
    }

    pub fn text(&self, key: &str) -> Result<SecretString, Error> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            _ => Err(Error::WrongType { key: key.to_owned(), problem: "it is a file".to_owned() }),
        }
    }
}

/// The value of a secret that is written.
#[non_exhaustive]
pub enum SecretValue {
    Text(SecretString),
    File(SecretBox<Vec<u8>>),
}

/// One entry of a snapshot, for those who want all of them.
#[derive(Clone)]
#[non_exhaustive]
pub enum Entry {
    /// A text secret.
    Secret { key: String, value: SecretString },
    /// A secret of type file; [`Client::get_secret_file_path`](crate::Client::get_secret_file_path) writes it.
    File { key: String },
    /// A config, as text: a string as it is, everything else as JSON.
    Config { key: String, value: String },
    /// A flag's plain state.
    Flag { key: String, enabled: bool },
}

/// What was read last.
pub(crate) struct Held {
    snapshot: Snapshot,
    secrets: Option<BTreeMap<String, Secret>>,
    /// Whether the key is one that never reads secrets.
    public: bool,
}

impl Held {
    /// Takes the body of a sync apart.
    pub fn of_body(body: &[u8], public: bool) -> Result<Self, Error> {
        let mut snapshot: Snapshot = serde_json::from_slice(body).map_err(|error| {
            Error::Unreachable(format!("its snapshot is cut off or not one (column {})", error.column()))
        })?;
        let secrets = snapshot.secrets.take();
        let secrets = secrets.map(|secrets| {
            // One that this version cannot read is missing, and its neighbours are there.
            secrets
                .into_iter()
                .filter_map(|(key, secret)| Secret::of(&key, secret).ok().map(|it| (key, it)))
                .collect()
        });
        Ok(Self { snapshot, secrets, public })
    }

    pub const fn revision(&self) -> i64 {
        self.snapshot.revision
    }

    /// The service's name, as the server has it.
    pub fn service(&self) -> &str {
        &self.snapshot.service
    }

    /// The hashes of the files that it only names.
    pub fn large(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().flat_map(BTreeMap::values).filter_map(|secret| match secret {
            Secret::Large { sha256 } => Some(sha256.as_str()),
            _ => None,
        })
    }

    pub fn errors(&self) -> &[SnapshotError] {
        &self.snapshot.errors
    }

    pub fn secret(&self, key: &str) -> Result<&Secret, Error> {
        match &self.secrets {
            Some(secrets) => secrets.get(key).ok_or_else(|| Error::SecretNotFound(key.to_owned())),
            None if self.public => Err(Error::PublicKeyRestricted),
            None if self.snapshot.kind == ServiceKind::Frontend => Err(Error::ServiceKindMismatch),
            None => Err(Error::PublicKeyRestricted),
        }
    }

    pub fn config<T: DeserializeOwned>(&self, key: &str) -> Result<T, Error> {
        let config = self.snapshot.configs.get(key).ok_or_else(|| Error::ConfigNotFound(key.to_owned()))?;
        serde_json::from_str(config.value.as_str())
            .map_err(|error| Error::WrongType { key: key.to_owned(), problem: error.to_string() })
    }

    pub fn flag(&self, key: &str) -> Result<bool, Error> {
        let flag = self.snapshot.flags.get(key).ok_or_else(|| Error::FlagNotFound(key.to_owned()))?;
        Ok(flag.enabled)
    }

    pub fn entries(&self) -> Vec<Entry> {
        let secrets = self.secrets.iter().flatten().map(|(key, secret)| match secret {
            Secret::Text(value) => Entry::Secret { key: key.clone(), value: value.clone() },
            _ => Entry::File { key: key.clone() },
        });
        let configs = self.snapshot.configs.iter();
        let configs = configs.map(|(key, config)| Entry::Config { key: key.clone(), value: text(config) });
        let flags = self.snapshot.flags.iter();
        let flags = flags.map(|(key, flag)| Entry::Flag { key: key.clone(), enabled: flag.enabled });
        secrets.chain(configs).chain(flags).collect()
    }
}

fn text(config: &SnapshotConfig) -> String {
    let json = config.value.as_str();
    match config.kind {
        ConfigType::String => serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
        _ => json.to_owned(),
    }
}
