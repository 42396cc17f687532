//! Canaries: a value of its own into every input that takes something secret, and then a search for
//! each of them in everything that the program writes, says and answers.

mod bird;
mod machines;
mod places;

use crate::table::{functions, pages};
use crate::world::{PASSWORD, Person, Reply, Start, World, logs};
use bird::{Flock, Search};
use nexus_domain::timestamp::MINUTE;
use serde_json::json;
use std::collections::BTreeSet;

const SECRETS: &str = "/api/v1/projects/shop/services/api/secrets";

/// Answers, to be searched in the end.
#[derive(Default)]
struct Answers(Vec<(String, Vec<u8>)>);

impl Answers {
    fn keep(&mut self, what: &str, reply: &Reply) {
        self.0.push((what.to_owned(), reply.body.clone()));
        for (name, value) in &reply.headers {
            self.0.push((format!("{what}, header {name}"), value.as_bytes().to_vec()));
        }
    }
}

/// In one go, because what one step leaves behind is what the others are searched for.
#[tokio::test]
async fn no_canary_is_found_anywhere() {
    logs::record();
    let w = World::started(Start { public_url: "https://nexus.test", ..Start::default() }).await;
    let (mut flock, mut answers) = (Flock::default(), Answers::default());
    over_rest(&w, &mut flock, &mut answers).await;
    in_keys(&w, &mut flock, &mut answers).await;
    in_the_console(&w, &mut flock, &mut answers).await;
    in_passwords(&w, &mut flock, &mut answers).await;
    machines::in_workload_identity(&w, &mut flock, &mut answers).await;
    machines::in_oauth(&w, &mut flock, &mut answers).await;
    look_at_everything(&w, &mut answers).await;
    w.nexus.settled().await;
    nexus_backend::request_log::flush(&w.nexus).await.expect("the API log is written");

    let search = flock.search();
    let log = logs::recorded();
    can_find(&w, &search, &log).await;
    let mut found = BTreeSet::new();
    for line in log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let parsed: serde_json::Value = serde_json::from_slice(line).expect("a line of the log");
        found.extend(search.find(&format!("the log, {} {}", parsed["level"], parsed["target"]), line));
    }
    for (what, body) in &answers.0 {
        found.extend(search.find(what, body));
    }
    for (file, bytes) in places::files(w.folder.path()) {
        found.extend(search.find(&file, &bytes));
    }
    assert!(flock.len() > 40, "{} canaries", flock.len());
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// The search finds what is there, and looks where something is.
async fn can_find(w: &World, search: &Search, log: &[u8]) {
    let revealed = w.get(&format!("{SECRETS}/FINE")).with(&w.keys.admin).await.is(200);
    assert!(!search.find("a reveal", &revealed.body).is_empty());
    let file = w.get(&format!("{SECRETS}/FILE")).with(&w.keys.admin).await.is(200);
    assert!(!search.find("a revealed file", &file.body).is_empty());
    assert!(String::from_utf8_lossy(log).contains("answered"), "the log was recorded");
    let files = places::files(w.folder.path());
    assert!(
        files.iter().any(|(_, bytes)| bytes.windows(13).any(|part| part == b"IMPORTED_JSON")),
        "the database was read"
    );
}

