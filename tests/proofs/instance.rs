//! The real program with a folder and a database of its own: made by `nexus init`, started, killed,
//! started again.

use crate::client::{Client, Request};
use crate::database::{Database, Engine};
use crate::share;
use serde_json::{Value, json};
use std::fs::{OpenOptions, read_to_string};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_nexus");

pub struct Instance {
    /// Before the folder, so that it is closed before its file goes.
    pub database: Database,
    folder: TempDir,
    /// A management key with `admin:all`.
    pub admin: String,
    /// The slug of the project that everything here is in.
    pub project: &'static str,
}

/// A running server. It dies with this value, without a chance to tidy up.
pub struct Server {
    child: Child,
    /// Held open, because a program that cannot print ends.
    _output: BufReader<ChildStdout>,
    pub address: SocketAddr,
    pub ready_after: Duration,
}

impl Instance {
    /// A tenant with a project `shop` and nothing in it; `None` where the engine is not there.
    pub fn new(engine: Engine, proof: &str) -> Option<Self> {
        // On the disk of the builds: where /tmp lies in memory, nothing is ever lost.
        let folder = TempDir::with_prefix_in("proof-", env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let database = Database::fresh(engine, folder.path(), proof)?;
        let mut instance = Self { database, folder, admin: String::new(), project: "shop" };
        let mut command = instance.command();
        command.args([
            "init",
            "--tenant",
            "acme",
            "--email",
            "owner@acme.test",
            "--password-stdin",
            "--json",
        ]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("nexus starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(b"correct horse battery staple\n").expect("written");
        drop(stdin);
        let made = json_of(&child.wait_with_output().expect("nexus init ends"));
        instance.admin = made["api_key"].as_str().expect("a key").to_owned();
        Some(instance)
    }

    /// `nexus init` once more, with these arguments and nothing to read.
    pub fn init_again(&self, args: &[&str]) -> Output {
        let mut command = self.command();
        command.arg("init").args(args).stdin(Stdio::null()).output().expect("nexus init ends")
    }

    /// The program with this instance's settings and nothing else from outside.
    fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("NEXUS_DATA_DIR", self.folder.path())
            .env("NEXUS_DATABASE_URL", &self.database.url)
            .env("NEXUS_LOG", "warn")
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        command
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn start(&self) -> Server {
        // Somebody else may take a free port before the server does.
        for _ in 0..5 {
            if let Some(server) = self.try_start() {
                return server;
            }
        }
        panic!("nexus does not start:\n{}", self.log());
    }

    fn try_start(&self) -> Option<Server> {
        let started = Instant::now();
        let (mut child, address) = self.spawn();
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        while output.read_line(&mut line).expect("it prints") > 0 {
            if line.starts_with("Nexus is ready") {
                let ready_after = started.elapsed();
                return Some(Server { child, _output: output, address, ready_after });
            }
            line.clear();
        }
        child.wait().expect("it ended");
        None
    }

    /// Kills a server that may not be ready yet.
    pub fn start_and_kill(&self, after: Duration) {
        let (mut child, _) = self.spawn();
        sleep(after);
        child.kill().expect("killed");
        child.wait().expect("it ended");
    }

    fn spawn(&self) -> (Child, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let log = OpenOptions::new().create(true).append(true).open(self.log_path()).expect("a log");
        let mut command = self.command();
        command.arg("serve").env("NEXUS_LISTEN", address.to_string()).stdout(Stdio::piped()).stderr(log);
        (command.spawn().expect("nexus starts"), address)
    }

    fn log_path(&self) -> std::path::PathBuf {
        self.folder.path().join("log")
    }

    pub fn log(&self) -> String {
        read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Runs `nexus audit verify`, beside the server.
    #[track_caller]
    pub fn verify_by_command(&self) {
        let output = self.command().args(["audit", "verify"]).output().expect("nexus starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains(" rows, whole"), "{said}{output:?}");
    }

    /// Makes a service of the project, and a `read_write` key for it.
    pub fn service(&self, client: &mut Client, admin: &str, name: &str) -> String {
        let new = json!({ "name": name, "kind": "backend", "environment": "live" });
        client
            .ask(&Request::post(&format!("/api/v1/projects/{}/services", self.project), admin, &new))
            .good();
        let slot = format!("{}/keys/secondary/rotate", self.path(name));
        let made = client.ask(&Request::post(&slot, admin, &json!({ "access": "read_write" }))).good();
        made["key"].as_str().expect("a key").to_owned()
    }

    pub fn make_project(&self, client: &mut Client, admin: &str) {
        let new = json!({ "name": "Shop", "slug": self.project });
        client.ask(&Request::post("/api/v1/projects", admin, &new)).good();
    }

    /// A service's address in the management API.
    pub fn path(&self, service: &str) -> String {
        format!("/api/v1/projects/{}/services/{service}", self.project)
    }

    /// What has to hold at the end of every proof: nothing panicked, and both verifiers find the
    /// audit log whole.
    pub fn is_sound(&self, server: &Server) {
        verify_by_http(&mut Client::new(server.address), &self.admin);
        self.verify_by_command();
        assert!(!self.log().contains("panicked"), "a handler panicked:\n{}", self.log());
    }
}

/// Checks the chain through the API; says how many rows it has.
#[track_caller]
pub fn verify_by_http(client: &mut Client, admin: &str) -> i64 {
    let verdict = client.ask(&Request::get("/api/v1/audit/verify", admin)).good();
    assert_eq!(verdict["ok"], true, "{verdict}");
    verdict["rows"].as_i64().expect("a number")
}

impl Server {
    /// `kill -9`.
    pub fn kill(mut self) {
        self.die();
    }

    pub fn die(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.die();
    }
}

fn json_of(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("one line of JSON")
}

/// Keeps what a proof found out, for whoever reads the output of a full run.
pub fn report(proof: &str, words: &str) {
    println!("{proof} at {}%: {words}", share(100));
}
