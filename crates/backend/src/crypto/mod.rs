//! Cryptography: which key protects what, and why nothing can be moved or mixed up.
//!
//! The operator's **root key** (32 bytes; never stored) only makes wrapping keys, by HKDF-SHA256
//! (RFC 5869). A wrapping key wraps each tenant's random **tenant key** and the instance's own keys
//! (pepper, checkpoint signing key), so that a new root key rewraps a handful of rows and revokes
//! nothing. A tenant key wraps a random **data key** per version of a secret, and a data key seals
//! exactly one message with AES-256-GCM (NIST SP 800-38D), so that nonces cannot repeat.
//!
//! Every sealed message names its place (tenant, service, secret, version, type) in the additional
//! authenticated data: a ciphertext copied into another row does not open. Names are not part of
//! it, so renaming never re-encrypts.

mod envelope;
mod keyring;
mod root;

pub use envelope::{Aad, Key, KeyId, open, seal};
pub use keyring::{Keyring, Sealed};
pub use root::RootKey;

use crate::{Error, Result};

/// Where random bytes come from: the operating system, or a seeded source in tests.
pub trait Random: Send + Sync + 'static {
    /// Fills the buffer or fails; a caller never goes on with fewer random bytes.
    fn fill(&self, buffer: &mut [u8]) -> Result<()>;
}

/// The random source of aws-lc, seeded by the operating system.
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        aws_lc_rs::rand::fill(buffer).map_err(|_| Error::Impossible("no random bytes"))
    }
}

/// A fixed number of random bytes.
pub fn random<const N: usize>(source: &dyn Random) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    source.fill(&mut bytes)?;
    Ok(bytes)
}
