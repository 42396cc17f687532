//! Unmodified programs of others that read `.env` files: bash, dotenv (in both of its ways), dotenvx,
//! python-dotenv.
//! `tests/third-party` pins those that are no part of the system.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const ALL: [Program; 5] =
    [Program::Bash, Program::Dotenv, Program::FastDotenv, Program::Dotenvx, Program::PythonDotenv];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Bash,
    Dotenv,
    /// With its other parser, which is an option.
    FastDotenv,
    Dotenvx,
    PythonDotenv,
}

const DOTENV: &str =
    "const read = {}; require('dotenv').config({ path: process.argv[1], processEnv: read, quiet: true,
    fast: process.argv[2] === 'fast' });
    process.stdout.write(Object.entries(read).map(([key, value]) => `${key}=${value}\\0`).join(''))";

const PYTHON_DOTENV: &str = "import sys; from dotenv import dotenv_values
for key, value in dotenv_values(sys.argv[1], encoding='utf-8').items():
    sys.stdout.buffer.write(f'{key}={value}\\0'.encode())";

impl Program {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Dotenv | Self::FastDotenv => "dotenv",
            Self::Dotenvx => "dotenvx",
            Self::PythonDotenv => "python-dotenv",
        }
    }

    /// The variables that the program finds in a file.
    pub fn read(self, file: &Path) -> HashMap<String, String> {
        let mut command = self.command(file);
        let folder = file.parent().expect("a folder");
        let output = command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .env("NODE_PATH", node_modules())
            .env("DOTENVX_NO_ARMOR", "true")
            .current_dir(folder)
            .output()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", self.name()));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {}\n{said}", self.name(), output.status);
        let pairs = output.stdout.split(|byte| *byte == 0).filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let pair = String::from_utf8_lossy(pair);
                let (key, value) = pair.split_once('=').expect("a pair");
                (key.to_owned(), value.to_owned())
            })
            .collect()
    }

    fn command(self, file: &Path) -> Command {
        let with = |program: &Path, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments);
            command
        };
        match self {
            Self::Bash => {
                let mut bash = with(Path::new("bash"), &["-c", "set -a; . \"$1\" && exec env -0", "bash"]);
                bash.arg(file);
                bash
            }
            Self::Dotenv | Self::FastDotenv => {
                let mut node = with(Path::new("node"), &["-e", DOTENV]);
                node.arg(file).args((self == Self::FastDotenv).then_some("fast"));
                node
            }
            Self::Dotenvx => {
                let mut node = with(Path::new("node"), &[]);
                node.arg(node_modules().join("@dotenvx/dotenvx/src/cli/dotenvx.js"));
                node.args(["run", "--quiet", "-f"]).arg(file).args(["--", "env", "-0"]);
                node
            }
            Self::PythonDotenv => {
                let mut python = with(&named("NEXUS_TEST_PYTHON"), &["-c", PYTHON_DOTENV]);
                python.arg(file);
                python
            }
        }
    }
}

fn node_modules() -> PathBuf {
    named("NEXUS_TEST_NODE_MODULES")
}

fn named(variable: &str) -> PathBuf {
    let Some(path) = std::env::var_os(variable) else {
        panic!("{variable} is not set: `cargo xtask test` installs the programs of others and sets it");
    };
    PathBuf::from(path)
}
