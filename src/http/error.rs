//! Errors of the APIs: a refusal in the one shape of the contract, with the request's id.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use nexus_backend::Error;
use nexus_domain::{Code, Refusal};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// What a handler answers with when it does not answer.
#[derive(Debug)]
pub struct ApiError(pub Refusal);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error.into())
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for ApiError {
    /// The body is written by [`render`], which knows the request's id.
    fn into_response(self) -> Response {
        let mut response = status(&self.0).into_response();
        response.extensions_mut().insert(Refused(self.0));
        response
    }
}

#[derive(Clone)]
struct Refused(Refusal);

/// What stands beside the fields of every error, for clients of a protocol with errors of its own.
#[derive(Clone)]
struct Beside(Map<String, Value>);

/// A refusal in the shape of the API that holds the errors of another protocol too.
pub(super) fn refused_with(refusal: Refusal, beside: Map<String, Value>) -> Response {
    let mut response = ApiError(refusal).into_response();
    response.extensions_mut().insert(Beside(beside));
    response
}

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Writes the body of a refusal.
pub(super) fn render(response: &mut Response, id: Uuid) {
    let Some(Refused(refusal)) = response.extensions_mut().remove::<Refused>() else { return };
    let mut body =
        json!({ "code": refusal.code, "message": refusal.message, "request_id": id.simple().to_string() });
    if let (false, Some(body)) = (refusal.details.is_empty(), body.as_object_mut()) {
        body.insert("details".into(), refusal.details.clone().into());
    }
    if let (Some(Beside(beside)), Some(body)) =
        (response.extensions_mut().remove::<Beside>(), body.as_object_mut())
    {
        body.extend(beside);
    }
    *response.status_mut() = status(&refusal);
    *response.body_mut() = Body::from(body.to_string());
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let wait = refusal.details.get("retry_after").and_then(Value::as_u64);
    if let Some(wait) = wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
    }
    if refusal.code == Code::Unauthorized {
        headers.entry(header::WWW_AUTHENTICATE).or_insert(HeaderValue::from_static("Bearer"));
    }
}

/// Turns an error of the APIs that a library answered without a refusal into one.
pub(super) fn adopt(response: &mut Response) {
    if response.extensions().get::<Refused>().is_none()
        && let Some(refusal) = foreign(response.status())
    {
        response.extensions_mut().insert(Refused(refusal));
    }
}

/// Whether an address belongs to the APIs.
pub(super) fn is_api(path: &str) -> bool {
    // The page that asks a person is the console's.
    path != "/oauth/authorize"
        && ["/api", "/v1", "/s", "/ofrep", "/oauth"].iter().any(|prefix| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

/// Whether an address is one that the console has nothing at: of the APIs, or below a first segment that is
/// reserved. `/t` is the console's own.
fn is_no_page(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    match first {
        "_fn" => !nexus_app::server::is_function(path),
        "vault" | "healthz" | "readyz" | "assets" | ".well-known" => true,
        _ => is_api(path),
    }
}

/// An address that nothing answers, where programs ask, must not look like a page.
pub(super) async fn refuse_unknown(request: Request, next: Next) -> Response {
    if is_no_page(request.uri().path()) {
        ApiError(Refusal::not_found()).into_response()
    } else {
        next.run(request).await
    }
}

/// The refusal for an error that came from no handler of ours.
fn foreign(status: StatusCode) -> Option<Refusal> {
    Some(match status {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(Code::TooLarge, "The body is too large"),
        StatusCode::METHOD_NOT_ALLOWED => no_such_method(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Refusal::new(Code::UnsupportedMediaType, "Send JSON: Content-Type: application/json")
        }
        // Bodies and queries are read by extractors of ours, so that this is a part of the path that has
        // not the form of any: what stands there does not exist.
        StatusCode::BAD_REQUEST => Refusal::not_found(),
        status if status.is_server_error() => {
            Refusal::new(Code::Internal, "Something went wrong on the server")
        }
        status if status.is_client_error() => {
            Refusal::new(Code::InvalidRequest, "The request cannot be read")
        }
        _ => return None,
    })
}

fn no_such_method() -> Refusal {
    Refusal::new(Code::MethodNotAllowed, "This address does not know this method")
}

pub(super) async fn method_not_allowed() -> ApiError {
    ApiError(no_such_method())
}

/// The answer of a handler that panicked.
pub(super) fn panicked() -> Response {
    tracing::error!("a handler panicked");
    ApiError(Refusal::new(Code::Internal, "Something went wrong on the server")).into_response()
}
