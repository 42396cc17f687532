//! The apps of the tenant.

use super::{Api, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, OptionalJson};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::Nexus;
use nexus_backend::oauth::apps;
use nexus_domain::oauth::{MadeOauthApp, NewOauthApp, OauthApp, OauthAppPatch, RotateOauthSecret};
use nexus_domain::page::Page;
use nexus_domain::{OauthAppId, Refusal};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(rotate))
}

fn app_id(text: &str) -> Api<OauthAppId> {
    Uuid::try_parse(text).map(OauthAppId).map_err(|_| Refusal::not_found().into())
}

/// The apps of the tenant, by name.
#[utoipa::path(get, path = "/oauth/apps", tag = "OAuth apps", params(Paging),
    responses((status = 200, body = Page<OauthApp>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<OauthApp>>> {
    let apps = apps::list(&nexus, &key.0).await?;
    Ok(axum::Json(asked.cut(apps, |app| format!("{} {}", app.name, app.id))))
}

/// Register an app; the only answer that shows its secret. A public app has none. An app never gets
/// `admin:all`.
#[utoipa::path(post, path = "/oauth/apps", tag = "OAuth apps", request_body = NewOauthApp,
    responses((status = 201, body = MadeOauthApp), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Json(new): Json<NewOauthApp>,
) -> Api<impl IntoResponse> {
    let made = apps::create(&nexus, &key.0, new).await?;
    let location = format!("/api/v1/oauth/apps/{}", made.about.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(made)))
}

/// One app.
#[utoipa::path(get, path = "/oauth/apps/{id}", tag = "OAuth apps", params(("id" = OauthAppId, Path)),
    responses((status = 200, body = OauthApp), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(id): Path<String>,
) -> Api<axum::Json<OauthApp>> {
    Ok(axum::Json(apps::get(&nexus, &key.0, app_id(&id)?).await?))
}

/// Change an app. Disabling it ends every grant that people have given it; a scope that is taken away is gone
/// from all of them.
#[utoipa::path(patch, path = "/oauth/apps/{id}", tag = "OAuth apps", params(("id" = OauthAppId, Path)),
    request_body = OauthAppPatch, responses((status = 200, body = OauthApp), Refusals))]
async fn update(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(id): Path<String>,
    Json(patch): Json<OauthAppPatch>,
) -> Api<axum::Json<OauthApp>> {
    Ok(axum::Json(apps::update(&nexus, &key.0, app_id(&id)?, patch).await?))
}

/// Give a confidential app another secret; the only answer that shows it. The old one stays valid for
/// `grace_hours`.
#[utoipa::path(post, path = "/oauth/apps/{id}/rotate-secret", tag = "OAuth apps", params(("id" = OauthAppId, Path)),
    request_body = Option<RotateOauthSecret>, responses((status = 200, body = MadeOauthApp), Refusals))]
async fn rotate(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(id): Path<String>,
    OptionalJson(request): OptionalJson<RotateOauthSecret>,
) -> Api<axum::Json<MadeOauthApp>> {
    Ok(axum::Json(apps::rotate_secret(&nexus, &key.0, app_id(&id)?, request).await?))
}

/// Delete an app, with everything that people have let it do.
#[utoipa::path(delete, path = "/oauth/apps/{id}", tag = "OAuth apps", params(("id" = OauthAppId, Path)),
    responses((status = 204), Refusals))]
async fn delete(State(nexus): State<Nexus>, key: ManagementKey, Path(id): Path<String>) -> Api<StatusCode> {
    apps::delete(&nexus, &key.0, app_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