/// Values over the APIs: taken, refused for every reason, and unreadable.
async fn over_rest(w: &World, flock: &mut Flock, answers: &mut Answers) {
    let admin = &w.keys.admin;
    let mut bodies = Vec::new();
    for (what, key) in
        [("a value", "FINE"), ("a value with a bad key", "9BAD"), ("a value of a taken key", "TOKEN")]
    {
        bodies.push((what, json!({ "key": key, "value": flock.canary(what) }).to_string()));
    }
    let file = flock.base64("a file");
    bodies.push(("a file", json!({ "key": "FILE", "type": "file", "value_base64": file }).to_string()));
    let broken = format!("{}@", flock.base64("a file that is no base64"));
    bodies.push(("no base64", json!({ "key": "A", "value_base64": broken }).to_string()));
    let long = format!("{}{}", flock.canary("a value that is too long"), "x".repeat(64 * 1024));
    bodies.push(("too long", json!({ "key": "A", "value": long }).to_string()));
    let control = format!("{}\u{1}", flock.canary("a value with a control character"));
    bodies.push(("control", json!({ "key": "A", "value": control }).to_string()));
    bodies.push(("a list", json!({ "key": "A", "value": [flock.canary("a value in a list")] }).to_string()));
    bodies.push(("a type", json!({ "key": "A", "value": "x", "type": flock.canary("a type") }).to_string()));
    bodies.push((
        "an unknown field",
        json!({ "key": "A", "valeu": flock.canary("an unknown field") }).to_string(),
    ));
    bodies.push(("broken JSON", format!("{{\"key\":\"A\",\"value\":\"{}", flock.canary("broken JSON"))));
    bodies.push(("no JSON", flock.canary("no JSON")));
    for (what, body) in bodies {
        let reply = w.ask("POST", SECRETS).raw("application/json", body).with(admin).await;
        answers.keep(what, &reply);
    }
    let plain =
        w.ask("POST", SECRETS).raw("text/plain", flock.canary("a body of another kind")).with(admin).await;
    answers.keep("another kind", &plain);
    let huge = format!("{{\"value\":\"{}{}\"}}", flock.canary("a huge body"), "x".repeat(3 << 20));
    answers.keep("huge", &w.ask("POST", SECRETS).raw("application/json", huge).with(admin).await);
    let version = json!({ "value": flock.canary("a version"), "expected_version": 2 });
    answers
        .keep("a version", &w.post(&format!("{SECRETS}/TOKEN/versions"), version).with(admin).await.is(201));
    let stale = json!({ "value": flock.canary("a stale version"), "expected_version": 1 });
    answers.keep("stale", &w.post(&format!("{SECRETS}/TOKEN/versions"), stale).with(admin).await.is(409));
    let put = json!({ "value": flock.canary("a value by service key") });
    answers.keep("put", &w.ask("PUT", "/v1/secrets/PUT").json(put).with(&w.keys.sk_write).await.is(201));
    let refused = json!({ "value": flock.canary("a value by a key that reads") });
    answers.keep(
        "put refused",
        &w.ask("PUT", "/v1/secrets/PUT").json(refused).with(&w.keys.sk_read).await.is(403),
    );
    for (what, text) in [
        ("an import", format!("IMPORTED={}", flock.canary("an import"))),
        ("an import as JSON", json!({ "IMPORTED_JSON": flock.canary("an import as JSON") }).to_string()),
        ("a dangling line", format!("A=1\n{}", flock.canary("a dangling line"))),
        ("an open quote", format!("A=\"{}", flock.canary("an open quote"))),
        ("a bad key", format!("9BAD={}", flock.canary("an import with a bad key"))),
        ("a double key", format!("A=1\nA={}", flock.canary("an import with a key twice"))),
        ("broken JSON", format!("{{\"A\":\"{}", flock.canary("an import of broken JSON"))),
        ("nested JSON", json!({ "A": { "B": flock.canary("an import of nested JSON") } }).to_string()),
        ("a value as a key", json!({ flock.canary("a value in place of a key"): "x" }).to_string()),
    ] {
        for dry_run in [true, false] {
            let body = json!({ "text": text, "dry_run": dry_run });
            answers.keep(what, &w.post(&format!("{SECRETS}:import"), body).with(admin).await);
        }
    }
}

