//! What `nexus run` adds to the start of a command: reading the snapshot of a service on loopback, and its
//! values into the environment.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Result, ensure};

use super::{
    instance::Server,
    load::percentile,
    page::{Figure, Value},
};

/// How often each is started, in turns, so that both meet the same machine.
const STARTS: usize = 100;
/// What it may add.
const LIMIT: Value = Value::Milliseconds(30.0);

/// # Errors
/// When a command does not end well.
pub fn measure(program: &Path, server: &Server, key: &str) -> Result<Figure> {
    let copies = tempfile::tempdir()?;
    let (mut plain, mut through) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        plain.push(time(&mut Command::new("true"))?);
        let mut run = Command::new(program);
        run.args(["run", "--", "true"])
            .env("NEXUS_URL", format!("http://{}", server.address))
            .env("NEXUS_KEY", key)
            .env("NEXUS_CACHE_DIR", copies.path());
        through.push(time(&mut run)?);
    }
    let added = percentile(&mut through, 50) - percentile(&mut plain, 50);
    let what = format!("`nexus run -- true` beside `true`, median of {STARTS}");
    Ok(Figure::at_most(&what, Value::Milliseconds(added), LIMIT))
}

/// Milliseconds from before the start to after the end.
fn time(command: &mut Command) -> Result<f64> {
    let start = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}
