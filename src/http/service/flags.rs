//! Flags for programs: plainly by their key, and evaluated for a user.

use super::{ApiError, Caller, IfNoneMatch, Named, not_modified, tagged};
use crate::http::body::Json;
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use nexus_backend::snapshot::matches_etag;
use nexus_backend::{Nexus, flags};
use nexus_domain::flag::{EvaluateRequest, Evaluated};
use nexus_domain::snapshot::SnapshotFlag;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(flag)).routes(routes!(evaluate))
}

/// One flag, own or inherited: state and schedule, without rules and rollout.
#[utoipa::path(get, path = "/v1/flags/{key}", tag = "Service API",
    params(("key" = String, Path),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the flag one has")),
    responses((status = 200, body = SnapshotFlag, headers(("ETag" = String))), (status = 304), Refusals))]
async fn flag(
    State(nexus): State<Nexus>,
    Caller(actor): Caller,
    Path(Named { key }): Path<Named>,
    known: IfNoneMatch,
) -> Result<Response, ApiError> {
    let one = flags::flag(&nexus, &actor, &key).await?;
    if known.text().is_some_and(|known| matches_etag(known, &one.etag)) {
        return not_modified(one.etag);
    }
    Ok((tagged(one.etag)?, axum::Json(one.flag)).into_response())
}

/// Evaluate flags for a user, with rules and rollout; takes A/B testing. Unknown keys stand in
/// `errors`.
#[utoipa::path(post, path = "/v1/evaluate", tag = "Service API", request_body = EvaluateRequest,
    responses((status = 200, body = Evaluated), Refusals))]
async fn evaluate(
    State(nexus): State<Nexus>,
    Caller(actor): Caller,
    Json(request): Json<EvaluateRequest>,
) -> Result<axum::Json<Evaluated>, ApiError> {
    Ok(axum::Json(flags::evaluate(&nexus, &actor, request).await?))
}
