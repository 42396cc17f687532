//! A PostgreSQL server for the time of a test run: its own data folder, its own port on loopback,
//! its own password, with the settings that decide about durability left as they ship.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{fingerprint, process};

const SUPERUSER: &str = "postgres";
const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A running server. Dropping it stops the server; its data go with the folder that they are in.
pub struct Server {
    child: Child,
    port: u16,
    password: String,
    folder: PathBuf,
}

impl Server {
    /// Starts a new, empty server with the programs in `programs` and its data in a folder of `parent`.
    ///
    /// # Errors
    /// When the data folder cannot be made or the server does not come up.
    pub fn start(parent: &Path, programs: &Path) -> Result<Self> {
        let account = Account::choose()?;
        let folder = parent.join("postgres");
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let data = folder.join("data");
        let password = new_password()?;
        let password_file = folder.join("password");
        fs::write(&password_file, &password)?;
        account.own(&folder)?;

        process::output(
            account
                .command(&programs.join("initdb"))
                .arg("--pgdata")
                .arg(&data)
                .arg("--pwfile")
                .arg(&password_file)
                .args(["--username", SUPERUSER, "--auth", "scram-sha-256"])
                .args(["--encoding", "UTF8", "--locale", "C"])
                .current_dir(&folder),
        )?;

        let port = free_port()?;
        let log = fs::File::create(folder.join("log"))?;
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
            // Its data may lie in memory.
            .args(["-c", "max_wal_size=256MB"])
            .current_dir(&folder)
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
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
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
}

fn group_of(account: &str) -> &str {
    if account == "nobody" { "nogroup" } else { account }
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
