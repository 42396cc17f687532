//! The site's folder: hashed names, compressed copies, nothing left over from earlier builds.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};

use crate::fingerprint;

/// Formats that shrink; the others (fonts, photographs) are compressed in themselves.
const TEXT: [&str; 9] = ["css", "html", "ico", "js", "json", "svg", "txt", "wasm", "webmanifest"];

/// A site that is being written.
pub struct Site {
    folder: PathBuf,
    /// Every path written in this run, relative to the folder.
    written: BTreeSet<PathBuf>,
}

/// A file that is in the site now.
pub struct Added {
    /// Relative to the site's root, with the hash in it.
    pub name: String,
    pub size: u64,
    /// What it weighs over the wire.
    pub brotli_size: u64,
}

impl Site {
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder, written: BTreeSet::from([PathBuf::from("manifest.json")]) })
    }

    /// Puts a file into the site under its hashed name, with its compressed copies if it is text.
    /// What is there already is left alone: the name says that the content is the same.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<Added> {
        let hashed = hashed_name(name, bytes);
        self.put(&hashed, || Ok(bytes.to_vec()))?;
        let size = bytes.len() as u64;
        let brotli_size = if is_text(name) {
            self.put(&format!("{hashed}.gz"), || gzip(bytes))?;
            self.put(&format!("{hashed}.br"), || brotli(bytes))?
        } else {
            size
        };
        Ok(Added { name: hashed, size, brotli_size })
    }

    /// Writes a file unless it is there, in one step, and hands back its size.
    fn put(&mut self, name: &str, content: impl FnOnce() -> Result<Vec<u8>>) -> Result<u64> {
        let path = self.folder.join(name);
        self.written.insert(PathBuf::from(name));
        if let Ok(there) = fs::metadata(&path) {
            return Ok(there.len());
        }
        let bytes = content()?;
        let write = || -> io::Result<()> {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let unfinished = self.folder.join(".unfinished");
            fs::write(&unfinished, &bytes)?;
            fs::rename(&unfinished, &path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(bytes.len() as u64)
    }

    /// Removes what earlier builds left.
    ///
    /// # Errors
    /// When the folder cannot be read or a file cannot be removed.
    pub fn remove_others(&self) -> Result<()> {
        for name in files_below(&self.folder)? {
            if !self.written.contains(&name) {
                fs::remove_file(self.folder.join(&name))
                    .with_context(|| format!("cannot remove {} from the site", name.display()))?;
            }
        }
        Ok(())
    }
}

/// The files of `public/`: name with forward slashes, content.
///
/// # Errors
/// When a file cannot be read or its name is not UTF-8.
pub fn public_files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for path in files_below(folder)? {
        let name = path
            .to_str()
            .with_context(|| format!("{} has no UTF-8 name", path.display()))?
            .replace('\\', "/");
        // `.gitkeep` and what an editor or a file manager leaves behind.
        if name.split('/').any(|part| part.starts_with('.')) {
            continue;
        }
        let bytes = fs::read(folder.join(&path)).with_context(|| format!("cannot read public/{name}"))?;
        files.push((name, bytes));
    }
    Ok(files)
}

/// Every file below a folder, relative to it, in the order of names.
fn files_below(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        let entries = fs::read_dir(&current).with_context(|| format!("cannot read {}", current.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder)?.to_path_buf());
            }
        }
    }
    Ok(files)
}

/// `icons/logo.svg` becomes `icons/logo.<hash>.svg`.
fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let hash = fingerprint::short(bytes);
    let (folder, file) = match name.rsplit_once('/') {
        Some((folder, file)) => (format!("{folder}/"), file),
        None => (String::new(), name),
    };
    match file.rsplit_once('.') {
        Some((stem, extension)) => format!("{folder}{stem}.{hash}.{extension}"),
        None => format!("{folder}{file}.{hash}"),
    }
}

fn is_text(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| TEXT.contains(&extension))
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn brotli(mut bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut bytes, &mut compressed, &parameters)?;
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Site, hashed_name};

    #[test]
    fn the_hash_stands_before_the_extension() {
        let hashed = hashed_name("fonts/a.b.woff2", b"x");
        assert!(hashed.starts_with("fonts/a.b."), "{hashed}");
        assert!(hashed.ends_with(".woff2"), "{hashed}");
        assert_ne!(hashed, hashed_name("fonts/a.b.woff2", b"y"));
    }

    #[test]
    fn a_new_build_replaces_the_old_one() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut first = Site::open(folder.path().to_path_buf())?;
        let old = first.add("a.css", b"old")?;
        let kept = first.add("b.svg", b"<svg/>")?;
        first.remove_others()?;

        let mut second = Site::open(folder.path().to_path_buf())?;
        let new = second.add("a.css", b"new")?;
        assert_eq!(second.add("b.svg", b"<svg/>")?.name, kept.name);
        second.remove_others()?;

        for ending in ["", ".br", ".gz"] {
            assert!(!folder.path().join(format!("{}{ending}", old.name)).exists());
            assert!(folder.path().join(format!("{}{ending}", kept.name)).exists());
        }
        assert_eq!(fs::read(folder.path().join(&new.name))?, b"new");
        Ok(())
    }
}
