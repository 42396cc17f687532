//! `Idempotency-Key` around the management API: what was carried out once is answered again and not done
//! again. In one place for every call that changes something and is sent by POST; the document says
//! which those are.
//!
//! A refusal is not kept, because it changed nothing: the same request may be sent again with the same
//! key, and so may a better one.

use super::MAX_BODY;
use super::authorization::ManagementKey;
use super::docs::IDEMPOTENCY_KEY;
use super::error::ApiError;
use super::results;
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use nexus_backend::gate::Actor;
use nexus_backend::idempotency::{self, Answer, Asked, Claim, Claimed, Shape};
use nexus_backend::{Error, Nexus};
use nexus_domain::{Code, Refusal};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// On an answer that was kept.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const MAX_KEY: usize = 255;

/// The calls that take the header, by their path, with the status of their good answer.
#[derive(Clone)]
pub(super) struct Keeper {
    nexus: Nexus,
    statuses: Arc<HashMap<String, u16>>,
}

impl Keeper {
    pub fn new(nexus: Nexus, document: &Value) -> Self {
        let paths = document.get("paths").and_then(Value::as_object);
        let calls = paths.into_iter().flatten().filter_map(|(path, item)| {
            let operation = item.get("post")?;
            let mut parameters = operation.get("parameters")?.as_array()?.iter();
            parameters.find(|it| it.get("name").and_then(Value::as_str) == Some(IDEMPOTENCY_KEY))?;
            let statuses = operation.get("responses")?.as_object()?.keys();
            let good =
                statuses.filter_map(|status| status.parse().ok()).find(|status| (200..300).contains(status));
            Some((path.clone(), good?))
        });
        Self { nexus, statuses: Arc::new(calls.collect()) }
    }

    /// What is known of the answer, where the request has the header and the call takes it.
    fn shape(&self, request: &Request) -> Option<Shape> {
        if request.method() != Method::POST || !request.headers().contains_key(KEY) {
            return None;
        }
        let route = request.extensions().get::<MatchedPath>()?;
        let status = *self.statuses.get(route.as_str())?;
        Some(Shape { status, body: results::body })
    }
}

/// Carries a request out once.
pub(super) async fn once(State(keeper): State<Keeper>, request: Request, next: Next) -> Response {
    match keeper.shape(&request) {
        None => next.run(request).await,
        Some(shape) => {
            // In a task of its own: who goes away leaves no claim behind.
            let task = tokio::spawn(async move { claimed(keeper.nexus, shape, request, next).await });
            match task.await {
                Ok(Ok(response)) => response,
                Ok(Err(refused)) => refused.into_response(),
                Err(_) => super::error::panicked(),
            }
        }
    }
}

async fn claimed(nexus: Nexus, shape: Shape, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let ManagementKey(actor) = ManagementKey::ahead(&mut parts, &nexus).await?;
    let key = key(&parts.headers)?;
    let too_large = |_| Refusal::new(Code::TooLarge, "The body is too large, or ended early");
    let body = to_bytes(body, MAX_BODY).await.map_err(too_large)?;
    let address = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let asked = Asked { key: &key, method: parts.method.as_str(), address: &address, body: &body };
    match idempotency::claim(&nexus, &actor, &asked, shape).await? {
        Claimed::Done(answer) => replay(answer),
        Claimed::ToDo(claim) => {
            let request = Request::from_parts(parts, Body::from(body));
            let response = claim.holding(next.run(request)).await;
            keep(&nexus, &actor, &claim, response).await
        }
    }
}

/// 1 to 255 visible characters of ASCII, and one header of that name.
fn key(headers: &HeaderMap) -> Result<String, Refusal> {
    let mut values = headers.get_all(KEY).iter();
    let key = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fits = (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    match values.next() {
        None if fits => Ok(key.to_owned()),
        _ => Err(Refusal::invalid("Idempotency-Key", "1 to 255 visible characters of ASCII, once")),
    }
}

/// Keeps a good answer and lets everything else go.
async fn keep(
    nexus: &Nexus,
    actor: &Actor,
    claim: &Arc<Claim>,
    response: Response,
) -> Result<Response, ApiError> {
    if !response.status().is_success() {
        if let Err(error) = claim.let_go(nexus).await {
            tracing::warn!(%error, "a claim could not be let go; it ends by itself");
        }
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes =
        to_bytes(body, usize::MAX).await.map_err(|_| Error::Impossible("an answer that ended early"))?;
    let location = parts.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let answer = Answer {
        status: parts.status.as_u16(),
        location: location.map(str::to_owned),
        body: idempotency::without_credentials(text),
    };
    // The change has left what is needed; this adds where the new thing is.
    if let Err(error) = claim.keep(nexus, &answer).await {
        tracing::warn!(%error, tenant = actor.tenant_slug, "an answer could not be kept");
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replay(answer: Answer) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(answer.status).map_err(|_| Error::Impossible("a kept status"))?;
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if let Some(location) = answer.location.and_then(|location| HeaderValue::try_from(location).ok()) {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}
