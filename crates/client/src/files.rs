//! Secrets of type file, as files that only this user can read. They lie in a folder of their own that
//! goes with the client. Whose client was killed leaves such a folder behind; the next client takes it away.

use crate::api::Api;
use crate::disk::Disk;
use crate::held::Secret;
use crate::{Error, private};
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::Mutex;

const FOLDER: &str = "nexus-files-";
/// Whoever needs the files of a folder holds a shared lock on this one.
const LOCK: &str = "lock";

/// The files that were asked for so far.
pub(crate) struct Files {
    /// Where large ones are kept for outages.
    disk: Option<Arc<Disk>>,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    folder: Option<Folder>,
    /// By key and hash of what is in it.
    paths: HashMap<(String, String), PathBuf>,
}

/// It is gone when this is dropped.
struct Folder {
    inner: TempDir,
    /// Closing it unlocks it.
    lock: File,
}

impl Files {
    pub fn new(disk: Option<Arc<Disk>>) -> Self {
        Self { disk, written: Mutex::default() }
    }

    pub async fn path(&self, api: &Api, key: &str, secret: &Secret) -> Result<PathBuf, Error> {
        let mut written = self.written.lock().await;
        let hash = match secret {
            Secret::Large { sha256 } => sha256.clone(),
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
            _ => self.large(api, key, &place.1).await?,
        };
        let path = written
            .write(&bytes)
            .map_err(|source| Error::File { what: "the file of a secret cannot be written", source })?;
        written.paths.insert(place, path.clone());
        Ok(path)
    }

    /// A file that the snapshot only names. The hash says which one, so that a copy of it is as good as the server's.
    async fn large(&self, api: &Api, key: &str, sha256: &str) -> Result<Arc<SecretBox<Vec<u8>>>, Error> {
        if let Some(mut kept) = self.disk.as_ref().and_then(|disk| disk.read_large(sha256)) {
            return Ok(Arc::new(SecretBox::new(Box::new(std::mem::take(&mut *kept)))));
        }
        if api.offline {
            return Err(Error::NoCopy("this file was not read before"));
        }
        let bytes = fetch(api, key, sha256).await?;
        // A copy that cannot be kept is no reason to stop: the file is there.
        if let Some(Err(error)) = self.disk.as_ref().map(|it| it.keep_large(sha256, bytes.expose_secret())) {
            tracing::warn!(%error, "a file is not kept on disk");
        }
        Ok(bytes)
    }

    /// Lets the commands that are started from now on hold the lock too.
    pub async fn share(&self) -> io::Result<()> {
        match &self.written.lock().await.folder {
            Some(folder) => inherit(&folder.lock),
            None => Ok(()),
        }
    }
}

impl Written {
    fn write(&mut self, bytes: &SecretBox<Vec<u8>>) -> io::Result<PathBuf> {
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => Folder::new()?,
        };
        let folder = self.folder.insert(folder);
        // The name says nothing, because process lists show it.
        let mut file = tempfile::Builder::new().prefix("file-").tempfile_in(folder.inner.path())?;
        file.write_all(bytes.expose_secret())?;
        file.flush()?;
        let (_, path) = file.keep().map_err(|error| error.error)?;
        Ok(path)
    }
}

impl Folder {
    fn new() -> io::Result<Self> {
        sweep(&std::env::temp_dir());
        let inner = private::temporary(FOLDER)?;
        // It has its name only once it is locked, so that nobody finds it before.
        let lock = tempfile::NamedTempFile::new_in(inner.path())?;
        lock.as_file().lock_shared()?;
        let lock = lock.persist(inner.path().join(LOCK)).map_err(|error| error.error)?;
        Ok(Self { inner, lock })
    }
}

/// Takes away what programs of this user left that were killed: nobody holds their locks any more.
fn sweep(temporary: &Path) {
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        let is_one = entry.file_name().to_str().is_some_and(|name| name.starts_with(FOLDER));
        if is_one && private::is_mine_alone(&entry.path()) {
            // Where it fails, somebody else is at it, and the next one tries again.
            let _gone = sweep_one(&entry.path());
        }
    }
}

