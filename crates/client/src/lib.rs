//! Reads what a service needs at run time from Nexus: secrets, configs and flags, as one snapshot.
//!
//! A [`Client`] reads the snapshot once, keeps it in memory, and follows its changes over the server's
//! event stream. Reading a value is a look into memory: it never waits and never fails because the
//! server is away. What was read last is kept, sealed, on disk where one asks for it, so that a program
//! starts during an outage too.
//!
//! ```no_run
//! # async fn example() -> Result<(), nexus_client::Error> {
//! use secrecy::ExposeSecret as _;
//!
//! // The endpoint and the key stand on the service's page in the console.
//! let nexus = nexus_client::Client::options("https://nexus.example/s/checkout-api-k3mzq5ta", "sk_live_…")
//!     .connect()
//!     .await?;
//! let password = nexus.get_secret("database_password")?;
//! let port: u16 = nexus.get_config("port")?;
//! if nexus.get_flag("new_checkout").unwrap_or(false) {
//!     println!("{port} {}", password.expose_secret().len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Instead of a key a program may present what its platform says that it is
//! ([`Options::workload_identity`], [`WorkloadIdentity::detect`]): it exchanges that for a session, keeps the
//! session in memory and renews it at about two thirds of its life, and when the server refuses it. A person's
//! login at this machine is another one ([`login`]).
//!
//! What it does when something is wrong:
//!
//! | answer | while running | at the start |
//! |---|---|---|
//! | unreachable, slow, 5xx, half a body, a proxy's page | keeps its values, asks again with growing, random pauses of at most 20 s | the copy on disk, if it is young enough |
//! | 402 | keeps its values, asks again after five minutes | the same |
//! | 429 `rate_limited` | keeps its values, waits as long as it is told | the same |
//! | 429 `quarantined` | keeps its values, asks nothing before the quarantine ends | the same |
//! | 401, 403, 404 of Nexus itself | keeps its values in memory, forgets the copy on disk, asks again once a minute | an error |
//! | the platform gives no proof of what this program is | keeps its values, asks again with growing, random pauses | an error that names the platform |

mod api;
mod credentials;
mod disk;
mod error;
mod events;
mod files;
mod follow;
mod held;
mod identity;
pub mod login;
mod options;
mod pause;
mod private;
#[cfg(test)]
mod script;
mod wire;

pub use error::Error;
pub use held::{Entry, SecretValue};
pub use identity::WorkloadIdentity;
pub use options::Options;

use api::Api;
use files::Files;
use follow::{State, Task};
use nexus_domain::snapshot::SnapshotError;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// An open connection to one service. Cheap to clone; the last clone that is dropped ends it.
#[derive(Clone)]
pub struct Client {
    api: Arc<Api>,
    state: watch::Receiver<State>,
    files: Arc<Files>,
    /// Follows the changes until the last clone is dropped.
    _task: Arc<Task>,
}

impl Client {
    /// What a client needs: the service's endpoint, or the instance's own address where the key is one
    /// of a service, and the key.
    pub fn options(endpoint: impl Into<String>, key: impl Into<SecretString>) -> Options {
        Options::new(endpoint.into(), key.into())
    }

    /// A text secret.
    ///
    /// # Errors
    /// [`Error::SecretNotFound`]; [`Error::PublicKeyRestricted`] with a public key;
    /// [`Error::ServiceKindMismatch`] for a frontend service; [`Error::WrongType`] for a file.
    pub fn get_secret(&self, key: &str) -> Result<SecretString, Error> {
        self.state.borrow().held.secret(key)?.text(key)
    }

    /// The path of a file that holds a secret of type file. Only this user can read it, and it is
    /// removed when the last clone of this client is dropped. A new version comes in another file. Files of programs
    /// that were killed are removed by the next one of this user.
    ///
    /// # Errors
    /// As for [`get_secret`](Self::get_secret), and when a large file cannot be fetched.
    pub async fn get_secret_file_path(&self, key: &str) -> Result<PathBuf, Error> {
        let secret = self.state.borrow().held.secret(key)?.clone();
        self.files.path(&self.api, key, &secret).await
    }

    /// Lets the commands that this program starts from now on hold on to the files: where this program is killed,
    /// they stay as long as one of those commands runs.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn share_files_with_commands(&self) -> Result<(), Error> {
        self.files.share().await.map_err(|source| Error::File { what: "the files cannot be shared", source })
    }

    /// A config, as the type that the caller expects.
    ///
    /// # Errors
    /// [`Error::ConfigNotFound`]; [`Error::WrongType`] where the value is of another type.
    pub fn get_config<T: DeserializeOwned>(&self, key: &str) -> Result<T, Error> {
        self.state.borrow().held.config(key)
    }

    /// Whether a flag is on: its state and schedule, without rules and rollout.
    ///
    /// # Errors
    /// [`Error::FlagNotFound`].
    pub fn get_flag(&self, key: &str) -> Result<bool, Error> {
        self.state.borrow().held.flag(key)
    }

    /// Evaluates a flag for somebody, with its rules and rollout. It asks the server each time.
    ///
    /// # Errors
    /// [`Error::FlagNotFound`]; [`Error::Refused`] where the project lacks A/B testing; what else a
    /// request can end in. Use your own default then.
    pub async fn evaluate_ab(
        &self,
        key: &str,
        user_id: Option<&str>,
        attributes: Map<String, Value>,
    ) -> Result<bool, Error> {
        self.api.evaluate(key, user_id, attributes).await
    }

    /// Makes a secret of the service's own, or its next version; answers with the version's number. The
    /// key has to have access `read_write`.
    ///
    /// # Errors
    /// [`Error::Refused`] with `forbidden` for a key that only reads; what else a request can end in.
    pub async fn set_secret(
        &self,
        key: &str,
        value: &SecretValue,
        description: Option<&str>,
    ) -> Result<i64, Error> {
        self.api.set(key, value, description).await
    }

    /// Deletes a secret of the service's own; it can be restored in the console.
    ///
    /// # Errors
    /// [`Error::SecretNotFound`] where the service has none of its own by this key; otherwise as for
    /// [`set_secret`](Self::set_secret).
    pub async fn delete_secret(&self, key: &str) -> Result<(), Error> {
        match self.api.delete(key).await {
            Err(Error::Refused(refusal)) if refusal.code == nexus_domain::Code::NotFound => {
                Err(Error::SecretNotFound(key.to_owned()))
            }
            done => done,
        }
    }

    /// The name of the service.
    pub fn service(&self) -> String {
        self.state.borrow().held.service().to_owned()
    }

    /// Every entry of the snapshot that is held now, secrets included.
    pub fn entries(&self) -> Vec<Entry> {
        self.state.borrow().held.entries()
    }

    /// Entries that the server left out of the snapshot, and why.
    pub fn left_out(&self) -> Vec<SnapshotError> {
        self.state.borrow().held.errors().to_vec()
    }

    /// The revision of the snapshot that is held now.
    pub fn revision(&self) -> i64 {
        self.state.borrow().held.revision()
    }

    /// Why the values may be older than the server's, if they may be.
    pub fn trouble(&self) -> Option<Arc<Error>> {
        self.state.borrow().trouble.clone()
    }

    /// Waits until another snapshot is held than the one with this revision; answers with the new
    /// revision.
    pub async fn changed_since(&self, revision: i64) -> i64 {
        let mut state = self.state.clone();
        match state.wait_for(|state| state.held.revision() != revision).await {
            Ok(state) => state.held.revision(),
            // Nothing follows, so nothing changes any more.
            Err(_) => std::future::pending().await,
        }
    }
}
