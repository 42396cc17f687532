//! Rules of a service for workload identity, and the sessions that they opened.

use super::{Api, InEnvironment, Paged, Paging};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, Params};
use crate::http::docs::Refusals;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use nexus_app::server::ClientIp;
use nexus_backend::workload::ListSessions;
use nexus_backend::{Nexus, workload};
use nexus_domain::page::{self, Page};
use nexus_domain::workload::{Identity, IdentityPatch, NewIdentity, TokenReport, TokenTest, WorkloadSession};
use nexus_domain::{IdentityId, WorkloadSessionId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(test))
        .routes(routes!(sessions, end_session))
}

/// The rules of a service: which programs it lets in.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/identities", tag = "Workload identity",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment, Paging),
    responses((status = 200, body = Page<Identity>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
    Paged(asked): Paged,
) -> Api<axum::Json<Page<Identity>>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(asked.cut(workload::rules(&nexus, &key.0, &path).await?, |rule| rule.name.clone())))
}

/// Make a rule. One that pins too little is refused: `details.missing` says what to pin.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/identities", tag = "Workload identity",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment), request_body = NewIdentity,
    responses((status = 201, body = Identity), Refusals))]
async fn create(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(new): Json<NewIdentity>,
) -> Api<impl IntoResponse> {
    let path = environment.path(&key, project, service)?;
    let made = workload::add_rule(&nexus, &key.0, &path, new).await?;
    let location = format!(
        "/api/v1/projects/{}/services/{}/identities/{}?environment={}",
        path.project, path.service, made.id, path.environment
    );
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(made)))
}

type OneOfService = Path<(String, String, String)>;

/// One rule.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/identities/{id}", tag = "Workload identity",
    params(("project" = String, Path), ("service" = String, Path), ("id" = IdentityId, Path), InEnvironment),
    responses((status = 200, body = Identity), Refusals))]
async fn get(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, id)): OneOfService,
    Params(environment): Params<InEnvironment>,
) -> Api<axum::Json<Identity>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(workload::rule(&nexus, &key.0, &path, workload::rule_id(&id)?).await?))
}

/// Change a rule. Where it pins something else from now on, its sessions end.
#[utoipa::path(patch, path = "/projects/{project}/services/{service}/identities/{id}", tag = "Workload identity",
    params(("project" = String, Path), ("service" = String, Path), ("id" = IdentityId, Path), InEnvironment),
    request_body = IdentityPatch, responses((status = 200, body = Identity), Refusals))]
async fn update(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, id)): OneOfService,
    Params(environment): Params<InEnvironment>,
    Json(patch): Json<IdentityPatch>,
) -> Api<axum::Json<Identity>> {
    let path = environment.path(&key, project, service)?;
    Ok(axum::Json(workload::change_rule(&nexus, &key.0, &path, workload::rule_id(&id)?, patch).await?))
}

/// Take a rule away, with the sessions that it opened.
#[utoipa::path(delete, path = "/projects/{project}/services/{service}/identities/{id}", tag = "Workload identity",
    params(("project" = String, Path), ("service" = String, Path), ("id" = IdentityId, Path), InEnvironment),
    responses((status = 204), Refusals))]
async fn delete(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service, id)): OneOfService,
    Params(environment): Params<InEnvironment>,
) -> Api<StatusCode> {
    let path = environment.path(&key, project, service)?;
    workload::remove_rule(&nexus, &key.0, &path, workload::rule_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Try a token out on a rule: which checks pass, and which fail. It lets nobody in, and the token is not kept.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/identities/{id}/test",
    tag = "Workload identity",
    params(("project" = String, Path), ("service" = String, Path), ("id" = IdentityId, Path), InEnvironment),
    request_body = TokenTest, responses((status = 200, body = TokenReport), Refusals))]
async fn test(
    State(nexus): State<Nexus>,
    Extension(ClientIp(ip)): Extension<ClientIp>,
    key: ManagementKey,
    Path((project, service, id)): OneOfService,
    Params(environment): Params<InEnvironment>,
    Json(asked): Json<TokenTest>,
) -> Api<axum::Json<TokenReport>> {
    let path = environment.path(&key, project, service)?;
    let id = workload::rule_id(&id)?;
    Ok(axum::Json(workload::test_rule(&nexus, &key.0, &path, id, asked, ip).await?))
}

/// Which sessions to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Sessions {
    environment: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The open sessions of programs in the environment, newest first.
#[utoipa::path(get, path = "/sessions", tag = "Workload identity", params(Sessions),
    responses((status = 200, body = Page<WorkloadSession>), Refusals))]
async fn sessions(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Params(asked): Params<Sessions>,
) -> Api<axum::Json<Page<WorkloadSession>>> {
    let environment = Some(key.environment(asked.environment.as_deref())?);
    let asked = ListSessions { environment, cursor: asked.cursor, limit: page::limit(asked.limit)? };
    Ok(axum::Json(workload::sessions(&nexus, &key.0, asked).await?))
}

/// Which session to end.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Ended {
    /// The id of a session, as the list tells it.
    #[param(value_type = WorkloadSessionId)]
    id: String,
}

/// End a session now. Its rule stays, so that the program can begin another one: take the rule away, too.
#[utoipa::path(delete, path = "/sessions", tag = "Workload identity", params(Ended),
    responses((status = 204), Refusals))]
async fn end_session(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Params(Ended { id }): Params<Ended>,
) -> Api<StatusCode> {
    workload::end_session(&nexus, &key.0, workload::session_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
