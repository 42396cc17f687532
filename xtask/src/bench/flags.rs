//! Flags evaluated over OpenFeature's protocol: one beside a bare route that posts back the same
//! bytes, and 350 at once beside Unleash Edge, which is made for that.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::{
    baseline::Baseline,
    instance::Server,
    load::{Target, compare},
    page::{Figure, Value},
};
use crate::{process, workspace::Workspace};

/// Flags of the service.
pub const FLAGS: usize = 350;
/// The share of the bare route's requests that one evaluation has to reach.
const ONE_SHARE: f64 = 0.5;
/// Unleash Edge's version; it is built once and kept below `target/`.
const EDGE: &str = "19.15.1";
/// The version whose pages it is built with.
const SWAGGER_UI: &str = "5.17.14";
const EDGE_TOKEN: &str = "*:development.bench";

pub fn key(n: usize) -> String {
    format!("flag-{n:03}")
}

/// A flag that is on for everybody by a rollout, so that both servers hash the user and answer alike.
pub fn definition(n: usize) -> Json {
    json!({ "key": key(n), "state": "on", "rollout": { "percentage": 100 } })
}

/// # Errors
/// When a server does not answer as it should, or wrk fails.
pub fn measure(
    workspace: &Workspace,
    wrk: &Path,
    bare: &Path,
    server: &Server,
    key_text: &str,
) -> Result<Vec<Figure>> {
    let bearer = format!("Bearer {key_text}");
    let body = json!({ "context": { "targetingKey": "user-1", "plan": "pro" } }).to_string();
    let mut figures = Vec::new();

    let path = format!("/ofrep/v1/evaluate/flags/{}", key(7));
    let one = Target::post(server.address, &path, &bearer, &body);
    let answer = one.answer()?;
    ensure!(answer.json()?.get("value") == Some(&json!(true)), "the flag is not on");
    let baseline = Baseline::start(bare, &one, &answer)?;
    let rates = compare(wrk, &one, &baseline.target(&one))?;
    drop(baseline);
    let what = "OFREP, one flag";
    figures.push(Figure::of(&format!("{what}: the bare route"), Value::Rate(rates.other)));
    figures.push(Figure::of(&format!("{what}: Nexus"), Value::Rate(rates.program)));
    let named = format!("{what}: share of the bare route");
    figures.push(Figure::at_least(&named, Value::Share(rates.share), Value::Share(ONE_SHARE)));

    println!("bench: {FLAGS} flags at once, beside Unleash Edge {EDGE}");
    let all = Target::post(server.address, "/ofrep/v1/evaluate/flags", &bearer, &body);
    count(&all.answer()?.json()?, "flags")?;
    let edge = Edge::start(&edge(workspace)?)?;
    let theirs =
        Target::get(edge.server.address, "/api/frontend?userId=user-1&properties%5Bplan%5D=pro", EDGE_TOKEN);
    count(&theirs.answer()?.json()?, "toggles")?;
    let rates = compare(wrk, &all, &theirs)?;
    let what = "350 flags at once";
    figures.push(Figure::of(&format!("{what}: Unleash Edge, /api/frontend"), Value::Rate(rates.other)));
    figures.push(Figure::of(&format!("{what}: Nexus, OFREP"), Value::Rate(rates.program)));
    let named = format!("{what}: as many requests as Unleash Edge");
    figures.push(Figure::at_least(&named, Value::Share(rates.share), Value::Share(1.0)));
    Ok(figures)
}

fn count(answer: &Json, name: &str) -> Result<()> {
    let found = answer.get(name).and_then(Json::as_array).map_or(0, Vec::len);
    ensure!(found == FLAGS, "{found} {name}");
    Ok(())
}

/// Builds Unleash Edge, once.
fn edge(workspace: &Workspace) -> Result<PathBuf> {
    let root = workspace.target().join("unleash-edge");
    let program = root.join("bin/unleash-edge");
    if program.is_file() {
        return Ok(program);
    }
    println!("bench: building Unleash Edge {EDGE}, once");
    let pages = swagger_ui(&root)?;
    let mut cargo = process::cargo(workspace.root());
    cargo.args(["install", "unleash-edge", "--version", EDGE, "--no-default-features", "--locked"]);
    cargo.env("SWAGGER_UI_DOWNLOAD_URL", format!("file://{}", pages.display()));
    process::run(cargo.arg("--root").arg(&root).env("CARGO_TARGET_DIR", root.join("target")))?;
    Ok(program)
}

/// The archive with pages that a build script of Unleash Edge wants. It would fetch it from a release
/// page; the package registry, which is needed anyway, has the same files.
fn swagger_ui(root: &Path) -> Result<PathBuf> {
    let folder = format!("swagger-ui-{SWAGGER_UI}");
    let (inside, archive) = (root.join(&folder), root.join("swagger-ui.zip"));
    fs::create_dir_all(&inside)?;
    let package = format!("swagger-ui-dist@{SWAGGER_UI}");
    process::run(Command::new("npm").args(["pack", "--silent", &package]).current_dir(root))?;
    let packed = format!("swagger-ui-dist-{SWAGGER_UI}.tgz");
    // It unpacks to `package`; the build script looks for `dist` in the one folder at the top.
    let unpack = ["-xzf", &packed, "-C", &folder, "--transform", "s,^package,dist,"];
    process::run(Command::new("tar").args(unpack).current_dir(root))?;
    let zip = ["-m", "zipfile", "-c", "swagger-ui.zip", &folder];
    process::run(Command::new("python3").args(zip).current_dir(root))?;
    Ok(archive)
}

/// Unleash Edge with the same flags, out of a file.
struct Edge {
    server: Server,
    _folder: TempDir,
}

impl Edge {
    fn start(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let features: Vec<Json> = (0..FLAGS)
            .map(|n| {
                let parameters = json!({ "rollout": "100", "stickiness": "userId", "groupId": key(n) });
                json!({ "name": key(n), "type": "release", "enabled": true, "project": "default",
                    "strategies": [{ "name": "flexibleRollout", "parameters": parameters }] })
            })
            .collect();
        let file = folder.path().join("features.json");
        fs::write(&file, json!({ "version": 2, "features": features }).to_string())?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        drop(listener);
        let mut command = Command::new(program);
        command.args(["--interface", "127.0.0.1", "--port", &address.port().to_string(), "offline"]);
        command.arg("--bootstrap-file").arg(&file).args(["--tokens", EDGE_TOKEN]);
        let log = fs::File::create(folder.path().join("log"))?;
        command.env_clear().env("RUST_LOG", "error").stderr(log);
        let server = Server::start_answering(command, address, "/internal-backstage/health")
            .context("Unleash Edge does not start")?;
        Ok(Self { server, _folder: folder })
    }
}
