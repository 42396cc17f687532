//! One sealed message: its header, its additional data, and the two functions that make and open it.
//!
//! ```text
//! "NXS" | format 1 | suite 1 | key id, 20 bytes | nonce, 12 | commitment, 32 | ciphertext and tag
//! ```
//!
//! The key id says which key opens it, so that no key is ever tried in vain. The commitment
//! (HKDF-Expand of the key) is checked first: AES-GCM alone does not bind a ciphertext to one key
//! (Albertini et al., "How to Abuse and Fix Authenticated Encryption Without Key Commitment", 2022).

use super::{Random, random};
use crate::{Error, Result};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

const MAGIC: &[u8] = b"NXS\x01\x01";
const NONCE: usize = 12;
const COMMITMENT: usize = 32;
const KEY_ID: usize = 20;

/// 32 secret bytes. It has no `Clone`, `Debug`, `Serialize` or `PartialEq`, and is wiped when dropped.
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub fn random(source: &dyn Random) -> Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        source.fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// Reads a key that was sealed as a message.
    pub fn from_slice(bytes: &[u8]) -> Result<Self> {
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return Err(Error::Impossible("a wrapped key of the wrong length"));
        }
        key.copy_from_slice(bytes);
        Ok(Self(key))
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key or a public value for one purpose (HKDF-Expand; this key is already uniform).
    pub fn derive(&self, purpose: &[u8]) -> Result<Key> {
        let mut derived = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::from_prk(self.bytes())
            .and_then(|hkdf| hkdf.expand(purpose, &mut *derived).map_err(|_| hkdf::InvalidPrkLength))
            .map_err(|_| Error::Impossible("HKDF refused 32 bytes"))?;
        Ok(Key(derived))
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.bytes().into())
    }
}

/// Which key sealed a message: 16 bytes for its owner and 4 for its generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId {
    pub owner: Uuid,
    pub generation: u32,
}

impl KeyId {
    /// The wrapping key that the root key makes; and a data key, which is stored beside its one message.
    pub const UNNAMED: Self = Self { owner: Uuid::nil(), generation: 0 };

    fn bytes(self) -> [u8; KEY_ID] {
        let mut bytes = [0; KEY_ID];
        let (owner, generation) = bytes.split_at_mut(16);
        owner.copy_from_slice(self.owner.as_bytes());
        generation.copy_from_slice(&self.generation.to_be_bytes());
        bytes
    }
}

/// Additional authenticated data: a purpose and a list of fields, each with its length in front, so
/// that no two lists give the same bytes.
pub struct Aad(Vec<u8>);

impl Aad {
    /// `purpose` carries its own version, for example `nexus/secret/v1`.
    pub fn new(purpose: &str) -> Self {
        Self(Vec::with_capacity(128)).field(purpose.as_bytes())
    }

    #[must_use]
    pub fn field(mut self, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    #[must_use]
    pub fn id(self, id: Uuid) -> Self {
        self.field(id.as_bytes())
    }

    #[must_use]
    pub fn number(self, number: i64) -> Self {
        self.field(&number.to_be_bytes())
    }
}

/// Seals one message.
pub fn seal(key: &Key, id: KeyId, aad: &Aad, message: &[u8], source: &dyn Random) -> Result<Vec<u8>> {
    let nonce: [u8; NONCE] = random(source)?;
    let commitment = key.derive(b"nexus/commitment/v1")?;
    let payload = Payload { msg: message, aad: &aad.0 };
    let sealed = key
        .cipher()
        .encrypt(&nonce.into(), payload)
        .map_err(|_| Error::Impossible("AES-GCM refused to seal"))?;
    let mut out = Vec::with_capacity(MAGIC.len() + KEY_ID + NONCE + COMMITMENT + sealed.len());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&id.bytes());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(commitment.bytes());
    out.extend_from_slice(&sealed);
    Ok(out)
}

