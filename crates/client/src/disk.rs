//! The last good snapshot on disk, for starting while the server is away, and beside it the large files that it
//! names. They are sealed with a key that is made from the API key (HKDF-SHA256, then AES-256-GCM), so that whoever
//! reads the disk reads nothing, and whoever has the key could have asked the server as well.

use crate::{Error, private};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use hkdf::Hkdf;
use nexus_domain::{Timestamp, timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

const MAGIC: &[u8] = b"NXC\x01";
const NONCE: usize = 12;
/// A copy from a clock that runs ahead by more than this is refused, because its age means nothing.
const AHEAD: i64 = 5 * timestamp::MINUTE;

/// Where the copy of one service lies.
pub(crate) struct Disk {
    folder: PathBuf,
    /// What the names of all its files begin with.
    name: String,
    file: PathBuf,
    hkdf: Hkdf<Sha256>,
    cipher: Aes256Gcm,
    address: String,
}

/// What was kept.
pub(crate) struct Copy {
    pub etag: Option<String>,
    pub body: Zeroizing<Vec<u8>>,
}

/// The time of this machine, with which copies are dated.
#[expect(clippy::disallowed_methods, reason = "a client runs in other people's programs, on their clock")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

impl Disk {
    pub fn new(folder: &Path, address: &str, key: &SecretString) -> Result<Self, Error> {
        let hkdf = Hkdf::<Sha256>::new(Some(b"nexus/client"), key.expose_secret().trim().as_bytes());
        let (mut sealing, mut name) = (Zeroizing::new([0; 32]), [0; 16]);
        let too_long = |_| Error::Invalid("the copy cannot be sealed".into());
        hkdf.expand(b"copy on disk v1", &mut *sealing).map_err(too_long)?;
        hkdf.expand(Sha256::digest(address.as_bytes()).as_slice(), &mut name).map_err(too_long)?;
        let name = hex::encode(name);
        let file = folder.join(format!("{name}.nexus"));
        let (cipher, address) = (Aes256Gcm::new((&*sealing).into()), address.to_owned());
        Ok(Self { folder: folder.to_owned(), name, file, hkdf, cipher, address })
    }

    /// Keeps a snapshot in place of the one before.
    pub fn keep(&self, etag: Option<&str>, body: &[u8], at: Timestamp) -> Result<(), Error> {
        let etag = etag.filter(|etag| etag.len() < 256).unwrap_or_default();
        let mut message = Zeroizing::new(Vec::with_capacity(body.len().saturating_add(etag.len() + 9)));
        message.extend_from_slice(&at.0.to_be_bytes());
        message.push(u8::try_from(etag.len()).unwrap_or(0));
        message.extend_from_slice(etag.as_bytes());
        message.extend_from_slice(body);
        self.seal(&self.file, &message, self.address.as_bytes())
    }

    /// Keeps a file that the snapshot only names, by the hash of what is in it.
    pub fn keep_large(&self, sha256: &str, bytes: &[u8]) -> Result<(), Error> {
        self.seal(&self.large(sha256)?, bytes, &self.about_large(sha256))
    }

    /// Such a file, if it was kept and is what the snapshot names.
    pub fn read_large(&self, sha256: &str) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = self.open(&self.large(sha256).ok()?, &self.about_large(sha256)).ok()?;
        (hex::encode(Sha256::digest(bytes.as_slice())) == sha256).then_some(bytes)
    }

    /// Forgets every such file but these.
    pub fn prune<'a>(&self, named: impl Iterator<Item = &'a str>) {
        let named: BTreeSet<PathBuf> = named.filter_map(|sha256| self.large(sha256).ok()).collect();
        let beginning = format!("{}-", self.name);
        let is_one = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with(&beginning)
        };
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for file in files.map(|entry| entry.path()).filter(is_one).filter(|file| !named.contains(file)) {
            // Another program of the same service may have done it already.
            let _gone = std::fs::remove_file(file);
        }
    }

    /// The name tells nobody what is in the file: a bare hash could be compared with what somebody guesses.
    fn large(&self, sha256: &str) -> Result<PathBuf, Error> {
        let mut name = [0; 16];
        self.hkdf
            .expand(&self.about_large(sha256), &mut name)
            .map_err(|_| Error::Invalid("the copy cannot be sealed".into()))?;
        Ok(self.folder.join(format!("{}-{}.nexus", self.name, hex::encode(name))))
    }

    fn about_large(&self, sha256: &str) -> Vec<u8> {
        [self.address.as_bytes(), b"\0file\0", sha256.as_bytes()].concat()
    }

    fn seal(&self, file: &Path, message: &[u8], about: &[u8]) -> Result<(), Error> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)
            .map_err(|_| Error::Invalid("this machine has no random numbers".into()))?;
        let payload = Payload { msg: message, aad: about };
        let sealed = self
            .cipher
            .encrypt((&nonce).into(), payload)
            .map_err(|_| Error::Invalid("the copy cannot be sealed".into()))?;
        write(file, &[MAGIC, &nonce, &sealed].concat())
            .map_err(|source| Error::File { what: "the copy on disk cannot be written", source })
    }

    fn open(&self, file: &Path, about: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let stored = std::fs::read(file).map_err(|_| Error::NoCopy("none was kept"))?;
        let broken = || Error::NoCopy("it is damaged, or was made with another key");
        let rest = stored.strip_prefix(MAGIC).ok_or_else(broken)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or_else(broken)?;
        let payload = Payload { msg: sealed, aad: about };
        self.cipher.decrypt(nonce.into(), payload).map(Zeroizing::new).map_err(|_| broken())
    }

    /// The copy, if it is no older than that.
    pub fn read(&self, max_age: Duration, now: Timestamp) -> Result<Copy, Error> {
        let message = self.open(&self.file, self.address.as_bytes())?;
        let broken = || Error::NoCopy("it is damaged");
        let (at, rest) = message.split_first_chunk::<8>().ok_or_else(broken)?;
        let (length, rest) = rest.split_first().ok_or_else(broken)?;
        let (etag, body) = rest.split_at_checked(usize::from(*length)).ok_or_else(broken)?;
        let age = now.0.saturating_sub(i64::from_be_bytes(*at));
        if age < -AHEAD {
            return Err(Error::NoCopy("it is from the future: a clock is wrong"));
        }
        if u128::try_from(age).is_ok_and(|age| age > max_age.as_micros()) {
            return Err(Error::NoCopy("it is too old"));
        }
        let etag = std::str::from_utf8(etag).ok().filter(|etag| !etag.is_empty()).map(str::to_owned);
        Ok(Copy { etag, body: Zeroizing::new(body.to_vec()) })
    }

    /// Forgets the copy, with its files: its key is refused.
    pub fn forget(&self) {
        // What is not there is forgotten already.
        let _gone = std::fs::remove_file(&self.file);
        self.prune(std::iter::empty());
    }
}

