//! Flags of a service.

use super::{Api, Deletion, Filter, InEnvironment, Look};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, OptionalJson, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::{Nexus, flags};
use nexus_domain::flag::{FlagPatch, FlagRow, NewFlag, NewFlagVersion, Toggle};
use nexus_domain::page::Page;
use nexus_domain::template::ReferenceKind;
use nexus_domain::why::Explained;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, put, update, delete))
        .routes(routes!(undelete))
        .routes(routes!(toggle))
}

/// The flags of a service, own and inherited, with their definitions.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/flags", tag = "Flags",
    params(("project" = String, Path), ("service" = String, Path), Filter),
    responses((status = 200, body = Page<FlagRow>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(filter): Params<Filter>,
) -> Api<axum::Json<Page<FlagRow>>> {
    let (environment, query) = filter.read()?;
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(flags::list(&nexus, &key.0, &path, query).await?))
}

/// Make a flag with its first version. Without `state` it is off.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/flags", tag = "Flags",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment), request_body = NewFlag,
    responses((status = 201, body = FlagRow), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(new): Json<NewFlag>,
) -> Api<impl IntoResponse> {
    let path = environment.path(&key, project, service)?;
    let row = flags::create(&nexus, &key.0, &path, new).await?;
    let location = format!(
        "/api/v1/projects/{}/services/{}/flags/{}?environment={}",
        path.project, path.service, row.key, path.environment
    );
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(row)))
}

/// A flag with its definition.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/flags/{key}", tag = "Flags",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), Look),
    responses((status = 200, body = Explained<FlagRow>), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(look): Params<Look>,
) -> Api<axum::Json<Explained<FlagRow>>> {
    let path = look.in_environment().path(&key, project, service)?;
    let answer = flags::row(&nexus, &key.0, &path, &name).await?;
    let explanation = look.explanation(&nexus, &key, &path, ReferenceKind::Flag, &name).await?;
    Ok(axum::Json(Explained { answer, explanation }))
}

/// Give a flag another definition: adds a version and makes it ACTIVE.
#[utoipa::path(put, path = "/projects/{project}/services/{service}/flags/{key}", tag = "Flags",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    request_body = NewFlagVersion, responses((status = 200, body = FlagRow), Refusals))]
async fn put(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(new): Json<NewFlagVersion>,
) -> Api<axum::Json<FlagRow>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(flags::update(&nexus, &key.0, &path, &name, new).await?))
}

/// Change some fields of a flag: those of its definition make a new version, key, note and tags do not.
#[utoipa::path(patch, path = "/projects/{project}/services/{service}/flags/{key}", tag = "Flags",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    request_body = FlagPatch, responses((status = 200, body = FlagRow), Refusals))]
async fn update(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(patch): Json<FlagPatch>,
) -> Api<axum::Json<FlagRow>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(flags::patch(&nexus, &key.0, &path, &name, patch).await?))
}

/// Delete a flag; it can be restored for as long as the project says.
#[utoipa::path(delete, path = "/projects/{project}/services/{service}/flags/{key}", tag = "Flags",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), Deletion),
    responses((status = 204), Refusals))]
async fn delete(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(deletion): Params<Deletion>,
) -> Api<StatusCode> {
    let path = InEnvironment { environment: deletion.environment }.path(&key, project, service)?;
    flags::delete(&nexus, &key.0, &path, &name, deletion.expected_version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Bring a deleted flag back with its history.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/flags/{key}/undelete", tag = "Flags",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    responses((status = 200, body = FlagRow), Refusals))]
async fn undelete(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
) -> Api<axum::Json<FlagRow>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(flags::undelete(&nexus, &key.0, &path, &name).await?))
}

/// The kill switch: on, off, or without `enabled` the other of the two.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/flags/{key}/toggle", tag = "Flags",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    request_body(content = Option<Toggle>), responses((status = 200, body = FlagRow), Refusals))]
async fn toggle(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    OptionalJson(toggle): OptionalJson<Toggle>,
) -> Api<axum::Json<FlagRow>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(flags::toggle(&nexus, &key.0, &path, &name, toggle).await?))
}