/// Credentials where they belong, malformed, and where they do not belong.
async fn in_keys(w: &World, flock: &mut Flock, answers: &mut Answers) {
    for scheme in ["Bearer", "Basic", "bearer", "Token"] {
        let header = format!("{scheme} {}", flock.canary(&format!("an unknown credential, {scheme}")));
        for path in ["/api/v1/whoami", "/v1/sync", "/t/acme/projects", "/_fn/read_projects"] {
            answers.keep(path, &w.get(path).header("authorization", &header).await);
        }
    }
    let half = format!("sk_live_{}", flock.canary("half a key"));
    answers.keep("half a key", &w.get("/v1/sync").with(&half).await);
    let query = format!("/v1/sync?key={}", flock.in_query("a key in the query"));
    answers.keep("a key in the query", &w.get(&query).await);
    let cookie = flock.canary("a cookie");
    let with_cookie =
        w.get("/t/acme/projects").header("cookie", &format!("__Host-nexus={cookie}; theme={cookie}"));
    answers.keep("a cookie", &with_cookie.await);
    for key in [&w.keys.admin, &w.keys.sk_read, &w.keys.pk, &w.keys.sk_revoked, &w.keys.rival] {
        flock.add("the text of a key", key);
        answers.keep("a key's own answer", &w.get("/api/v1/whoami").with(key).await);
        answers.keep("a key's refusal", &w.get("/v1/secrets/NOTHING").with(key).await);
    }
    let path = "/api/v1/projects/shop/services/api/keys/primary/rotate";
    let rotated = w.post(path, json!({ "grace_hours": 0 })).with(&w.keys.admin).await.is(200).json();
    flock.add("the text of a rotated key", rotated["key"].as_str().expect("a key"));
}

/// Values in the console, from its script and from forms.
async fn in_the_console(w: &World, flock: &mut Flock, answers: &mut Answers) {
    let place = [("tenant", "acme"), ("project", "shop"), ("environment", "live"), ("service", "api")];
    for (function, key, field) in [
        ("create_secret", "CONSOLE", "value"),
        ("create_secret", "9BAD", "value"),
        ("create_secret", "9BAD", "value_base64"),
        ("add_secret_version", "NOTHING", "value"),
        ("preview_import", "", "text"),
        ("import_secrets", "", "text"),
    ] {
        for form in [false, true] {
            let canary = flock.canary(&format!("{field} of {function} ({key}, {form})"));
            let more = [("key", key), (field, canary.as_str()), ("expected_version", "1")];
            let fields: Vec<_> = place.iter().chain(&more).copied().collect();
            let page = "/t/acme/projects/shop/live/api/secrets?new";
            let ask = if form { w.submit(function, page, &fields) } else { w.call(function, &fields) };
            answers.keep(function, &ask.with(Person::Owner).await);
            answers.keep("the page after it", &w.get(page).with(Person::Owner).await);
        }
    }
    let rotate = [("slot", "secondary"), ("access", "read"), ("grace_hours", "0")];
    let fields: Vec<_> = place.iter().chain(&rotate).copied().collect();
    let rotated = w.call("rotate_key", &fields).with(Person::Owner).await.is(200).json();
    flock.add("the text of a key made in the console", rotated["key"].as_str().expect("a key"));
}

