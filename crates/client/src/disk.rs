//! The last good snapshot on disk, for starting while the server is away. It is sealed with a key that
//! is made from the API key (HKDF-SHA256, then AES-256-GCM), so that whoever reads the disk reads nothing, and
//! whoever has the key could have asked the server as well.

use crate::Error;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use hkdf::Hkdf;
use nexus_domain::{Timestamp, timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
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
    file: PathBuf,
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
        let file = folder.join(format!("{}.nexus", hex::encode(name)));
        Ok(Self { file, cipher: Aes256Gcm::new((&*sealing).into()), address: address.to_owned() })
    }

    /// Keeps a snapshot in place of the one before.
    pub fn keep(&self, etag: Option<&str>, body: &[u8], at: Timestamp) -> Result<(), Error> {
        let etag = etag.filter(|etag| etag.len() < 256).unwrap_or_default();
        let mut message = Zeroizing::new(Vec::with_capacity(body.len().saturating_add(etag.len() + 9)));
        message.extend_from_slice(&at.0.to_be_bytes());
        message.push(u8::try_from(etag.len()).unwrap_or(0));
        message.extend_from_slice(etag.as_bytes());
        message.extend_from_slice(body);
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)
            .map_err(|_| Error::Invalid("this machine has no random numbers".into()))?;
        let payload = Payload { msg: &message, aad: self.address.as_bytes() };
        let sealed = self
            .cipher
            .encrypt((&nonce).into(), payload)
            .map_err(|_| Error::Invalid("the copy cannot be sealed".into()))?;
        write(&self.file, &[MAGIC, &nonce, &sealed].concat())
            .map_err(|source| Error::File { what: "the copy on disk cannot be written", source })
    }

    /// The copy, if it is no older than that.
    pub fn read(&self, max_age: Duration, now: Timestamp) -> Result<Copy, Error> {
        let stored = std::fs::read(&self.file).map_err(|_| Error::NoCopy("none was kept"))?;
        let broken = || Error::NoCopy("it is damaged, or was made with another key");
        let rest = stored.strip_prefix(MAGIC).ok_or_else(broken)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or_else(broken)?;
        let payload = Payload { msg: sealed, aad: self.address.as_bytes() };
        let message = Zeroizing::new(self.cipher.decrypt(nonce.into(), payload).map_err(|_| broken())?);
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

    /// Forgets the copy: its key is refused.
    pub fn forget(&self) {
        // What is not there is forgotten already.
        let _gone = std::fs::remove_file(&self.file);
    }
}

/// Writes beside it and moves it there, so that a program that is killed meanwhile leaves the copy before.
/// Nothing waits for the disk: what a power cut leaves half-written does not open, and is no copy.
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
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
