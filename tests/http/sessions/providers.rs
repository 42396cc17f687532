//! Signing in with somebody else's provider of OpenID Connect, from the button to the session: the npm package
//! `oidc-provider`, unmodified, on loopback.

use super::{reads_projects, signed_in};
use crate::world::{As, Person, Reply, Start, World, encoded};
use nexus_backend::sign_in::InstanceProvider;
use nexus_backend::{Clock as _, SystemClock};
use nexus_domain::sign_in::ProviderKind;
use nexus_domain::timestamp::{HOUR, MINUTE, SECOND};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const CLIENT: (&str, &str) = ("nexus", "a client secret");

/// The provider, and somebody's browser at it.
struct Provider {
    program: Child,
    lines: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
    issuer: String,
}

impl Provider {
    fn start() -> Self {
        let variable = "NEXUS_TEST_NODE_MODULES";
        let Some(modules) = std::env::var_os(variable) else {
            panic!("{variable} is not set: `cargo xtask test` installs the programs of others and sets it");
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/third-party/oidc-provider.mjs");
        let mut program = Command::new("node")
            .args([script, CLIENT.0, CLIENT.1, "https://nexus.test/sign-in/callback"])
            .env(variable, modules)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let stdin = program.stdin.take().expect("its input");
        let mut stdout = BufReader::new(program.stdout.take().expect("its output"));
        let mut issuer = String::new();
        stdout.read_line(&mut issuer).expect("its first line");
        Self { program, lines: RefCell::new((stdin, stdout)), issuer: issuer.trim().to_owned() }
    }

    fn tell(&self, what: &Value) -> Value {
        let (stdin, stdout) = &mut *self.lines.borrow_mut();
        writeln!(stdin, "{what}").expect("it listens");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("JSON")
    }

    /// The path at which somebody's browser arrives who agreed.
    fn visit(&self, address: &str, person: &str, change: Value) -> String {
        let said = self.tell(&json!({ "visit": address, "as": person, "change": change }));
        let arrives = said["arrives"].as_str().unwrap_or_else(|| panic!("it does not come back: {said}"));
        arrives.strip_prefix("https://nexus.test").expect("at this instance").to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.program.kill();
        let _status = self.program.wait();
    }
}

/// An instance whose people sign in there, at the provider's own time.
async fn world(provider: &Provider) -> (World, String) {
    let own = InstanceProvider {
        key: "theirs".into(),
        kind: ProviderKind::Oidc,
        name: "Theirs".into(),
        issuer: provider.issuer.clone(),
        client_id: CLIENT.0.into(),
        client_secret: CLIENT.1.into(),
    };
    let id = own.id().to_string();
    let w = World::started(Start { providers: vec![own], ..Start::default() }).await;
    w.clock.pass(SystemClock.now().0 - w.clock.now().0);
    (w, id)
}

/// Presses the button; answers with the address at the provider and this browser's session.
async fn press(w: &World, id: &str, purpose: &str, session: As) -> (String, As) {
    let fields = [("provider", id), ("purpose", purpose), ("next", "/t/acme/audit")];
    let reply = w.call("start_with_provider", &fields).with(session.clone()).await.is(200);
    let address = reply.json()["leave"].as_str().expect("an address").to_owned();
    (address, reply.session().unwrap_or(session))
}

async fn whole_way(w: &World, provider: &Provider, id: &str, person: &str, change: Value) -> Reply {
    let (address, session) = press(w, id, "sign_in", As::Nobody).await;
    let path = provider.visit(&address, person, change);
    w.get(&path).with(session).header("sec-fetch-site", "cross-site").await
}

/// Ana connects what the provider calls `eve`.
async fn connected(w: &World, provider: &Provider, id: &str) {
    let ana = signed_in(w, Person::Owner).await;
    let (address, session) = press(w, id, "link", ana).await;
    let path = provider.visit(&address, "eve", json!({}));
    w.get(&path).with(session).await.redirects("/t/acme/audit");
}

#[tokio::test]
async fn the_button_leads_to_the_provider_and_back_into_a_session() {
    let provider = Provider::start();
    let (w, id) = world(&provider).await;
    let page = w.get("/sign-in").await.is(200);
    assert!(page.text().contains("Theirs") && page.text().contains(&id), "the button");
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains(&format!("form-action 'self' {};", provider.issuer)), "{policy}");
    connected(&w, &provider, &id).await;

    let arrived = whole_way(&w, &provider, &id, "eve", json!({})).await.redirects("/t/acme/audit");
    let session = arrived.session().expect("a session under a new id");
    assert_eq!(reads_projects(&w, &session).await, 200);
    // Without JavaScript the form itself is redirected.
    let fields = [("provider", id.as_str()), ("purpose", "sign_in")];
    let reply = w.submit("start_with_provider", "/sign-in", &fields).await.is(303);
    assert!(reply.header("location").expect("an address").starts_with(&provider.issuer));
}

