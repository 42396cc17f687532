//! A token in a file, as a platform projects it. What others could have written is not sent anywhere, and what
//! is no token is not read to its end.

use secrecy::SecretString;
use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// No platform's tokens come near.
pub(super) const MAX_TOKEN: u64 = 16 * 1024;

/// The token in a file, or what is wrong with it.
pub(super) fn read(path: &Path) -> Result<SecretString, String> {
    let problem = |what: &str| format!("the token file {} {what}", path.display());
    let real = within_its_folder(path).map_err(|what| problem(&what))?;
    // Looked at before it is opened, because opening a pipe waits, and afterwards, because it may be another one.
    let before = fs::metadata(&real).map_err(|error| problem(&format!("cannot be read: {error}")))?;
    check(&before).map_err(|what| problem(&what))?;
    let file = open(&real).map_err(|error| problem(&format!("cannot be read: {error}")))?;
    let opened = file.metadata().map_err(|error| problem(&format!("cannot be read: {error}")))?;
    check(&opened).map_err(|what| problem(&what))?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_TOKEN + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| problem(&format!("cannot be read: {error}")))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| problem("holds no token"))?;
    token(text).map_err(|what| problem(&what))
}

/// One token and nothing else, whatever it was read from.
pub(super) fn token(text: &str) -> Result<SecretString, String> {
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if text.is_empty() {
        return Err("is empty".into());
    }
    if text.len() as u64 > MAX_TOKEN {
        return Err("is larger than any token".into());
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("holds more than one token, or none".into());
    }
    Ok(text.into())
}

/// Kubernetes projects tokens as a link to a link in the same folder; a link that leads elsewhere is somebody else's.
fn within_its_folder(path: &Path) -> Result<PathBuf, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let real = fs::canonicalize(path).map_err(unreadable)?;
    let is_link = fs::symlink_metadata(path).map_err(unreadable)?.is_symlink();
    if is_link {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = fs::canonicalize(folder).map_err(unreadable)?;
        if !real.starts_with(&folder) {
            return Err("is a link that leads out of its folder".into());
        }
    }
    Ok(real)
}

fn check(metadata: &fs::Metadata) -> Result<(), String> {
    if !metadata.is_file() {
        return Err("is no regular file".into());
    }
    if metadata.len() > MAX_TOKEN {
        return Err("is larger than any token".into());
    }
    check_owner(metadata)
}

#[cfg(unix)]
fn check_owner(metadata: &fs::Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt as _;
    if metadata.mode() & 0o002 != 0 {
        return Err("can be written by everybody".into());
    }
    // Nobody else could have put it there but the system itself.
    let mine = rustix::process::geteuid().as_raw();
    if metadata.uid() != 0 && metadata.uid() != mine {
        return Err("belongs to somebody else".into());
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_metadata: &fs::Metadata) -> Result<(), String> {
    Ok(())
}

#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // Where it became a pipe or another link meanwhile, this neither waits nor follows.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn refused(path: &Path, why: &str) {
        let problem = read(path).expect_err(why);
        assert!(problem.contains(why), "{problem}");
    }

    #[test]
    fn a_projected_token_is_read_through_the_links_of_kubernetes_and_is_new_after_a_rotation() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for (version, text) in [("..2026_1", "one\n"), ("..2026_2", "two")] {
            fs::create_dir(at(version)).expect("made");
            fs::write(at(version).join("token"), text).expect("written");
        }
        symlink("..2026_1", at("..data")).expect("linked");
        symlink("..data/token", at("token")).expect("linked");
        assert_eq!(read(&at("token")).expect("a token").expose_secret(), "one");
        symlink("..2026_2", at("..next")).expect("linked");
        fs::rename(at("..next"), at("..data")).expect("moved");
        assert_eq!(read(&at("token")).expect("a token").expose_secret(), "two");
    }

    #[test]
    fn what_is_no_token_file_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let outside = tempfile::NamedTempFile::new().expect("a file");
        fs::write(outside.path(), "token").expect("written");
        let file = folder.path().join("token");
        refused(&file, "cannot be read");
        refused(folder.path(), "no regular file");
        refused(Path::new("/dev/zero"), "no regular file");
        symlink(outside.path(), &file).expect("linked");
        refused(&file, "leads out");
        fs::remove_file(&file).expect("removed");
        for (text, why) in [
            ("", "empty"),
            ("\n", "empty"),
            ("a b", "more than one"),
            ("a\nb", "more than one"),
            ("a\n\n", "more than one"),
            ("\u{feff}a", "more than one"),
        ] {
            fs::write(&file, text).expect("written");
            refused(&file, why);
        }
        fs::write(&file, [0xff, 0xfe]).expect("written");
        refused(&file, "no token");
        fs::write(&file, "a".repeat(16 * 1024 + 1)).expect("written");
        refused(&file, "larger");
        fs::write(&file, "a".repeat(16 * 1024)).expect("written");
        assert!(read(&file).is_ok());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o646)).expect("changed");
        refused(&file, "written by everybody");
    }

    #[test]
    fn a_pipe_keeps_nobody_waiting() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("token");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
            .expect("a pipe");
        refused(&pipe, "no regular file");
    }
}
