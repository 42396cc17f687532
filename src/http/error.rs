//! Errors of the APIs: a refusal in the one shape of the contract, with the request's id.

use super::frame::RequestId;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use nexus_backend::Error;
use nexus_domain::{Code, Refusal};
use serde_json::json;
use std::any::Any;

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

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Writes the bodies of refusals. It stands around everything, a panic's answer too.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let id = RequestId::of(&request);
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Refused>() {
        Some(Refused(refusal)) => write(&refusal, &id, response),
        None => response,
    }
}

/// Turns errors of the APIs that a library answered without a refusal into one.
pub(super) async fn adopt(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.extensions().get::<Refused>().is_none()
        && let Some(refusal) = foreign(response.status())
    {
        response.extensions_mut().insert(Refused(refusal));
    }
    response
}

/// An address below the APIs that nothing answers must not look like a page.
pub(super) async fn refuse_unknown(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_api = ["/api", "/v1", "/s", "/ofrep"]
        .iter()
        .any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if is_api { ApiError(Refusal::not_found()).into_response() } else { next.run(request).await }
}

fn write(refusal: &Refusal, id: &RequestId, mut response: Response) -> Response {
    let mut body = json!({ "code": refusal.code, "message": refusal.message, "request_id": id.0 });
    if let (false, Some(body)) = (refusal.details.is_empty(), body.as_object_mut()) {
        body.insert("details".into(), refusal.details.clone().into());
    }
    *response.status_mut() = status(refusal);
    *response.body_mut() = Body::from(body.to_string());
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let wait = refusal.details.get("retry_after").and_then(serde_json::Value::as_u64);
    if let Some(wait) = wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
    }
    if refusal.code == Code::Unauthorized {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// The refusal for an error that came from no handler of ours.
fn foreign(status: StatusCode) -> Option<Refusal> {
    Some(match status {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(Code::TooLarge, "The body is too large"),
        StatusCode::METHOD_NOT_ALLOWED => no_such_method(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Refusal::new(Code::UnsupportedMediaType, "Send JSON: Content-Type: application/json")
        }
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

/// A panic in a handler is a 500 and nothing more.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    ApiError(Refusal::new(Code::Internal, "Something went wrong on the server")).into_response()
}