fn sweep_one(folder: &Path) -> io::Result<()> {
    let lock = File::open(folder.join(LOCK))?;
    lock.try_lock().map_err(io::Error::from)?;
    fs::remove_dir_all(folder)
}

#[cfg(unix)]
fn inherit(lock: &File) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(lock, rustix::io::FdFlags::empty())?)
}

#[cfg(not(unix))]
fn inherit(_lock: &File) -> io::Result<()> {
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Answer, Script, good, says, snapshot};
    use crate::{Client, Options};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;
    use std::sync::atomic::{AtomicBool, Ordering};

    const LARGE: &[u8] = b"as if it were large";

    /// A service with a large file; what it answers while `away` is a proxy's page.
    async fn stage() -> (Script, Arc<AtomicBool>) {
        let away = Arc::new(AtomicBool::new(false));
        let now = Arc::clone(&away);
        let script = Script::new(move |asked| -> Option<Answer> {
            if now.load(Ordering::SeqCst) {
                return Some(says(404, "<html>"));
            }
            let mut snapshot = snapshot();
            let sha256 = hex::encode(Sha256::digest(LARGE));
            snapshot["secrets"]["CERT"] =
                json!({ "type": "file", "sha256": sha256, "size": 19, "version": 1, "inherited": false });
            let alone = json!({ "key": "CERT", "type": "file", "value_base64": STANDARD.encode(LARGE), "version": 1,
                                "inherited": false });
            Some(good(if asked.what.ends_with("/v1/sync") { &snapshot } else { &alone }))
        })
        .await;
        (script, away)
    }

    fn options(script: &Script, copies: &Path) -> Options {
        Client::options(script.address.as_str(), "sk_live_1").keep_copies_in(copies).follow(false)
    }

    async fn read(client: &Client) -> Result<Vec<u8>, Error> {
        let path = client.get_secret_file_path("CERT").await?;
        Ok(fs::read(path).expect("it is there"))
    }

    #[tokio::test]
    async fn a_large_file_that_was_read_once_is_there_during_an_outage_and_offline_asks_nobody() {
        let (script, away) = stage().await;
        let copies = tempfile::tempdir().expect("a folder");
        let unread = options(&script, copies.path()).connect().await.expect("a snapshot");
        let offline = options(&script, copies.path()).offline(true);
        let before = offline.clone().connect().await.expect("a copy");
        let asked = script.asked().len();
        assert!(matches!(read(&before).await, Err(Error::NoCopy(_))));
        assert!(before.delete_secret("CERT").await.is_err());
        assert_eq!(script.asked().len(), asked, "offline");
        assert_eq!(read(&unread).await.expect("fetched"), LARGE);

        assert_eq!(read(&offline.connect().await.expect("a copy")).await.expect("kept"), LARGE);
        assert_eq!(script.count("GET /v1/secrets/CERT"), 1);
        away.store(true, Ordering::SeqCst);
        let client = options(&script, copies.path()).connect().await.expect("a copy");
        assert!(client.trouble().is_some());
        assert_eq!(read(&client).await.expect("kept"), LARGE);
        for file in fs::read_dir(copies.path()).expect("a folder") {
            let stored = fs::read(file.expect("a file").path()).expect("bytes");
            assert!(!stored.windows(5).any(|window| window == b"large"));
        }
    }

    #[test]
    fn what_a_killed_program_left_is_swept_and_what_is_held_stays() {
        let temporary = tempfile::tempdir().expect("a folder");
        let left = |name: &str| {
            let folder = temporary.path().join(name);
            fs::create_dir(&folder).expect("made");
            #[cfg(unix)]
            fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))
                .expect("closed");
            File::create(folder.join("file-1")).expect("made");
            (File::create(folder.join(LOCK)).expect("made"), folder)
        };
        let (held, of_living) = left("nexus-files-1");
        held.lock_shared().expect("locked");
        let (released, of_dead) = left("nexus-files-2");
        drop(released);
        let (_, foreign) = left("other-3");
        sweep(temporary.path());
        assert!(of_living.exists() && foreign.exists() && !of_dead.exists());
    }
}
