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

use super::{instance::Server, load::Target, web::Answer};
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
    pub fn start(program: &Path, target: &Target, answer: &Answer) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        // These a server writes by itself.
        let own = ["date", "content-length", "connection"];
        let headers: String = answer
            .headers
            .iter()
            .filter(|(name, _)| !own.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        let (body_file, headers_file) = (folder.path().join("body"), folder.path().join("headers"));
        fs::write(&body_file, &answer.body)?;
        fs::write(&headers_file, headers)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        drop(listener);
        let mut command = Command::new(program);
        command.arg(address.to_string()).arg(&target.path).arg(headers_file).arg(body_file);
        Ok(Self { server: Server::start(command, address, "ready")?, _folder: folder })
    }

    /// The same request to this server.
    pub fn target(&self, of: &Target) -> Target {
        Target { address: self.server.address, ..of.clone() }
    }
}
