//! Projects.

use super::{Api, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::{Nexus, projects};
use nexus_domain::page::Page;
use nexus_domain::project::{NewProject, Project, ProjectPatch};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Narrows by name and slug.
    #[serde(default)]
    q: String,
}

/// The projects of the tenant.
#[utoipa::path(get, path = "/projects", tag = "Projects", params(Search, Paging),
    responses((status = 200, body = Page<Project>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Params(search): Params<Search>,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<Project>>> {
    let projects = projects::list(&nexus, &key.0, &search.q).await?;
    Ok(axum::Json(asked.cut(projects, |project| project.slug.clone())))
}

/// Make a project.
#[utoipa::path(post, path = "/projects", tag = "Projects", request_body = NewProject,
    responses((status = 201, body = Project), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Json(new): Json<NewProject>,
) -> Api<impl IntoResponse> {
    let project = projects::create(&nexus, &key.0, new).await?;
    let location = format!("/api/v1/projects/{}", project.slug);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(project)))
}

/// One project.
#[utoipa::path(get, path = "/projects/{project}", tag = "Projects", params(("project" = String, Path)),
    responses((status = 200, body = Project), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
) -> Api<axum::Json<Project>> {
    Ok(axum::Json(projects::get(&nexus, &key.0, &project).await?))
}

/// Rename a project, change its tier, or how long deleted secrets can be restored.
#[utoipa::path(patch, path = "/projects/{project}", tag = "Projects", params(("project" = String, Path)),
    request_body = ProjectPatch, responses((status = 200, body = Project), Refusals))]
async fn update(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
    Json(patch): Json<ProjectPatch>,
) -> Api<axum::Json<Project>> {
    Ok(axum::Json(projects::update(&nexus, &key.0, &project, patch).await?))
}

/// Delete a project with everything in it.
#[utoipa::path(delete, path = "/projects/{project}", tag = "Projects", params(("project" = String, Path)),
    responses((status = 204), Refusals))]
async fn delete(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
) -> Api<StatusCode> {
    projects::delete(&nexus, &key.0, &project).await?;
    Ok(StatusCode::NO_CONTENT)
}
