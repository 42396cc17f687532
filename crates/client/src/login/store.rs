//! Where a login lies: one file for each address of Nexus, in a folder of this user alone. It is written beside
//! and moved into place. Whoever renews it holds a lock, because a refresh token that is used twice ends the
//! whole login.

use super::Stored;
use crate::{Error, private};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const MOST: u64 = 64 * 1024;

/// A place for one login.
#[derive(Debug, Clone)]
pub(super) struct Place {
    file: PathBuf,
}

/// While it lives nobody else renews this login.
pub(super) struct Locked(#[expect(dead_code, reason = "closing it unlocks it")] File);

impl Place {
    pub fn of(folder: &Path, url: &str) -> Self {
        let name = hex::encode(Sha256::digest(url.as_bytes()).get(..8).unwrap_or_default());
        Self { file: folder.join(format!("login-{name}.json")) }
    }

    /// Every place in a folder where somebody has logged in.
    pub fn all(folder: &Path) -> Vec<Self> {
        let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let is_one = |file: &PathBuf| {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("login-") && name.ends_with(".json")
        };
        let mut found: Vec<Self> = files.filter(is_one).map(|file| Self { file }).collect();
        found.sort_by(|one, other| one.file.cmp(&other.file));
        found
    }

    pub fn read(&self) -> Result<Option<Stored>, Error> {
        let wrong =
            |problem: &str| Error::NotLoggedIn(format!("{} {problem}; log in again", self.file.display()));
        let before = match fs::symlink_metadata(&self.file) {
            Ok(before) => before,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(&format!("cannot be read ({error})"))),
        };
        check(&before).map_err(wrong)?;
        let mut text = Zeroizing::new(Vec::new());
        let file = match File::open(&self.file) {
            Ok(file) => file,
            // Somebody logged out meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(&format!("cannot be read ({error})"))),
        };
        let opened = file.metadata().map_err(|_| wrong("cannot be read"))?;
        check(&opened).map_err(wrong)?;
        file.take(MOST).read_to_end(&mut text).map_err(|_| wrong("cannot be read"))?;
        serde_json::from_slice(&text).map(Some).map_err(|_| wrong("is damaged"))
    }

    pub fn write(&self, stored: &Stored) -> Result<(), Error> {
        let failed = |source| Error::File { what: "the login cannot be kept", source };
        let text = serde_json::to_vec(stored).map_err(|error| failed(io::Error::other(error)))?;
        let text = Zeroizing::new(text);
        let folder = self.folder().map_err(failed)?;
        // Temporary files are made for this user alone.
        let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        beside.write_all(&text).map_err(failed)?;
        // The server has forgotten the tokens before these: they must not be lost to a power cut.
        beside.as_file().sync_all().map_err(failed)?;
        beside.persist(&self.file).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Whether a login could be kept here, before anybody is asked for one.
    pub fn prepare(&self) -> Result<(), Error> {
        let failed = |source| Error::File { what: "a login could not be kept", source };
        let folder = self.folder().map_err(failed)?;
        // As it would be written; it is gone at once.
        tempfile::NamedTempFile::new_in(folder).map(drop).map_err(failed)
    }

    pub fn forget(&self) {
        // What is not there is forgotten already.
        let _gone = fs::remove_file(&self.file);
    }

    /// Waits until nobody else renews this login.
    pub async fn lock(&self) -> Result<Locked, Error> {
        let failed = |source| Error::File { what: "the login cannot be locked", source };
        let folder = self.folder().map_err(failed)?;
        let file = folder.join(self.file.with_extension("lock").file_name().unwrap_or_default());
        let locked = tokio::task::spawn_blocking(move || {
            let opened = unlocked(&file)?;
            opened.lock().map(|()| opened)
        });
        locked.await.map_err(|error| failed(io::Error::other(error)))?.map(Locked).map_err(failed)
    }

    fn folder(&self) -> io::Result<&Path> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        private::folder(folder)?;
        Ok(folder)
    }
}

#[cfg(unix)]
fn unlocked(file: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create(true).truncate(false).mode(0o600).open(file)
}

#[cfg(not(unix))]
fn unlocked(file: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(false).open(file)
}

fn check(metadata: &fs::Metadata) -> Result<(), &'static str> {
    if !metadata.is_file() || metadata.len() >= MOST {
        return Err("is no login");
    }
    check_owner(metadata)
}

#[cfg(unix)]
fn check_owner(metadata: &fs::Metadata) -> Result<(), &'static str> {
    use std::os::unix::fs::MetadataExt as _;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err("belongs to somebody else");
    }
    if metadata.mode() & 0o077 != 0 {
        return Err("could be read by others");
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_metadata: &fs::Metadata) -> Result<(), &'static str> {
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const URL: &str = "https://nexus.example/";

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    #[test]
    fn a_login_is_this_users_alone_and_one_that_others_could_read_is_none() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("config/nexus");
        let place = Place::of(&folder, URL);
        assert!(place.read().expect("nothing is wrong").is_none());
        place.write(&Stored::for_test(URL, "one", 0)).expect("written");
        assert_eq!((mode(&folder), mode(&place.file)), (0o700, 0o600));
        assert_eq!(place.read().expect("read").expect("a login").url, URL);
        assert!(Place::of(&folder, "https://other.example/").read().expect("nothing").is_none());
        assert_eq!(Place::all(&folder).len(), 1);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o770)).expect("changed");
        assert!(place.write(&Stored::for_test(URL, "one", 0)).is_err(), "others could replace it");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("changed");
        place.write(&Stored::for_test(URL, "one", 0)).expect("written");
        assert_eq!(mode(&folder), 0o755, "what was there stays as it was");
        fs::set_permissions(&place.file, fs::Permissions::from_mode(0o640)).expect("changed");
        assert!(place.read().is_err());
        fs::remove_file(&place.file).expect("removed");
        std::os::unix::fs::symlink("/dev/zero", &place.file).expect("linked");
        assert!(place.read().is_err());
        place.forget();
        assert!(Place::all(&folder).is_empty());
    }

    #[test]
    fn half_a_login_is_none_and_says_nothing_of_what_stands_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::of(folder.path(), URL);
        place.write(&Stored::for_test(URL, "hunter2", 0)).expect("written");
        let whole = fs::read(&place.file).expect("bytes");
        for cut in [1, whole.len() / 2, whole.len() - 1] {
            fs::write(&place.file, &whole[..cut]).expect("written");
            let error = place.read().expect_err("it is cut").to_string();
            assert!(error.contains("damaged") && !error.contains("hunter2"), "{error}");
        }
        assert!(!format!("{:?}", Stored::for_test(URL, "hunter2", 0)).contains("hunter2"));
    }
}
