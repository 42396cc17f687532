//! What a client is made from.

use crate::api::Api;
use crate::disk::Disk;
use crate::files::Files;
use crate::follow;
use crate::{Client, Error};
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How old a copy on disk may be, unless somebody says otherwise.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The endpoint, the key, and what to do while the server is away.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) endpoint: String,
    pub(crate) key: SecretString,
    pub(crate) copies: Option<PathBuf>,
    pub(crate) max_age: Duration,
    pub(crate) offline: bool,
    pub(crate) follow: bool,
}

impl Options {
    pub(crate) const fn new(endpoint: String, key: SecretString) -> Self {
        Self { endpoint, key, copies: None, max_age: MAX_AGE, offline: false, follow: true }
    }

    /// Keeps the last good snapshot in this folder, sealed with the key, so that the program starts
    /// during an outage.
    #[must_use]
    pub fn keep_copies_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.copies = Some(folder.into());
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
    /// When the key is refused, and when the server cannot be reached and no copy on disk is young enough.
    pub async fn connect(self) -> Result<Client, Error> {
        let api = Arc::new(Api::new(&self)?);
        let disk =
            self.copies.as_deref().map(|folder| Disk::new(folder, api.address(), &self.key)).transpose()?;
        let follow = self.follow && !self.offline;
        let first = follow::first(&api, disk.as_ref(), &self).await?;
        let (state, task) = follow::begin(Arc::clone(&api), disk, first, follow);
        Ok(Client { api, state, files: Arc::new(Files::default()), _task: Arc::new(task) })
    }
}
