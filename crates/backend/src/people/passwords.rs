//! Password hashing: argon2id (RFC 9106) with 64 MiB, three passes, one lane; a few at a time, a
//! short queue, and the same work whether an account exists.

use crate::{Error, Result};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use nexus_domain::{Code, Refusal};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::Semaphore;

const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
/// How many may wait for their turn before the answer is 503.
const QUEUE: usize = 32;

/// A hash of nothing that anybody knows, verified where an account does not exist, so that the
/// answer takes the same work.
const NOBODY: &str =
    "$argon2id$v=19$m=65536,t=3,p=1$bmV4dXMgaGFzIG5vYm9keQ$Wg6JkX1nAtkjwVc5Ogb7nO1kWQpV7Q9a3L0kA3k0Kqc";

/// The one place that hashes passwords.
pub struct Passwords {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    hashes: AtomicU64,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let turns = Arc::new(Semaphore::new((cores / 2).max(1)));
        Self { turns, waiting: AtomicUsize::new(0), hashes: AtomicU64::new(0) }
    }

    /// How many hashes were computed so far: what a test compares instead of time.
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        self.take_turn(move || {
            let hash = argon2()?.hash_password(password.expose_secret().as_bytes());
            Ok(hash.map_err(|_| Error::Impossible("argon2 refused a password"))?.to_string())
        })
        .await
    }

    /// Whether the password is right. With no stored hash it does the same work and says no.
    pub async fn verify(&self, password: SecretString, stored: Option<String>) -> Result<bool> {
        self.take_turn(move || {
            let (text, known) = stored.as_deref().map_or((NOBODY, false), |text| (text, true));
            let hash = PasswordHash::new(text)
                .map_err(|_| Error::Impossible("a stored password hash is unreadable"))?;
            let right = argon2()?.verify_password(password.expose_secret().as_bytes(), &hash).is_ok();
            Ok(right && known)
        })
        .await
    }

    async fn take_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _place = Place::take(&self.waiting)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Error::Unavailable)?;
        self.hashes.fetch_add(1, Ordering::Relaxed);
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.unwrap_or(Err(Error::Impossible("password hashing panicked")))
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|_| Error::Impossible("argon2 refused its parameters"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A place in the queue; given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self> {
        if waiting.fetch_add(1, Ordering::AcqRel) >= QUEUE {
            waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(Refusal::new(
                Code::Unavailable,
                "Too many people are signing in; try again in a moment",
            )
            .into());
        }
        Ok(Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_verifies_against_its_own_hash_only_and_nobody_has_one() {
        let passwords = Passwords::new();
        let hash = passwords.hash("tr4verse-Olive".into()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{hash}");
        assert!(passwords.verify("tr4verse-Olive".into(), Some(hash.clone())).await.expect("verified"));
        assert!(!passwords.verify("tr4verse-olive".into(), Some(hash)).await.expect("verified"));
        assert!(!passwords.verify("anything".into(), None).await.expect("verified"));
        assert_eq!(passwords.hashes(), 4, "an unknown account costs a hash like a known one");
    }

    #[tokio::test]
    async fn the_thirty_third_in_the_queue_is_told_to_come_back() {
        let passwords = Passwords::new();
        let places: Vec<_> = (0..QUEUE).map(|_| Place::take(&passwords.waiting).expect("a place")).collect();
        let refused = passwords.verify("x".into(), None).await.expect_err("full");
        assert_eq!(refused.refusal().code, Code::Unavailable);
        drop(places);
        assert!(passwords.verify("x".into(), None).await.is_ok());
    }
}
