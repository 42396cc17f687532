//! `nexus.toml` in a project's folder, or above it: which project and service the folder is about, and at which
//! address a person is logged in. It is checked in with the code, so that nothing in it is secret, and it is
//! believed in nothing but that: a key or a platform's token is never sent to an address from such a file.

use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

const NAME: &str = "nexus.toml";
const MOST: u64 = 16 * 1024;

/// What it says.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Folder {
    pub url: Option<String>,
    pub project: Option<String>,
    pub service: Option<String>,
}

impl Folder {
    /// What is said in the folder where a command is run, or in the nearest one above it.
    pub fn find() -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("the current folder")?;
        let home = super::variable("HOME").map(PathBuf::from);
        Self::from(&here, home.as_deref())
    }

    fn from(here: &Path, home: Option<&Path>) -> anyhow::Result<Self> {
        for folder in here.ancestors() {
            let file = folder.join(NAME);
            if file.is_file() {
                return read(&file).with_context(|| file.display().to_string());
            }
            // What lies above somebody's home is not theirs.
            if home == Some(folder) {
                break;
            }
        }
        Ok(Self::default())
    }
}

fn read(file: &Path) -> anyhow::Result<Folder> {
    let opened = fs::File::open(file)?;
    check(&opened.metadata()?)?;
    let mut text = String::new();
    opened.take(MOST).read_to_string(&mut text)?;
    // Not the library's words alone: they quote the line, which may be a server's settings with its keys.
    let folder: Folder = toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        anyhow::anyhow!("line {}: it says url, project and service, each a text, and nothing else", line)
    })?;
    let broken = |text: &String| text.is_empty() || text.len() > 512 || text.chars().any(char::is_control);
    // They are shown in the terminal.
    if [&folder.url, &folder.project, &folder.service].into_iter().flatten().any(broken) {
        bail!("an address, a project and a service are short texts of printable letters");
    }
    // It is shown within a command to be said, so nothing in it may mean something to a shell.
    let plain = |it: char| it.is_ascii_alphanumeric() || ":/.-_~[]%".contains(it);
    if !folder.url.iter().all(|url| url.chars().all(plain)) {
        bail!("the address is one like https://nexus.example");
    }
    Ok(folder)
}

fn check(metadata: &fs::Metadata) -> anyhow::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let mine = rustix::process::geteuid().as_raw();
    if metadata.uid() != mine && metadata.uid() != 0 {
        bail!(
            "it belongs to somebody else, so it is not believed; name the project with --project, the service with --service"
        );
    }
    if metadata.mode() & 0o002 != 0 {
        bail!("everybody may write it, so it is not believed");
    }
    if metadata.len() > MOST {
        bail!("it is too large");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_nearest_one_counts_and_nothing_above_home() {
        let top = tempfile::tempdir().expect("a folder");
        let (home, shop) = (top.path().join("home"), top.path().join("home/shop"));
        let deep = shop.join("src/deep");
        fs::create_dir_all(&deep).expect("made");
        fs::write(top.path().join(NAME), "project = 'evil'").expect("written");
        assert_eq!(Folder::from(&deep, Some(&home)).expect("nothing"), Folder::default());
        fs::write(home.join(NAME), "project = 'all'").expect("written");
        fs::write(shop.join(NAME), "url = 'https://nexus.example'\nproject = 'shop'\nservice = 'api'\n")
            .expect("written");
        let found = Folder::from(&deep, Some(&home)).expect("read");
        assert_eq!((found.project.as_deref(), found.service.as_deref()), (Some("shop"), Some("api")));
        assert_eq!(Folder::from(&home, Some(&home)).expect("read").project.as_deref(), Some("all"));
    }

    #[test]
    fn what_does_not_belong_in_it_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(NAME);
        for text in
            ["key = 'hunter2'", "project = 'shop'\nmaster_key = 'hunter2'", "project = [1]", "hunter2"]
        {
            fs::write(&file, text).expect("written");
            let error = format!("{:#}", Folder::from(folder.path(), None).expect_err(text));
            assert!(error.contains("line ") && !error.contains("hunter2"), "{error}");
        }
        fs::write(&file, "project = \"a\\u001b[2J\"").expect("written");
        assert!(Folder::from(folder.path(), None).is_err(), "it would be shown in a terminal");
        for url in
            ["https://a.b/;id", "https://a.b/$(id)", "https://a.b/`id`", "https://a.b x", "https://ä.b"]
        {
            fs::write(&file, format!("url = \"{url}\"")).expect("written");
            assert!(Folder::from(folder.path(), None).is_err(), "{url} would be copied into a shell");
        }
        fs::write(&file, "project = 'shop'").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("changed");
        assert!(Folder::from(folder.path(), None).is_err());
    }
}
