//! The document of the APIs against the real program, by programs of others that know nothing but the
//! document: schemathesis looks for an answer that does not fit it, and a client that openapi-python-client
//! generated from it is used for a day's work.
//!
//! Beside the tenant that is asked there is another one, with a word in everything it has that may never
//! be in an answer.

use crate::client::{Client, Request};
use crate::database::Engine;
use crate::instance::{Instance, Server, report};
use crate::{share, shout, variable};
use nexus_backend::crypto::{RootKey, SystemRandom};
use nexus_backend::gate::Actor;
use nexus_backend::store::{Db, Location};
use nexus_backend::tenants::{self, Founding};
use nexus_backend::{
    Nexus, Parts, Settings, SystemClock, configs, flags, people, projects, secrets, services,
};
use nexus_domain::config::NewConfig;
use nexus_domain::flag::NewFlag;
use nexus_domain::project::NewProject;
use nexus_domain::secret::NewSecret;
use nexus_domain::service::{NewService, ServiceKind, ServicePath};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

/// Stands in everything that the other tenant has.
const CANARY: &str = "rivalcanary7f3a91";
/// Asked with each key at full length.
const CASES: usize = 5_000;
const SEED: &str = "20261121";

/// The Python that has the packages; `None`, said loudly, where there is none.
fn python(proof: &str) -> Option<PathBuf> {
    let found = variable("NEXUS_TEST_PYTHON").map(PathBuf::from);
    if found.is_none() {
        shout(&format!("SKIPPED: {proof}, because NEXUS_TEST_PYTHON is not set"));
    }
    found
}

fn third_party(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/third-party/openapi").join(name)
}

/// The other tenant. No call of the API makes one, so it is made beside the program, before it starts.
async fn found_rival(instance: &Instance) -> String {
    let root = std::fs::read_to_string(instance.folder().join("master.key")).expect("the master key");
    let location = Location { url: instance.database.url.clone(), managed: false };
    let nexus = Nexus::open(Parts {
        db: Db::open(&location).await.expect("the database"),
        root: RootKey::parse(root.trim()).expect("a key"),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        settings: Settings::self_hosted("http://localhost").expect("settings"),
    })
    .await
    .expect("an instance");
    let founding = Founding {
        slug: "rival".into(),
        name: CANARY.into(),
        email: format!("{CANARY}@rival.test"),
        password_hash: None,
    };
    let founded = tenants::found_another(&nexus, founding, None).await.expect("a tenant");
    let opened = people::Opened::by_password(founded.owner, nexus.now());
    let owner = people::person(&nexus, opened, "rival", None).await.expect("its owner");
    let endpoint = fill_rival(&nexus, &owner).await;
    nexus.settled().await;
    nexus.db.close().await;
    endpoint
}

/// A project with one of everything; says where its service is.
async fn fill_rival(nexus: &Nexus, owner: &Actor) -> String {
    let new = NewProject { name: CANARY.into(), slug: Some("rivals".into()), ..NewProject::default() };
    projects::create(nexus, owner, new).await.expect("a project");
    let new = NewService {
        name: CANARY.into(),
        slug: Some("vault".into()),
        kind: ServiceKind::Backend,
        environment: Some("live".into()),
        umbrella: false,
    };
    let service = services::create(nexus, owner, "rivals", new).await.expect("a service");
    let path = ServicePath { project: "rivals".into(), environment: "live".into(), service: "vault".into() };
    let new = NewSecret { key: "A".into(), value: Some(CANARY.into()), ..NewSecret::default() };
    secrets::create(nexus, owner, &path, new).await.expect("a secret");
    let value = serde_json::from_value(json!(CANARY)).expect("JSON");
    let new = NewConfig { key: "A".into(), value: Some(value), ..NewConfig::default() };
    configs::create(nexus, owner, &path, new).await.expect("a config");
    let new = NewFlag { key: CANARY.into(), ..NewFlag::default() };
    flags::create(nexus, owner, &path, new).await.expect("a flag");
    service.endpoint_slug.expect("an endpoint")
}

/// The tenant that is asked, by its API; its keys by their kind.
fn fill(instance: &Instance, server: &Server) -> Vec<(&'static str, String)> {
    let mut client = Client::new(server.address);
    let mut post = |path: &str, body: Value| {
        client.ask(&Request::post(&format!("/api/v1{path}"), &instance.admin, &body)).good()
    };
    post("/projects", json!({ "name": "Shop", "slug": "shop" }));
    let services = "/projects/shop/services";
    for (name, kind) in [("api", "backend"), ("other", "backend"), ("web", "frontend")] {
        post(services, json!({ "name": name, "kind": kind, "environment": "live" }));
    }
    post(&format!("{services}/api/secrets"), json!({ "key": "A", "value": "a secret" }));
    post(&format!("{services}/api/secrets/A/versions"), json!({ "value": "another" }));
    for (key, value) in [("A", json!("text")), ("B", json!(8080)), ("C", json!({ "a": [1, null] }))] {
        post(&format!("{services}/api/configs"), json!({ "key": key, "value": value }));
    }
    post(&format!("{services}/api/flags"), json!({ "key": "A", "state": "on" }));
    let mut key = |service: &str, access: &str| {
        let rotate = format!("{services}/{service}/keys/secondary/rotate");
        post(&rotate, json!({ "access": access }))["key"].as_str().expect("a key").to_owned()
    };
    let keys = vec![("sk", key("api", "read_write")), ("pk", key("web", "read"))];
    [vec![("nx", instance.admin.clone())], keys].concat()
}

