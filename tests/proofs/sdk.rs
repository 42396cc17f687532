//! The client in Rust through outages: the server killed, silent, answering nonsense, refusals and half of
//! an answer. The program keeps its values, and has the new ones by itself once the server is back.

use crate::client::{Client as Http, Request};
use crate::database::Engine;
use crate::door::{Door, Doorway};
use crate::instance::{Instance, Server, report};
use crate::share;
use nexus_client::{Client, Error};
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

const SERVICE: &str = "checkout-api";
/// Everybody is back within this after an outage.
const BACK: Duration = Duration::from_secs(30);
const CROWD: usize = 1_000;

/// Whether this is the error that is waited for.
type Expected = fn(&Error) -> bool;

struct Stage {
    instance: Instance,
    server: Option<Server>,
    door: Doorway,
    key: String,
    written: usize,
}

impl Stage {
    async fn new() -> Self {
        let instance = Instance::new(Engine::Sqlite, "sdk").expect("SQLite is always there");
        let server = instance.start();
        let mut http = Http::new(server.address);
        instance.make_project(&mut http, &instance.admin);
        let key = instance.service(&mut http, &instance.admin, SERVICE);
        let door = Doorway::to(server.address).await;
        let mut stage = Self { instance, server: Some(server), door, key, written: 0 };
        stage.write();
        stage
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.door.address)
    }

    async fn client(&self) -> Client {
        Client::options(self.endpoint(), self.key.as_str()).connect().await.expect("the door is open")
    }

    /// Gives the secret its next value.
    fn write(&mut self) {
        self.written += 1;
        let server = self.server.as_ref().expect("it runs");
        let value = json!({ "value": self.written.to_string() });
        Http::new(server.address).ask(&Request::put("/v1/secrets/VALUE", &self.key, &value)).good();
    }

    fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill();
        }
        let server = self.instance.start();
        self.door.leads_to(server.address);
        self.server = Some(server);
    }
}

fn value(client: &Client) -> usize {
    let text = client.get_secret("VALUE").expect("it is held");
    text.expose_secret().parse().expect("a number")
}

/// Waits until the client holds the value, and says how long that took.
async fn until(client: &Client, expected: usize) -> Duration {
    let begun = Instant::now();
    let arrived = async {
        loop {
            let revision = client.revision();
            if value(client) == expected {
                return;
            }
            client.changed_since(revision).await;
        }
    };
    let what = format!("value {expected} instead of {}: {:?}", value(client), client.trouble());
    timeout(BACK, arrived).await.unwrap_or_else(|_| panic!("not back in time: {what}"));
    begun.elapsed()
}

