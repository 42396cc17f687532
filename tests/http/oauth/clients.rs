//! Unmodified clients of others against the server at a socket: `openid-client` and `oauth4webapi` from npm,
//! `Authlib` from PyPI (`tests/third-party` pins them). The person in between is the test.

use crate::world::apps::CALLBACK;
use crate::world::{Start, World};
use nexus_backend::oauth::{authorize, device};
use nexus_backend::people::Opened;
use nexus_domain::UserId;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

fn told(name: &str) -> PathBuf {
    std::env::var_os(name)
        .unwrap_or_else(|| panic!("{name} says where it is: cargo xtask test sets it"))
        .into()
}

/// A program that says addresses, a line each, and reads where the person was sent back to.
struct Program {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    tell: ChildStdin,
}

impl Program {
    fn start(program: &Path, script: &str, arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/third-party/oauth").join(script);
        let mut command = Command::new(program);
        command.arg(script).args(arguments).env("AUTHLIB_INSECURE_TRANSPORT", "1").kill_on_drop(true);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let said = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let tell = child.stdin.take().expect("a pipe");
        Self { child, said, tell }
    }

    async fn next(&mut self) -> String {
        self.said.next_line().await.expect("text").unwrap_or_default()
    }

    async fn answer(&mut self, line: &str) {
        self.tell.write_all(format!("{line}\n").as_bytes()).await.expect("told");
    }
}

/// The server at a socket, with its address.
async fn served() -> (World, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let world = World::started(Start { public_url: origin.clone().leak(), ..Start::default() }).await;
    world.serve(listener);
    (world, origin)
}

async fn owner(w: &World) -> Opened {
    let owner = w.texts("SELECT lower(hex(id)) FROM users WHERE email = 'ana@acme.test'").await[0].clone();
    Opened::by_password(UserId(owner.parse().expect("an id")), w.nexus.now())
}

/// Does what the person does: allows what is asked at the address. Answers with where they are sent.
async fn visit(w: &World, address: &str) -> String {
    let (path, query) = address.split_once('?').expect("a query");
    let owner = owner(w).await;
    if path.ends_with("/oauth/authorize") {
        return authorize::decide(&w.nexus, owner, query, true, None).await.expect("allowed");
    }
    let code = query.strip_prefix("user_code=").expect("a device's code");
    let ip = "192.0.2.9".parse().expect("an address");
    device::decide(&w.nexus, owner, code, "acme", true, ip).await.expect("let in");
    address.to_owned()
}

async fn goes_through(program: &Path, script: &str) {
    let (w, origin) = served().await;
    let apps = &w.keys.apps;
    let modules = told("NEXUS_TEST_NODE_MODULES");
    let modules = modules.to_str().expect("a path");
    for (id, secret) in [(&*apps.app, &*apps.app_secret), (&*apps.public_app, "")] {
        let mut program = Program::start(program, script, &[&origin, id, secret, CALLBACK, modules]);
        loop {
            let line = program.next().await;
            if !line.starts_with("http") {
                let ended = program.child.wait().await.expect("it ends");
                assert!(line == "done" && ended.success(), "{script}: {line} {ended}");
                break;
            }
            let back = visit(&w, &line).await;
            program.answer(&back).await;
        }
    }
}

#[tokio::test]
async fn openid_client_is_an_app_like_any_other() {
    goes_through(Path::new("node"), "openid-client.mjs").await;
}

#[tokio::test]
async fn oauth4webapi_finds_every_answer_to_be_what_the_standards_say() {
    goes_through(Path::new("node"), "oauth4webapi.mjs").await;
}

#[tokio::test]
async fn authlib_is_an_app_like_any_other() {
    goes_through(&told("NEXUS_TEST_PYTHON"), "authlib_client.py").await;
}
