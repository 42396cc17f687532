//! Server-sent events: signals that something has changed, with the revision to ask for.

use super::{ApiError, Caller};
use crate::http::authorization::keep_from_pages;
use crate::http::body::Params;
use crate::http::cors::Shared;
use crate::http::docs::Refusals;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt as _};
use nexus_app::server::ClientIp;
use nexus_backend::gate::Actor;
use nexus_backend::request_log::Visit;
use nexus_backend::streams::{self, Subscription};
use nexus_backend::{Nexus, limits};
use nexus_domain::flag::RefetchEvaluation;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A comment is sent so often where nothing happens, so that nobody in between closes the stream.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// The stream whose address is its credential.
pub(super) fn by_address() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(ofrep))
}

/// What a client heard of last. A name of its own, because it is a header of the EventSource
/// standard alone.
fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id").map(|value| value.to_str().unwrap_or_default())
}

/// Signals that something of the service has changed: `event: config.updated`, `id: <revision>`,
/// `data: {"revision":43,"key":"…"}`. The id is `<revision>.<moments>` once moments of schedules have
/// passed at this revision. `Last-Event-ID` resumes; a comment comes every 15 seconds.
#[utoipa::path(get, path = "/v1/stream", tag = "Service API",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id that one heard of last; a revision is one")),
    responses((status = 200, content_type = "text/event-stream", body = String), Refusals))]
async fn stream(
    State(nexus): State<Nexus>,
    Caller(actor): Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    open(&nexus, &actor, &headers, |event| {
        let data = match &event.key {
            Some(key) => json!({ "revision": event.revision, "key": key }),
            None => json!({ "revision": event.revision }),
        };
        Event::default().event(&event.name).json_data(data)
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Address {
    /// Part of the address that a bulk evaluation names; it ends by itself.
    credential: String,
}

/// Signals that flags may have other values (OFREP). The address comes from a bulk evaluation.
#[utoipa::path(get, path = "/ofrep/v1/stream", tag = "OpenFeature", params(Address), security(()),
    responses((status = 200, content_type = "text/event-stream", body = String), Refusals))]
async fn ofrep(
    State(nexus): State<Nexus>,
    Extension(ip): Extension<ClientIp>,
    Extension(visit): Extension<Arc<Visit>>,
    shared: Option<Extension<Shared>>,
    Params(address): Params<Address>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let credential = limits::present_address(&nexus, &address.credential, ip.0, Some(&visit)).await?;
    keep_from_pages(shared.as_deref(), &credential.actor);
    open(&nexus, &credential.actor, &headers, |event| {
        Event::default().json_data(RefetchEvaluation::new(&event.state))
    })
    .await
}

async fn open(
    nexus: &Nexus,
    actor: &Actor,
    headers: &HeaderMap,
    write: fn(&streams::Event) -> Result<Event, axum::Error>,
) -> Result<Response, ApiError> {
    let subscription = streams::subscribe(nexus, actor, last_event_id(headers)).await?;
    let sse = Sse::new(signals(subscription, write)).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    let mut response = sse.into_response();
    let headers = response.headers_mut();
    // Proxies that collect an answer before they hand it on would make a stream of it that never
    // says anything.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The events of a stream. The first one is none for the program: it says where the stream begins,
/// and how long to wait before coming back, which is another time for everybody.
fn signals(
    subscription: Subscription,
    write: fn(&streams::Event) -> Result<Event, axum::Error>,
) -> impl Stream<Item = Result<Event, axum::Error>> {
    let begin = Event::default().id(&subscription.begin).retry(subscription.retry).comment("connected");
    let events = subscription.map(move |event| write(&event).map(|written| written.id(&event.id)));
    futures::stream::once(async move { Ok::<_, axum::Error>(begin) }).chain(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_no_text_is_an_unknown_revision_and_not_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(last_event_id(&headers), None);
        headers.insert("last-event-id", HeaderValue::from_bytes(&[0xff]).expect("a header"));
        assert_eq!(last_event_id(&headers), Some(""));
    }
}
