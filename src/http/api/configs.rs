//! Configs of a service.

use super::{Api, Deletion, Filter, InEnvironment, Look};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::{Nexus, configs};
use nexus_domain::config::{ConfigPatch, ConfigRow, NewConfig, NewConfigVersion};
use nexus_domain::import::{ImportReport, ImportRequest};
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
        .routes(routes!(import))
}

/// The configs of a service, own and inherited, with their stored values.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/configs", tag = "Configs",
    params(("project" = String, Path), ("service" = String, Path), Filter),
    responses((status = 200, body = Page<ConfigRow>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(filter): Params<Filter>,
) -> Api<axum::Json<Page<ConfigRow>>> {
    let (environment, query) = filter.read()?;
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(configs::list(&nexus, &key.0, &path, query).await?))
}

/// Make a config with its first version.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/configs", tag = "Configs",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment), request_body = NewConfig,
    responses((status = 201, body = ConfigRow), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(new): Json<NewConfig>,
) -> Api<impl IntoResponse> {
    let path = environment.path(&key, project, service)?;
    let row = configs::create(&nexus, &key.0, &path, new).await?;
    let location = format!(
        "/api/v1/projects/{}/services/{}/configs/{}?environment={}",
        path.project, path.service, row.key, path.environment
    );
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(row)))
}

/// A config with its stored value: references stand in it as they were written.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/configs/{key}", tag = "Configs",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), Look),
    responses((status = 200, body = Explained<ConfigRow>), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(look): Params<Look>,
) -> Api<axum::Json<Explained<ConfigRow>>> {
    let path = look.in_environment().path(&key, project, service)?;
    let answer = configs::row(&nexus, &key.0, &path, &name).await?;
    let explanation = look.explanation(&nexus, &key, &path, ReferenceKind::Config, &name).await?;
    Ok(axum::Json(Explained { answer, explanation }))
}

/// Give a config another value: adds a version and makes it ACTIVE.
#[utoipa::path(put, path = "/projects/{project}/services/{service}/configs/{key}", tag = "Configs",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    request_body = NewConfigVersion, responses((status = 200, body = ConfigRow), Refusals))]
async fn put(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(new): Json<NewConfigVersion>,
) -> Api<axum::Json<ConfigRow>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(configs::update(&nexus, &key.0, &path, &name, new).await?))
}

/// Rename a config, or replace its note, tags and JSON Schema.
#[utoipa::path(patch, path = "/projects/{project}/services/{service}/configs/{key}", tag = "Configs",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    request_body = ConfigPatch, responses((status = 200, body = ConfigRow), Refusals))]
async fn update(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(patch): Json<ConfigPatch>,
) -> Api<axum::Json<ConfigRow>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(configs::patch(&nexus, &key.0, &path, &name, patch).await?))
}

/// Delete a config; it can be restored for as long as the project says.
#[utoipa::path(delete, path = "/projects/{project}/services/{service}/configs/{key}", tag = "Configs",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), Deletion),
    responses((status = 204), Refusals))]
async fn delete(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(deletion): Params<Deletion>,
) -> Api<StatusCode> {
    let path = InEnvironment { environment: deletion.environment }.path(&key, project, service)?;
    configs::delete(&nexus, &key.0, &path, &name, deletion.expected_version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Bring a deleted config back with its history.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/configs/{key}/undelete", tag = "Configs",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    responses((status = 200, body = ConfigRow), Refusals))]
async fn undelete(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
) -> Api<axum::Json<ConfigRow>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(configs::undelete(&nexus, &key.0, &path, &name).await?))
}

/// Import a `.env`, JSON or YAML text: all of it or nothing. `dry_run` only says what would happen.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/configs:import", tag = "Configs",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment), request_body = ImportRequest,
    responses((status = 200, body = ImportReport), Refusals))]
async fn import(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(request): Json<ImportRequest>,
) -> Api<axum::Json<ImportReport>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(configs::import(&nexus, &key.0, &path, request).await?))
}
