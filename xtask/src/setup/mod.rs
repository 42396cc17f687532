//! What has to be on the machine, and how it gets there. Each part looks first and installs only
//! what is missing, so a second run takes no time; each command asks for the parts that it needs.

mod packages;
pub mod third_party;
pub mod wasm;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{fingerprint::Stamp, process, workspace::Workspace};

/// What the tests use besides cargo.
pub struct Tools {
    pub wasm: wasm::Toolchain,
    pub chromium: PathBuf,
    pub postgres: PathBuf,
    pub third_party: third_party::ThirdParty,
}

/// Everything that building and testing need.
///
/// # Errors
/// When something is missing and cannot be installed.
pub fn everything(workspace: &Workspace) -> Result<Tools> {
    let (wasm, chromium, postgres) = (wasm::ensure(workspace)?, chromium()?, postgres()?);
    node()?;
    oathtool()?;
    end_to_end_packages(workspace)?;
    Ok(Tools { wasm, chromium, postgres, third_party: third_party::ensure(workspace)? })
}

/// A Chromium that Playwright can drive; `CHROMIUM` in the environment names another one.
///
/// # Errors
/// When there is none and none can be installed.
pub fn chromium() -> Result<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM").map(PathBuf::from) {
        if !named.is_file() {
            bail!("CHROMIUM names {}, which is no file", named.display());
        }
        return Ok(named);
    }
    let look = || {
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
            .iter()
            .find_map(|name| process::find(name))
            .or_else(|| {
                let mac = Path::new("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
                mac.is_file().then(|| mac.to_path_buf())
            })
    };
    if let Some(found) = look() {
        return Ok(found);
    }
    println!("setup: installing Chromium and a font for the browser tests");
    packages::install(&["chromium", "fonts-liberation"])
        .context("no Chromium found; install it, or name one in CHROMIUM")?;
    look().context("Chromium was installed but is not on the PATH")
}

/// The folder with PostgreSQL's server programs.
///
/// # Errors
/// When there are none and none can be installed.
pub fn postgres() -> Result<PathBuf> {
    if let Some(found) = find_postgres() {
        return Ok(found);
    }
    println!("setup: installing PostgreSQL for the tests on both databases");
    packages::install(&["postgresql"])
        .context("no PostgreSQL server found; install it, or put `initdb` on the PATH")?;
    find_postgres().context("PostgreSQL was installed but `initdb` was not found")
}

/// Debian keeps the server programs off the PATH, one folder per version; the newest wins. What is
/// on the PATH may be a link to one of the programs, and the others lie where it leads.
fn find_postgres() -> Option<PathBuf> {
    if let Some(initdb) = process::find("initdb").and_then(|found| fs::canonicalize(found).ok()) {
        return initdb.parent().map(Path::to_path_buf);
    }
    fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs.join("initdb").is_file().then_some((version, programs))
        })
        .max()
        .map(|(_, programs)| programs)
}

/// The load generator of the benchmarks.
///
/// # Errors
/// When it is missing and cannot be installed.
pub fn load_generator() -> Result<PathBuf> {
    if let Some(found) = process::find("wrk") {
        return Ok(found);
    }
    println!("setup: installing wrk for the benchmarks");
    packages::install(&["wrk"]).context("no `wrk` found; install it")?;
    process::find("wrk").context("wrk was installed but is not on the PATH")
}

/// Node.js and npm.
fn node() -> Result<()> {
    if process::find("node").is_none() || process::find("npm").is_none() {
        println!("setup: installing Node.js for the tests");
        packages::install(&["nodejs", "npm"]).context("no Node.js found; install it")?;
    }
    Ok(())
}

/// Makes one-time codes (RFC 6238), beside ours in the tests of second factors.
fn oathtool() -> Result<()> {
    if process::find("oathtool").is_none() {
        println!("setup: installing oathtool for the tests of second factors");
        packages::install(&["oathtool"]).context("no `oathtool` found; install it")?;
    }
    Ok(())
}

/// The packages of the end-to-end tests as their lock file says.
fn end_to_end_packages(workspace: &Workspace) -> Result<()> {
    let folder = workspace.end2end();
    let lock = fs::read(folder.join("package-lock.json")).context("end2end/package-lock.json is missing")?;
    let path = workspace.target().join("setup/npm");
    let stamp = Stamp::new(&path, &[&lock]);
    if stamp.is_current() && folder.join("node_modules").is_dir() {
        return Ok(());
    }
    println!("setup: installing the npm packages of the browser tests");
    process::run(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            // The browser comes from the system.
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
    )?;
    stamp.write()
}
