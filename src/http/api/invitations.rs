//! Invitations. Their links go out by mail and are in no answer.

use super::Api;
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_backend::{Nexus, invitations};
use nexus_domain::invitation::{Invitation, NewInvitation};
use nexus_domain::page::{self, Page};
use nexus_domain::{InvitationId, Refusal};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, revoke)).routes(routes!(resend))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Those to one project.
    project: Option<String>,
    /// 1 to 200, 50 when absent.
    limit: Option<i64>,
    cursor: Option<String>,
}

fn id(text: &str) -> Api<InvitationId> {
    text.parse().map(InvitationId).map_err(|_| Refusal::not_found().into())
}

/// Invitations, newest first, in whichever state.
#[utoipa::path(get, path = "/invitations", tag = "Members", params(Query),
    responses((status = 200, body = Page<Invitation>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Params(query): Params<Query>,
) -> Api<axum::Json<Page<Invitation>>> {
    let limit = page::limit(query.limit)?;
    let page = invitations::list(&nexus, &key.0, query.project, query.cursor, limit).await?;
    let data = page.data.into_iter().map(|listed| listed.invitation).collect();
    Ok(axum::Json(Page { data, next_cursor: page.next_cursor }))
}

/// Invite an address: a mail with a link that works once, for 72 hours.
#[utoipa::path(post, path = "/invitations", tag = "Members", request_body = NewInvitation,
    responses((status = 201, body = Invitation), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Json(new): Json<NewInvitation>,
) -> Api<impl IntoResponse> {
    let invitation = invitations::invite_one(&nexus, &key.0, new).await?;
    let location = format!("/api/v1/invitations/{}", invitation.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(invitation)))
}

/// One invitation.
#[utoipa::path(get, path = "/invitations/{id}", tag = "Members", params(("id" = InvitationId, Path)),
    responses((status = 200, body = Invitation), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(text): Path<String>,
) -> Api<axum::Json<Invitation>> {
    Ok(axum::Json(invitations::get(&nexus, &key.0, id(&text)?).await?))
}

/// Send an invitation again, with a new link for another 72 hours; the one before is dead.
#[utoipa::path(post, path = "/invitations/{id}/resend", tag = "Members", params(("id" = InvitationId, Path)),
    responses((status = 200, body = Invitation), Refusals))]
async fn resend(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path(text): Path<String>,
) -> Api<axum::Json<Invitation>> {
    Ok(axum::Json(invitations::resend(&nexus, &key.0, id(&text)?).await?))
}

/// Take an invitation back; its link is dead at once.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "Members", params(("id" = InvitationId, Path)),
    responses((status = 204), Refusals))]
async fn revoke(State(nexus): State<Nexus>, key: ManagementKey, Path(text): Path<String>) -> Api<StatusCode> {
    invitations::revoke(&nexus, &key.0, id(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
