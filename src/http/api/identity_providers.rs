//! Providers of workload identity: whose word is taken for who a program is.

use super::{Api, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::Json;
use crate::http::docs::Refusals;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_app::server::ClientIp;
use nexus_backend::{Nexus, workload};
use nexus_domain::IdentityProviderId;
use nexus_domain::page::Page;
use nexus_domain::workload::{
    IdentityProvider, IdentityProviderPatch, NewIdentityProvider, TokenReport, TokenTest,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(test))
}

/// The tenant's providers, by name.
#[utoipa::path(get, path = "/identity-providers", tag = "Workload identity", params(Paging),
    responses((status = 200, body = Page<IdentityProvider>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<IdentityProvider>>> {
    let providers = workload::providers(&nexus, &key.0).await?;
    Ok(axum::Json(asked.cut(providers, |provider| provider.name.clone())))
}

/// Take somebody's word. Kind and issuer never change.
#[utoipa::path(post, path = "/identity-providers", tag = "Workload identity", request_body = NewIdentityProvider,
    responses((status = 201, body = IdentityProvider), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Json(new): Json<NewIdentityProvider>,
) -> Api<impl IntoResponse> {
    let made = workload::add_provider(&nexus, &key.0, new).await?;
    let location = format!("/api/v1/identity-providers/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(made)))
}

/// One provider.
#[utoipa::path(get, path = "/identity-providers/{id}", tag = "Workload identity",
    params(("id" = IdentityProviderId, Path)), responses((status = 200, body = IdentityProvider), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(id): Path<String>,
) -> Api<axum::Json<IdentityProvider>> {
    Ok(axum::Json(workload::provider(&nexus, &key.0, workload::provider_id(&id)?).await?))
}

/// Change a provider. Where it is to believe something else (keys, audience, algorithms), its sessions end.
#[utoipa::path(patch, path = "/identity-providers/{id}", tag = "Workload identity",
    params(("id" = IdentityProviderId, Path)), request_body = IdentityProviderPatch,
    responses((status = 200, body = IdentityProvider), Refusals))]
async fn update(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(id): Path<String>,
    Json(patch): Json<IdentityProviderPatch>,
) -> Api<axum::Json<IdentityProvider>> {
    Ok(axum::Json(workload::change_provider(&nexus, &key.0, workload::provider_id(&id)?, patch).await?))
}

/// Take a provider away, with the rules that take its word and the sessions that it opened.
#[utoipa::path(delete, path = "/identity-providers/{id}", tag = "Workload identity",
    params(("id" = IdentityProviderId, Path)), responses((status = 204), Refusals))]
async fn delete(State(nexus): State<Nexus>, key: ManagementKey, Path(id): Path<String>) -> Api<StatusCode> {
    workload::remove_provider(&nexus, &key.0, workload::provider_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Try a token out: which checks pass, and which fail. It lets nobody in, and the token is not kept.
#[utoipa::path(post, path = "/identity-providers/{id}/test", tag = "Workload identity",
    params(("id" = IdentityProviderId, Path)), request_body = TokenTest,
    responses((status = 200, body = TokenReport), Refusals))]
async fn test(
    State(nexus): State<Nexus>,
    Extension(ClientIp(ip)): Extension<ClientIp>,
    key: ManagementKey,
    Path(id): Path<String>,
    Json(asked): Json<TokenTest>,
) -> Api<axum::Json<TokenReport>> {
    let id = workload::provider_id(&id)?;
    Ok(axum::Json(workload::test_provider(&nexus, &key.0, id, asked, ip).await?))
}
