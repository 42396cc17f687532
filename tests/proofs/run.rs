//! `nexus run`, `pull` and `secrets` as a person at a terminal uses them: the real program, beside a real
//! server.

use crate::client::{Client as Http, Request};
use crate::database::Engine;
use crate::instance::{Instance, PROGRAM, Server};
use serde_json::json;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A person's desk: a server with a service that has a few entries, its key, and a home.
pub struct Desk {
    pub instance: Instance,
    pub server: Server,
    pub key: String,
    pub home: TempDir,
}

impl Desk {
    pub fn new(name: &str) -> Self {
        let instance = Instance::new(Engine::Sqlite, name).expect("SQLite is always there");
        let server = instance.start();
        let mut http = Http::new(server.address);
        instance.make_project(&mut http, &instance.admin);
        let key = instance.service(&mut http, &instance.admin, "checkout-api");
        let desk = Self { instance, server, key, home: tempfile::tempdir().expect("a folder") };
        desk.secret("database_password", &json!({ "value": "multi\nline $HOME 'quoted'" }));
        desk.config("port", &json!(8080));
        desk.config("greeting", &json!("hällo"));
        desk
    }

    pub fn secret(&self, key: &str, body: &serde_json::Value) {
        Http::new(self.server.address)
            .ask(&Request::put(&format!("/v1/secrets/{key}"), &self.key, body))
            .good();
    }

    fn config(&self, key: &str, value: &serde_json::Value) {
        let path = format!("{}/configs", self.instance.path("checkout-api"));
        let body = json!({ "key": key, "value": value });
        Http::new(self.server.address).ask(&Request::post(&path, &self.instance.admin, &body)).good();
    }

    pub fn nexus(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.home.path())
            .env("NEXUS_URL", format!("http://{}", self.server.address))
            .env("NEXUS_KEY", &self.key)
            .args(arguments);
        command
    }

    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.nexus(arguments).output().expect("nexus starts")
    }

    #[track_caller]
    pub fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }
}

#[test]
fn a_command_finds_secrets_configs_and_files_in_its_environment_and_its_code_comes_back() {
    let desk = Desk::new("run");
    let said = desk.says(&[
        "run",
        "--",
        "sh",
        "-c",
        "printf '%s|%s|%s' \"$database_password\" \"$port\" \"$greeting\"",
    ]);
    assert_eq!(said, "multi\nline $HOME 'quoted'|8080|hällo");
    assert_eq!(desk.run(&["run", "--", "sh", "-c", "exit 7"]).status.code(), Some(7));
    assert_eq!(desk.run(&["run", "--", "no-such-command"]).status.code(), Some(127));
    assert_eq!(desk.run(&["run", "--", "/etc/passwd"]).status.code(), Some(126));

    let preserved =
        desk.nexus(&["run", "--preserve-env", "--", "sh", "-c", "echo $port"]).env("port", "1").output();
    assert_eq!(preserved.expect("it ran").stdout, b"1\n");

    // With a file the program stays in front, and takes the file away at the end.
    desk.secret("TLS.CERT", &json!({ "type": "file", "value_base64": "AAECAw==" }));
    let said = desk.says(&[
        "run",
        "--",
        "sh",
        "-c",
        "stat -c %a \"$TLS_CERT\"; od -An -tx1 \"$TLS_CERT\"; echo \"$TLS_CERT\"",
    ]);
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("600"));
    assert_eq!(lines.next().map(str::trim), Some("00 01 02 03"));
    let path = PathBuf::from(lines.next().expect("a path"));
    assert!(!path.exists() && !path.parent().expect("a folder").exists(), "{path:?}");
    assert_eq!(desk.run(&["run", "--", "sh", "-c", "kill -TERM $$"]).status.code(), Some(128 + 15));
    assert_eq!(desk.run(&["run", "--", "sh", "-c", "exit 9"]).status.code(), Some(9));
}

#[test]
fn what_cannot_be_a_variable_is_said_before_the_command_starts() {
    let desk = Desk::new("run-refused");
    desk.config("a.b", &json!("1"));
    desk.config("a-b", &json!("2"));
    let output = desk.run(&["run", "--", "sh", "-c", "echo started"]);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(125), b"".as_slice()));
    assert!(complaint.contains("a-b") && complaint.contains("a_b"), "{complaint}");

    let refused = desk.nexus(&["run", "--", "true"]).env("NEXUS_KEY", "sk_live_0").output().expect("it ran");
    assert_eq!(refused.status.code(), Some(125));
    let keyless = desk.nexus(&["run", "--", "true"]).env_remove("NEXUS_KEY").output().expect("it ran");
    assert!(String::from_utf8_lossy(&keyless.stderr).contains("NEXUS_KEY"));
    assert_eq!(keyless.status.code(), Some(125));
}

