//! The tenant's members at the origin and at an endpoint, for programs that look people up there.

use super::Caller;
use crate::http::ApiError;
use crate::http::api::MemberSearch;
use crate::http::authorization::ManagementKey;
use crate::http::body::Params;
use crate::http::docs::Refusals;
use axum::extract::State;
use nexus_backend::{Nexus, members};
use nexus_domain::member::Member;
use nexus_domain::page::Page;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(list))
}

pub(super) fn at_endpoint() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(list_at_endpoint))
}

/// The members of the tenant, by address: with a key of an environment that has `read:users`.
#[utoipa::path(get, path = "/v1/users", tag = "Members", params(MemberSearch),
    responses((status = 200, body = Page<Member>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Params(search): Params<MemberSearch>,
) -> Result<axum::Json<Page<Member>>, ApiError> {
    Ok(axum::Json(members::list(&nexus, &key.0, search.read()?).await?))
}

/// The members of the tenant, by address, at the endpoint of a service that the key reads.
#[utoipa::path(get, path = "/v1/users", tag = "Members", params(MemberSearch),
    responses((status = 200, body = Page<Member>), Refusals))]
async fn list_at_endpoint(
    State(nexus): State<Nexus>,
    // Another endpoint than one that the key reads is none.
    _: Caller,
    key: ManagementKey,
    Params(search): Params<MemberSearch>,
) -> Result<axum::Json<Page<Member>>, ApiError> {
    Ok(axum::Json(members::list(&nexus, &key.0, search.read()?).await?))
}
