//! The audit log.

use super::Api;
use crate::http::authorization::ManagementKey;
use crate::http::body::Params;
use crate::http::docs::Refusals;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use nexus_backend::{Nexus, audit};
use nexus_domain::audit::{AuditFilter, AuditRow, AuditVerdict};
use nexus_domain::page::{self, Page};
use nexus_domain::{Refusal, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(export)).routes(routes!(verify))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Query {
    project: Option<String>,
    service: Option<String>,
    /// An address or a shown prefix, from its beginning.
    actor: Option<String>,
    /// An event (`secret.reveal`) or a family of them (`secret.`).
    event: Option<String>,
    /// From this time on, RFC 3339.
    from: Option<String>,
    /// Up to this time, RFC 3339.
    to: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Rows of an export are narrowed like those of the list, and there is one page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    project: Option<String>,
    service: Option<String>,
    /// An address or a shown prefix, from its beginning.
    actor: Option<String>,
    /// An event (`secret.reveal`) or a family of them (`secret.`).
    event: Option<String>,
    /// From this time on, RFC 3339.
    from: Option<String>,
    /// Up to this time, RFC 3339.
    to: Option<String>,
    /// `jsonl` (default) or `csv`.
    format: Option<String>,
}

fn time(name: &str, text: Option<String>) -> Api<Option<Timestamp>> {
    let rule = || Refusal::invalid(name, "A time like 2026-11-21T08:00:00Z");
    Ok(text.map(|text| Timestamp::parse(&text).ok_or_else(rule)).transpose()?)
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/audit", tag = "Audit log", params(Query),
    responses((status = 200, body = Page<AuditRow>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Params(query): Params<Query>,
) -> Api<axum::Json<Page<AuditRow>>> {
    let Query { project, service, actor, event, from, to, limit, cursor } = query;
    let (from, to, limit) = (time("from", from)?, time("to", to)?, page::limit(limit)?);
    let filter = AuditFilter { project, service, actor, event, from, to };
    Ok(axum::Json(audit::list(&nexus, &key.0, filter, cursor, limit).await?))
}

/// The audit log as a file, oldest first: JSON lines or CSV. Itself an audited act.
#[utoipa::path(get, path = "/audit/export", tag = "Audit log", params(ExportQuery),
    responses((status = 200, body = String, content_type = "application/jsonl"), Refusals))]
async fn export(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Params(query): Params<ExportQuery>,
) -> Api<Response> {
    let ExportQuery { project, service, actor, event, from, to, format } = query;
    let filter =
        AuditFilter { project, service, actor, event, from: time("from", from)?, to: time("to", to)? };
    let write = match format.as_deref().unwrap_or("jsonl") {
        "jsonl" => audit::json_lines,
        "csv" => audit::csv,
        _ => return Err(Refusal::invalid("format", "jsonl or csv").into()),
    };
    let kind = if format.as_deref() == Some("csv") { "text/csv; charset=utf-8" } else { "application/jsonl" };
    let rows = audit::export(&nexus, &key.0, filter).await?;
    Ok(([(header::CONTENT_TYPE, kind)], write(&rows)).into_response())
}

/// Check the hash chain of the whole tenant.
#[utoipa::path(get, path = "/audit/verify", tag = "Audit log", responses((status = 200, body = AuditVerdict), Refusals))]
async fn verify(State(nexus): State<Nexus>, key: ManagementKey) -> Api<axum::Json<AuditVerdict>> {
    Ok(axum::Json(audit::verify(&nexus, &key.0).await?))
}
