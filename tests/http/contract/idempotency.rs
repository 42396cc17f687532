//! `Idempotency-Key`: of every call that takes it, and what it may be.

use crate::table::rest::calls;
use crate::world::{Person, World, logs};
use futures::future::join_all;
use serde_json::{Value, json};

const PROJECTS: &str = "/api/v1/projects";

/// Calls that a key may not make, whatever its scopes.
const OF_PEOPLE: [&str; 1] = ["POST /api/v1/projects/{project}/dev-environment/import"];

fn posts(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().expect("paths");
    let managed =
        paths.iter().filter(|(path, item)| path.starts_with("/api/v1") && item.get("post").is_some());
    managed.map(|(path, _)| format!("POST {path}")).collect()
}

fn takes_it(document: &Value, route: &str) -> bool {
    let operation = &document["paths"][route.trim_start_matches("POST ")]["post"];
    let parameters = operation["parameters"].as_array();
    parameters.into_iter().flatten().any(|parameter| parameter["name"] == "Idempotency-Key")
}

async fn events(w: &World) -> i64 {
    w.nexus.settled().await;
    w.number("SELECT COUNT(*) FROM audit_log").await
}

#[tokio::test]
async fn every_post_that_changes_something_is_answered_again_and_not_done_again() {
    logs::record();
    let w = World::new().await;
    let document = w.get("/api/openapi.json").await.is(200).json();
    let mut untested = posts(&document);
    untested.retain(|route| takes_it(&document, route) && !OF_PEOPLE.contains(&route.as_str()));
    assert!(untested.len() > 15, "{untested:?}");
    for call in calls().into_iter().filter(|call| takes_it(&document, &call.route)) {
        let ask = || call.ask(&w).header("idempotency-key", "the-same").with(&w.keys.admin);
        let first = ask().await;
        if !first.status.is_success() {
            continue;
        }
        untested.retain(|route| *route != call.route);
        let (before, again) = (events(&w).await, ask().await.is(first.status.as_u16()));
        if again.json().get("replayed").is_none() {
            assert_eq!(again.text(), first.text(), "{}", call.route);
        }
        let mut shown = first.json();
        if again.json().get("replayed").is_some() {
            shown["replayed"] = true.into();
            assert!(
                lacks_nothing(&document, &call.route, &again.json()),
                "{}: not as documented",
                call.route
            );
            let shown = shown.as_object_mut().expect("an object");
            shown.retain(|name, _| !["key", "signing_secret", "client_secret"].contains(&name.as_str()));
        }
        assert_eq!(again.json(), shown, "{}", call.route);
        assert_eq!(again.header("location"), first.header("location"), "{}", call.route);
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{}", call.route);
        assert_eq!(events(&w).await, before, "{} was done twice", call.route);
        w.put_back().await;
    }
    assert!(untested.is_empty(), "no row of the table tries {untested:?}");
    let said = String::from_utf8_lossy(&logs::recorded()).into_owned();
    assert!(!said.contains("its shape is not known"), "a result is missing in src/http/results.rs");
}

#[tokio::test]
async fn every_post_of_the_management_api_takes_it_or_changes_nothing() {
    let document = World::new().await.get("/api/openapi.json").await.is(200).json();
    let without: Vec<String> =
        posts(&document).into_iter().filter(|route| !takes_it(&document, route)).collect();
    assert_eq!(
        without,
        [
            "POST /api/v1/identity-providers/{id}/test",
            "POST /api/v1/projects/{project}/services/{service}/identities/{id}/test",
            "POST /api/v1/projects/{project}/services/{service}/secrets:export",
        ]
    );
}

#[tokio::test]
async fn a_credential_is_shown_once() {
    let w = World::new().await;
    let ask = || {
        w.post(&format!("{PROJECTS}/shop/services/api/keys/primary/rotate"), json!({}))
            .header("idempotency-key", "rotate")
            .with(&w.keys.admin)
    };
    let first = ask().await.is(200).json();
    let again = ask().await.is(200).json();
    assert!(first["key"].is_string() && first.get("replayed").is_none());
    assert_eq!((again.get("key"), &again["replayed"]), (None, &json!(true)));
    assert_eq!(again["prefix"], first["prefix"]);
    // It works, so that nothing was rotated a second time.
    w.get("/v1/sync").with(first["key"].as_str().expect("a key")).await.is(200);
}

#[tokio::test]
async fn of_fifty_at_once_one_is_carried_out() {
    let w = World::new().await;
    let ask = |_| {
        let ask = w.post(PROJECTS, json!({ "name": "Once" })).header("idempotency-key", "once");
        ask.with(&w.keys.admin).into_future()
    };
    let mut made = 0;
    for reply in join_all((0..50).map(ask)).await {
        match reply.status.as_u16() {
            201 if reply.header("idempotent-replayed").is_none() => made += 1,
            201 => {}
            _ => drop(reply.refused(409, "conflict")),
        }
    }
    assert_eq!((made, w.events("acme").await[0].as_str()), (1, "project.created done"));
    assert_eq!(w.number("SELECT COUNT(*) FROM projects WHERE name = 'Once'").await, 1);
}

