//! Exports of secrets and configs as a file.

use super::{Api, InEnvironment};
use crate::http::authorization::ManagementKey;
use crate::http::body::{Json, Params};
use crate::http::docs::Refusals;
use axum::extract::{Path, State};
use axum::response::Response;
use nexus_app::server::download;
use nexus_backend::{Nexus, configs, secrets};
use nexus_domain::export::{self, ExportFormat, ExportRequest};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(export_secrets)).routes(routes!(export_configs))
}

/// Export every secret of a service, own and inherited, as a `.env`, JSON or YAML text that imports
/// again as unchanged. An audited reveal of all of them.
#[utoipa::path(post, path = "/projects/{project}/services/{service}/secrets:export", tag = "Secrets",
    params(("project" = String, Path), ("service" = String, Path), InEnvironment), request_body = ExportRequest,
    responses((status = 200, content((String = "text/plain"), (serde_json::Value = "application/json"), (serde_json::Value = "application/yaml"))),
        Refusals))]
async fn export_secrets(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(environment): Params<InEnvironment>,
    Json(request): Json<ExportRequest>,
) -> Api<Response> {
    let path = environment.path(&key, project, service)?;
    let text = secrets::export(&nexus, &key.0, &path, request.format).await?;
    Ok(download::entries(&path, request.format, text))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    environment: Option<String>,
    /// `env` when absent.
    #[serde(default = "export::env")]
    #[param(inline)]
    format: ExportFormat,
}

/// Export every config of a service, own and inherited, as a `.env`, JSON or YAML text that imports
/// again as unchanged. The stored values: references stand in them as they were written.
#[utoipa::path(get, path = "/projects/{project}/services/{service}/configs:export", tag = "Configs",
    params(("project" = String, Path), ("service" = String, Path), ExportQuery),
    responses((status = 200, content((String = "text/plain"), (serde_json::Value = "application/json"), (serde_json::Value = "application/yaml"))),
        Refusals))]
async fn export_configs(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Path((project, service)): Path<(String, String)>,
    Params(query): Params<ExportQuery>,
) -> Api<Response> {
    let path = InEnvironment { environment: query.environment }.path(&key, project, service)?;
    let text = configs::export(&nexus, &key.0, &path, query.format).await?;
    Ok(download::entries(&path, query.format, text))
}
