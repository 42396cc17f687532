//! The raw files that the program leaves on the disk.

use std::path::Path;

/// Name and bytes of every file in the folder, and of what a copy of it would hold.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        files.push((name, std::fs::read(&path).expect("a file")));
    }
    assert!(
        files.iter().any(|(name, bytes)| name == "nexus.db-wal" && !bytes.is_empty()),
        "the log of changes too"
    );
    files
}