#[tokio::test]
async fn another_request_with_the_same_key_is_refused_and_a_refusal_may_be_bettered() {
    let w = World::new().await;
    let ask = |body: Value| w.post(PROJECTS, body).header("idempotency-key", "a").with(&w.keys.admin);
    ask(json!({ "name": "" })).await.invalid("name");
    let made = ask(json!({ "name": "Better" })).await.is(201).json();
    let refused = ask(json!({ "name": "Other" })).await.refused(409, "conflict").json();
    assert!(refused["details"]["idempotency_key"].is_string());
    assert_eq!(ask(json!({ "name": "Better" })).await.is(201).json(), made);
    // Another credential means another request.
    let other = w.post(PROJECTS, json!({ "name": "Theirs" })).header("idempotency-key", "a");
    other.with(&w.keys.rival).await.is(201);
}

#[tokio::test]
async fn the_key_is_visible_ascii_of_bounded_length_and_other_methods_ignore_it() {
    let w = World::new().await;
    let long = "x".repeat(256);
    for key in ["", "with space", "t\tab", long.as_str()] {
        let ask = w.post(PROJECTS, json!({ "name": "X" })).header("idempotency-key", key);
        ask.with(&w.keys.admin).await.invalid("Idempotency-Key");
    }
    let twice = w.post(PROJECTS, json!({ "name": "X" })).header("idempotency-key", "a");
    twice.header("idempotency-key", "b").with(&w.keys.admin).await.invalid("Idempotency-Key");
    let fits = w.post(PROJECTS, json!({ "name": "X" })).header("idempotency-key", &long[1..]);
    fits.with(&w.keys.admin).await.is(201);
    for name in ["One", "Two"] {
        let ask = w.ask("PATCH", &format!("{PROJECTS}/shop")).json(json!({ "name": name }));
        let answer = ask.header("idempotency-key", "patch").with(&w.keys.admin).await.is(200);
        assert_eq!(answer.json()["name"], name);
    }
}

#[tokio::test]
async fn who_may_not_ask_claims_nothing() {
    let w = World::new().await;
    let ask = || w.post(PROJECTS, json!({ "name": "X" })).header("idempotency-key", "a");
    ask().await.refused(401, "unauthorized");
    ask().with(Person::Owner).await.refused(401, "unauthorized");
    for key in [&w.keys.sk_write, &w.keys.publishable] {
        ask().with(key).await.refused(403, "forbidden");
    }
    ask().with(&w.keys.narrow).await.refused(403, "forbidden");
    assert_eq!(w.number("SELECT COUNT(*) FROM idempotency_keys").await, 0);
}

#[tokio::test]
async fn what_is_kept_is_sealed_and_forgotten_after_a_day() {
    let w = World::new().await;
    let ask = || {
        let ask = w
            .post(PROJECTS, json!({ "name": "Canary of a name" }))
            .header("idempotency-key", "canary-of-a-key");
        ask.with(&w.keys.admin)
    };
    ask().await.is(201);
    let stored =
        w.texts("SELECT hex(key_mac) || hex(request_mac) || hex(sealed) FROM idempotency_keys").await;
    for canary in ["Canary of a name", "canary-of-a-key"] {
        let hex: String = canary.bytes().map(|byte| format!("{byte:02X}")).collect();
        assert!(!stored.concat().contains(&hex));
    }
    w.clock.pass(nexus_domain::timestamp::DAY_MICROS);
    // It is another request by now.
    ask().await.refused(409, "conflict").json()["details"]["slug"].as_str().expect("the slug is taken");
}

/// Whether an answer has everything that the document says it has.
fn lacks_nothing(document: &Value, route: &str, answer: &Value) -> bool {
    let path = route.trim_start_matches("POST ");
    let responses = document["paths"][path]["post"]["responses"].as_object().expect("responses");
    let good = responses.iter().find(|(status, _)| status.starts_with('2')).expect("a good one").1;
    has_all(document, &good["content"]["application/json"]["schema"], answer)
        && declares(document, &good["content"]["application/json"]["schema"], "replayed")
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("a schema"),
        None => schema,
    }
}

fn parts(schema: &Value) -> impl Iterator<Item = &Value> {
    schema["allOf"].as_array().into_iter().flatten()
}

fn has_all(document: &Value, schema: &Value, answer: &Value) -> bool {
    let schema = resolved(document, schema);
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    required.into_iter().all(|name| answer.get(name).is_some())
        && parts(schema).all(|part| has_all(document, part, answer))
}

fn declares(document: &Value, schema: &Value, name: &str) -> bool {
    let schema = resolved(document, schema);
    schema["properties"].get(name).is_some() || parts(schema).any(|part| declares(document, part, name))
}
