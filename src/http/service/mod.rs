//! The service API: what programs read with the key of a service, or with one of its environment. By the
//! key alone at the origin, or at the service's own endpoint, `/s/{endpoint_slug}`, where the key has to be
//! of that service, or of the environment that it is in.

mod exchange;
mod flags;
mod ofrep;
mod stream;
mod users;

use super::ApiError;
use super::authorization::Program;
use super::body::{Json, Params};
use super::docs::Refusals;
use axum::extract::{FromRequestParts, Path, RawPathParams, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nexus_backend::gate::Actor;
use nexus_backend::snapshot::{self, Answer, Unless};
use nexus_backend::{Error, Nexus};
use nexus_domain::Refusal;
use nexus_domain::secret::NewSecretVersion;
use nexus_domain::snapshot::{Snapshot, SnapshotConfig, SnapshotSecret};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every route of the service API, both ways to it.
pub(super) fn router() -> OpenApiRouter<Nexus> {
    let calls = || {
        OpenApiRouter::new()
            .routes(routes!(sync))
            .routes(routes!(get, put, delete))
            .routes(routes!(config))
            .merge(flags::router())
            .merge(exchange::router())
            .merge(ofrep::router())
            .merge(stream::router())
    };
    calls()
        .merge(users::router())
        .nest("/s/{endpoint_slug}", calls().merge(users::at_endpoint()))
        .merge(stream::by_address())
}

/// Who reads the service that the address names, or its own.
struct Caller(Actor);

impl FromRequestParts<Nexus> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, nexus: &Nexus) -> Result<Self, ApiError> {
        let in_path =
            RawPathParams::from_request_parts(parts, nexus).await.map_err(|_| Refusal::not_found())?;
        let named = in_path.iter().find(|(name, _)| *name == "endpoint_slug").map(|(_, slug)| slug);
        let Program(actor) = Program::at(parts, nexus, named).await?;
        Ok(Self(actor))
    }
}

/// `If-None-Match`: the tags of what the caller has.
struct IfNoneMatch(Option<HeaderValue>);

impl IfNoneMatch {
    fn text(&self) -> Option<&str> {
        self.0.as_ref().and_then(|value| value.to_str().ok())
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get(header::IF_NONE_MATCH).cloned()))
    }
}

#[derive(Deserialize)]
struct Named {
    key: String,
}

/// The snapshot of the key's service. With `If-None-Match` it costs nothing while nothing changed.
#[utoipa::path(get, path = "/v1/sync", tag = "Service API",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` of the snapshot one has")),
    responses((status = 200, body = Snapshot, headers(("ETag" = String))), (status = 304), Refusals))]
async fn sync(
    State(nexus): State<Nexus>,
    Caller(actor): Caller,
    known: IfNoneMatch,
) -> Result<Response, ApiError> {
    let (etag, body) = match snapshot::sync(&nexus, &actor, known.text()).await? {
        Answer::NotModified { etag } => (etag, None),
        Answer::Fresh { etag, body } => (etag, Some(body)),
    };
    let mut headers = tagged(etag)?;
    let mut response = Response::default();
    match body {
        None => *response.status_mut() = StatusCode::NOT_MODIFIED,
        Some(body) => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *response.body_mut() = body.into();
        }
    }
    *response.headers_mut() = headers;
    Ok(response)
}

/// The headers of what is kept and asked for again, with room for those of every answer.
fn tagged(etag: String) -> Result<HeaderMap, ApiError> {
    let etag = HeaderValue::try_from(etag).map_err(|_| Error::Impossible("a tag that is no header"))?;
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(headers)
}

/// The answer to whoever has the thing with this tag already.
fn not_modified(etag: String) -> Result<Response, ApiError> {
    Ok((StatusCode::NOT_MODIFIED, tagged(etag)?).into_response())
}

/// One secret, own or inherited. With `If-None-Match` it is not opened while it stays.
#[utoipa::path(get, path = "/v1/secrets/{key}", tag = "Service API",
    params(("key" = String, Path),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the secret one has")),
    responses((status = 200, body = SnapshotSecret, headers(("ETag" = String))), (status = 304), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    Caller(actor): Caller,
    Path(Named { key }): Path<Named>,
    known: IfNoneMatch,
) -> Result<Response, ApiError> {
    match snapshot::get_unless(&nexus, &actor, &key, known.text()).await? {
        Unless::Known { etag } => not_modified(etag),
        Unless::Changed(one) => Ok((tagged(one.etag)?, axum::Json(one.secret)).into_response()),
    }
}

/// One config, own or inherited, with nothing left to replace.
#[utoipa::path(get, path = "/v1/configs/{key}", tag = "Service API",
    params(("key" = String, Path),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the config one has")),
    responses((status = 200, body = SnapshotConfig, headers(("ETag" = String))), (status = 304), Refusals))]
async fn config(
    State(nexus): State<Nexus>,
    Caller(actor): Caller,
    Path(Named { key }): Path<Named>,
    known: IfNoneMatch,
) -> Result<Response, ApiError> {
    match snapshot::config_unless(&nexus, &actor, &key, known.text()).await? {
        Unless::Known { etag } => not_modified(etag),
        Unless::Changed(one) => Ok((tagged(one.etag)?, axum::Json(one.config)).into_response()),
    }
}

/// The version that a write made.
#[derive(Serialize, ToSchema)]
struct Written {
    key: String,
    version: i64,
}

/// Write one of the service's own secrets; takes access `read_write`. On an inherited key it makes
/// an override.
#[utoipa::path(put, path = "/v1/secrets/{key}", tag = "Service API", params(("key" = String, Path)),
    request_body = NewSecretVersion,
    responses((status = 200, body = Written), (status = 201, body = Written), Refusals))]
async fn put(
    State(nexus): State<Nexus>,
    Caller(actor): Caller,
    Path(Named { key }): Path<Named>,
    Json(new): Json<NewSecretVersion>,
) -> Result<Response, ApiError> {
    let (created, version) = snapshot::put(&nexus, &actor, &key, new).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(Written { key, version })).into_response())
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Deletion {
    /// Refuse with 409 when the ACTIVE version is another one by now.
    expected_version: Option<i64>,
}

/// Delete one of the service's own secrets; takes access `read_write`.
#[utoipa::path(delete, path = "/v1/secrets/{key}", tag = "Service API", params(("key" = String, Path), Deletion),
    responses((status = 204), Refusals))]
async fn delete(
    State(nexus): State<Nexus>,
    Caller(actor): Caller,
    Path(Named { key }): Path<Named>,
    Params(deletion): Params<Deletion>,
) -> Result<StatusCode, ApiError> {
    snapshot::delete(&nexus, &actor, &key, deletion.expected_version).await?;
    Ok(StatusCode::NO_CONTENT)
}
