//! The developer environment of the person for whom an app asks. A key is no person, so that it is refused.

use super::Api;
use crate::http::authorization::ManagementKey;
use crate::http::body::Json;
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use nexus_backend::{Nexus, dev_environments};
use nexus_domain::Refusal;
use nexus_domain::environment::{DevEnvironment, DevImport, DevImportRequest};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(get, create, delete)).routes(routes!(import))
}

/// One's own developer environment.
///
/// For apps that act for a person (`oat_…`); a key (`nx_…`) is no person and gets 403.
#[utoipa::path(get, path = "/projects/{project}/dev-environment", tag = "Developer environment",
    params(("project" = String, Path)), responses((status = 200, body = DevEnvironment), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
) -> Api<axum::Json<DevEnvironment>> {
    let found = dev_environments::get(&nexus, &key.0, &project).await?;
    Ok(axum::Json(found.ok_or_else(Refusal::not_found)?))
}

/// Make one's own developer environment; one that exists is answered as it is.
///
/// For apps that act for a person (`oat_…`); a key (`nx_…`) is no person and gets 403.
#[utoipa::path(put, path = "/projects/{project}/dev-environment", tag = "Developer environment",
    params(("project" = String, Path)), responses((status = 200, body = DevEnvironment), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
) -> Api<axum::Json<DevEnvironment>> {
    Ok(axum::Json(dev_environments::create(&nexus, &key.0, &project).await?))
}

/// Delete one's own developer environment with everything in it.
///
/// For apps that act for a person (`oat_…`); a key (`nx_…`) is no person and gets 403.
#[utoipa::path(delete, path = "/projects/{project}/dev-environment", tag = "Developer environment",
    params(("project" = String, Path)), responses((status = 204), Refusals))]
async fn delete(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
) -> Api<StatusCode> {
    dev_environments::delete(&nexus, &key.0, &project).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Import `develop` into one's own developer environment: all or nothing.
///
/// Values of secrets come along where the person may reveal them and the app has `read:secrets`; the others
/// need a value. For apps that act for a person (`oat_…`); a key (`nx_…`) is no person and gets 403.
#[utoipa::path(post, path = "/projects/{project}/dev-environment/import", tag = "Developer environment",
    params(("project" = String, Path)), request_body = DevImportRequest,
    responses((status = 200, body = DevImport), Refusals))]
async fn import(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
    Json(request): Json<DevImportRequest>,
) -> Api<axum::Json<DevImport>> {
    Ok(axum::Json(dev_environments::import(&nexus, &key.0, &project, request.on_conflict).await?))
}
