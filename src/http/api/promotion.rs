//! Promotion from a service to its counterpart in another environment.

use super::{Api, InEnvironment};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use nexus_backend::{Nexus, grid};
use nexus_domain::grid::{PromoteReport, PromoteRequest};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(promote))
}

/// Promote secrets, configs and flags to the service's counterpart in another environment: all of them
/// or nothing. `dry_run` only says what would happen.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/promote", tag = "Services",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment), request_body = PromoteRequest,
    responses((status = 200, body = PromoteReport), Refusals))]
async fn promote(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(request): Json<PromoteRequest>,
) -> Api<axum::Json<PromoteReport>> {
    let path = environment.path(&key, project, service)?;
    let to = key.environment_in_body(Some(&request.to))?;
    let request = PromoteRequest { to, ..request };
    Ok(axum::Json(grid::promote(&nexus, &key.0, &path, request).await?))
}
