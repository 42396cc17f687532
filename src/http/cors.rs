//! Cross-origin access to the service API, for public keys in somebody's page. Answers to secret
//! keys carry no permission, answers to no or an unreadable key do, so that a page can read why it
//! was refused. Nothing is ever allowed credentials.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nexus_domain::credential::{SERVICE_PUBLIC, SERVICE_SECRET};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a page of another origin may have of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    No,
    /// Its browser asks first.
    Asked,
    Yes,
    /// The credential's text does not say whether it stands for a secret key; who authenticates it says so.
    Unsaid,
}

/// What apps without a server of their own ask from their page. No cookie is read there.
const OF_APPS: [&str; 4] =
    ["/oauth/token", "/oauth/revoke", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json"];

/// The stream whose address is its credential.
const STREAM_BY_ADDRESS: &str = "/ofrep/v1/stream";

/// Where it is noted that an answer is for nobody else's page.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared(Arc<AtomicBool>);

impl Shared {
    /// The key is a secret one.
    pub fn withdraw(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_withdrawn(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Sharing {
    pub fn of(request: &Request) -> Self {
        let path = request.uri().path();
        let for_apps = OF_APPS.contains(&path);
        if !for_apps && !["/v1/", "/s/", "/ofrep/"].iter().any(|prefix| path.starts_with(prefix)) {
            return Self::No;
        }
        let headers = request.headers();
        if request.method() == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        {
            return Self::Asked;
        }
        if for_apps {
            return Self::Yes;
        }
        let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = authorization.and_then(|text| text.split_once(' ')).map_or("", |(_, key)| key.trim());
        match key {
            _ if path == STREAM_BY_ADDRESS => Self::Unsaid,
            _ if key.starts_with(SERVICE_SECRET) => Self::No,
            _ if key.is_empty() || key.starts_with(SERVICE_PUBLIC) => Self::Yes,
            _ => Self::Unsaid,
        }
    }
}

/// The answer to a browser that asks first.
pub(super) fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    allow_any_origin(headers);
    let fixed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, If-None-Match, Last-Event-ID"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Lets every page read an answer.
pub(super) fn allow(headers: &mut HeaderMap) {
    allow_any_origin(headers);
    let exposed = HeaderValue::from_static("ETag, Retry-After, x-request-id");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}

fn allow_any_origin(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}
