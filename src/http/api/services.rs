//! Services and links to umbrella services.

use super::{Api, InEnvironment, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::services::ListServices;
use nexus_backend::{Nexus, services};
use nexus_domain::environment::EnvironmentKind;
use nexus_domain::page::Page;
use nexus_domain::service::{LinkRequest, NewService, Service, ServicePatch};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(link, unlink))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only this environment; a key without `admin:all` names its own.
    environment: Option<String>,
    /// Developer environments too.
    #[serde(default)]
    dev_envs: bool,
    /// Narrows by name and slug.
    #[serde(default)]
    q: String,
}

/// The services of a project that the key may see: in one's own developer environment, live, the others, by
/// slug.
#[utoipa::path(get, path = "/projects/{project}/services", tag = "Services",
    params(("project" = String, Path), Filter, Paging), responses((status = 200, body = Page<Service>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
    Params(filter): Params<Filter>,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<Service>>> {
    let environment = match &filter.environment {
        Some(named) => Some(key.environment(Some(named))?),
        None => None,
    };
    let wanted = ListServices { environment, dev_envs: filter.dev_envs, q: filter.q };
    let groups = services::list(&nexus, &key.0, &project, wanted).await?;
    let services = groups.into_iter().flat_map(|group| {
        let rank = match group.environment.kind {
            EnvironmentKind::Developer if group.yours => 0,
            EnvironmentKind::Live => 1,
            EnvironmentKind::Developer => 3,
            _ => 2,
        };
        group.services.into_iter().map(move |service| (rank, service))
    });
    let place = |(rank, it): &(u8, Service)| format!("{rank} {} {}", it.environment, it.slug);
    let Page { data, next_cursor } = asked.cut(services.collect(), place);
    Ok(axum::Json(Page { data: data.into_iter().map(|(_, service)| service).collect(), next_cursor }))
}

/// Make a service, in the key's environment unless the body names another.
#[utoipa::path(post, path = "/projects/{project}/services", tag = "Services", params(("project" = String, Path)),
    request_body = NewService, responses((status = 201, body = Service), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
    Json(new): Json<NewService>,
) -> Api<impl IntoResponse> {
    let environment = Some(key.environment_in_body(new.environment.as_deref())?);
    let service = services::create(&nexus, &key.0, &project, NewService { environment, ..new }).await?;
    let Service { slug, environment, .. } = &service;
    let location = format!("/api/v1/projects/{project}/services/{slug}?environment={environment}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(service)))
}

/// One service.
#[utoipa::path(get, path = "/projects/{project}/services/{service}", tag = "Services",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment),
    responses((status = 200, body = Service), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
) -> Api<axum::Json<Service>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(services::get(&nexus, &key.0, &path).await?))
}

/// Rename a service. Its kind, slug and environment never change.
#[utoipa::path(patch, path = "/projects/{project}/services/{service}", tag = "Services",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment), request_body = ServicePatch,
    responses((status = 200, body = Service), Refusals))]
async fn update(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(patch): Json<ServicePatch>,
) -> Api<axum::Json<Service>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(services::update(&nexus, &key.0, &path, patch).await?))
}

/// Delete a service with its secrets and keys.
#[utoipa::path(delete, path = "/projects/{project}/services/{service}", tag = "Services",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment),
    responses((status = 204), Refusals))]
async fn delete(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
) -> Api<StatusCode> {
    let path = environment.path(&key, project, service)?;
    services::delete(&nexus, &key.0, &path).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Link a service to an umbrella of the same project, kind and environment.
#[utoipa::path(put, path = "/projects/{project}/services/{service}/umbrella", tag = "Services",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment), request_body = LinkRequest,
    responses((status = 200, body = Service), Refusals))]
async fn link(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(request): Json<LinkRequest>,
) -> Api<axum::Json<Service>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(services::link(&nexus, &key.0, &path, &request.umbrella).await?))
}

/// Take the link to the umbrella away.
#[utoipa::path(delete, path = "/projects/{project}/services/{service}/umbrella", tag = "Services",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment),
    responses((status = 204), Refusals))]
async fn unlink(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
) -> Api<StatusCode> {
    let path = environment.path(&key, project, service)?;
    services::unlink(&nexus, &key.0, &path).await?;
    Ok(StatusCode::NO_CONTENT)
}
