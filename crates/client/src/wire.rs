//! What all requests of this client have in common, whoever they go to: how they are sent, how much of an
//! answer is read, and what a refusal means.

use crate::Error;
use futures::StreamExt as _;
use nexus_domain::{Code, Refusal};
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::net::IpAddr;
use std::time::Duration;
use zeroize::Zeroizing;

const CONNECT: Duration = Duration::from_secs(5);
/// For a whole answer; a stream has its own.
pub(crate) const ANSWER: Duration = Duration::from_secs(20);
/// Whatever is no snapshot is small.
pub(crate) const SMALL: usize = 1024 * 1024;

/// Redirects are not followed: a key goes to the address that it was given for and to no other.
#[expect(
    clippy::disallowed_methods,
    reason = "a program's way in to its own server, not the server's way out"
)]
pub(crate) fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .user_agent(concat!("nexus-client/", env!("CARGO_PKG_VERSION")))
}

pub(crate) fn base(endpoint: &str) -> Result<Url, Error> {
    let url: Url = endpoint.trim().parse().map_err(|_| not_an_address())?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if fits { Ok(url) } else { Err(not_an_address()) }
}

/// The address of the instance that an endpoint is one of, without a service, with `/` at its end.
pub(crate) fn instance(endpoint: &str) -> Result<Url, Error> {
    let mut url = base(endpoint)?;
    let path = url.path().trim_end_matches('/');
    let path = match path.rsplit_once("/s/") {
        Some((before, slug)) if !slug.contains('/') => before,
        _ => path,
    };
    let path = format!("{path}/");
    url.set_path(&path);
    Ok(url)
}

/// What says who somebody is (a platform's proof, a login) goes over https only: whoever listens on the way could
/// use it. On this machine nobody is on the way.
pub(crate) fn confidential(url: &Url) -> Result<(), Error> {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let here = host == "localhost" || address.is_ok_and(|it| it.is_loopback());
    if url.scheme() == "https" || here {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "logins and workload identity need https, because whoever listens on the way to {host} could use them; \
         http is for localhost only"
    )))
}

/// Words of a server as they may be shown in a terminal: nothing in them moves the cursor, colours, or turns the
/// direction of the text.
pub(crate) fn printable(text: &str) -> String {
    let turns =
        |it: char| matches!(it, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|it| if it.is_control() || turns(it) { char::REPLACEMENT_CHARACTER } else { it })
        .collect()
}

pub(crate) fn not_an_address() -> Error {
    Error::Invalid("an endpoint is an address like https://nexus.example/s/checkout-api-k3mzq5ta".into())
}

pub(crate) fn authorization(key: &SecretString) -> Result<HeaderValue, Error> {
    let text = Zeroizing::new(format!("Bearer {}", key.expose_secret().trim()));
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| Error::Invalid("a key has letters, digits and _ only".into()))?;
    value.set_sensitive(true);
    Ok(value)
}

pub(crate) async fn send(request: RequestBuilder) -> Result<Response, Error> {
    request.send().await.map_err(unreachable)
}

/// The cause without the address, which may name what is nobody else's business.
pub(crate) fn unreachable(error: reqwest::Error) -> Error {
    Error::Unreachable(error.without_url().to_string())
}

pub(crate) fn slow() -> Error {
    Error::Unreachable("it does not answer in time".into())
}

pub(crate) fn unreadable(error: serde_json::Error) -> Error {
    // Not the error's own text: it may quote what stood there.
    Error::Unreachable(format!(
        "its answer is not what it should be (line {}, column {})",
        error.line(),
        error.column()
    ))
}

