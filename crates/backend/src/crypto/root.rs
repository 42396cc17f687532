//! The operator's root key: read from a setting or a file, made on first start, never stored in the
//! database. It makes wrapping keys and nothing else.

use super::{Aad, Key, KeyId, Random, open, seal};
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;
use zeroize::Zeroizing;

/// 32 bytes, written as 64 hex digits or as base64.
pub struct RootKey(Key);

impl RootKey {
    /// Reads the key from text: 64 hex digits or base64 of 32 bytes.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let bytes = Zeroizing::new(from_hex(text).or_else(|| STANDARD.decode(text).ok()).unwrap_or_default());
        if bytes.len() != 32 {
            return Err(Error::WrongRootKey(
                "The master key is not 32 bytes in hex (64 digits) or base64; nothing was changed.".into(),
            ));
        }
        Ok(Self(Key::from_slice(&bytes)?))
    }

    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
            Error::WrongRootKey(format!("The master key file {} cannot be read: {error}.", path.display()))
        })?;
        Self::parse(&text)
    }

    /// Makes a new key in a file that only its owner may read. An existing file is never replaced.
    pub fn create(path: &Path, source: &dyn Random) -> Result<Self> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let key = Key::random(source)?;
        let mut text = Zeroizing::new(String::with_capacity(65));
        for byte in key.bytes() {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('\n');
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .map_err(|error| {
                Error::Startup(format!("The master key file {} cannot be made: {error}.", path.display()))
            })?;
        Ok(Self(key))
    }

    /// The public name of this key, to tell keys apart in messages: 16 hex digits.
    pub fn id(&self) -> Result<String> {
        let id = self.0.derive(b"nexus/root-key-id/v1")?;
        Ok(hex::encode(id.bytes().get(..8).unwrap_or_default()))
    }

    /// The key that wraps everything that the database keeps wrapped by the root key.
    pub(super) fn wrapping_key(&self) -> Result<Key> {
        self.0.derive(b"nexus/wrap/v1")
    }

    /// A sealed constant that only this key opens; kept in the database to recognise the key.
    pub(super) fn check_value(&self, source: &dyn Random) -> Result<Vec<u8>> {
        seal(&self.wrapping_key()?, KeyId::UNNAMED, &check_aad(), b"nexus", source)
    }

    pub(super) fn opens(&self, check_value: &[u8]) -> bool {
        self.wrapping_key().is_ok_and(|key| open(&key, KeyId::UNNAMED, &check_aad(), check_value).is_ok())
    }
}

fn check_aad() -> Aad {
    Aad::new("nexus/root-key-check/v1")
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 {
        return None;
    }
    (0..64).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SystemRandom;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_that_was_made_is_read_back_and_is_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("master.key");
        let made = RootKey::create(&path, &SystemRandom).expect("made");
        assert_eq!(RootKey::read(&path).expect("read").id().expect("id"), made.id().expect("id"));
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert!(RootKey::create(&path, &SystemRandom).is_err(), "an existing key is never replaced");
    }

    #[test]
    fn hex_and_base64_are_read_and_everything_else_is_refused() {
        assert!(RootKey::parse(&"ab".repeat(32)).is_ok());
        assert!(RootKey::parse(&STANDARD.encode([7; 32])).is_ok());
        for text in ["", "ab", &"ab".repeat(31), &"zz".repeat(32), &"é".repeat(32), &STANDARD.encode([7; 31])]
        {
            assert!(RootKey::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_check_value_opens_with_its_own_key_only() {
        let (one, two) =
            (RootKey::parse(&"ab".repeat(32)).expect("a"), RootKey::parse(&"cd".repeat(32)).expect("b"));
        let check = one.check_value(&SystemRandom).expect("sealed");
        assert!(one.opens(&check) && !two.opens(&check));
    }
}
