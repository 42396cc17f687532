//! The requests of this client, and what their answers mean.

use crate::{Error, Options, SecretValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use nexus_domain::snapshot::{MAX_SNAPSHOT_BYTES, SnapshotSecret};
use nexus_domain::{Code, Refusal};
use reqwest::header::{AUTHORIZATION, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use zeroize::Zeroizing;

/// The largest answer that is read: a snapshot as JSON with everything escaped.
const MAX_ANSWER: usize = 4 * (MAX_SNAPSHOT_BYTES as usize);
const CONNECT: Duration = Duration::from_secs(5);
/// For a whole answer; a stream has its own.
const ANSWER: Duration = Duration::from_secs(20);
/// A stream that says nothing for three heartbeats is dead.
const SILENCE: Duration = Duration::from_secs(45);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// One service at one server.
pub(crate) struct Api {
    http: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
    /// Whether the key says of itself that it is public.
    pub public: bool,
}

/// The answer to a sync.
pub(crate) enum Synced {
    NotModified,
    Fresh { etag: Option<String>, body: Zeroizing<Vec<u8>> },
}

impl Api {
    pub fn new(options: &Options) -> Result<Self, Error> {
        let base = base(&options.endpoint)?;
        let mut authorization = authorization(&options.key)?;
        authorization.set_sensitive(true);
        let http = http().build().map_err(|error| Error::Invalid(error.to_string()))?;
        let public = options.key.expose_secret().starts_with("pk_");
        Ok(Self { http, base, authorization, public })
    }

    /// The address of this service, which tells copies on disk apart.
    pub fn address(&self) -> &str {
        self.base.as_str()
    }

    pub async fn sync(&self, known: Option<&str>) -> Result<Synced, Error> {
        let mut request = self.request(Method::GET, &["v1", "sync"])?.timeout(ANSWER);
        if let Some(etag) = known {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = send(request).await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Synced::NotModified);
        }
        let response = accepted(response).await?;
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        Ok(Synced::Fresh { etag, body: whole(response).await? })
    }

    /// One secret with its value, for files that a snapshot only names.
    pub async fn secret(&self, key: &str) -> Result<SnapshotSecret, Error> {
        let response = send(self.request(Method::GET, &["v1", "secrets", key])?.timeout(ANSWER)).await?;
        let body = whole(accepted(response).await?).await?;
        serde_json::from_slice(&body).map_err(unreadable)
    }

    /// Makes a secret of the service's own, or its next version; answers with the version's number.
    pub async fn set(&self, key: &str, value: &SecretValue, description: Option<&str>) -> Result<i64, Error> {
        #[derive(Deserialize)]
        struct Written {
            version: i64,
        }
        let mut body = match value {
            SecretValue::Text(text) => json!({ "value": text.expose_secret() }),
            SecretValue::File(bytes) => {
                json!({ "value_base64": STANDARD.encode(bytes.expose_secret()), "type": "file" })
            }
        };
        if let (Some(description), Some(body)) = (description, body.as_object_mut()) {
            body.insert("description".into(), description.into());
        }
        let request = self.request(Method::PUT, &["v1", "secrets", key])?.timeout(ANSWER).json(&body);
        let body = whole(accepted(send(request).await?).await?).await?;
        let written: Written = serde_json::from_slice(&body).map_err(unreadable)?;
        Ok(written.version)
    }

    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "secrets", key])?.timeout(ANSWER);
        accepted(send(request).await?).await.map(drop)
    }

    pub async fn evaluate(
        &self,
        key: &str,
        user_id: Option<&str>,
        attributes: Map<String, Value>,
    ) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Evaluated {
            results: BTreeMap<String, bool>,
        }
        let mut question = json!({ "keys": [key], "attributes": attributes });
        if let (Some(user), Some(question)) = (user_id, question.as_object_mut()) {
            question.insert("user_id".into(), user.into());
        }
        let request = self.request(Method::POST, &["v1", "evaluate"])?.timeout(ANSWER).json(&question);
        let body = whole(accepted(send(request).await?).await?).await?;
        let mut evaluated: Evaluated = serde_json::from_slice(&body).map_err(unreadable)?;
        evaluated.results.remove(key).ok_or_else(|| Error::FlagNotFound(key.to_owned()))
    }

    /// The stream of changes, from the one after `last`.
    pub async fn stream(&self, last: Option<&str>) -> Result<Changes, Error> {
        let mut request = self.request(Method::GET, &["v1", "stream"])?;
        if let Some(last) = last {
            request = request.header(LAST_EVENT_ID, last);
        }
        // The whole answer has no end, so only its beginning is bounded here.
        let response = tokio::time::timeout(ANSWER, send(request)).await.map_err(|_| slow())??;
        Ok(Changes(accepted(response).await?))
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, Error> {
        let mut url = self.base.clone();
        // It was checked that this address can have a path.
        let mut segments = url.path_segments_mut().map_err(|()| not_an_address())?;
        segments.pop_if_empty().extend(path);
        drop(segments);
        Ok(self.http.request(method, url).header(AUTHORIZATION, self.authorization.clone()))
    }
}

/// An open stream.
pub(crate) struct Changes(Response);

impl Changes {
    /// The next bytes; `None` at its end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let chunk = tokio::time::timeout(SILENCE, self.0.chunk()).await.map_err(|_| slow())?;
        Ok(chunk.map_err(unreachable)?.map(|bytes| bytes.to_vec()))
    }
}

