//! Where tests put what nobody keeps afterwards: their databases above all, which sync every commit. In
//! memory where the machine has room for it; a run takes half the time then, and on a slow disk less.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{self, Command},
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::process::output;

const MEMORY: &str = "/dev/shm";
/// A run takes a quarter of it.
const ROOM: u64 = 4 * 1024 * 1024 * 1024;
const PREFIX: &str = "nexus-tests-";

/// A folder that goes when this is dropped.
pub struct Scratch(TempDir);

impl Scratch {
    /// In memory, or else in the system's temporary folder.
    ///
    /// # Errors
    /// When no folder can be made.
    pub fn in_memory() -> Result<Self> {
        let memory = Path::new(MEMORY);
        Self::below(if room(memory) >= ROOM { memory.to_path_buf() } else { env::temp_dir() })
    }

    /// On the disk that the system's temporary folder is on.
    ///
    /// # Errors
    /// When no folder can be made.
    pub fn on_disk() -> Result<Self> {
        Self::below(env::temp_dir())
    }

    fn below(parent: PathBuf) -> Result<Self> {
        remove_abandoned(&parent);
        let folder = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", process::id()))
            // The database server may run as somebody else, who has to get through.
            .permissions(fs::Permissions::from_mode(0o711))
            .tempdir_in(&parent)
            .with_context(|| format!("cannot make a folder in {}", parent.display()))?;
        Ok(Self(folder))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Free bytes; none where nobody can say.
fn room(folder: &Path) -> u64 {
    let said = output(Command::new("df").args(["--output=avail", "--block-size=1"]).arg(folder));
    said.ok().and_then(|text| text.lines().last()?.trim().parse().ok()).unwrap_or(0)
}

/// Removes what runs left that were cut off: their process is gone.
fn remove_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let of = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        let gone =
            of.is_some_and(|id| Path::new("/proc/self").exists() && !Path::new("/proc").join(id).exists());
        if gone {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