pub(crate) async fn whole(response: Response, most: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut body = Zeroizing::new(Vec::new());
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(unreachable)?;
        if body.len().saturating_add(chunk.len()) > most {
            return Err(Error::Unreachable("its answer is too large".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(crate) async fn accepted(response: Response) -> Result<Response, Error> {
    if response.status().is_success() {
        return Ok(response);
    }
    let (status, wait) = (response.status(), retry_after(response.headers()));
    let body = whole(response, SMALL).await.unwrap_or_default();
    Err(refused(status, wait, &body))
}

pub(crate) fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// What a refusal means. The body may be anything: a proxy's page, half of it, or nothing. Only one with a code of
/// Nexus, under the status that goes with it, is what the server says; everything else is somebody in between.
pub(crate) fn refused(status: StatusCode, wait: Option<u64>, body: &[u8]) -> Error {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        code: String,
        message: String,
        details: Map<String, Value>,
    }
    let mut body: Body = serde_json::from_slice(body).unwrap_or_default();
    body.message = printable(&body.message);
    let detail = |name: &str| printable(body.details.get(name).and_then(Value::as_str).unwrap_or_default());
    let is_said = |code: &&Code| code.as_str() == body.code && code.status() == status.as_u16();
    match (Code::ALL.iter().find(is_said), status.as_u16()) {
        (Some(Code::Quarantined), _) => {
            Error::Quarantined { reason: detail("reason"), expires_at: detail("expires_at") }
        }
        (Some(Code::PublicKeyRestricted), _) => Error::PublicKeyRestricted,
        (Some(Code::ServiceKindMismatch), _) => Error::ServiceKindMismatch,
        (Some(Code::PaymentRequired), _) => Error::PaymentRequired,
        (Some(Code::Unauthorized), _) => Error::Unauthorized(body.message),
        // Whoever says it, there is a time to wait.
        (_, 429) => {
            let mut refusal = Refusal::new(Code::RateLimited, body.message);
            refusal.details = body.details;
            if let Some(wait) = wait {
                refusal.details.insert("retry_after".into(), wait.into());
            }
            Error::Refused(refusal)
        }
        (_, 500..) => Error::Unreachable(format!("it answers {status}")),
        (Some(code), _) => {
            Error::Refused(Refusal { code: *code, message: body.message, details: body.details })
        }
        (None, 300..=399) => Error::Invalid("this address leads elsewhere; use the one it leads to".into()),
        (None, _) => Error::Unreachable(format!("what answers {status} there is not Nexus")),
    }
}

/// The JSON of an answer that has to be a good one.
pub(crate) async fn read<T: DeserializeOwned>(response: Response, most: usize) -> Result<T, Error> {
    let body = whole(accepted(response).await?, most).await?;
    serde_json::from_slice(&body).map_err(unreadable)
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
        let unpaid = br#"{"code":"payment_required"}"#;
        assert!(matches!(refused(StatusCode::PAYMENT_REQUIRED, None, unpaid), Error::PaymentRequired));
        assert!(matches!(refused(StatusCode::BAD_GATEWAY, None, b"<html>"), Error::Unreachable(_)));
        let limited = refused(StatusCode::TOO_MANY_REQUESTS, Some(7), b"");
        assert!(
            matches!(limited, Error::Refused(refusal) if refusal.details.get("retry_after") == Some(&7.into()))
        );
    }

    #[test]
    fn a_page_of_something_in_between_withdraws_nothing() {
        let pages: [&[u8]; 6] = [
            b"",
            b"<html><h1>404 Not Found</h1></html>",
            br#"{"code":404,"message":"page not found"}"#,
            br#"{"error":"not_found"}"#,
            br#"{"code":"no_such_host","message":"m"}"#,
            // A code of Nexus that does not go with this status.
            br#"{"code":"immutable"}"#,
        ];
        for status in [400, 401, 402, 403, 404, 405, 407, 410, 413, 421, 451] {
            let status = StatusCode::from_u16(status).expect("a status");
            for page in pages {
                let error = refused(status, None, page);
                assert!(matches!(error, Error::Unreachable(_)) && !error.withdraws(), "{status}: {error}");
            }
        }
        for (status, code) in [(401, "unauthorized"), (403, "ip_not_allowed"), (404, "not_found")] {
            let body = format!(r#"{{"code":"{code}","message":"m"}}"#);
            let error = refused(StatusCode::from_u16(status).expect("a status"), None, body.as_bytes());
            assert!(error.withdraws(), "{code}: {error}");
        }
    }

    #[test]
    fn what_says_who_somebody_is_goes_over_https_or_stays_on_this_machine() {
        for url in [
            "https://nexus.example",
            "http://localhost:3000",
            "http://LOCALHOST",
            "http://127.0.0.1:3000",
            "http://127.255.0.9",
            "http://[::1]:3000",
        ] {
            confidential(&base(url).expect("an address")).expect(url);
        }
        for url in [
            "http://nexus.example",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://[::2]",
            "http://[::ffff:10.0.0.1]",
        ] {
            let error = confidential(&base(url).expect("an address")).expect_err(url).to_string();
            assert!(error.contains("https"), "{error}");
        }
    }

    #[test]
    fn the_words_of_a_server_do_nothing_to_a_terminal() {
        assert_eq!(
            printable("ana\u{1b}[2J\r\n\u{9b}\u{202e}ü"),
            "ana\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}\u{fffd}ü"
        );
        let body = br#"{"code":"forbidden","message":"no\u001b]0;x\u0007"}"#;
        let error = refused(StatusCode::FORBIDDEN, None, body).to_string();
        assert!(error.contains("no") && !error.chars().any(char::is_control), "{error:?}");
    }

    proptest! {
        #[test]
        fn no_refusal_is_misread_into_a_panic(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..64)) {
            let status = StatusCode::from_u16(status).expect("a status");
            let _error = refused(status, None, &body);
        }
    }
}
