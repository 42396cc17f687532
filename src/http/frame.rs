//! What is around every answer: its id, the headers that browsers obey, and one line in the log.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use uuid::Uuid;

/// The id of a request, in the log, in the answer's header and in the body of an error.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub String);

impl RequestId {
    pub fn of(request: &Request) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self(String::new()))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Headers {
    /// The instance is reached by https.
    pub secure: bool,
}

const FIXED: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Forms without JavaScript need a referrer to come back to.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// For answers that set no policy of their own: they load nothing.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn dress(State(headers): State<Headers>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = Uuid::now_v7().simple().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    let answer = response.headers_mut();
    for (name, value) in FIXED {
        answer.insert(name, HeaderValue::from_static(value));
    }
    if headers.secure {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        answer.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    answer.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NOTHING));
    answer.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&id) {
        answer.insert("x-request-id", value);
    }
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    // The route's pattern, not the address: a one-time link's token is part of the address.
    let (route, status) = (route.as_deref().unwrap_or("none"), response.status().as_u16());
    tracing::debug!(request_id = %id, %method, route, status, micros, "answered");
    response
}
