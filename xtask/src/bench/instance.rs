//! A fresh instance of the release build on SQLite, filled through its own API.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::web::Web;
use crate::{process, workspace::Workspace};

pub const EMAIL: &str = "owner@acme.test";
pub const PASSWORD: &str = "correct horse battery staple";
/// What one import may hold at most.
const CHUNK: usize = 1_000;

/// A tenant with the project `shop`.
pub struct Instance {
    program: PathBuf,
    folder: TempDir,
    admin: String,
}

impl Instance {
    /// # Errors
    /// When the program cannot make it.
    pub fn new(workspace: &Workspace, program: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("nexus-bench-").tempdir_in(workspace.target())?;
        let mut instance = Self { program: program.to_path_buf(), folder, admin: String::new() };
        let mut child = instance
            .command()
            .args(["init", "--tenant", "acme", "--email", EMAIL, "--password-stdin", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        writeln!(child.stdin.take().context("a piped input is missing")?, "{PASSWORD}")?;
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "`nexus init` failed: {}", output.status);
        let made: Value = serde_json::from_slice(&output.stdout)?;
        let key = made.get("api_key").and_then(Value::as_str).context("`nexus init` printed no key")?;
        key.clone_into(&mut instance.admin);
        let mut server = instance.start()?;
        let new = json!({ "name": "Shop", "slug": "shop" }).to_string();
        instance.api(&server)?.post("/api/v1/projects", "application/json", &new)?.json()?;
        server.stop()?;
        Ok(instance)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // Nothing from outside, so that every run measures the same.
        command.env_clear().env("NEXUS_DATA_DIR", self.folder.path());
        command
    }

    /// # Errors
    /// When the program does not start.
    pub fn start(&self) -> Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        drop(listener);
        let log = File::create(self.folder.path().join("log"))?;
        let mut command = self.command();
        command.arg("serve").env("NEXUS_LISTEN", address.to_string()).stderr(log);
        // So that people may come from addresses of their own.
        command.env("NEXUS_TRUSTED_PROXIES", "127.0.0.1/32");
        // So that a provider of workload identity can hang on this machine.
        command.env("NEXUS_EGRESS_ALLOW", "127.0.0.0/8").env("NEXUS_EGRESS_HTTP", "true");
        Server::start(command, address, "Nexus is ready")
    }

    /// Asks the management API; hands back what it made.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn make(&self, server: &Server, path: &str, body: &Value) -> Result<Value> {
        self.api(server)?.post(path, "application/json", &body.to_string())?.json()
    }

    /// Looks something up by the management API.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn look(&self, server: &Server, path: &str) -> Result<Value> {
        self.api(server)?.get(path)?.json()
    }

    fn api(&self, server: &Server) -> Result<Web> {
        Ok(Web::connect(server.address)?.with("authorization", &format!("Bearer {}", self.admin)))
    }

    /// Makes a service of the project; hands back its key.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn service(&self, server: &Server, name: &str) -> Result<String> {
        let mut api = self.api(server)?;
        let new = json!({ "name": name, "kind": "backend", "environment": "live" }).to_string();
        api.post("/api/v1/projects/shop/services", "application/json", &new)?.json()?;
        let path = format!("/api/v1/projects/shop/services/{name}/keys/primary/rotate");
        let made = api.post(&path, "application/json", "{}")?.json()?;
        Ok(made.get("key").and_then(Value::as_str).context("no key was made")?.to_owned())
    }

    /// Makes so many flags in a service.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn flags(&self, server: &Server, service: &str, count: usize) -> Result<()> {
        let mut api = self.api(server)?;
        let path = format!("/api/v1/projects/shop/services/{service}/flags");
        for n in 0..count {
            api.post(&path, "application/json", &super::flags::definition(n).to_string())?.json()?;
        }
        Ok(())
    }

    /// Presses the switch of a flag.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn toggle(&self, server: &Server, service: &str, flag: &str) -> Result<()> {
        let path = format!("/api/v1/projects/shop/services/{service}/flags/{flag}/toggle");
        self.api(server)?.post(&path, "application/json", "{}")?.json().map(|_| ())
    }

    /// Imports so many secrets into a service.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn import(&self, server: &Server, service: &str, count: usize) -> Result<()> {
        let mut api = self.api(server)?;
        let path = format!("/api/v1/projects/shop/services/{service}/secrets:import");
        for from in (0..count).step_by(CHUNK) {
            let to = count.min(from + CHUNK);
            let pairs: Map<_, _> = (from..to)
                .map(|n| {
                    (format!("SECRET_{n:05}"), json!(format!("value-{n:05}-0123456789abcdef0123456789")))
                })
                .collect();
            let body = json!({ "format": "json", "text": Value::Object(pairs).to_string() }).to_string();
            let report = api.post(&path, "application/json", &body)?.json()?;
            let new = report.get("new").and_then(Value::as_u64);
            ensure!(new == u64::try_from(to - from).ok(), "the import did not take everything: {new:?}");
        }
        Ok(())
    }
}

/// A running server of either kind.
pub struct Server {
    child: Child,
    /// Held open: a program that cannot print ends.
    _output: BufReader<ChildStdout>,
    pub address: SocketAddr,
    pub ready_after: Duration,
}

impl Server {
    /// Starts a program and waits until it prints that it is ready.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(mut command: Command, address: SocketAddr, ready: &str) -> Result<Self> {
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("a piped output is missing")?);
        let mut line = String::new();
        while !line.starts_with(ready) {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                child.kill()?;
                anyhow::bail!("the server ended with {}", child.wait()?);
            }
        }
        Ok(Self { child, _output: output, address, ready_after: started.elapsed() })
    }

    /// Starts a program of others, which says in no agreed way when it is ready: by its answer there.
    ///
    /// # Errors
    /// When it does not answer within half a minute.
    pub fn start_answering(mut command: Command, address: SocketAddr, path: &str) -> Result<Self> {
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(child.stdout.take().context("a piped output is missing")?);
        let server = Self { child, _output: output, address, ready_after: started.elapsed() };
        while started.elapsed() < Duration::from_secs(30) {
            let answered = Web::connect(address).and_then(|mut web| web.get(path));
            if answered.is_ok_and(|answer| answer.status == 200) {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        anyhow::bail!("nothing answers at {path}")
    }

    /// Resident memory in bytes.
    ///
    /// # Errors
    /// When `ps` does not know.
    pub fn memory(&self) -> Result<f64> {
        let id = self.child.id().to_string();
        let kib: f64 = process::output(Command::new("ps").args(["-o", "rss=", "-p", &id]))?.trim().parse()?;
        Ok(kib * 1024.0)
    }

    /// The most memory that was resident at any time since the start, in bytes.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn peak_memory(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: f64 = line.context("no peak is told")?.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024.0)
    }

    /// Asks it to end, and waits.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn stop(&mut self) -> Result<()> {
        process::run(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that was stopped has been waited for, and this does nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
