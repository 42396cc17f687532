//! Shared environments.

use super::{Api, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::Json;
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::{Nexus, environments};
use nexus_domain::environment::{Environment, EnvironmentKind, EnvironmentPatch, NewEnvironment};
use nexus_domain::page::Page;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

/// The shared environments that the key may see, live first.
#[utoipa::path(get, path = "/environments", tag = "Environments", params(Paging),
    responses((status = 200, body = Page<Environment>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<Environment>>> {
    let place = |it: &Environment| format!("{} {}", u8::from(it.kind != EnvironmentKind::Live), it.slug);
    Ok(axum::Json(asked.cut(environments::list(&nexus, &key.0).await?, place)))
}

/// Make an environment.
#[utoipa::path(post, path = "/environments", tag = "Environments", request_body = NewEnvironment,
    responses((status = 201, body = Environment), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Json(new): Json<NewEnvironment>,
) -> Api<impl IntoResponse> {
    let environment = environments::create(&nexus, &key.0, new).await?;
    let location = format!("/api/v1/environments/{}", environment.slug);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(environment)))
}

/// One environment.
#[utoipa::path(get, path = "/environments/{slug}", tag = "Environments", params(("slug" = String, Path)),
    responses((status = 200, body = Environment), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(slug): Path<String>,
) -> Api<axum::Json<Environment>> {
    Ok(axum::Json(environments::get(&nexus, &key.0, &slug).await?))
}

/// Rename an environment; its slug is permanent.
#[utoipa::path(patch, path = "/environments/{slug}", tag = "Environments", params(("slug" = String, Path)),
    request_body = EnvironmentPatch, responses((status = 200, body = Environment), Refusals))]
async fn update(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(slug): Path<String>,
    Json(patch): Json<EnvironmentPatch>,
) -> Api<axum::Json<Environment>> {
    Ok(axum::Json(environments::update(&nexus, &key.0, &slug, patch).await?))
}

/// Delete an empty environment.
#[utoipa::path(delete, path = "/environments/{slug}", tag = "Environments", params(("slug" = String, Path)),
    responses((status = 204), Refusals))]
async fn delete(State(nexus): State<Nexus>, key: ManagementKey, Path(slug): Path<String>) -> Api<StatusCode> {
    environments::delete(&nexus, &key.0, &slug).await?;
    Ok(StatusCode::NO_CONTENT)
}
