//! The system's package manager, where it is apt. Elsewhere a person has to install things, and
//! the error says so.

use std::{process::Command, sync::OnceLock};

use anyhow::{Result, bail};

use crate::process;

/// Whether this run has fetched the package lists; they are often out of date on a new machine.
static UPDATED: OnceLock<()> = OnceLock::new();

/// Whether [`install`] can work on this machine.
pub fn available() -> bool {
    process::find("apt-get").is_some()
}

/// Installs packages, as root or through sudo.
///
/// # Errors
/// When there is no apt, no way to become root, or apt fails.
pub fn install(packages: &[&str]) -> Result<()> {
    if !available() {
        bail!("this machine has no apt-get");
    }
    if UPDATED.get().is_none() {
        process::run(apt_get()?.args(["-qq", "update"]))?;
        let _ = UPDATED.set(());
    }
    process::run(
        apt_get()?
            .args(["-qq", "-y", "-o", "Dpkg::Use-Pty=0"])
            .args(["install", "--no-install-recommends"])
            .args(packages),
    )
}

fn apt_get() -> Result<Command> {
    let mut command = if is_root()? {
        Command::new("apt-get")
    } else if process::find("sudo").is_some() {
        let mut sudo = Command::new("sudo");
        sudo.args(["--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
        sudo
    } else {
        bail!("installing packages needs root or sudo");
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

/// Whether this program runs as root.
///
/// # Errors
/// When `id` cannot be run.
pub fn is_root() -> Result<bool> {
    Ok(process::output(Command::new("id").arg("-u"))?.trim() == "0")
}
