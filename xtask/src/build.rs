//! The whole product: first the console, then the server that carries it.

use std::path::PathBuf;

use anyhow::Result;

use crate::{process, setup::wasm::Toolchain, site, workspace::Workspace};

/// How the server is compiled. The console is always built the way it ships.
#[derive(Clone, Copy)]
pub enum Profile {
    /// Optimised, with the console inside.
    Release,
    /// Quick to compile; reads the console from `target/site` at run time.
    Dev,
}

impl Profile {
    pub fn from_dev(dev: bool) -> Self {
        if dev { Self::Dev } else { Self::Release }
    }
}

/// Builds the console and then the server; hands back where the program is.
///
/// # Errors
/// When any part does not build.
pub fn console_and_server(workspace: &Workspace, toolchain: &Toolchain, profile: Profile) -> Result<PathBuf> {
    site::build(workspace, toolchain)?;
    server(workspace, profile)
}

/// Builds the server alone.
///
/// # Errors
/// When it does not build.
pub fn server(workspace: &Workspace, profile: Profile) -> Result<PathBuf> {
    let mut cargo = process::cargo(workspace.root());
    match profile {
        Profile::Release => {
            println!("build: the server, optimised");
            cargo.args(["build", "--release", "--package", "nexus"]);
        }
        Profile::Dev => {
            println!("build: the server, for development");
            cargo.args(["build", "--package", "nexus"]);
        }
    }
    process::run(&mut cargo)?;
    Ok(program(workspace, profile))
}

/// Where the program is once it was built.
pub fn program(workspace: &Workspace, profile: Profile) -> PathBuf {
    let folder = match profile {
        Profile::Release => "release",
        Profile::Dev => "debug",
    };
    workspace.target().join(folder).join(format!("nexus{}", std::env::consts::EXE_SUFFIX))
}
