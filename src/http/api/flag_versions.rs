//! Versions of a flag.

use super::versions::{Restore, Sides};
use super::{Api, Deletion, InEnvironment, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, OptionalJson, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::{Nexus, flags};
use nexus_domain::entry::{EntryDiff, EntryVersion};
use nexus_domain::flag::{FlagRow, FlagType, FlagVersion, FlagVersionDefinition, NewFlagVersion};
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

/// Every version, newest first, without definitions.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/flags/{key}/versions", tag = "Flag versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment,
        Paging),
    responses((status = 200, body = Page<EntryVersion<FlagType>>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<FlagVersion>>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(flags::versions(&nexus, &key.0, &path, &name, asked).await?))
}

/// Add a version and make it ACTIVE.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/flags/{key}/versions", tag = "Flag versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    request_body = NewFlagVersion, responses((status = 201, body = FlagRow), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(new): Json<NewFlagVersion>,
) -> Api<impl IntoResponse> {
    let path = environment.path(&key, project, service)?;
    let row = flags::update(&nexus, &key.0, &path, &name, new).await?;
    let location = format!(
        "/api/v1/projects/{}/services/{}/flags/{name}/versions/{}?environment={}",
        path.project, path.service, row.version, path.environment
    );
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(row)))
}

/// One version with its definition.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/flags/{key}/versions/{n}", tag = "Flag versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), ("n" = i64, Path),
        InEnvironment),
    responses((status = 200, body = FlagVersionDefinition), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name, number)): Path<(String, String, String, i64)>,
    Params(environment): Params<InEnvironment>,
) -> Api<axum::Json<FlagVersionDefinition>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(flags::version(&nexus, &key.0, &path, &name, number).await?))
}

/// Destroy an old version for good; its number stays burnt.
#[utoipa::path(delete, path = "/projects/{project}/services/{service}/flags/{key}/versions/{n}", tag = "Flag versions",
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
    flags::destroy(&nexus, &key.0, &path, &name, number, deletion.expected_version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a new version with an old definition.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/flags/{key}/versions/{n}/restore",
    tag = "Flag versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), ("n" = i64, Path),
        InEnvironment),
    request_body = Option<Restore>, responses((status = 200, body = FlagRow), Refusals))]
async fn restore(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name, number)): Path<(String, String, String, i64)>,
    Params(environment): Params<InEnvironment>,
    OptionalJson(body): OptionalJson<Restore>,
) -> Api<axum::Json<FlagRow>> {
    let path = environment.path(&key, project, service)?;
    let expected = body.expected_version;
    Ok(axum::Json(flags::restore(&nexus, &key.0, &path, &name, number, expected).await?))
}

/// Compare the definitions of two versions.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/flags/{key}/diff", tag = "Flag versions",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), Sides),
    responses((status = 200, body = EntryDiff), Refusals))]
async fn diff(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(sides): Params<Sides>,
) -> Api<axum::Json<EntryDiff>> {
    let path = InEnvironment { environment: sides.environment }.path(&key, project, service)?;
    Ok(axum::Json(flags::diff(&nexus, &key.0, &path, &name, sides.from, sides.to).await?))
}
