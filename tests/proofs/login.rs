//! `nexus login` from end to end: the real program asks the real server, a person allows it, and commands then
//! work in the person's own developer environment without a key.

use crate::client::{Client as Http, Request};
use crate::database::Engine;
use crate::instance::{Instance, PROGRAM, Server};
use nexus::settings::Settings;
use nexus_backend::crypto::SystemRandom;
use nexus_backend::people::Opened;
use nexus_backend::store::Db;
use nexus_backend::{Clock as _, Nexus, Parts, SystemClock, oauth};
use nexus_domain::UserId;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

struct Desk {
    instance: Instance,
    server: Server,
    home: TempDir,
}

impl Desk {
    fn new(name: &str) -> Self {
        let instance = Instance::new(Engine::Sqlite, name).expect("SQLite is always there");
        let server = instance.start();
        instance.make_project(&mut Http::new(server.address), &instance.admin);
        Self { instance, server, home: tempfile::tempdir().expect("a folder") }
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    fn nexus(&self, arguments: &[&str]) -> Command {
        let shop = self.home.path().join("shop/src");
        fs::create_dir_all(&shop).expect("made");
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.home.path())
            .current_dir(shop)
            .stdin(Stdio::null())
            .args(arguments);
        command
    }

    #[track_caller]
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.nexus(arguments).output().expect("nexus starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Runs it; it has to fail with these words.
    #[track_caller]
    fn complains(&self, arguments: &[&str], words: &str) -> Output {
        let output = self.nexus(arguments).output().expect("nexus starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(words), "{output:?}");
        output
    }

    /// Logs in: the terminal waits while the owner decides.
    fn log_in(&self) -> (bool, String) {
        let mut terminal = self
            .nexus(&["login", "--no-browser", "--url", &self.url()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("nexus starts");
        let mut lines = BufReader::new(terminal.stdout.take().expect("a pipe"));
        let mut first = String::new();
        lines.read_line(&mut first).expect("a line");
        let code = first.rsplit(' ').next().expect("a code").trim().to_owned();
        self.allow(&code);
        let mut rest = String::new();
        lines.read_to_string(&mut rest).expect("text");
        let output = terminal.wait_with_output().expect("it ends");
        rest.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.success(), first + &rest)
    }

    /// What the page does for the person who typed the code.
    fn allow(&self, code: &str) {
        let settings = self.home.path().join("server.toml");
        let text = format!(
            "data_dir = {:?}\ndatabase_url = {:?}\n",
            self.instance.folder(),
            self.instance.database.url
        );
        fs::write(&settings, text).expect("written");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let nexus = beside(&Settings::read(Some(&settings)).expect("settings")).await;
            let Db::Sqlite { read, .. } = &nexus.db else { panic!("these proofs run on SQLite") };
            let owner: UserId =
                sqlx::query_scalar("SELECT id FROM users").fetch_one(read).await.expect("one person");
            let opened = Opened::by_password(owner, SystemClock.now());
            let here = Ipv4Addr::LOCALHOST.into();
            oauth::device::decide(&nexus, opened, code, "acme", true, here).await.expect("decided");
        });
    }

    fn kept(&self) -> PathBuf {
        let folder = self.home.path().join(".config/nexus");
        let mut files = fs::read_dir(folder).expect("a folder").map(|it| it.expect("a file").path());
        files.find(|file| file.extension().is_some_and(|it| it == "json")).expect("a login")
    }

    fn token(&self) -> String {
        let stored: Value = serde_json::from_slice(&fs::read(self.kept()).expect("bytes")).expect("JSON");
        stored["access_token"].as_str().expect("a token").to_owned()
    }
}

/// The same instance in this process.
async fn beside(settings: &Settings) -> Nexus {
    let random = Arc::new(SystemRandom);
    let (root, _) = settings.root_key(&*random).expect("the root key");
    let parts = Parts {
        db: Db::open(&settings.location()).await.expect("the database"),
        root,
        clock: Arc::new(SystemClock),
        random,
        settings: nexus_backend::Settings {
            public_url: settings.public_url(),
            catalogue: settings.catalogue().expect("a catalogue"),
            tenant_creation: settings.tenant_creation,
            mail: None,
            egress: settings.egress().expect("rules"),
            records: nexus_backend::DnsRecords::default(),
            providers: Vec::new(),
        },
    };
    Nexus::open(parts).await.expect("opened")
}

#[test]
fn a_developer_needs_no_key_in_the_own_developer_environment() {
    let desk = Desk::new("login");
    let run = ["run", "--", "sh", "-c", "printf %s \"$token\""];
    desk.complains(&run, "no login");
    let (good, said) = desk.log_in();
    assert!(good && said.contains("acme"), "{said}");
    let token = desk.token();
    assert!(token.starts_with("oat_") && !said.contains("oat_") && !said.contains("ort_"), "{said}");
    let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let kept = desk.kept();
    assert_eq!((mode(&kept), mode(kept.parent().expect("a folder"))), (0o600, 0o700));
    let who = desk.says(&["whoami"]);
    assert!(who.starts_with("owner@acme.test") && who.contains("tenant acme"), "{who}");

    desk.complains(&run, "switch it on");
    let mut http = Http::new(desk.server.address);
    let own = http.ask(&Request::put("/api/v1/projects/shop/dev-environment", &token, &json!({}))).good();
    desk.complains(&run, "has no service yet");
    let new = json!({ "name": "checkout-api", "kind": "backend", "environment": own["slug"] });
    http.ask(&Request::post("/api/v1/projects/shop/services", &token, &new)).good();
    // The same slug in production, which a login does not reach.
    let key = desk.instance.service(&mut http, &desk.instance.admin, "checkout-api");
    http.ask(&Request::put("/v1/secrets/token", &key, &json!({ "value": "of production" }))).good();

    let folder = format!("url = {:?}\nproject = 'shop'\nservice = 'checkout-api'\n", desk.url());
    fs::write(desk.home.path().join("shop/nexus.toml"), folder).expect("written");
    let mut import = desk
        .nexus(&["secrets", "import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    import.stdin.take().expect("a pipe").write_all(b"token=hunter2\n").expect("written");
    assert!(import.wait_with_output().expect("it ends").status.success());
    assert_eq!(desk.says(&run), "hunter2");
    assert_eq!(desk.says(&["run", "--offline", "--", "sh", "-c", "printf %s \"$token\""]), "hunter2");
    desk.complains(&["run", "--service", "web", "--", "true"], "there is no service web");

    assert!(desk.says(&["logout"]).contains("Logged out"));
    assert_eq!(http.ask(&Request::get("/api/v1/whoami", &token)).status, 401);
    desk.complains(&run, "nexus login");
    assert!(!desk.instance.log().contains("oat_"));
    desk.instance.is_sound(&desk.server);
}