/// Passwords and tokens, right and wrong.
async fn in_passwords(w: &World, flock: &mut Flock, answers: &mut Answers) {
    flock.add("everybody's password", PASSWORD);
    for form in [false, true] {
        let wrong = flock.canary(&format!("a wrong password ({form})"));
        for (function, fields) in [
            ("sign_in", vec![("email", "ana@acme.test"), ("password", wrong.as_str())]),
            ("sign_in", vec![("email", "nobody@acme.test"), ("password", wrong.as_str())]),
            ("step_up", vec![("password", wrong.as_str())]),
            ("reset_password", vec![("token", wrong.as_str()), ("password", wrong.as_str())]),
            ("second_step", vec![("code", wrong.as_str())]),
            ("show_second_factor", vec![("code", wrong.as_str())]),
            ("sign_in_with_passkey", vec![("token", wrong.as_str()), ("answer", wrong.as_str())]),
            ("join_by_invitation", vec![("token", wrong.as_str()), ("password", wrong.as_str())]),
            (
                "set_up",
                vec![
                    ("token", wrong.as_str()),
                    ("tenant_name", "x"),
                    ("email", "x@x.test"),
                    ("password", wrong.as_str()),
                ],
            ),
        ] {
            let ask = if form { w.submit(function, "/sign-in", &fields) } else { w.call(function, &fields) };
            answers.keep(function, &ask.with(Person::Manager).await);
        }
    }
    for (name, id) in [("A provider", "client"), ("", "client"), ("A provider", "")] {
        let secret = flock.canary(&format!("the client secret of a provider ({name}, {id})"));
        let fields = [
            ("tenant", "acme"),
            ("kind", "github"),
            ("name", name),
            ("client_id", id),
            ("client_secret", secret.as_str()),
        ];
        answers.keep("add_provider", &w.call("add_provider", &fields).with(Person::Owner).await);
        let page = "/t/acme/sign-in";
        answers.keep("add_provider", &w.submit("add_provider", page, &fields).with(Person::Owner).await);
        answers.keep(page, &w.get(page).with(Person::Owner).await);
    }
    answers.keep(
        "the page of a made-up link",
        &w.get(&format!("/reset/{}", flock.in_path("a made-up link"))).await,
    );
    flock.add("the token of a link", &w.keys.reset);
    let new = flock.canary("a new password");
    let reset = [("token", w.keys.reset.as_str()), ("password", new.as_str())];
    answers.keep("reset_password", &w.call("reset_password", &reset).await.is(200));
    let reply = w.call("sign_in", &[("email", Person::Viewer.email()), ("password", &new)]).await.is(200);
    // The cookie itself is for the browser; the log and the database have no business with it.
    answers.0.push(("sign_in".to_owned(), reply.body.clone()));
    let Some(crate::world::As::Cookie(session)) = reply.session() else { panic!("a session") };
    flock.add("the id of a session", &session);
    w.get("/t/acme/projects").with(crate::world::As::Cookie(session)).await.is(200);
}

/// Every page, and every function that is not there to show a value, as the owner sees them.
async fn look_at_everything(w: &World, answers: &mut Answers) {
    for call in pages::calls() {
        let reply = call.ask(w).with(Person::Owner).await;
        // The page of a link carries the link's token in its form.
        if !call.route.contains("/reset/") {
            answers.keep(&call.name(), &reply);
        }
    }
    for open in ["FINE", "TOKEN", "FILE", "IMPORTED", "CONSOLE"] {
        let page = format!("/t/acme/projects/shop/live/api/secrets?open={open}");
        answers.keep(&page, &w.get(&page).with(Person::Owner).await.is(200));
    }
    const SHOWING: [&str; 4] = ["reveal_secret", "compare_secret_versions", "export_secrets", "rotate_key"];
    for call in functions::calls() {
        let shows = SHOWING.iter().any(|name| call.route.ends_with(name));
        let opens = ["sign_in", "sign_out", "step_up", "reset_password"]
            .iter()
            .any(|name| call.route.ends_with(name));
        if !shows && !opens && !call.route.contains("delete") {
            answers.keep(&call.name(), &call.ask(w).with(Person::Owner).await);
        }
    }
    for path in
        ["/api/v1/audit?limit=200", "/api/v1/audit/export", "/api/v1/audit/export?format=csv", SECRETS]
    {
        answers.keep(path, &w.get(path).with(&w.keys.admin).await.is(200));
    }
    w.clock.pass(6 * MINUTE);
    let place = [
        ("tenant", "acme"),
        ("project", "shop"),
        ("environment", "live"),
        ("service", "api"),
        ("key", "FINE"),
    ];
    for function in SHOWING {
        let reply = w.call(function, &place).with(Person::Owner).await;
        assert!(!reply.status.is_success(), "{function} is stale by now");
        answers.keep(function, &reply);
    }
}
