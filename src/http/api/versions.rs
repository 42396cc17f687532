//! Versions of a secret.

use super::{Api, Deletion, InEnvironment, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, OptionalJson, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::{Nexus, secrets};
use nexus_domain::entry::EntryVersion;
use nexus_domain::page::Page;
use nexus_domain::secret::{
    NewSecretVersion, SecretDiff, SecretRow, SecretType, SecretVersion, SecretVersionValue,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, destroy))
        .routes(routes!(restore))
        .routes(routes!(diff))
}

/// Every version, newest first, without values.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/secrets/{key}/versions", tag = "Versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment,
        Paging),
    responses((status = 200, body = Page<EntryVersion<SecretType>>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<SecretVersion>>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(secrets::versions(&nexus, &key.0, &path, &name, asked).await?))
}

/// Add a version and make it ACTIVE.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/secrets/{key}/versions", tag = "Versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    request_body = NewSecretVersion, responses((status = 201, body = SecretRow), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(new): Json<NewSecretVersion>,
) -> Api<impl IntoResponse> {
    let path = environment.path(&key, project, service)?;
    let row = secrets::add_version(&nexus, &key.0, &path, &name, new).await?;
    let location = format!(
        "/api/v1/projects/{}/services/{}/secrets/{name}/versions/{}?environment={}",
        path.project, path.service, row.version, path.environment
    );
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(row)))
}

/// One version with its value. An audited reveal.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/secrets/{key}/versions/{n}", tag = "Versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), ("n" = i64, Path),
        InEnvironment),
    responses((status = 200, body = SecretVersionValue), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name, number)): Path<(String, String, String, i64)>,
    Params(environment): Params<InEnvironment>,
) -> Api<axum::Json<SecretVersionValue>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(secrets::version(&nexus, &key.0, &path, &name, number).await?))
}

/// Destroy an old version for good; its number stays burnt.
#[utoipa::path(delete, path = "/projects/{project}/services/{service}/secrets/{key}/versions/{n}", tag = "Versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), ("n" = i64, Path),
        Deletion),
    responses((status = 204), Refusals))]
async fn destroy(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name, number)): Path<(String, String, String, i64)>,
    Params(deletion): Params<Deletion>,
) -> Api<StatusCode> {
    let path = InEnvironment { environment: deletion.environment }.path(&key, project, service)?;
    secrets::destroy(&nexus, &key.0, &path, &name, number, deletion.expected_version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a restore may be told.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Restore {
    /// Refuse with 409 when the ACTIVE version is another one by now.
    #[serde(default)]
    pub expected_version: Option<i64>,
}

/// Make a new version with an old value.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/secrets/{key}/versions/{n}/restore",
    tag = "Versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), ("n" = i64, Path),
        InEnvironment),
    request_body = Option<Restore>, responses((status = 200, body = SecretRow), Refusals))]
async fn restore(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name, number)): Path<(String, String, String, i64)>,
    Params(environment): Params<InEnvironment>,
    OptionalJson(body): OptionalJson<Restore>,
) -> Api<axum::Json<SecretRow>> {
    let path = environment.path(&key, project, service)?;
    let expected = body.expected_version;
    Ok(axum::Json(secrets::restore(&nexus, &key.0, &path, &name, number, expected).await?))
}

/// The two versions to compare.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Sides {
    pub environment: Option<String>,
    /// The number of one version.
    pub from: i64,
    /// The number of the other.
    pub to: i64,
}

/// Compare two versions. An audited reveal.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/secrets/{key}/diff", tag = "Versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), Sides),
    responses((status = 200, body = SecretDiff), Refusals))]
async fn diff(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(sides): Params<Sides>,
) -> Api<axum::Json<SecretDiff>> {
    let path = InEnvironment { environment: sides.environment }.path(&key, project, service)?;
    Ok(axum::Json(secrets::diff(&nexus, &key.0, &path, &name, sides.from, sides.to).await?))
}
