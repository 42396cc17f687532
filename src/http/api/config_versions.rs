//! Versions of a config.

use super::versions::{Restore, Sides};
use super::{Api, Deletion, InEnvironment, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, OptionalJson, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::{Nexus, configs};
use nexus_domain::config::{ConfigRow, ConfigType, ConfigVersion, ConfigVersionValue, NewConfigVersion};
use nexus_domain::entry::{EntryDiff, EntryVersion};
use nexus_domain::page::Page;
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
#[utoipa::path(get, path = "/projects/{project}/services/{service}/configs/{key}/versions", tag = "Config versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment,
        Paging),
    responses((status = 200, body = Page<EntryVersion<ConfigType>>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<ConfigVersion>>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(configs::versions(&nexus, &key.0, &path, &name, asked).await?))
}

/// Add a version and make it ACTIVE.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/configs/{key}/versions", tag = "Config versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    request_body = NewConfigVersion, responses((status = 201, body = ConfigRow), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(new): Json<NewConfigVersion>,
) -> Api<impl IntoResponse> {
    let path = environment.path(&key, project, service)?;
    let row = configs::update(&nexus, &key.0, &path, &name, new).await?;
    let location = format!(
        "/api/v1/projects/{}/services/{}/configs/{name}/versions/{}?environment={}",
        path.project, path.service, row.version, path.environment
    );
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(row)))
}

/// One version with its stored value.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/configs/{key}/versions/{n}", tag = "Config versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), ("n" = i64, Path),
        InEnvironment),
    responses((status = 200, body = ConfigVersionValue), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name, number)): Path<(String, String, String, i64)>,
    Params(environment): Params<InEnvironment>,
) -> Api<axum::Json<ConfigVersionValue>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(configs::version(&nexus, &key.0, &path, &name, number).await?))
}

/// Destroy an old version for good; its number stays burnt.
#[utoipa::path(delete, path = "/projects/{project}/services/{service}/configs/{key}/versions/{n}", tag = "Config versions",
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
    configs::destroy(&nexus, &key.0, &path, &name, number, deletion.expected_version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a new version with an old value.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/configs/{key}/versions/{n}/restore",
    tag = "Config versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), ("n" = i64, Path),
        InEnvironment),
    request_body = Option<Restore>, responses((status = 200, body = ConfigRow), Refusals))]
async fn restore(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name, number)): Path<(String, String, String, i64)>,
    Params(environment): Params<InEnvironment>,
    OptionalJson(body): OptionalJson<Restore>,
) -> Api<axum::Json<ConfigRow>> {
    let path = environment.path(&key, project, service)?;
    let expected = body.expected_version;
    Ok(axum::Json(configs::restore(&nexus, &key.0, &path, &name, number, expected).await?))
}

/// Compare the stored values of two versions.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/configs/{key}/diff", tag = "Config versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), Sides),
    responses((status = 200, body = EntryDiff), Refusals))]
async fn diff(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(sides): Params<Sides>,
) -> Api<axum::Json<EntryDiff>> {
    let path = InEnvironment { environment: sides.environment }.path(&key, project, service)?;
    Ok(axum::Json(configs::diff(&nexus, &key.0, &path, &name, sides.from, sides.to).await?))
}
