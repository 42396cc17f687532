//! Secrets of a service.

use super::{Api, Deletion, Filter, InEnvironment, Look};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::{Nexus, secrets};
use nexus_domain::import::{ImportReport, ImportRequest};
use nexus_domain::page::Page;
use nexus_domain::secret::{NewSecret, SecretPatch, SecretRow, SecretValue};
use nexus_domain::template::ReferenceKind;
use nexus_domain::why::Explained;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(undelete))
        .routes(routes!(import))
}

/// The secrets of a service, own and inherited, without their values.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/secrets", tag = "Secrets",
    params(("project" = String, Path), ("service" = String, Path), Filter),
    responses((status = 200, body = Page<SecretRow>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(filter): Params<Filter>,
) -> Api<axum::Json<Page<SecretRow>>> {
    let (environment, query) = filter.read()?;
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(secrets::list(&nexus, &key.0, &path, query).await?))
}

/// Make a secret with its first version.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/secrets", tag = "Secrets",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment), request_body = NewSecret,
    responses((status = 201, body = SecretRow), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(new): Json<NewSecret>,
) -> Api<impl IntoResponse> {
    let path = environment.path(&key, project, service)?;
    let row = secrets::create(&nexus, &key.0, &path, new).await?;
    let location = format!(
        "/api/v1/projects/{}/services/{}/secrets/{}?environment={}",
        path.project, path.service, row.key, path.environment
    );
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(row)))
}

/// A secret with its ACTIVE value. An audited reveal.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/secrets/{key}", tag = "Secrets",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), Look),
    responses((status = 200, body = Explained<SecretValue>), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(look): Params<Look>,
) -> Api<axum::Json<Explained<SecretValue>>> {
    let path = look.in_environment().path(&key, project, service)?;
    let answer = secrets::reveal(&nexus, &key.0, &path, &name, None).await?;
    let explanation = look.explanation(&nexus, &key, &path, ReferenceKind::Secret, &name).await?;
    Ok(axum::Json(Explained { answer, explanation }))
}

/// Rename a secret, or replace its note and tags.
#[utoipa::path(patch, path = "/projects/{project}/services/{service}/secrets/{key}", tag = "Secrets",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    request_body = SecretPatch, responses((status = 200, body = SecretRow), Refusals))]
async fn update(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(patch): Json<SecretPatch>,
) -> Api<axum::Json<SecretRow>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(secrets::patch(&nexus, &key.0, &path, &name, patch).await?))
}

/// Delete a secret; it can be restored for as long as the project says.
#[utoipa::path(delete, path = "/projects/{project}/services/{service}/secrets/{key}", tag = "Secrets",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), Deletion),
    responses((status = 204), Refusals))]
async fn delete(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(deletion): Params<Deletion>,
) -> Api<StatusCode> {
    let path = InEnvironment { environment: deletion.environment }.path(&key, project, service)?;
    secrets::delete(&nexus, &key.0, &path, &name, deletion.expected_version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Bring a deleted secret back with its history.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/secrets/{key}/undelete", tag = "Secrets",
    params(("project" = String, Path), ("service" = String, Path), ("key" = String, Path), InEnvironment),
    responses((status = 200, body = SecretRow), Refusals))]
async fn undelete(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
) -> Api<axum::Json<SecretRow>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(secrets::undelete(&nexus, &key.0, &path, &name).await?))
}

/// Import a `.env`, JSON or YAML text: all of it or nothing. `dry_run` only says what would happen.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/secrets:import", tag = "Secrets",
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
    Ok(axum::Json(secrets::import(&nexus, &key.0, &path, request).await?))
}
