//! The long proofs at full length: the same tests that `cargo xtask test` runs at a tenth.

use std::process::ExitCode;

use anyhow::Result;

use crate::{
    postgres,
    process::cargo,
    scratch::Scratch,
    setup,
    test::{POSTGRES_URL, Run, SOAK, count_cargo},
    workspace::Workspace,
};

/// Runs `tests/proofs` of the server, one after another, with their output.
///
/// # Errors
/// When the machine cannot be set up; a failed proof is no error but an exit code.
pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    // On the disk: what survives a killed program is to have been there.
    let scratch = Scratch::on_disk()?;
    let database = postgres::Server::start(scratch.path(), &setup::postgres()?)?;
    let mut run = Run::default();
    run.step("proofs", |tally| {
        count_cargo(
            cargo(workspace.root())
                .args(["test", "--package", "nexus", "--test", "proofs"])
                .args(["--", "--nocapture", "--test-threads", "1"])
                .env(SOAK, "1.0")
                .env(POSTGRES_URL, database.url()),
            tally,
        )
    });
    drop(database);
    Ok(run.finish())
}