#[tokio::test]
async fn a_return_works_once_and_in_the_browser_that_began() {
    let provider = Provider::start();
    let (w, id) = world(&provider).await;
    connected(&w, &provider, &id).await;
    let (address, session) = press(&w, &id, "sign_in", As::Nobody).await;
    let path = provider.visit(&address, "eve", json!({}));
    for stranger in [As::Nobody, signed_in(&w, Person::Member).await] {
        w.get(&path).with(stranger).await.redirects("/sign-in?lost=true");
    }
    let other_state = provider.visit(&address, "eve", json!({ "state": "of-somebody-else" }));
    w.get(&other_state).with(session.clone()).await.redirects("/sign-in?lost=true");
    let arrived = w.get(&path).with(session.clone()).await.redirects("/t/acme/audit");
    let inside = arrived.session().expect("a session");
    w.get(&path).with(inside.clone()).await.redirects("/sign-in?lost=true");
    w.get(&path).with(session).await.redirects("/sign-in?lost=true");
    assert_eq!(reads_projects(&w, &inside).await, 200, "the open session stays");
    let page = w.get("/sign-in?lost=true").await.is(200);
    assert!(page.text().contains("Begin again"), "it is said");
}

#[tokio::test]
async fn what_the_provider_gets_wrong_lets_nobody_in_and_is_said() {
    let provider = Provider::start();
    let (w, id) = world(&provider).await;
    connected(&w, &provider, &id).await;
    let refused = async |change: Value, person: &str| {
        let reply = whole_way(&w, &provider, &id, person, change).await;
        assert_eq!(reply.status.as_u16(), 303);
        assert!(reply.header("location").expect("back").starts_with("/sign-in?"), "{:?}", reply.headers);
        let page = w.get("/sign-in").with(reply.session().expect("the same browser")).await.is(200);
        assert_eq!(reads_projects(&w, &reply.session().expect("a session")).await, 401);
        page.text()
    };
    let wrong = "did not confirm who you are";
    assert!(
        refused(json!({ "nonce": "of-another-sign-in" }), "eve").await.contains(wrong),
        "a swapped nonce"
    );
    assert!(refused(json!({}), "mute").await.contains("Nobody here signs in with this yet"), "no address");
    assert!(refused(json!({}), "unverified").await.contains("Nobody here signs in with this yet"));
    w.clock.pass(31 * SECOND);
    provider.tell(&json!({ "rotate": true }));
    whole_way(&w, &provider, &id, "eve", json!({})).await.redirects("/t/acme/audit");
    provider.tell(&json!({ "issuer": "https://evil.test" }));
    let (address, session) = press(&w, &id, "sign_in", As::Nobody).await;
    let said = provider.tell(&json!({ "visit": address, "as": "eve" }));
    let path = said["arrives"].as_str().and_then(|it| it.strip_prefix("https://nexus.test"));
    if let Some(path) = path {
        let to = format!("/sign-in?next={}", encoded("/t/acme/audit"));
        w.get(path).with(session).await.redirects(&to);
    }
    provider.tell(&json!({ "down": true }));
    w.clock.pass(2 * HOUR);
    let fields = [("provider", id.as_str()), ("purpose", "sign_in")];
    w.call("start_with_provider", &fields).await.refused(503, "unavailable");
}

#[tokio::test]
async fn the_provider_confirms_the_person_by_a_sign_in_of_this_moment() {
    let provider = Provider::start();
    let (w, id) = world(&provider).await;
    connected(&w, &provider, &id).await;
    let session = whole_way(&w, &provider, &id, "eve", json!({})).await.session().expect("a session");
    w.clock.pass(6 * MINUTE);
    let delete = || w.call("require_provider", &[("tenant", "acme"), ("required", "true")]);
    delete().with(session.clone()).await.refused(403, "step_up_required");
    let page = w.get("/step-up").with(session.clone()).await.is(200);
    assert!(page.text().contains("Confirm with"), "{}", page.text());
    // Its clock did not pass, so that its proof is of before.
    let (address, session) = press(&w, &id, "step_up", session).await;
    let path = provider.visit(&address, "eve", json!({}));
    let to = format!("/step-up?next={}", encoded("/t/acme/audit"));
    w.get(&path).with(session.clone()).await.redirects(&to);
    w.clock.pass(-6 * MINUTE - 10 * SECOND);
    let (address, session) = press(&w, &id, "step_up", session).await;
    let path = provider.visit(&address, "eve", json!({}));
    let arrived = w.get(&path).with(session).await.redirects("/t/acme/audit");
    let session = arrived.session().expect("a new id");
    // It is fresh now; what is refused is something else.
    delete().with(session).await.refused(409, "conflict");
}
