//! Everything the README's commands do, in one program that needs nothing but Cargo: it sets the
//! machine up, builds the console and the server, starts them, and runs every test.
//!
//! Each subcommand is a module; `process`, `workspace` and `fingerprint` are what they share. A
//! command prints what it is about to do before it does it, and the output of the programs it
//! starts goes straight to the terminal.
#![allow(clippy::print_stdout, reason = "a command-line tool prints")]
#![allow(clippy::disallowed_methods, reason = "it measures servers that it started itself")]

mod bench;
mod build;
mod fingerprint;
mod postgres;
mod process;
mod scratch;
mod serve;
mod setup;
mod site;
mod soak;
mod tally;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Builds, runs and tests Nexus.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what building and testing need; quick when it is all there
    Setup,
    /// Build the console, then the server that embeds it
    Build {
        /// Build the server without optimisation; it reads the console from disk
        #[arg(long)]
        dev: bool,
    },
    /// Set up, build, and start the server
    Serve {
        /// Build the server without optimisation; it reads the console from disk
        #[arg(long)]
        dev: bool,
        /// Arguments for `nexus serve`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Set up, build, and run every check and test
    Test {
        /// Run only this step (may be given more than once)
        #[arg(long, value_enum)]
        only: Vec<test::Step>,
        /// Run only tests whose name contains one of these
        filters: Vec<String>,
    },
    /// Run the long proofs at full length
    Soak,
    /// Measure the release build and rewrite the tables in docs/performance.md
    Bench,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::locate()?;
    match arguments.command {
        Command::Setup => setup::everything(&workspace).map(|_| ExitCode::SUCCESS),
        Command::Build { dev } => {
            let toolchain = setup::wasm::ensure(&workspace)?;
            build::console_and_server(&workspace, &toolchain, build::Profile::from_dev(dev))
                .map(|_| ExitCode::SUCCESS)
        }
        Command::Serve { dev, arguments } => {
            serve::run(&workspace, build::Profile::from_dev(dev), &arguments)
        }
        Command::Test { only, filters } => test::run(&workspace, &only, &filters),
        Command::Soak => soak::run(&workspace),
        Command::Bench => bench::run(&workspace),
    }
}