/// A key that may be rotated and revoked: whoever guesses the id of the key that asks would end the proof.
fn spare_key(instance: &Instance, server: &Server) -> String {
    let new = json!({ "name": "spare", "environment": "live", "type": "secret", "scopes": [] });
    let made = Client::new(server.address).ask(&Request::post("/api/v1/keys", &instance.admin, &new)).good();
    made["id"].as_str().expect("an id").to_owned()
}

fn endpoint(instance: &Instance, server: &Server) -> String {
    let path = format!("{}?environment=live", instance.path("api"));
    let service = Client::new(server.address).ask(&Request::get(&path, &instance.admin)).good();
    service["endpoint_slug"].as_str().expect("an endpoint").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_reads_the_document_finds_no_answer_that_does_not_fit_it() {
    let Some(python) = python("schemathesis") else { return };
    let instance = Instance::new(Engine::Sqlite, "contract").expect("SQLite is always there");
    let foreign = found_rival(&instance).await;
    let server = instance.start();
    let keys = fill(&instance, &server);
    let stage = json!({
        "canary": CANARY, "endpoint": endpoint(&instance, &server), "foreign_endpoint": foreign,
        "spare_key": spare_key(&instance, &server),
    });
    let asked = instance.folder().join("asked");
    for (kind, key) in &keys {
        let before = lines(&asked);
        let output = fuzz(&python, &server, kind, key, &stage, &asked);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        report("contract", &format!("{} cases with a key {kind}", lines(&asked) - before));
        assert!(
            output.status.success(),
            "with a key {kind}:\n{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let all = lines(&asked);
    let arrived = std::fs::read_to_string(&asked).unwrap_or_default();
    let arrived = arrived.lines().filter(|line| line.starts_with('2')).count();
    report("contract", &format!("{arrived} of {all} were carried out"));
    assert!(all >= share(CASES), "only {all} cases");
    // What is refused at the door finds nothing behind it.
    assert!(arrived * 20 >= all, "only {arrived} of {all} were carried out");
    assert!(!instance.log().contains("panicked"), "{}", instance.log());
    assert!(!instance.log().contains("a use case failed"), "{}", instance.log());
    instance.is_sound(&server);
}

fn lines(file: &Path) -> usize {
    std::fs::read_to_string(file).map_or(0, |text| text.lines().count())
}

/// A run over the part of the document that the key is for.
fn fuzz(python: &Path, server: &Server, kind: &str, key: &str, stage: &Value, asked: &Path) -> Output {
    let origin = format!("http://{}", server.address);
    let mine = if kind == "nx" { "^/api/v1" } else { "^/(v1|ofrep|s)/" };
    // A management call has about four times as many of its kind as one for programs.
    let each = (share(CASES) / if kind == "nx" { 110 } else { 200 }).max(1);
    // The edges of every limit, one by one, are for those who have the time.
    let phases = if share(100) < 100 { "examples,fuzzing" } else { "examples,coverage,fuzzing" };
    Command::new(python)
        .args(["-m", "schemathesis.cli", "run"])
        .arg(format!("{origin}/api/openapi.json"))
        .args(["--header", &format!("Authorization: Bearer {key}")])
        .args(["--include-path-regex", mine, "--exclude-path-regex", "stream"])
        .args(["--phases", phases, "--seed", SEED, "--max-examples", &each.to_string()])
        .args(["--checks", CHECKS, "--suppress-health-check", "all", "--warnings", "off", "--no-shrink"])
        .args(["--continue-on-failure", "--no-color", "--generation-database", "none"])
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", third_party(""))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NEXUS_FUZZ_STAGE", stage.to_string())
        .env("NEXUS_FUZZ_ASKED", asked)
        .current_dir(asked.parent().expect("a folder"))
        .output()
        .expect("schemathesis starts")
}

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,negative_data_rejection,\
                      nothing_of_another_tenant,the_document_names_the_code";

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_generated_from_the_document_does_a_days_work() {
    let Some(python) = python("openapi-python-client") else { return };
    let instance = Instance::new(Engine::Sqlite, "generated").expect("SQLite is always there");
    let server = instance.start();
    let origin = format!("http://{}", server.address);
    let generated = Command::new(&python)
        .args(["-m", "openapi_python_client", "generate", "--overwrite", "--meta", "none"])
        .args(["--url", &format!("{origin}/api/openapi.json"), "--output-path", "nexus_client"])
        .arg("--config")
        .arg(third_party("client.yaml"))
        .current_dir(instance.folder())
        .output()
        .expect("the generator starts");
    let said = String::from_utf8_lossy(&generated.stdout).into_owned();
    assert!(generated.status.success() && !said.contains("WARNING"), "{said}{generated:?}");
    for program in ["client.py", "examples.py"] {
        let used = Command::new(&python)
            .arg(third_party(program))
            .env("PYTHONPATH", instance.folder())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("NEXUS_ORIGIN", &origin)
            .env("NEXUS_API_KEY", &instance.admin)
            .output()
            .expect("the program starts");
        let said = String::from_utf8_lossy(&used.stderr).into_owned();
        assert!(used.status.success(), "{program}: {}{said}", String::from_utf8_lossy(&used.stdout));
    }
    assert!(!instance.log().contains("panicked"), "{}", instance.log());
}
