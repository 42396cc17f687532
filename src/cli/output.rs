//! Where a command writes what was asked for: standard output, or a place that was named. A file there is replaced
//! at once by one that this user alone can read. Whatever else is there (a device, a pipe) is written to and stays.

use anyhow::{Context as _, ensure};
use rustix::process::geteuid;
use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

pub(super) fn write(place: Option<&Path>, bytes: &[u8]) -> anyhow::Result<()> {
    match place {
        Some(place) => write_to(place, bytes).with_context(|| place.display().to_string()),
        None => Ok(to_standard_output(bytes)?),
    }
}

fn to_standard_output(bytes: &[u8]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(bytes)?;
    output.flush()
}

fn write_to(place: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    // This follows links as the system does, which leaves out those that others laid in a folder for everybody.
    match fs::metadata(place) {
        // As /dev/stdout: what stood in a file behind it before may not be lost.
        Ok(there) if is_standard_output(&there) => Ok(to_standard_output(bytes)?),
        Ok(there) if !there.is_file() => into(place, bytes),
        Ok(_) => Ok(replace(&fs::canonicalize(place)?, bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(replace(&end_of(place)?, bytes)?),
        Err(error) => Err(error.into()),
    }
}

fn is_standard_output(there: &Metadata) -> bool {
    let output = io::stdout().as_fd().try_clone_to_owned().and_then(|output| File::from(output).metadata());
    output.is_ok_and(|output| (output.dev(), output.ino()) == (there.dev(), there.ino()))
}

/// Writes to what is no file. A pipe that somebody else laid there would give them what is written.
fn into(place: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut opened = File::options().write(true).open(place)?;
    let there = opened.metadata()?;
    ensure!(
        [0, geteuid().as_raw()].contains(&there.uid()) && !there.is_file(),
        "it belongs to somebody else, so nothing is written to it"
    );
    Ok(opened.write_all(bytes)?)
}

/// Where a chain of links ends at which there is nothing yet.
fn end_of(place: &Path) -> io::Result<PathBuf> {
    let mut place = place.to_owned();
    // The system follows no more of them either.
    for _ in 0..40 {
        match fs::read_link(&place) {
            Ok(target) => place = folder_of(&place).join(target),
            Err(_) => return Ok(place),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "too many links"))
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    // Temporary files are made for this user alone.
    let mut beside = tempfile::NamedTempFile::new_in(folder_of(file))?;
    beside.write_all(bytes)?;
    beside.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};

    fn text(file: &Path) -> String {
        fs::read_to_string(file).expect("a file")
    }

    #[test]
    fn a_file_is_replaced_and_a_link_leads_to_the_one_that_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("deep")).expect("made");
        fs::write(at("deep/file"), "before").expect("written");
        fs::set_permissions(at("deep/file"), fs::Permissions::from_mode(0o644)).expect("changed");
        symlink("deep/file", at("link")).expect("linked");
        symlink("deep/new", at("dangling")).expect("linked");
        symlink("dangling", at("chain")).expect("linked");
        for name in ["link", "chain", "plain"] {
            write(Some(&at(name)), name.as_bytes()).expect("written");
        }
        assert_eq!((text(&at("deep/file")), text(&at("deep/new"))), ("link".into(), "chain".into()));
        for name in ["link", "dangling", "chain"] {
            assert!(fs::symlink_metadata(at(name)).expect("it is there").is_symlink(), "{name}");
        }
        for name in ["deep/file", "deep/new", "plain"] {
            assert_eq!(fs::metadata(at(name)).expect("it is there").mode() & 0o777, 0o600, "{name}");
        }
        assert!(write(Some(&at("deep")), b"").is_err(), "a folder");
        symlink("round", at("round")).expect("linked");
        assert!(write(Some(&at("round")), b"").is_err());
    }

    #[test]
    fn a_pipe_is_written_to_and_stays_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts");
        assert!(made.success());
        symlink(&pipe, &link).expect("linked");
        for place in [&pipe, &link] {
            let reading = std::thread::spawn({
                let pipe = pipe.clone();
                move || text(&pipe)
            });
            write(Some(place), b"hunter2").expect("written");
            assert_eq!(reading.join().expect("no panic"), "hunter2");
            assert!(fs::metadata(&pipe).expect("it is there").file_type().is_fifo());
        }
    }
}
