//! What the command line leaves behind, however it ends, and what it does with what was there before: secret files,
//! copies for outages, and the places that output goes to.

use crate::client::{Client as Http, Request};
use crate::run::{Desk, signal};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).expect("a folder").next().is_none()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn lines(child: &mut Child) -> impl FnMut() -> String + use<> {
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    move || lines.next().expect("a line").expect("text")
}

#[test]
fn an_outage_takes_no_file_away_and_what_is_old_says_so() {
    let mut desk = Desk::new("run-outage");
    let large = "x".repeat(90_000);
    desk.secret("LARGE", &json!({ "type": "file", "value_base64": large }));
    let count = ["run", "--", "sh", "-c", "wc -c < \"$LARGE\""];
    assert_eq!(desk.says(&count).trim(), "67500");
    desk.server.die();
    let offline = ["run", "--offline", "--", "sh", "-c", "wc -c < \"$LARGE\""];
    for arguments in [count.as_slice(), offline.as_slice()] {
        assert_eq!(desk.says(arguments).trim(), "67500");
    }
    for arguments in [["secrets", "list"].as_slice(), &["secrets", "get", "database_password"], &["pull"]] {
        let output = desk.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.contains("the copy of the last time"), "{output:?}");
    }
}

#[test]
fn folders_are_this_users_alone_whatever_the_umask_says() {
    let desk = Desk::new("run-umask");
    desk.secret("CERT", &json!({ "type": "file", "value_base64": "AAECAw==" }));
    let script = "umask 000; exec \"$0\" run -- sh -c 'stat -c %a \"$(dirname \"$CERT\")\"'";
    let mut command = Command::new("sh");
    let made = desk.nexus(&[]);
    command.args(["-c", script]).arg(made.get_program()).env_clear();
    command.envs(made.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().expect("sh starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "700\n", "{output:?}");
    assert_eq!(mode(&desk.home.path().join(".cache/nexus")), 0o700);
}

#[test]
fn output_goes_through_a_link_and_replaces_neither_it_nor_what_standard_output_is() {
    let desk = Desk::new("run-output");
    let at = |name: &str| desk.home.path().join(name);
    fs::write(at("target"), "before").expect("written");
    symlink("target", at("link")).expect("linked");
    symlink("/proc/self/fd/1", at("output")).expect("linked");
    let to = |name: &str| at(name).to_str().expect("text").to_owned();
    desk.says(&["pull", "-o", &to("link")]);
    assert!(fs::read_to_string(at("target")).expect("a file").contains("8080"));
    assert_eq!(mode(&at("target")), 0o600);
    assert!(desk.says(&["pull", "-o", &to("output")]).contains("8080"));

    let log = fs::File::options().append(true).create(true).open(at("log")).expect("a file");
    writeln!(&log, "before").expect("written");
    let got = desk.nexus(&["secrets", "get", "database_password", "-o", &to("output")]).stdout(log).status();
    assert!(got.expect("it ran").success());
    let log = fs::read_to_string(at("log")).expect("a file");
    assert!(log.starts_with("before\nmulti\n"), "{log}");
    for link in ["link", "output"] {
        assert!(fs::symlink_metadata(at(link)).expect("it is there").is_symlink());
    }
}

/// A server whose service has a small and a large file, and which never answers with the large one. It tells
/// when it is asked for it.
fn hanging() -> (SocketAddr, Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (tell, told) = channel();
    let file = |value: Value| {
        let mut file = json!({ "type": "file", "version": 1, "inherited": false });
        file.as_object_mut().expect("an object").extend(value.as_object().cloned().expect("an object"));
        file
    };
    let snapshot = json!({
        "service": "api", "kind": "backend", "environment": "live", "revision": 1, "configs": {}, "flags": {},
        "errors": [], "secrets": {
            "A": file(json!({ "value_base64": "AAECAw==" })),
            "B": file(json!({ "sha256": "0".repeat(64), "size": 70_000 })),
        }
    });
    let body = snapshot.to_string();
    let answer =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    std::thread::spawn(move || {
        for visitor in listener.incoming() {
            let mut visitor = visitor.expect("a visitor");
            let mut head = [0; 4096];
            let length = visitor.read(&mut head).expect("a request");
            if head[..length].starts_with(b"GET /v1/sync") {
                visitor.write_all(answer.as_bytes()).expect("answered");
            } else if tell.send(visitor).is_err() {
                return;
            }
        }
    });
    (address, told)
}

#[test]
fn a_signal_while_files_are_fetched_leaves_none() {
    let (address, asked) = hanging();
    let home = tempfile::tempdir().expect("a folder");
    let temporary = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(crate::instance::PROGRAM)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home.path())
        .env("TMPDIR", temporary.path())
        .env("NEXUS_URL", format!("http://{address}"))
        .env("NEXUS_KEY", "sk_live_1")
        .args(["run", "--no-cache", "--", "true"])
        .stdin(Stdio::null())
        .spawn()
        .expect("nexus starts");
    let _kept_open = asked.recv().expect("the large file is asked for");
    assert!(!is_empty(temporary.path()), "the small one is there");
    signal(child.id(), "TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(128 + 15));
    assert!(is_empty(temporary.path()), "none is left");
}

#[test]
fn the_files_of_a_run_that_was_killed_stay_with_its_command_and_go_with_the_next_run() {
    let desk = Desk::new("run-killed");
    desk.secret("CERT", &json!({ "type": "file", "value_base64": "AAECAw==" }));
    let temporary = tempfile::tempdir().expect("a folder");
    let next = || {
        let ran = desk.nexus(&["run", "--", "true"]).env("TMPDIR", temporary.path()).status();
        assert!(ran.expect("it ran").success());
    };
    let mut child = desk
        .nexus(&["run", "--", "sh", "-c", "echo up; read line; cat \"$CERT\" | wc -c; echo over; exec 1>&-"])
        .env("TMPDIR", temporary.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("nexus starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = child.stdout.take().expect("a pipe");
    let mut up = [0; 3];
    output.read_exact(&mut up).expect("it is up");
    child.kill().expect("killed");
    child.wait().expect("it ended");
    next();
    assert!(!is_empty(temporary.path()), "the command still runs");
    writeln!(input, "go on").expect("it reads");
    let mut said = String::new();
    output.read_to_string(&mut said).expect("it ends");
    assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["4", "over"]);
    // The end of its output comes a moment before its own.
    let swept = || {
        next();
        is_empty(temporary.path())
    };
    assert!((0..100).any(|_| swept()), "nobody needs them any more");
}

#[test]
fn a_signal_that_is_ignored_at_the_start_stays_ignored() {
    let desk = Desk::new("run-nohup");
    desk.secret("CERT", &json!({ "type": "file", "value_base64": "AAECAw==" }));
    let made = desk.nexus(&[]);
    let mut command = Command::new("sh");
    let script = "trap '' HUP; exec \"$0\" run -- sh -c 'echo up; read line; echo \"$line\"'";
    command.args(["-c", script]).arg(made.get_program()).env_clear();
    command.envs(made.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sh becomes nexus");
    let mut next = lines(&mut child);
    assert_eq!(next(), "up");
    signal(child.id(), "HUP");
    // Both have it by now: this one comes after it, by the same way.
    signal(child.id(), "USR1");
    assert_eq!(child.wait().expect("it ends").code(), Some(128 + 10), "USR1 ended it, and not HUP");
}

#[test]
fn services_that_share_an_umbrella_run_together_and_a_real_collision_names_them() {
    let desk = Desk::new("run-umbrella");
    let mut http = Http::new(desk.server.address);
    let admin = &desk.instance.admin;
    let worker = desk.instance.service(&mut http, admin, "worker");
    let shared = desk.instance.path("shared");
    let services = shared.trim_end_matches("/shared");
    let new = json!({ "name": "shared", "kind": "backend", "environment": "live", "umbrella": true });
    http.ask(&Request::post(services, admin, &new)).good();
    for body in [
        json!({ "key": "SHARED", "value": "same" }),
        json!({ "key": "CERT", "type": "file", "value_base64": "AAECAw==" }),
    ] {
        http.ask(&Request::post(&format!("{shared}/secrets"), admin, &body)).good();
    }
    for service in ["checkout-api", "worker"] {
        let linked = format!("{}/umbrella", desk.instance.path(service));
        let answer = http.ask(&Request::put(&linked, admin, &json!({ "umbrella": "shared" })));
        assert!(answer.status < 300, "{answer:?}");
    }
    let both = |script: &str| {
        let mut command = desk.nexus(&["run", "--", "sh", "-c", script]);
        command.env("NEXUS_KEY", format!("{},{worker}", desk.key)).output().expect("it ran")
    };
    let output = both("echo \"$SHARED\"; wc -c < \"$CERT\"");
    assert_eq!(String::from_utf8_lossy(&output.stdout).replace(' ', ""), "same\n4\n", "{output:?}");

    http.ask(&Request::put("/v1/secrets/SHARED", &worker, &json!({ "value": "other" }))).good();
    let output = both("echo started");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(125), b"".as_slice()), "{said}");
    assert!(said.contains("SHARED of checkout-api, SHARED of worker"), "{said}");
}