#[test]
fn signals_reach_the_command_and_a_change_starts_it_again() {
    let desk = Desk::new("run-watch");
    let script = "trap 'echo heard' USR1; trap 'exit 3' TERM; echo port $port; while :; do sleep 0.05; done";
    let mut child = desk
        .nexus(&["run", "--watch", "--", "sh", "-c", script])
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .expect("nexus starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    assert_eq!(next(), "port 8080");
    // Not HUP, which whoever runs the tests may have had ignored.
    signal(child.id(), "USR1");
    assert_eq!(next(), "heard");
    let path = format!("{}/configs/port", desk.instance.path("checkout-api"));
    Http::new(desk.server.address)
        .ask(&Request::put(&path, &desk.instance.admin, &json!({ "value": 9090 })))
        .good();
    assert_eq!(next(), "port 9090");
    signal(child.id(), "TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
}

pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status().expect("kill starts");
    assert!(sent.success());
}

#[test]
fn during_an_outage_the_copy_of_the_last_time_is_used_and_the_disk_shows_nothing() {
    let desk = Desk::new("run-offline");
    assert_eq!(desk.says(&["run", "--", "sh", "-c", "echo $port"]), "8080\n");
    assert_eq!(desk.says(&["run", "--offline", "--", "sh", "-c", "echo $port"]), "8080\n");
    let away =
        desk.nexus(&["run", "--", "sh", "-c", "echo $port"]).env("NEXUS_URL", "http://127.0.0.1:1").output();
    assert_eq!(away.expect("it ran").status.code(), Some(125), "another address has another copy");
    let old = desk.run(&["run", "--offline", "--max-age", "0s", "--", "true"]);
    assert_eq!(old.status.code(), Some(125));
    let cache = desk.home.path().join(".cache/nexus");
    for file in fs::read_dir(cache).expect("the copies") {
        let stored = fs::read(file.expect("a file").path()).expect("bytes");
        assert!(!stored.windows(5).any(|window| window == b"quote"));
    }
}

#[test]
fn a_text_is_imported_whole_or_not_at_all() {
    let desk = Desk::new("run-import");
    let file = desk.home.path().join("shop.env");
    let file = file.to_str().expect("text");
    fs::write(file, "token=hunter2\nnot a line\nquoted=\"a \\\"b\\\" #c\"\n").expect("written");
    let refused = desk.run(&["secrets", "import", file]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("line 2") && !said.contains("hunter2"), "{said}");
    assert_eq!(desk.says(&["secrets", "list"]), "database_password\ttext\n");

    fs::write(file, "token=hunter2\nquoted=\"a \\\"b\\\" #c\"\n").expect("written");
    let dry = desk.says(&["secrets", "import", "--dry-run", file]);
    assert_eq!(dry, "token\tnew\nquoted\tnew\n2 would be new, 0 would be changed, 0 unchanged\n");
    assert_eq!(desk.says(&["secrets", "list"]), "database_password\ttext\n");
    assert!(desk.says(&["secrets", "import", file]).ends_with("2 new, 0 changed, 0 unchanged\n"));
    assert_eq!(desk.says(&["secrets", "get", "quoted"]), "a \"b\" #c");
    fs::write(file, "{\"token\": \"hunter3\", \"quoted\": \"a \\\"b\\\" #c\"}").expect("written");
    assert_eq!(desk.says(&["secrets", "import", file]), "token\tchanged\n0 new, 1 changed, 1 unchanged\n");
    assert_eq!(desk.says(&["secrets", "get", "token"]), "hunter3");
}

#[test]
fn secrets_are_listed_read_set_and_deleted_and_pulled_into_a_file() {
    let desk = Desk::new("run-secrets");
    let mut set = desk
        .nexus(&["secrets", "set", "token"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    set.stdin.take().expect("a pipe").write_all(b"hunter2\n").expect("written");
    assert_eq!(set.wait_with_output().expect("it ends").stdout, b"token is at v1\n");
    assert_eq!(desk.says(&["secrets", "get", "token"]), "hunter2");
    assert_eq!(desk.says(&["secrets", "list"]), "database_password\ttext\ntoken\ttext\n");
    let file = desk.home.path().join("out.env");
    desk.says(&["pull", "--output", file.to_str().expect("text")]);
    let pulled = fs::read_to_string(&file).expect("a file");
    assert!(pulled.contains("hunter2") && pulled.contains("8080"), "{pulled}");
    let json: serde_json::Value =
        serde_json::from_str(&desk.says(&["pull", "--format", "json"])).expect("JSON");
    assert_eq!(json["greeting"], "hällo");
    assert_eq!(desk.says(&["secrets", "delete", "token"]), "token is deleted\n");
    assert!(!desk.run(&["secrets", "get", "token"]).status.success());
    assert!(!desk.run(&["secrets", "delete", "token"]).status.success());
}
