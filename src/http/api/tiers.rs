//! Tiers, what a project uses of its quotas, and its add-ons.

use super::{Api, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::Params;
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use nexus_backend::{Nexus, tiers};
use nexus_domain::Refusal;
use nexus_domain::page::Page;
use nexus_domain::project::Tier;
use nexus_domain::tier::{Addon, ProjectAddon, ProjectUsage, Tiers};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(usage)).routes(routes!(add, remove))
}

/// What is not in the list does not exist.
fn addon(text: &str) -> Api<Addon> {
    Addon::parse(text).ok_or_else(|| Refusal::not_found().into())
}

/// Every tier, lowest first, and every add-on: what they allow and what they cost here.
#[utoipa::path(get, path = "/tiers", tag = "Tiers", params(Paging),
    responses((status = 200, body = Tiers), Refusals))]
async fn list(State(nexus): State<Nexus>, key: ManagementKey, Paged(asked): Paged) -> Api<axum::Json<Tiers>> {
    let tiers = tiers::list(&nexus, &key.0).await?;
    let ranked = tiers.data.into_iter().enumerate().collect();
    let Page { data, next_cursor } = asked.cut(ranked, |(rank, _)| format!("{rank:02}"));
    let data = data.into_iter().map(|(_, tier)| tier).collect();
    Ok(axum::Json(Tiers { data, next_cursor, ..tiers }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Under {
    /// As it would be under another tier.
    #[param(inline)]
    tier: Option<Tier>,
}

/// How much of each quota a project uses.
#[utoipa::path(get, path = "/projects/{project}/usage", tag = "Tiers", params(("project" = String, Path), Under),
    responses((status = 200, body = ProjectUsage), Refusals))]
async fn usage(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(project): Path<String>,
    Params(under): Params<Under>,
) -> Api<axum::Json<ProjectUsage>> {
    Ok(axum::Json(tiers::usage(&nexus, &key.0, &project, under.tier).await?))
}

/// Add an add-on to a project. One that the tier includes is kept for a lower tier.
#[utoipa::path(put, path = "/projects/{project}/addons/{addon}", tag = "Tiers",
    params(("project" = String, Path), ("addon" = Addon, Path)),
    responses((status = 200, body = ProjectAddon), Refusals))]
async fn add(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, name)): Path<(String, String)>,
) -> Api<axum::Json<ProjectAddon>> {
    Ok(axum::Json(tiers::add(&nexus, &key.0, &project, addon(&name)?).await?))
}

/// Take an add-on away from a project.
#[utoipa::path(delete, path = "/projects/{project}/addons/{addon}", tag = "Tiers",
    params(("project" = String, Path), ("addon" = Addon, Path)), responses((status = 204), Refusals))]
async fn remove(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, name)): Path<(String, String)>,
) -> Api<StatusCode> {
    tiers::remove(&nexus, &key.0, &project, addon(&name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
