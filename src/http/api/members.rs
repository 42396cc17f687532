//! The members of the tenant.

use super::Api;
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use nexus_backend::Nexus;
use nexus_backend::members::{self, ListMembers};
use nexus_domain::member::{Member, MemberPatch};
use nexus_domain::page::{self, Page};
use nexus_domain::{Refusal, UserId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, update, remove))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Search {
    /// Narrows by address.
    #[serde(default)]
    q: String,
    /// 1 to 200, 50 when absent.
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Search {
    pub fn read(self) -> Api<ListMembers> {
        Ok(ListMembers { q: self.q, cursor: self.cursor, limit: page::limit(self.limit)? })
    }
}

/// What is no id is nobody's.
pub(super) fn user(text: &str) -> Api<UserId> {
    text.parse().map(UserId).map_err(|_| Refusal::not_found().into())
}

/// The members of the tenant, by address.
#[utoipa::path(get, path = "/members", tag = "Members", params(Search),
    responses((status = 200, body = Page<Member>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Params(search): Params<Search>,
) -> Api<axum::Json<Page<Member>>> {
    Ok(axum::Json(members::list(&nexus, &key.0, search.read()?).await?))
}

/// One member.
#[utoipa::path(get, path = "/members/{id}", tag = "Members", params(("id" = UserId, Path)),
    responses((status = 200, body = Member), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(id): Path<String>,
) -> Api<axum::Json<Member>> {
    Ok(axum::Json(members::get(&nexus, &key.0, user(&id)?).await?))
}

/// Give a member another tenant role. The last owner stays one.
#[utoipa::path(patch, path = "/members/{id}", tag = "Members", params(("id" = UserId, Path)),
    request_body = MemberPatch, responses((status = 200, body = Member), Refusals))]
async fn update(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(id): Path<String>,
    Json(patch): Json<MemberPatch>,
) -> Api<axum::Json<Member>> {
    Ok(axum::Json(members::change(&nexus, &key.0, user(&id)?, patch).await?))
}

/// Remove a member from the tenant, with their developer environments and everything in them.
#[utoipa::path(delete, path = "/members/{id}", tag = "Members", params(("id" = UserId, Path)),
    responses((status = 204), Refusals))]
async fn remove(State(nexus): State<Nexus>, key: ManagementKey, Path(id): Path<String>) -> Api<StatusCode> {
    members::remove(&nexus, &key.0, user(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
