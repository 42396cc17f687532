//! A server on loopback that answers as a test says, and remembers what it was asked.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub what: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

#[derive(Clone)]
pub(crate) struct Script {
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// What is answered: a status and a body, with headers.
pub(crate) struct Answer(u16, Vec<(&'static str, &'static str)>, String);

/// The header by which a script marks an answer that has no end; it is not sent.
const OPEN: &str = "x-open";

pub(crate) fn good(body: &Value) -> Answer {
    Answer(200, vec![("content-type", "application/json")], body.to_string())
}

pub(crate) fn says(status: u16, body: &str) -> Answer {
    Answer(status, Vec::new(), body.to_owned())
}

impl Answer {
    /// One that begins like this and goes on for ever.
    pub fn open(beginning: &str) -> Self {
        says(200, beginning).with(OPEN, "")
    }

    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.1.push((name, value));
        self
    }
}

impl Script {
    /// Answers what `answers` says for "METHOD /path?query"; `None` hangs.
    pub async fn new<F>(answers: F) -> Self
    where
        F: Fn(&Asked) -> Option<Answer> + Send + Sync + 'static,
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script = Self { address, asked: Arc::clone(&asked) };
        let answers = Arc::new(answers);
        let app = axum::Router::new().fallback(move |request: Request| {
            let (asked, answers) = (Arc::clone(&asked), Arc::clone(&answers));
            async move {
                let it = read(request).await;
                asked.lock().expect("no panic").push(it.clone());
                match answers(&it) {
                    Some(answer) => respond(answer),
                    None => std::future::pending().await,
                }
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        script
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }

    /// How often something was asked whose line begins like this.
    pub fn count(&self, beginning: &str) -> usize {
        self.asked().iter().filter(|it| it.what.starts_with(beginning)).count()
    }

    #[track_caller]
    pub fn one(&self, beginning: &str) -> Asked {
        let mut found: Vec<Asked> =
            self.asked().into_iter().filter(|it| it.what.starts_with(beginning)).collect();
        assert_eq!(found.len(), 1, "{beginning}: {found:?}");
        found.pop().expect("one")
    }
}

async fn read(request: Request) -> Asked {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("?").to_owned()));
    let bytes = to_bytes(body, 1024 * 1024).await.expect("a body");
    Asked {
        what: format!("{} {}", parts.method, parts.uri),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn respond(Answer(status, headers, body): Answer) -> Response {
    let mut response = Response::builder().status(status);
    let open = headers.iter().any(|(name, _)| *name == OPEN);
    for (name, value) in headers.into_iter().filter(|(name, _)| *name != OPEN) {
        response = response.header(name, value);
    }
    let body = if open {
        let first = futures::stream::iter([Ok::<_, std::io::Error>(body)]);
        Body::from_stream(first.chain(futures::stream::pending()))
    } else {
        Body::from(body)
    };
    response.body(body).expect("an answer")
}

/// A token that looks like one, meant for this audience.
pub(crate) fn token_for(audience: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({ "alg": "RS256" })), part(&json!({ "aud": audience })))
}

pub(crate) fn snapshot() -> Value {
    json!({
        "service": "api", "kind": "backend", "environment": "live", "revision": 1,
        "secrets": { "token": { "type": "text", "value": "hunter2", "version": 1, "inherited": false } },
        "configs": {}, "flags": {}, "errors": []
    })
}
