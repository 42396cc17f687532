//! Folders that are this user's alone, whatever the umask says: for logins, for copies on disk and for secrets
//! of type file.

use std::fs;
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// A folder that is there already stays as it is, because it may be for other things too; it will do as long as
/// nobody else can take files out of it.
pub(crate) fn folder(folder: &Path) -> io::Result<()> {
    make(folder)?;
    match openness(folder)? {
        Openness::Mine | Openness::Sticky => Ok(()),
        Openness::MineAndOpen | Openness::OfRoot | Openness::OfOthers | Openness::OfOthersAndOpen => {
            Err(refused(folder))
        }
    }
}

/// One for what is sealed: whoever may change it can take a copy away or put an older one back, and no more. One of
/// this user is closed to others, and one that another person has opened to all is refused. Root may have opened
/// it to all on purpose: a volume of Kubernetes is like that.
pub(crate) fn folder_of_sealed(folder: &Path) -> io::Result<()> {
    make(folder)?;
    match openness(folder)? {
        Openness::MineAndOpen => close(folder),
        Openness::OfOthersAndOpen => Err(refused(folder)),
        Openness::Mine | Openness::Sticky | Openness::OfRoot | Openness::OfOthers => Ok(()),
    }
}

/// One that goes when what is answered is dropped.
pub(crate) fn temporary(prefix: &str) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    builder.tempdir()
}

/// Whether it is a folder of this user that nobody else may look into; a link to one is none.
#[cfg(unix)]
pub(crate) fn is_mine_alone(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::symlink_metadata(folder).is_ok_and(|it| {
        it.is_dir() && it.uid() == rustix::process::geteuid().as_raw() && it.mode() & 0o077 == 0
    })
}

#[cfg(not(unix))]
pub(crate) fn is_mine_alone(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|it| it.is_dir())
}

/// Who may change what lies in a folder.
enum Openness {
    Mine,
    MineAndOpen,
    /// Everybody may put files there, and nobody takes away those of others.
    Sticky,
    OfRoot,
    OfOthers,
    OfOthersAndOpen,
}

fn refused(folder: &Path) -> io::Error {
    let words = format!("others may change what lies in {}", folder.display());
    io::Error::new(io::ErrorKind::PermissionDenied, words)
}

#[cfg(unix)]
fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(unix)]
fn openness(folder: &Path) -> io::Result<Openness> {
    use std::os::unix::fs::MetadataExt as _;
    let made = fs::metadata(folder)?;
    let (open, sticky) = (made.mode() & 0o022 != 0, made.mode() & 0o1000 != 0);
    let mine = made.uid() == rustix::process::geteuid().as_raw();
    Ok(match (mine, open) {
        _ if sticky => Openness::Sticky,
        (true, false) => Openness::Mine,
        (true, true) => Openness::MineAndOpen,
        _ if made.uid() == 0 => Openness::OfRoot,
        (false, false) => Openness::OfOthers,
        (false, true) => Openness::OfOthersAndOpen,
    })
}

#[cfg(unix)]
fn close(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(folder)?.permissions().mode();
    fs::set_permissions(folder, fs::Permissions::from_mode(mode & 0o7755))
}

#[cfg(not(unix))]
fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(not(unix))]
fn openness(_folder: &Path) -> io::Result<Openness> {
    Ok(Openness::Mine)
}

#[cfg(not(unix))]
fn close(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    #[test]
    fn a_folder_of_mine_that_others_may_write_to_is_closed_for_copies_and_refused_for_logins() {
        let home = tempfile::tempdir().expect("a folder");
        let open = home.path().join("open");
        fs::create_dir(&open).expect("made");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("changed");
        assert!(folder(&open).is_err());
        assert_eq!(mode(&open), 0o777, "what it is for besides is not known");
        folder_of_sealed(&open).expect("mended");
        assert_eq!(mode(&open), 0o755);
        let new = home.path().join("a/b");
        folder_of_sealed(&new).expect("made");
        assert_eq!((mode(&new), mode(&home.path().join("a"))), (0o700, 0o700));
        assert_eq!(mode(temporary("nexus-test-").expect("made").path()), 0o700);
    }
}
