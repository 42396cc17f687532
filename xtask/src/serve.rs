//! Sets up, builds and starts the server, with its output and its end as this program's own.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{build, process, setup, workspace::Workspace};

/// Runs `nexus serve` with these arguments until it ends.
///
/// # Errors
/// When something does not build or the server cannot be started.
pub fn run(workspace: &Workspace, profile: build::Profile, arguments: &[String]) -> Result<ExitCode> {
    let toolchain = setup::wasm::ensure(workspace)?;
    let program = build::console_and_server(workspace, &toolchain, profile)?;
    let mut server = Command::new(program);
    server.arg("serve").args(arguments).current_dir(workspace.root());
    process::forget_package_variables(&mut server);
    process::become_program(server)
}
