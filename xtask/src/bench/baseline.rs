//! What the warm path is compared with: a bare axum route that answers with the very bytes that the
//! program answered with (`examples/bench_baseline.rs`).

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use tempfile::TempDir;

use super::{instance::Server, load::Probe};
use crate::{process, workspace::Workspace};

/// A running baseline, with the answer that it gives.
pub struct Baseline {
    pub server: Server,
    _folder: TempDir,
}

/// # Errors
/// When it does not build.
pub fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut cargo = process::cargo(workspace.root());
    process::run(cargo.args(["build", "--release", "--package", "nexus", "--example", "bench_baseline"]))?;
    Ok(workspace.target().join("release/examples/bench_baseline"))
}

impl Baseline {
    /// # Errors
    /// When it does not start.
    pub fn start(program: &Path, probe: &Probe) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let headers: String =
            probe.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let (body_file, headers_file) = (folder.path().join("body"), folder.path().join("headers"));
        fs::write(&body_file, &probe.body)?;
        fs::write(&headers_file, headers)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        drop(listener);
        let mut command = Command::new(program);
        command.arg(address.to_string()).arg(headers_file).arg(body_file);
        Ok(Self { server: Server::start(command, address, "ready")?, _folder: folder })
    }
}
