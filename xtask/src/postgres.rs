//! A PostgreSQL server for the time of a test run: its own data folder, its own port on loopback,
//! its own password, with the settings that decide about durability left as they ship.

use std::{
    env, fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::{fingerprint, process, workspace::Workspace};

const SUPERUSER: &str = "postgres";
const FOLDER_PREFIX: &str = "nexus-postgres-";
const ABANDONED_AFTER: Duration = Duration::from_secs(300);
const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A running server. Dropping it stops the server and removes its data.
pub struct Server {
    child: Child,
    port: u16,
    password: String,
    /// Declared after the child, removed after it has ended.
    folder: TempDir,
}

impl Server {
    /// Starts a new, empty server with the programs in `programs`.
    ///
    /// # Errors
    /// When the data folder cannot be made or the server does not come up.
    pub fn start(workspace: &Workspace, programs: &Path) -> Result<Self> {
        let account = Account::choose()?;
        let folder = data_folder(workspace, &account)?;
        let data = folder.path().join("data");
        let password = new_password()?;
        let password_file = folder.path().join("password");
        fs::write(&password_file, &password)?;
        account.own(folder.path())?;

        process::output(
            account
                .command(&programs.join("initdb"))
                .arg("--pgdata")
                .arg(&data)
                .arg("--pwfile")
                .arg(&password_file)
                .args(["--username", SUPERUSER, "--auth", "scram-sha-256"])
                .args(["--encoding", "UTF8", "--locale", "C"])
                .current_dir(folder.path()),
        )?;

        let port = free_port()?;
        let log = fs::File::create(folder.path().join("log"))?;
        let child = account
            .command(&programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            // Many test processes, each with a pool or several.
            .args(["-c", "max_connections=300"])
            .args(["-c", "shared_buffers=256MB"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start PostgreSQL")?;
        let mut server = Self { child, port, password, folder };
        server.wait_until_ready(programs)?;
        Ok(server)
    }

    /// Where the superuser connects; tests make databases of their own from there.
    pub fn url(&self) -> String {
        format!("postgres://{SUPERUSER}:{}@127.0.0.1:{}/postgres", self.password, self.port)
    }

    fn wait_until_ready(&mut self, programs: &Path) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let ready = process::status(Command::new(programs.join("pg_isready")).args([
                "-q",
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
            ]))?;
            if ready.success() {
                return Ok(());
            }
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() >= deadline {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start:\n{log}");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT asks for a fast shutdown: open connections are cut. A server that has ended
        // already has been waited for, so the number cannot belong to another process.
        if let Ok(None) = self.child.try_wait() {
            let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        }
        let deadline = Instant::now() + STOP_LIMIT;
        while let Ok(None) = self.child.try_wait() {
            if Instant::now() >= deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Who the server runs as: PostgreSQL refuses to run as root.
enum Account {
    /// Whoever runs this program.
    Own,
    /// Somebody else, because this program runs as root.
    Other(&'static str),
}

impl Account {
    fn choose() -> Result<Self> {
        if process::output(Command::new("id").arg("-u"))?.trim() != "0" {
            return Ok(Self::Own);
        }
        ["postgres", "nobody"]
            .into_iter()
            .find(|name| process::output(Command::new("id").args(["-u", name])).is_ok())
            .map(Self::Other)
            .context("PostgreSQL refuses to run as root, and there is no user postgres or nobody")
    }

    /// A program under this account that ends with this program, however this one ends. Ctrl-C
    /// reaches both, and to PostgreSQL it means a fast shutdown.
    fn command(&self, program: &Path) -> Command {
        if process::find("setpriv").is_none() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "INT"]);
        if let Self::Other(name) = self {
            command.args(["--reuid", name, "--regid", group_of(name)]).arg("--clear-groups");
        }
        command.arg("--").arg(program);
        command
    }

    /// Hands a folder and what is in it over.
    fn own(&self, folder: &Path) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Other(name) => process::run(
                Command::new("chown")
                    .arg("--recursive")
                    .arg(format!("{name}:{}", group_of(name)))
                    .arg(folder),
            ),
        }
    }

    /// Whether this account can get into a folder.
    fn reaches(&self, folder: &Path) -> Result<bool> {
        Ok(self.command(Path::new("test")).arg("-x").arg(folder).status()?.success())
    }
}

fn group_of(account: &str) -> &str {
    if account == "nobody" { "nogroup" } else { account }
}

/// A folder on the same disk as the builds, unless the server's account may not go there (a
/// repository in root's home): then one in the system's temporary folder.
fn data_folder(workspace: &Workspace, account: &Account) -> Result<TempDir> {
    let mut parent: PathBuf = workspace.target();
    fs::create_dir_all(&parent)?;
    if !account.reaches(&parent)? {
        parent = env::temp_dir();
    }
    remove_abandoned(&parent);
    tempfile::Builder::new()
        .prefix(FOLDER_PREFIX)
        .tempdir_in(&parent)
        .with_context(|| format!("cannot make a folder in {}", parent.display()))
}

/// Removes what interrupted runs left. A server removes its `postmaster.pid` when it ends, so a
/// folder with a data folder and without that file is nobody's, unless it was made just now.
fn remove_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(FOLDER_PREFIX));
        let data = entry.path().join("data");
        let old = fs::metadata(&data)
            .and_then(|data| data.modified())
            .is_ok_and(|time| time.elapsed().is_ok_and(|age| age > ABANDONED_AFTER));
        if ours && old && !data.join("postmaster.pid").exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A port that is free now. Another program could take it before the server does; then the server
/// does not start, and says why.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// A password nobody else on the machine can guess: the server listens on loopback, and its
/// superuser can run programs.
fn new_password() -> Result<String> {
    use std::io::Read;
    let mut seed = [0_u8; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(fingerprint::of(&seed))
}
