//! Service keys.

use super::{Api, InEnvironment, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::{OptionalJson, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use nexus_backend::{Nexus, keys};
use nexus_domain::Refusal;
use nexus_domain::keys::{RotateRequest, RotatedKey, ServiceKey, Slot};
use nexus_domain::page::Page;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(rotate)).routes(routes!(revoke))
}

fn slot(text: &str) -> Api<Slot> {
    Slot::parse(text).ok_or_else(|| Refusal::not_found().into())
}

/// Both slots of a service, the empty ones too.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/keys", tag = "Service keys",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment, Paging),
    responses((status = 200, body = Page<ServiceKey>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<ServiceKey>>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(asked.cut(keys::list(&nexus, &key.0, &path).await?, |key| key.slot.to_string())))
}

/// Make a new key in a slot; the only answer that shows it. What the slot held stays valid for
/// `grace_hours`.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/keys/{slot}/rotate", tag = "Service keys",
    params(("project" = String, Path), ("service" = String, Path), ("slot" = Slot, Path), InEnvironment),
    request_body = Option<RotateRequest>, responses((status = 200, body = RotatedKey), Refusals))]
async fn rotate(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, slot_name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
    OptionalJson(request): OptionalJson<RotateRequest>,
) -> Api<axum::Json<RotatedKey>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(keys::rotate(&nexus, &key.0, &path, slot(&slot_name)?, request).await?))
}

/// End every value of a slot now.
#[utoipa::path(delete, path = "/projects/{project}/services/{service}/keys/{slot}", tag = "Service keys",
    params(("project" = String, Path), ("service" = String, Path), ("slot" = Slot, Path), InEnvironment),
    responses((status = 204), Refusals))]
async fn revoke(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, slot_name)): Path<(String, String, String)>,
    Params(environment): Params<InEnvironment>,
) -> Api<StatusCode> {
    let path = environment.path(&key, project, service)?;
    keys::revoke(&nexus, &key.0, &path, slot(&slot_name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
