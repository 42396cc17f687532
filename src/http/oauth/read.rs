//! What apps send, and how they are refused: the fields of the protocol beside those of every other refusal.

use crate::http::error::refused_with;
use axum::RequestExt as _;
use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use nexus_app::server::ClientIp;
use nexus_backend::oauth::{Basic, Failure, Form};
use nexus_domain::oauth::problem::{Problem, ProblemCode};
use nexus_domain::{Code, Refusal};
use serde_json::{Map, Value};
use std::net::{IpAddr, Ipv4Addr};

/// The largest body.
const MAX_BODY: usize = 512 * 1024;

/// Why an app gets no answer.
pub struct Refused(Failure);

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem.into())
    }
}

impl From<nexus_backend::Error> for Refused {
    fn from(error: nexus_backend::Error) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (refusal, code, description) = match self.0 {
            Failure::Problem(problem) => (refusal_of(&problem), problem.code, problem.description.to_owned()),
            Failure::Error(error) => {
                let refusal: Refusal = error.into();
                let code = code_of(&refusal);
                let description = refusal.message.clone();
                (refusal, code, description)
            }
        };
        let beside = Map::from_iter([
            ("error".to_owned(), Value::from(code.as_str())),
            ("error_description".to_owned(), Value::from(description)),
        ]);
        let mut response = refused_with(refusal, beside);
        if code == ProblemCode::InvalidClient {
            let challenge = HeaderValue::from_static("Basic realm=\"nexus\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

fn refusal_of(problem: &Problem) -> Refusal {
    match problem.code {
        ProblemCode::InvalidClient => Refusal::new(Code::Unauthorized, problem.description),
        _ => Refusal::invalid("body", problem.description),
    }
}

/// The nearest word of the protocol.
fn code_of(refusal: &Refusal) -> ProblemCode {
    match refusal.code.status() {
        429 | 503 => ProblemCode::TemporarilyUnavailable,
        500.. => ProblemCode::ServerError,
        _ => ProblemCode::InvalidRequest,
    }
}

/// A form, who sends it, and from where.
pub(super) struct Sent {
    pub form: Form,
    pub basic: Option<Basic>,
    pub ip: IpAddr,
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        let (parts, body) = request.with_limited_body().into_parts();
        let basic = basic(&parts)?;
        let ip = parts.extensions.get::<ClientIp>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ip| ip.0);
        Ok(Self { form: form(&parts, body).await?, basic, ip })
    }
}

/// Reads a form as it was sent.
pub(super) async fn form(parts: &Parts, body: axum::body::Body) -> Result<Form, Refused> {
    let refuse =
        |code, message: &str| Refused(nexus_backend::Error::from(Refusal::new(code, message)).into());
    let kind =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let message = "Send a form: Content-Type: application/x-www-form-urlencoded";
        return Err(refuse(Code::UnsupportedMediaType, message));
    }
    let too_large = || refuse(Code::TooLarge, "The body is too large, or ended early");
    let bytes = body.collect().await.map_err(|_| too_large())?.to_bytes();
    if bytes.len() > MAX_BODY {
        return Err(too_large());
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::invalid_request("The form is no text"))?;
    Ok(Form::read(text))
}

/// What an app proves itself by in the header (RFC 6749, section 2.3.1): both halves are written as in a form.
fn basic(parts: &Parts) -> Result<Option<Basic>, Refused> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let unreadable = || Refused::from(Problem::invalid_client());
    let text = value.to_str().ok().filter(|_| values.next().is_none()).ok_or_else(unreadable)?;
    let (scheme, encoded) = text.split_once(' ').ok_or_else(unreadable)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unreadable());
    }
    let bytes = STANDARD.decode(encoded.trim()).map_err(|_| unreadable())?;
    let pair = String::from_utf8(bytes).map_err(|_| unreadable())?;
    let (id, secret) = pair.split_once(':').ok_or_else(unreadable)?;
    Ok(Some(Basic { id: decoded(id), secret: decoded(secret) }))
}

/// Undoes `application/x-www-form-urlencoded` of one value.
fn decoded(text: &str) -> String {
    let as_value = format!("v={}", text.replace('&', "%26").replace('=', "%3D"));
    Form::read(&as_value).get("v").unwrap_or_default().to_owned()
}
