//! What a client is made from.

use crate::api::Api;
use crate::credentials::Credential;
use crate::disk::Disk;
use crate::files::Files;
use crate::login::Login;
use crate::{Client, Error, WorkloadIdentity, follow};
use secrecy::{ExposeSecret as _, SecretString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How old a copy on disk may be, unless somebody says otherwise.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// The length of 128 bits in hex; less could be guessed by whoever has the disk.
const SHORTEST_SEAL: usize = 32;

/// The endpoint, what the program presents there, and what to do while the server is away.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) endpoint: String,
    pub(crate) credential: Credential,
    pub(crate) copies: Option<PathBuf>,
    pub(crate) seal: Option<SecretString>,
    pub(crate) max_age: Duration,
    pub(crate) offline: bool,
    pub(crate) follow: bool,
}

impl Options {
    /// With the key of a service.
    pub(crate) fn new(endpoint: String, key: SecretString) -> Self {
        Self { seal: Some(key.clone()), ..Self::with(endpoint, Credential::Key(key)) }
    }

    const fn with(endpoint: String, credential: Credential) -> Self {
        Self {
            endpoint,
            credential,
            copies: None,
            seal: None,
            max_age: MAX_AGE,
            offline: false,
            follow: true,
        }
    }

    /// With what the platform says that this program is. The endpoint has to be a service's own, as it
    /// stands on the service's page.
    pub fn workload_identity(endpoint: impl Into<String>, identity: WorkloadIdentity) -> Self {
        Self::with(endpoint.into(), Credential::Workload(identity))
    }

    /// With the login of a person on this machine.
    pub fn login(endpoint: impl Into<String>, login: Login) -> Self {
        let seal = login.seal();
        Self { seal, ..Self::with(endpoint.into(), Credential::Login(login)) }
    }

    /// With what the environment of this program holds: `NEXUS_KEY`, or else workload identity as
    /// [`WorkloadIdentity::detect`] finds it.
    ///
    /// # Errors
    /// Where there is neither.
    pub fn detect(endpoint: impl Into<String>) -> Result<Self, Error> {
        match crate::identity::variable("NEXUS_KEY") {
            Some(key) => Ok(Self::new(endpoint.into(), key.into())),
            None => Ok(Self::workload_identity(endpoint, WorkloadIdentity::detect()?)),
        }
    }

    /// Keeps the last good snapshot in this folder, sealed, so that the program starts during an outage.
    /// With a key it is sealed with that; workload identity has none, so that
    /// [`seal_copies_with`](Self::seal_copies_with) has to give one.
    #[must_use]
    pub fn keep_copies_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.copies = Some(folder.into());
        self
    }

    /// What copies are sealed with: at least 32 characters that nobody can guess and that the program
    /// keeps from start to start.
    #[must_use]
    pub fn seal_copies_with(mut self, secret: impl Into<SecretString>) -> Self {
        self.seal = Some(secret.into());
        self
    }

    /// How old such a copy may be; 24 hours unless said otherwise.
    #[must_use]
    pub const fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Asks the server nothing: the copy on disk, or an error.
    #[must_use]
    pub const fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// Whether to follow changes; without it the snapshot stays as it was read at first.
    #[must_use]
    pub const fn follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// Reads the snapshot and begins to follow its changes.
    ///
    /// # Errors
    /// When the credential is refused, and when the server cannot be reached and no copy on disk is young enough.
    pub async fn connect(self) -> Result<Client, Error> {
        let api = Arc::new(Api::new(&self)?);
        let disk = self.disk(api.address())?.map(Arc::new);
        let follow = self.follow && !self.offline;
        let first = follow::first(&api, disk.as_deref(), &self).await?;
        let files = Arc::new(Files::new(disk.clone()));
        let (state, task) = follow::begin(Arc::clone(&api), disk, first, follow);
        Ok(Client { api, state, files, _task: Arc::new(task) })
    }

    fn disk(&self, address: &str) -> Result<Option<Disk>, Error> {
        let Some(folder) = &self.copies else { return Ok(None) };
        let seal = self.seal.as_ref().ok_or_else(|| {
            Error::Invalid(
                "copies on disk are sealed with the key, and workload identity has none: give one".into(),
            )
        })?;
        let short = seal.expose_secret().trim().len() < SHORTEST_SEAL;
        if short && !matches!(self.credential, Credential::Key(_)) {
            return Err(Error::Invalid("what copies are sealed with has at least 32 characters".into()));
        }
        Disk::new(folder, address, seal).map(Some)
    }
}
