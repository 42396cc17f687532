//! Programs of others, unmodified, that the tests run against Nexus: readers of `.env` files, OpenFeature
//! clients, and readers of the API's document. `tests/third-party/` names and pins them; they are installed below `target/`,
//! again only when what is named there has changed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::packages;
use crate::{fingerprint::Stamp, process, workspace::Workspace};

/// Where tests find the npm packages: a folder `node_modules`.
const NODE_MODULES: &str = "NEXUS_TEST_NODE_MODULES";
/// Where tests find a Python that has the packages from PyPI.
const PYTHON: &str = "NEXUS_TEST_PYTHON";
/// Where tests find the program with OpenFeature's provider for Rust.
const RUST_CLIENT: &str = "NEXUS_TEST_RUST_CLIENT";

/// The installed programs.
pub struct ThirdParty {
    node_modules: PathBuf,
    python: PathBuf,
    rust_client: PathBuf,
}

impl ThirdParty {
    /// Tells tests where to find them.
    pub fn offer<'a>(&self, tests: &'a mut Command) -> &'a mut Command {
        tests
            .env(NODE_MODULES, &self.node_modules)
            .env(PYTHON, &self.python)
            .env(RUST_CLIENT, &self.rust_client)
    }
}

/// Installs what is missing or out of date.
///
/// # Errors
/// When something is missing and cannot be installed.
pub fn ensure(workspace: &Workspace) -> Result<ThirdParty> {
    let source = workspace.path("tests/third-party");
    let target = workspace.target().join("third-party");
    fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
    Ok(ThirdParty {
        node_modules: npm(&source, &target)?,
        python: pypi(&source, &target)?,
        rust_client: crates(&source, &target)?,
    })
}

/// The npm packages as their lock file says, beside copies of the files that name them.
fn npm(source: &Path, target: &Path) -> Result<PathBuf> {
    let named = ["package.json", "package-lock.json", ".npmrc"];
    let inputs = named.map(|name| fs::read(source.join(name)).with_context(|| missing(name)));
    let [package, lock, settings] = inputs;
    let contents = [package?, lock?, settings?];
    let node_modules = target.join("node_modules");
    let path = target.join("npm.stamp");
    let stamp = Stamp::new(&path, &contents.each_ref().map(Vec::as_slice));
    if stamp.is_current() && node_modules.is_dir() {
        return Ok(node_modules);
    }
    println!("setup: installing the npm packages that the tests run beside Nexus");
    for (name, content) in named.iter().zip(&contents) {
        fs::write(target.join(name), content)?;
    }
    process::run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(target))?;
    stamp.write()?;
    Ok(node_modules)
}

/// A virtual environment with the packages from PyPI.
fn pypi(source: &Path, target: &Path) -> Result<PathBuf> {
    let requirements = source.join("requirements.txt");
    let content = fs::read(&requirements).with_context(|| missing("requirements.txt"))?;
    let environment = target.join("python");
    let python = environment.join("bin/python3");
    let path = target.join("pypi.stamp");
    let stamp = Stamp::new(&path, &[&content]);
    // The link breaks when the system's Python goes.
    if stamp.is_current() && python.is_file() {
        return Ok(python);
    }
    println!("setup: installing the Python packages that the tests run beside Nexus");
    process::run(Command::new(system_python()?).args(["-m", "venv", "--clear"]).arg(&environment))?;
    process::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .arg("--requirement")
            .arg(&requirements),
    )?;
    stamp.write()?;
    Ok(python)
}

/// A program with the crates of others. In a workspace of its own, so that theirs do not change how
/// Nexus is built; cargo knows by itself when there is nothing to do.
fn crates(source: &Path, target: &Path) -> Result<PathBuf> {
    let folder = source.join("openfeature/rust");
    let target = target.join("rust");
    process::run(
        process::cargo(&folder)
            .args(["build", "--quiet", "--locked", "--target-dir"])
            .arg(&target)
            .env_remove("CARGO_TARGET_DIR"),
    )?;
    Ok(target.join("debug").join(format!("openfeature-client{}", std::env::consts::EXE_SUFFIX)))
}

/// A Python that can make virtual environments; Debian ships that in a package of its own.
fn system_python() -> Result<PathBuf> {
    let look = || {
        let candidates = [process::find("python3"), Some(PathBuf::from("/usr/bin/python3"))];
        candidates.into_iter().flatten().find(|python| can_make_environments(python))
    };
    if let Some(found) = look() {
        return Ok(found);
    }
    println!("setup: installing Python for the programs that the tests run beside Nexus");
    packages::install(&["python3", "python3-venv"])
        .context("no Python with `venv` found; install Python 3 with it")?;
    match look() {
        Some(found) => Ok(found),
        None => bail!("Python was installed but cannot make virtual environments"),
    }
}

fn can_make_environments(python: &Path) -> bool {
    process::output(Command::new(python).args(["-c", "import ensurepip, venv"])).is_ok()
}

fn missing(name: &str) -> String {
    format!("tests/third-party/{name} is missing")
}