/// Waits until the client has noticed that something is wrong.
async fn trouble(client: &Client, what: &str) -> Arc<Error> {
    let noticed = async {
        loop {
            if let Some(error) = client.trouble() {
                return error;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(BACK, noticed).await.unwrap_or_else(|_| panic!("not noticed: {what}"))
}

fn answer(status: &str, headers: &str, body: &str) -> Door {
    Door::Answer(format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_keeps_its_values_through_every_outage_and_has_the_new_ones_after_it() {
    let mut stage = Stage::new().await;
    let client = stage.client().await;
    assert_eq!(value(&client), 1);
    stage.write();
    until(&client, 2).await;

    let outages = [
        ("closed", Door::Closed),
        ("silent", Door::Silent),
        ("500", answer("500 Internal Server Error", "", "<html>")),
        ("503", answer("503 Service Unavailable", "", r#"{"code":"unavailable"}"#)),
        ("limited", answer("429 Too Many Requests", "retry-after: 1\r\n", r#"{"code":"rate_limited"}"#)),
        ("half of an answer", Door::Half),
        ("nonsense", answer("200 OK", "etag: \"r99\"\r\n", "{\"service\":")),
        ("no HTTP", Door::Answer("SSH-2.0-OpenSSH\r\n".into())),
    ];
    for (what, door) in outages {
        stage.door.set(door);
        stage.write();
        trouble(&client, what).await;
        assert_eq!(value(&client), stage.written - 1, "{what}");
        stage.door.set(Door::Open);
        let took = until(&client, stage.written).await;
        report("sdk", &format!("back after {took:.1?}: {what}"));
    }
    stage.restart();
    stage.write();
    until(&client, stage.written).await;
    assert!(client.trouble().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_invoice_a_quarantine_and_a_revoked_key_leave_the_values_where_they_are() {
    let stage = Stage::new().await;
    let quarantine = r#"{"code":"quarantined","message":"m","details":{"reason":"abuse","expires_at":"2999-01-01T00:00:00Z"}}"#;
    let cases: [(Door, Expected); 3] = [
        (answer("402 Payment Required", "", r#"{"code":"payment_required"}"#), |error| {
            matches!(error, Error::PaymentRequired)
        }),
        (
            answer("429 Too Many Requests", "", quarantine),
            |error| matches!(error, Error::Quarantined { reason, expires_at } if reason == "abuse" && expires_at.starts_with("2999")),
        ),
        (answer("401 Unauthorized", "", r#"{"code":"unauthorized"}"#), |error| {
            matches!(error, Error::Unauthorized(_))
        }),
    ];
    for (door, expected) in cases {
        stage.door.set(Door::Open);
        let client = stage.client().await;
        stage.door.set(door);
        let error = trouble(&client, "a refusal").await;
        // The stream breaks first; the refusal comes with the next question.
        let refused = async {
            while !client.trouble().is_some_and(|error| expected(&error)) {
                tokio::task::yield_now().await;
            }
        };
        timeout(BACK, refused).await.unwrap_or_else(|_| panic!("{error}"));
        assert_eq!(value(&client), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_starts_during_an_outage_from_the_copy_that_it_kept() {
    let mut stage = Stage::new().await;
    let copies = tempfile::tempdir().expect("a folder");
    let options = Client::options(stage.endpoint(), stage.key.as_str()).keep_copies_in(copies.path());
    drop(options.clone().connect().await.expect("the door is open"));

    stage.door.set(Door::Closed);
    let client = options.clone().connect().await.expect("there is a copy");
    assert_eq!(value(&client), 1);
    assert!(client.trouble().is_some());
    let offline = options.clone().offline(true).connect().await.expect("there is a copy");
    assert_eq!(value(&offline), 1);
    let too_old = options.clone().max_age(Duration::ZERO).offline(true).connect().await;
    assert!(matches!(too_old, Err(Error::NoCopy(_))));
    let other_key = Client::options(stage.endpoint(), "sk_live_0").keep_copies_in(copies.path());
    assert!(matches!(other_key.connect().await, Err(Error::Unreachable(_))));

    stage.door.set(Door::Open);
    stage.write();
    until(&client, 2).await;

    // A key that is refused opens nothing any more, not even what it once read.
    stage.door.set(answer("401 Unauthorized", "", r#"{"code":"unauthorized"}"#));
    assert!(matches!(options.clone().connect().await, Err(Error::Unauthorized(_))));
    assert!(matches!(options.offline(true).connect().await, Err(Error::NoCopy(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_lost_the_server_is_back_in_time() {
    let mut stage = Stage::new().await;
    let mut crowd = Vec::new();
    for _ in 0..share(CROWD) {
        crowd.push(stage.client().await);
    }
    stage.write();
    for client in &crowd {
        until(client, 2).await;
    }
    stage.restart();
    stage.write();
    let begun = Instant::now();
    for client in &crowd {
        let left = BACK.saturating_sub(begun.elapsed());
        timeout(left, until(client, 3)).await.expect("everybody is back in time");
    }
    report("sdk", &format!("{} clients were back {:.1?} after a restart", crowd.len(), begun.elapsed()));
    assert!(!stage.instance.log().contains("panicked"));
}
