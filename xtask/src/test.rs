//! Every check and every test, in the order in which they fail fastest. A step that fails does not
//! keep the next one from running; the failures are listed at the end, and the last line counts
//! the tests.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, bail};
use clap::ValueEnum;

use crate::{
    build::{self, Profile},
    postgres,
    process::{self, cargo},
    scratch::Scratch,
    setup, site,
    tally::Tally,
    workspace::Workspace,
};

/// Where tests find a PostgreSQL superuser; they make databases of their own.
pub const POSTGRES_URL: &str = "NEXUS_TEST_POSTGRES_URL";
/// How much of the full length the long proofs run: 1.0 is everything.
pub const SOAK: &str = "NEXUS_SOAK";

/// Everything but this program. Cargo compiles a library again for each set of features that it is
/// asked for: together with this program's dependencies, the server's would have other features
/// than in a build of the server alone, and be compiled twice.
const PRODUCT: [&str; 3] = ["--workspace", "--exclude", "xtask"];

/// A part of the run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// Formatting
    Fmt,
    /// Clippy, for the server and for the browser's half
    Lint,
    /// cargo test, on both databases
    Unit,
    /// The browser tests
    E2e,
}

/// Runs the steps asked for, or all.
///
/// # Errors
/// When the machine cannot be set up; a failed test is no error but an exit code.
pub fn run(workspace: &Workspace, only: &[Step], filters: &[String]) -> Result<ExitCode> {
    let wanted = |step| only.is_empty() || only.contains(&step);
    let root = workspace.root();
    let mut run = Run::default();

    if wanted(Step::Fmt) {
        run.step("formatting", |_| process::run(cargo(root).args(["fmt", "--all", "--check"])));
    }
    if wanted(Step::Lint) {
        run.step("clippy", |_| clippy(root, &[&PRODUCT[..], &["--all-targets"]].concat()));
        run.step("clippy, xtask", |_| clippy(root, &["--package", "xtask", "--all-targets"]));
        // Natively, because what differs from the server's half is the feature, and so the lints
        // are of one version on every machine.
        run.step("clippy, browser's half", |_| {
            clippy(root, &["--package", "nexus-app", "--no-default-features", "--features", "hydrate"])
        });
    }
    if !(wanted(Step::Unit) || wanted(Step::E2e)) {
        return Ok(run.finish());
    }

    let mut tools = None;
    run.step("set-up", |_| {
        tools = Some(setup::everything(workspace)?);
        Ok(())
    });
    let Some(tools) = tools else {
        return Ok(run.finish());
    };
    let scratch = Scratch::in_memory()?;
    let mut database = None;
    run.step("PostgreSQL", |_| {
        database = Some(postgres::Server::start(scratch.path(), &tools.postgres)?);
        Ok(())
    });
    let Some(database) = database else {
        return Ok(run.finish());
    };

    if wanted(Step::Unit) {
        let soak = env::var_os(SOAK).unwrap_or_else(|| "0.1".into());
        for (name, selection) in
            [("cargo test", &PRODUCT[..]), ("cargo test, xtask", &["--package", "xtask"])]
        {
            run.step(name, |tally| {
                let mut tests = cargo(root);
                tests
                    .arg("test")
                    .args(selection)
                    .arg("--no-fail-fast")
                    .arg("--")
                    .args(filters)
                    .env("TMPDIR", scratch.path())
                    .env(POSTGRES_URL, database.url())
                    .env(SOAK, &soak);
                count_cargo(tools.third_party.offer(&mut tests), tally)
            });
        }
    }
    if wanted(Step::E2e) {
        let built = run.step("console", |_| site::build(workspace, &tools.wasm));
        let mut server = None;
        run.step("server", |_| {
            server = Some(if wanted(Step::Unit) {
                tested_server(workspace)?
            } else {
                build::server(workspace, Profile::Dev)?
            });
            Ok(())
        });
        if let (true, Some(server)) = (built, server) {
            run.step("browser tests", |tally| {
                let mut tests = Command::new("node");
                tests
                    .arg("node_modules/@playwright/test/cli.js")
                    .args(["test", "--pass-with-no-tests"])
                    .args(filters)
                    .current_dir(workspace.end2end())
                    .env("TMPDIR", scratch.path())
                    .env(POSTGRES_URL, database.url())
                    .env("NEXUS_BIN", &server)
                    .env("CHROMIUM", &tools.chromium);
                process::forget_package_variables(&mut tests);
                count_playwright(
                    tools.third_party.offer(&mut tests),
                    &workspace.path("target/e2e/results.json"),
                    tally,
                )
            });
        }
    }
    drop(database);
    Ok(run.finish())
}

fn clippy(root: &Path, selection: &[&str]) -> Result<()> {
    process::run(cargo(root).arg("clippy").args(selection).args(["--", "-D", "warnings"]))
}

/// The program that the tests have built. Built alone it would have the features of its own
/// dependencies only, without those of the tests', and half of the tree would be compiled again.
fn tested_server(workspace: &Workspace) -> Result<PathBuf> {
    process::run(cargo(workspace.root()).arg("test").args(PRODUCT).arg("--no-run"))?;
    Ok(build::program(workspace, Profile::Dev))
}

/// Runs cargo's tests and adds up what every test program says at its end.
///
/// # Errors
/// When a test failed or did not compile.
pub fn count_cargo(tests: &mut Command, tally: &mut Tally) -> Result<()> {
    let status = process::tee(tests, |line| *tally += Tally::from_cargo_line(line))?;
    if !status.success() {
        bail!("cargo test: {status}");
    }
    Ok(())
}

fn count_playwright(tests: &mut Command, report: &Path, tally: &mut Tally) -> Result<()> {
    // The report of an earlier run must not stand in for one that was never written.
    let _ = fs::remove_file(report);
    let status = process::status(tests)?;
    *tally += Tally::from_playwright_report(report)?;
    if !status.success() {
        bail!("playwright: {status}");
    }
    Ok(())
}

/// What has run so far.
#[derive(Default)]
pub struct Run {
    total: Tally,
    steps: Vec<(&'static str, Duration)>,
    failures: Vec<String>,
}

impl Run {
    /// Runs a step and remembers how it went; says whether it went well. A step that fails before
    /// it counted a failed test (a warning, a compiler error) counts as one failure.
    pub fn step(&mut self, name: &'static str, work: impl FnOnce(&mut Tally) -> Result<()>) -> bool {
        println!("\n── {name}");
        let start = Instant::now();
        let mut tally = Tally::default();
        let result = work(&mut tally).and_then(|()| {
            if tally.failed == 0 { Ok(()) } else { Err(anyhow!("{} tests failed", tally.failed)) }
        });
        self.steps.push((name, start.elapsed()));
        let well = result.is_ok();
        if let Err(error) = result {
            println!("{name} failed: {error:#}");
            self.failures.push(format!("{name}: {error:#}"));
            tally.failed = tally.failed.max(1);
        }
        self.total += tally;
        well
    }

    /// Prints the times, the failures and, as the last line, the count.
    pub fn finish(self) -> ExitCode {
        println!("\n── times");
        let mut all = Duration::ZERO;
        for (name, time) in &self.steps {
            println!("{name:<24} {:>7.1} s", time.as_secs_f64());
            all += *time;
        }
        println!("{:<24} {:>7.1} s", "all", all.as_secs_f64());
        if !self.failures.is_empty() {
            println!("\n── failed");
            for failure in &self.failures {
                println!("{failure}");
            }
        }
        println!("\n{}", self.total);
        if self.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
