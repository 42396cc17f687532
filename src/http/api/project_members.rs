//! Who works in a project.

use super::members::user;
use super::{Api, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::Json;
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::{Nexus, members};
use nexus_domain::UserId;
use nexus_domain::member::{NewProjectMember, ProjectMember, ProjectMemberPatch};
use nexus_domain::page::Page;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(get, update, remove))
}

/// Everybody in the project, by address; the owners of the tenant too.
#[utoipa::path(get, path = "/projects/{project}/members", tag = "Members",
    params(("project" = String, Path), Paging),
    responses((status = 200, body = Page<ProjectMember>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<ProjectMember>>> {
    let members = members::list_in_project(&nexus, &key.0, &project).await?;
    Ok(axum::Json(asked.cut(members, |member| member.email.clone())))
}

/// Add somebody of the tenant to the project. A developer gets a developer environment. Takes `admin:all`.
#[utoipa::path(post, path = "/projects/{project}/members", tag = "Members", params(("project" = String, Path)),
    request_body = NewProjectMember, responses((status = 201, body = ProjectMember), Refusals))]
async fn add(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
    Json(new): Json<NewProjectMember>,
) -> Api<impl IntoResponse> {
    let member = members::add(&nexus, &key.0, &project, new).await?;
    let location = format!("/api/v1/projects/{project}/members/{}", member.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(member)))
}

/// One of them.
#[utoipa::path(get, path = "/projects/{project}/members/{id}", tag = "Members",
    params(("project" = String, Path), ("id" = UserId, Path)),
    responses((status = 200, body = ProjectMember), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, id)): Path<(String, String)>,
) -> Api<axum::Json<ProjectMember>> {
    Ok(axum::Json(members::get_in_project(&nexus, &key.0, &project, user(&id)?).await?))
}

/// Give somebody another role in the project. A role that reaches further takes `admin:all`.
#[utoipa::path(patch, path = "/projects/{project}/members/{id}", tag = "Members",
    params(("project" = String, Path), ("id" = UserId, Path)), request_body = ProjectMemberPatch,
    responses((status = 200, body = ProjectMember), Refusals))]
async fn update(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, id)): Path<(String, String)>,
    Json(patch): Json<ProjectMemberPatch>,
) -> Api<axum::Json<ProjectMember>> {
    Ok(axum::Json(members::change_in_project(&nexus, &key.0, &project, user(&id)?, patch).await?))
}

/// Remove somebody from the project, with their developer environment there and everything in it.
#[utoipa::path(delete, path = "/projects/{project}/members/{id}", tag = "Members",
    params(("project" = String, Path), ("id" = UserId, Path)), responses((status = 204), Refusals))]
async fn remove(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, id)): Path<(String, String)>,
) -> Api<StatusCode> {
    members::remove_from_project(&nexus, &key.0, &project, user(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