/// Opens a message; fails the same way whatever is wrong with it.
pub fn open(key: &Key, id: KeyId, aad: &Aad, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    const TAMPERED: Error = Error::Impossible("a sealed message does not open");
    let rest = sealed.strip_prefix(MAGIC).ok_or(TAMPERED)?;
    let (key_id, rest) = rest.split_at_checked(KEY_ID).ok_or(TAMPERED)?;
    let (nonce, rest) = rest.split_at_checked(NONCE).ok_or(TAMPERED)?;
    let (commitment, ciphertext) = rest.split_at_checked(COMMITMENT).ok_or(TAMPERED)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| TAMPERED)?;
    let expected = key.derive(b"nexus/commitment/v1")?;
    if key_id != id.bytes() || !bool::from(expected.bytes().ct_eq(commitment)) {
        return Err(TAMPERED);
    }
    let payload = Payload { msg: ciphertext, aad: &aad.0 };
    key.cipher().decrypt(&nonce.into(), payload).map(Zeroizing::new).map_err(|_| TAMPERED)
}

/// The key id in a sealed message's header, to find the key that opens it.
pub fn key_id(sealed: &[u8]) -> Option<KeyId> {
    let bytes = sealed.strip_prefix(MAGIC)?.get(..KEY_ID)?;
    let (owner, generation) = bytes.split_at_checked(16)?;
    Some(KeyId {
        owner: Uuid::from_slice(owner).ok()?,
        generation: u32::from_be_bytes(generation.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SystemRandom;
    use proptest::prelude::*;

    fn aad(version: i64) -> Aad {
        Aad::new("test/v1").id(Uuid::from_u128(7)).number(version)
    }

    const ID: KeyId = KeyId { owner: Uuid::from_u128(1), generation: 3 };

    proptest! {
        #[test]
        fn what_is_sealed_opens_again(message: Vec<u8>, key: [u8; 32]) {
            let key = Key::new(key);
            let sealed = seal(&key, ID, &aad(1), &message, &SystemRandom).expect("sealed");
            prop_assert_eq!(&*open(&key, ID, &aad(1), &sealed).expect("opened"), &message);
            prop_assert_eq!(key_id(&sealed), Some(ID));
        }

        #[test]
        fn one_flipped_bit_anywhere_does_not_open(at in 0usize..128, bit in 0u8..8) {
            let key = Key::new([5; 32]);
            let mut sealed = seal(&key, ID, &aad(1), &[9; 59], &SystemRandom).expect("sealed");
            sealed[at] ^= 1 << bit;
            prop_assert!(open(&key, ID, &aad(1), &sealed).is_err());
        }

        #[test]
        fn lists_of_fields_never_run_into_each_other(a: Vec<u8>, b: Vec<u8>, c: Vec<u8>, d: Vec<u8>) {
            let (one, two) = (Aad::new("p").field(&a).field(&b), Aad::new("p").field(&c).field(&d));
            prop_assert_eq!(one.0 == two.0, (a, b) == (c, d));
        }

        #[test]
        fn nothing_that_comes_from_a_row_panics(bytes: Vec<u8>) {
            let _ = (open(&Key::new([1; 32]), ID, &aad(1), &bytes), key_id(&bytes));
        }
    }

    #[test]
    fn another_place_another_key_and_another_key_id_do_not_open() {
        let key = Key::new([5; 32]);
        let sealed = seal(&key, ID, &aad(1), b"value", &SystemRandom).expect("sealed");
        assert!(open(&key, ID, &aad(2), &sealed).is_err());
        assert!(open(&Key::new([6; 32]), ID, &aad(1), &sealed).is_err());
        assert!(open(&key, KeyId { generation: 4, ..ID }, &aad(1), &sealed).is_err());
        for length in 0..sealed.len() {
            assert!(open(&key, ID, &aad(1), &sealed[..length]).is_err());
        }
    }

    #[test]
    fn two_seals_of_one_message_differ() {
        let key = Key::new([5; 32]);
        let once = seal(&key, ID, &aad(1), b"value", &SystemRandom).expect("sealed");
        assert_ne!(once, seal(&key, ID, &aad(1), b"value", &SystemRandom).expect("sealed"));
    }
}