/// Writes beside it and moves it there, so that a program that is killed meanwhile leaves the copy before.
/// Nothing waits for the disk: what a power cut leaves half-written does not open, and is no copy.
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    private::folder_of_sealed(folder)?;
    // Temporary files are made for this user alone.
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(bytes)?;
    beside.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_000 * timestamp::DAY_MICROS);
    const DAY: Duration = Duration::from_secs(86_400);

    fn disk(folder: &Path, address: &str, key: &str) -> Disk {
        Disk::new(folder, address, &key.into()).expect("a place")
    }

    #[test]
    fn a_copy_is_read_back_by_the_same_key_and_address_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let one = disk(folder.path(), "https://a.b/s/one", "sk_live_1");
        one.keep(Some("\"r4\""), b"body with hunter2", AT).expect("kept");
        let copy = one.read(DAY, AT).expect("a copy");
        assert_eq!(
            (copy.etag.as_deref(), copy.body.as_slice()),
            (Some("\"r4\""), b"body with hunter2".as_slice())
        );
        assert!(disk(folder.path(), "https://a.b/s/one", "sk_live_2").read(DAY, AT).is_err());
        let other = disk(folder.path(), "https://a.b/s/two", "sk_live_1");
        std::fs::copy(&one.file, &other.file).expect("copied");
        assert!(other.read(DAY, AT).is_err(), "a copy of another service does not open");
        for file in std::fs::read_dir(folder.path()).expect("a folder") {
            let stored = std::fs::read(file.expect("a file").path()).expect("bytes");
            assert!(!stored.windows(7).any(|window| window == b"hunter2"));
        }
    }

    #[test]
    fn a_copy_that_is_old_damaged_or_from_the_future_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = disk(folder.path(), "https://a.b", "sk_live_1");
        assert!(matches!(disk.read(DAY, AT), Err(Error::NoCopy(_))));
        disk.keep(None, b"{}", AT).expect("kept");
        assert!(disk.read(DAY, AT.plus(timestamp::DAY_MICROS)).is_ok());
        assert!(disk.read(DAY, AT.plus(timestamp::DAY_MICROS + 1)).is_err());
        assert!(disk.read(DAY, AT.plus(-AHEAD - 1)).is_err());
        let mut bytes = std::fs::read(&disk.file).expect("bytes");
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            std::fs::write(&disk.file, &bytes).expect("written");
            assert!(disk.read(DAY, AT).is_err(), "byte {at}");
            std::fs::write(&disk.file, &bytes[..at]).expect("written");
            assert!(disk.read(DAY, AT).is_err(), "cut at {at}");
            bytes[at] ^= 1;
        }
    }

    #[test]
    fn large_files_are_sealed_by_what_is_in_them_and_go_with_the_copy() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = disk(folder.path(), "https://a.b", "sk_live_1");
        let other = Disk::new(folder.path(), "https://a.b/other", &"sk_live_1".into()).expect("a place");
        let hash = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
        let (one, two) = (hash(b"hunter2"), hash(b"hunter3"));
        for place in [&disk, &other] {
            place.keep_large(&one, b"hunter2").expect("kept");
        }
        disk.keep_large(&two, b"hunter3").expect("kept");
        assert_eq!(disk.read_large(&one).expect("kept").as_slice(), b"hunter2");
        for file in std::fs::read_dir(folder.path()).expect("a folder") {
            let file = file.expect("a file").path();
            let (stored, name) = (std::fs::read(&file).expect("bytes"), file.display().to_string());
            assert!(!stored.windows(6).any(|window| window == b"hunter") && !name.contains(&one[..16]));
        }
        std::fs::copy(disk.large(&two).expect("a name"), disk.large(&one).expect("a name")).expect("copied");
        assert!(disk.read_large(&one).is_none(), "one does not pass for another");
        disk.prune([two.as_str()].into_iter());
        assert!(!disk.large(&one).expect("a name").exists() && disk.read_large(&two).is_some());
        disk.forget();
        assert!(disk.read_large(&two).is_none());
        assert!(other.read_large(&one).is_some(), "another service keeps its own");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let disk = disk(folder.path(), "https://a.b", "sk_live_1");
        disk.keep(None, b"{}", AT).expect("kept");
        let mode = std::fs::metadata(&disk.file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}
