//! A compiler for the browser. Where the usual toolchain has the `wasm32-unknown-unknown` target, or
//! rustup can add it, that is the one. A Debian or Ubuntu machine that reaches packages but not the
//! Rust download server gets the distribution's `-web` compiler instead (a recent Rust, kept for
//! Firefox), with a standard library for WASM that is built once, from its source package, into
//! `target/wasm-std`. Nothing outside the repository changes but the installed packages.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::packages;
use crate::{process, workspace::Workspace};

pub const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LIBRARY_SOURCE: &str = "/usr/lib/rustlib/src/rust/library";
const DEBIAN_LINKER: &str = "wasm-ld-22";
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];

/// Who compiles for the browser.
pub enum Toolchain {
    /// The same toolchain as everything else.
    Usual,
    /// The distribution's compiler with our own build of its standard library.
    Debian { sysroot: PathBuf },
}

impl Toolchain {
    /// A cargo that compiles for the browser, to be started in the root of the repository. The
    /// caller appends the subcommand and its arguments.
    pub fn cargo(&self, root: &Path) -> Command {
        match self {
            Self::Usual => process::cargo(root),
            Self::Debian { sysroot } => {
                let mut command = debian_cargo(root);
                command
                    .arg("--config")
                    .arg(format!("target.{TARGET}.linker={DEBIAN_LINKER:?}"))
                    .arg("--config")
                    .arg(format!(
                        "target.{TARGET}.rustflags=[\"--sysroot\", {:?}]",
                        sysroot.display().to_string()
                    ));
                command
            }
        }
    }
}

/// Finds a compiler for the browser, or installs one.
///
/// # Errors
/// When there is none and neither rustup nor apt can provide one.
pub fn ensure(workspace: &Workspace) -> Result<Toolchain> {
    if usual_has_target(workspace) {
        return Ok(Toolchain::Usual);
    }
    let sysroot = workspace.path("target/wasm-std/sysroot");
    if debian_is_installed() && library_folder(&sysroot).is_dir() {
        return Ok(Toolchain::Debian { sysroot });
    }
    if rustup_adds_target()? && usual_has_target(workspace) {
        return Ok(Toolchain::Usual);
    }
    if !packages::available() {
        bail!("this toolchain has no {TARGET}; add it, for example with `rustup target add {TARGET}`");
    }
    if !debian_is_installed() {
        println!("setup: rustup cannot add {TARGET}; installing the distribution's compiler for it");
        packages::install(&DEBIAN_PACKAGES)?;
    }
    println!("setup: building the standard library for {TARGET} (once, about half a minute)");
    build_library(workspace, &sysroot)?;
    Ok(Toolchain::Debian { sysroot })
}

/// Asks the compiler where its WASM library would be, and looks.
fn usual_has_target(workspace: &Workspace) -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    process::output(Command::new(rustc).current_dir(workspace.root()).args([
        "--print",
        "target-libdir",
        "--target",
        TARGET,
    ]))
    .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

fn rustup_adds_target() -> Result<bool> {
    if process::find("rustup").is_none() {
        return Ok(false);
    }
    println!("setup: adding {TARGET} to the Rust toolchain");
    process::succeeds_within(
        Command::new("rustup")
            .args(["target", "add", TARGET])
            .env("RUSTUP_MAX_RETRIES", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
        Duration::from_secs(120),
    )
}

fn debian_is_installed() -> bool {
    [DEBIAN_CARGO, DEBIAN_RUSTC, DEBIAN_LIBRARY_SOURCE].iter().all(|path| Path::new(path).exists())
        && process::find(DEBIAN_LINKER).is_some()
}

/// The distribution's cargo, kept away from the settings of the toolchain that runs this program.
fn debian_cargo(folder: &Path) -> Command {
    let mut command = Command::new(DEBIAN_CARGO);
    command.current_dir(folder);
    process::forget_package_variables(&mut command);
    for name in [
        "CARGO",
        "CARGO_TARGET_DIR",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTDOC",
        "RUSTUP_TOOLCHAIN",
        "RUST_RECURSION_COUNT",
    ] {
        command.env_remove(name);
    }
    command.env("RUSTC", DEBIAN_RUSTC);
    command
}

/// Compiles the standard library as a dependency of an empty crate and lays its parts out as a
/// sysroot. With bitcode, because the console is linked with link-time optimisation.
fn build_library(workspace: &Workspace, sysroot: &Path) -> Result<()> {
    let folder = workspace.path("target/wasm-std/build");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "#![no_std]\n")?;
    fs::write(folder.join("Cargo.toml"), "[package]\nname = \"empty\"\nedition = \"2024\"\n\n[workspace]\n")?;
    process::run(
        debian_cargo(&folder)
            .args(["build", "--quiet", "--release", "--target", TARGET])
            .args(["-Z", "build-std=std,panic_abort,panic_unwind,proc_macro"])
            // `build-std` is an unstable option; only this build may use such.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-Cembed-bitcode=yes"),
    )?;
    let compiled = folder.join(format!("target/{TARGET}/release/deps"));
    let unfinished = sysroot.with_extension("unfinished");
    let _ = fs::remove_dir_all(&unfinished);
    let library = library_folder(&unfinished);
    fs::create_dir_all(&library)?;
    let mut copied = 0;
    for entry in fs::read_dir(&compiled)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.ends_with(".rlib") && !name.starts_with("libempty-") {
            fs::copy(&path, library.join(name))?;
            copied += 1;
        }
    }
    if copied == 0 {
        bail!("no compiled library in {}", compiled.display());
    }
    // Renamed when complete, so that an interrupted run leaves nothing that looks finished.
    let _ = fs::remove_dir_all(sysroot);
    fs::rename(&unfinished, sysroot).context("cannot put the WASM library in place")
}

fn library_folder(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}
