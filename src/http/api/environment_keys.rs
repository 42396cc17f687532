//! Keys of an environment.

use super::{Api, InEnvironment, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, OptionalJson, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::Nexus;
use nexus_backend::keys::environment;
use nexus_domain::environment_key::{
    ALL_ENVIRONMENTS, EnvironmentKey, MadeEnvironmentKey, NewEnvironmentKey, RotateEnvironmentKey,
    SigningSecret,
};
use nexus_domain::page::Page;
use nexus_domain::{KeyId, Refusal};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, revoke))
        .routes(routes!(rotate))
        .routes(routes!(sign))
}

fn key_id(text: &str) -> Api<KeyId> {
    Uuid::try_parse(text).map(KeyId).map_err(|_| Refusal::not_found().into())
}

/// The keys of the environment, newest first; with `admin:all` of another one, or of `all`.
#[utoipa::path(get, path = "/keys", tag = "Keys", params(InEnvironment, Paging),
    responses((status = 200, body = Page<EnvironmentKey>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Params(InEnvironment { environment: named }): Params<InEnvironment>,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<EnvironmentKey>>> {
    let slug = key.environment(named.as_deref())?;
    let slug = Some(slug).filter(|slug| slug != ALL_ENVIRONMENTS);
    Ok(axum::Json(environment::page(&nexus, &key.0, slug.as_deref(), asked).await?))
}

/// Make a key; the only answer that shows it. A key gives no scope that it lacks, none for another
/// environment without `admin:all`, none that lives longer than itself, and none for wider networks.
#[utoipa::path(post, path = "/keys", tag = "Keys", request_body = NewEnvironmentKey,
    responses((status = 201, body = MadeEnvironmentKey), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Json(mut new): Json<NewEnvironmentKey>,
) -> Api<impl IntoResponse> {
    new.environment = Some(key.environment_in_body(new.environment.as_deref())?);
    let made = environment::create(&nexus, &key.0, new).await?;
    let location = format!("/api/v1/keys/{}", made.about.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(made)))
}

/// One key.
#[utoipa::path(get, path = "/keys/{id}", tag = "Keys", params(("id" = KeyId, Path)),
    responses((status = 200, body = EnvironmentKey), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(id): Path<String>,
) -> Api<axum::Json<EnvironmentKey>> {
    Ok(axum::Json(environment::get(&nexus, &key.0, key_id(&id)?).await?))
}

/// Give a key another value; the only answer that shows it. The old one stays valid for `grace_hours`.
#[utoipa::path(post, path = "/keys/{id}/rotate", tag = "Keys", params(("id" = KeyId, Path)),
    request_body = Option<RotateEnvironmentKey>, responses((status = 200, body = MadeEnvironmentKey), Refusals))]
async fn rotate(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(id): Path<String>,
    OptionalJson(request): OptionalJson<RotateEnvironmentKey>,
) -> Api<axum::Json<MadeEnvironmentKey>> {
    Ok(axum::Json(environment::rotate(&nexus, &key.0, key_id(&id)?, request).await?))
}

/// Give a secret key something to sign tokens with; the only answer that shows it. It replaces the one
/// before.
#[utoipa::path(post, path = "/keys/{id}/signing-secret", tag = "Keys", params(("id" = KeyId, Path)),
    responses((status = 200, body = SigningSecret), Refusals))]
async fn sign(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(id): Path<String>,
) -> Api<axum::Json<SigningSecret>> {
    Ok(axum::Json(environment::sign(&nexus, &key.0, key_id(&id)?).await?))
}

/// End a key, with everything that stands for it, now.
#[utoipa::path(delete, path = "/keys/{id}", tag = "Keys", params(("id" = KeyId, Path)),
    responses((status = 204), Refusals))]
async fn revoke(State(nexus): State<Nexus>, key: ManagementKey, Path(id): Path<String>) -> Api<StatusCode> {
    environment::revoke(&nexus, &key.0, key_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
