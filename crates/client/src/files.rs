//! Secrets of type file, as files that only this user can read. They lie in a folder of their own that
//! goes with the client.

use crate::Error;
use crate::api::Api;
use crate::held::Secret;
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::Mutex;

/// The files that were asked for so far.
#[derive(Default)]
pub(crate) struct Files(Mutex<Written>);

#[derive(Default)]
struct Written {
    folder: Option<TempDir>,
    /// By key and hash of what is in it.
    paths: HashMap<(String, String), PathBuf>,
}

impl Files {
    pub async fn path(&self, api: &Api, key: &str, secret: &Secret) -> Result<PathBuf, Error> {
        let mut written = self.0.lock().await;
        let hash = match secret {
            Secret::Large { sha256 } => sha256.to_ascii_lowercase(),
            Secret::File(bytes) => hash(bytes),
            Secret::Text(_) => {
                return Err(Error::WrongType { key: key.to_owned(), problem: "it is a text".to_owned() });
            }
        };
        let place = (key.to_owned(), hash);
        if let Some(path) = written.paths.get(&place) {
            return Ok(path.clone());
        }
        let bytes = match secret {
            Secret::File(bytes) => Arc::clone(bytes),
            _ => fetch(api, key, &place.1).await?,
        };
        let path = written
            .write(&bytes)
            .map_err(|source| Error::File { what: "the file of a secret cannot be written", source })?;
        written.paths.insert(place, path.clone());
        Ok(path)
    }
}

impl Written {
    fn write(&mut self, bytes: &SecretBox<Vec<u8>>) -> std::io::Result<PathBuf> {
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => tempfile::Builder::new().prefix("nexus-").tempdir()?,
        };
        let folder = self.folder.insert(folder);
        // The name says nothing, because process lists show it.
        let mut file = tempfile::Builder::new().prefix("file-").tempfile_in(folder.path())?;
        file.write_all(bytes.expose_secret())?;
        file.flush()?;
        let (_, path) = file.keep().map_err(|error| error.error)?;
        Ok(path)
    }
}

async fn fetch(api: &Api, key: &str, expected: &str) -> Result<Arc<SecretBox<Vec<u8>>>, Error> {
    let bytes = Secret::bytes_of(key, api.secret(key).await?)?;
    if hash(&bytes) == expected {
        return Ok(bytes);
    }
    Err(Error::Unreachable(format!("{key} has changed meanwhile; ask again")))
}

fn hash(bytes: &SecretBox<Vec<u8>>) -> String {
    hex::encode(Sha256::digest(bytes.expose_secret()))
}
