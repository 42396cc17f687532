//! Content hashes: they name the site's files, and they tell whether work can be skipped.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The SHA-256 of some bytes, in hexadecimal.
pub fn of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Twelve digits of the hash: enough to tell any two builds apart, short enough for a file name.
pub fn short(bytes: &[u8]) -> String {
    of(bytes).chars().take(12).collect()
}

/// A file that says what some work was last done for.
pub struct Stamp<'a> {
    path: &'a Path,
    current: String,
}

impl<'a> Stamp<'a> {
    pub fn new(path: &'a Path, inputs: &[&[u8]]) -> Self {
        let hashes: String = inputs.iter().map(|input| of(input)).collect();
        Self { path, current: of(hashes.as_bytes()) }
    }

    /// Whether the work was already done for exactly these inputs.
    pub fn is_current(&self) -> bool {
        fs::read_to_string(self.path).is_ok_and(|written| written == self.current)
    }

    /// Remembers that the work is done.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self) -> Result<()> {
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(self.path, &self.current).with_context(|| format!("cannot write {}", self.path.display()))
    }
}