/// Redirects are not followed: a key goes to the address that it was given for and to no other.
#[expect(
    clippy::disallowed_methods,
    reason = "a program's way in to its own server, not the server's way out"
)]
fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .user_agent(concat!("nexus-client/", env!("CARGO_PKG_VERSION")))
}

fn base(endpoint: &str) -> Result<Url, Error> {
    let url: Url = endpoint.trim().parse().map_err(|_| not_an_address())?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if fits { Ok(url) } else { Err(not_an_address()) }
}

fn not_an_address() -> Error {
    Error::Invalid("an endpoint is an address like https://nexus.example/s/checkout-api-k3mzq5ta".into())
}

fn authorization(key: &SecretString) -> Result<HeaderValue, Error> {
    let text = Zeroizing::new(format!("Bearer {}", key.expose_secret().trim()));
    HeaderValue::from_str(&text).map_err(|_| Error::Invalid("a key has letters, digits and _ only".into()))
}

async fn send(request: RequestBuilder) -> Result<Response, Error> {
    request.send().await.map_err(unreachable)
}

/// The cause without the address, which may name what is nobody else's business.
fn unreachable(error: reqwest::Error) -> Error {
    Error::Unreachable(error.without_url().to_string())
}

fn slow() -> Error {
    Error::Unreachable("it does not answer in time".into())
}

fn unreadable(error: serde_json::Error) -> Error {
    // Not the error's own text: it may quote what stood there.
    Error::Unreachable(format!(
        "its answer is not what it should be (line {}, column {})",
        error.line(),
        error.column()
    ))
}

async fn whole(response: Response) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut body = Zeroizing::new(Vec::new());
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(unreachable)?;
        if body.len().saturating_add(chunk.len()) > MAX_ANSWER {
            return Err(Error::Unreachable("its answer is too large".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn accepted(response: Response) -> Result<Response, Error> {
    if response.status().is_success() {
        return Ok(response);
    }
    let (status, wait) = (response.status(), retry_after(response.headers()));
    let body = whole(response).await.unwrap_or_default();
    Err(refused(status, wait, &body))
}

fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// What a refusal means. The body may be anything: a proxy's page, half of it, or nothing.
fn refused(status: StatusCode, wait: Option<u64>, body: &[u8]) -> Error {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        code: String,
        message: String,
        details: Map<String, Value>,
    }
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let detail = |name: &str| body.details.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let code = Code::ALL.iter().copied().find(|code| code.as_str() == body.code);
    match (status.as_u16(), body.code.as_str()) {
        (_, "quarantined") => {
            Error::Quarantined { reason: detail("reason"), expires_at: detail("expires_at") }
        }
        (_, "public_key_restricted") => Error::PublicKeyRestricted,
        (_, "service_kind_mismatch") => Error::ServiceKindMismatch,
        (402, _) => Error::PaymentRequired,
        (401, _) => Error::Unauthorized(body.message),
        (300..=399, _) => Error::Invalid("this address leads elsewhere; use the one it leads to".into()),
        (429, _) => {
            let mut refusal = Refusal::new(Code::RateLimited, body.message);
            refusal.details = body.details;
            if let Some(wait) = wait {
                refusal.details.insert("retry_after".into(), wait.into());
            }
            Error::Refused(refusal)
        }
        (500.., _) => Error::Unreachable(format!("it answers {status}")),
        _ => {
            let code = code.unwrap_or(if status == StatusCode::NOT_FOUND {
                Code::NotFound
            } else {
                Code::Forbidden
            });
            Error::Refused(Refusal { code, message: body.message, details: body.details })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_endpoint_is_an_address_and_nothing_hides_in_it() {
        for endpoint in ["https://nexus.example", "http://127.0.0.1:3000/s/api-k3mzq5ta", " https://a.b/ "] {
            assert!(base(endpoint).is_ok(), "{endpoint}");
        }
        for endpoint in [
            "",
            "nexus.example",
            "ftp://a.b",
            "https://u:p@a.b",
            "https://a.b?x",
            "https://a.b#x",
            "mailto:a@b.c",
        ] {
            assert!(base(endpoint).is_err(), "{endpoint}");
        }
    }

    #[test]
    fn refusals_are_told_apart_by_their_codes() {
        let quarantined =
            br#"{"code":"quarantined","message":"m","details":{"reason":"abuse","expires_at":"t"}}"#;
        let error = refused(StatusCode::TOO_MANY_REQUESTS, None, quarantined);
        assert!(
            matches!(error, Error::Quarantined { reason, expires_at } if reason == "abuse" && expires_at == "t")
        );
        let restricted = br#"{"code":"public_key_restricted"}"#;
        assert!(matches!(refused(StatusCode::FORBIDDEN, None, restricted), Error::PublicKeyRestricted));
        assert!(matches!(refused(StatusCode::PAYMENT_REQUIRED, None, b""), Error::PaymentRequired));
        assert!(matches!(refused(StatusCode::BAD_GATEWAY, None, b"<html>"), Error::Unreachable(_)));
        let limited = refused(StatusCode::TOO_MANY_REQUESTS, Some(7), b"");
        assert!(
            matches!(limited, Error::Refused(refusal) if refusal.details.get("retry_after") == Some(&7.into()))
        );
    }

    proptest! {
        #[test]
        fn no_refusal_is_misread_into_a_panic(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..64)) {
            let status = StatusCode::from_u16(status).expect("a status");
            let _error = refused(status, None, &body);
        }
    }
}
