//! Where things lie in the repository. The target folder is always `<repository>/target`: the
//! server embeds `target/site` by that path, so a folder named elsewhere could not be found again.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the repository.
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Finds the repository from the place this program was compiled in.
    ///
    /// # Errors
    /// When this package has no parent folder, which Cargo never produces.
    pub fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in no workspace")?;
        Ok(Self { root: root.to_path_buf() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the root.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Native builds.
    pub fn target(&self) -> PathBuf {
        self.path("target")
    }

    /// WASM builds: a folder of their own, so that the two builds do not undo each other.
    pub fn front_target(&self) -> PathBuf {
        self.path("target/front")
    }

    /// The finished console, as the server embeds it.
    pub fn site(&self) -> PathBuf {
        self.path("target/site")
    }

    pub fn end2end(&self) -> PathBuf {
        self.path("end2end")
    }
}
