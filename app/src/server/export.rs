//! What a browser gets as a file. The audit log, as JSON lines or CSV, by a form, because it is audited
//! and asks for a fresh sign-in; configs by a link, because reading them changes nothing.

use super::ClientIp;
use super::download::{self, file};
use super::person::member;
use super::redirects::see_other;
use crate::done::Flash;
use crate::pages::audit::filter::FilterFields;
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Form, Path, Query, State};
use nexus_backend::gate::Actor;
use nexus_backend::request_log::Visit;
use nexus_backend::{Nexus, audit, configs};
use nexus_domain::audit::AuditRow;
use nexus_domain::export::ExportRequest;
use nexus_domain::service::ServicePath;
use nexus_domain::{Code, Refusal};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;

#[derive(Deserialize)]
pub(super) struct ExportForm {
    #[serde(flatten)]
    filter: FilterFields,
    #[serde(default)]
    format: String,
    /// The page that the form is on.
    #[serde(default)]
    back: String,
}

/// `POST /t/{tenant}/audit/export`
pub(super) async fn audit(
    State(nexus): State<Nexus>,
    Path(tenant): Path<String>,
    Extension(ip): Extension<ClientIp>,
    Extension(visit): Extension<Arc<Visit>>,
    session: Session,
    Form(form): Form<ExportForm>,
) -> axum::response::Response {
    let fallback = format!("/t/{tenant}/audit");
    let back = crate::done::local_path(&form.back).unwrap_or(&fallback).to_owned();
    match rows(&nexus, &tenant, (ip, &visit), &session, &form).await {
        Ok(rows) if form.format == "csv" => file("audit.csv", "text/csv; charset=utf-8", audit::csv(&rows)),
        Ok(rows) => file("audit.jsonl", "application/jsonl; charset=utf-8", audit::json_lines(&rows)),
        Err(refusal) => refused(&session, refusal, &back).await,
    }
}

async fn rows(
    nexus: &Nexus,
    tenant: &str,
    from: Asking<'_>,
    session: &Session,
    form: &ExportForm,
) -> Result<Vec<AuditRow>, Refusal> {
    let actor = actor(nexus, tenant, from, session).await?;
    let filter = form.filter.clone().parse()?;
    audit::export(nexus, &actor, filter).await.map_err(|error| error.refusal())
}

/// From where somebody asks, and where it is said who.
type Asking<'a> = (ClientIp, &'a Visit);

async fn actor(
    nexus: &Nexus,
    tenant: &str,
    (ip, visit): Asking<'_>,
    session: &Session,
) -> Result<Actor, Refusal> {
    let unauthorized = || Refusal::new(Code::Unauthorized, "Sign in first");
    let opened = super::opened(session).await.map_err(|refused| refused.0)?.ok_or_else(unauthorized)?;
    member(nexus, opened, tenant, ip.0, Some(visit)).await.map_err(|error| error.refusal())
}

/// `GET /t/{tenant}/projects/{project}/{environment}/{service}/configs/export`
pub(super) async fn configs(
    State(nexus): State<Nexus>,
    Path((tenant, project, environment, service)): Path<(String, String, String, String)>,
    Extension(ip): Extension<ClientIp>,
    Extension(visit): Extension<Arc<Visit>>,
    session: Session,
    asked: Result<Query<ExportRequest>, QueryRejection>,
) -> axum::response::Response {
    let asked = asked.map_err(|_| Refusal::invalid("format", "env, json or yaml"));
    let path = ServicePath { project, environment, service };
    let text = async {
        let actor = actor(&nexus, &tenant, (ip, &visit), &session).await?;
        let Query(ExportRequest { format }) = asked?;
        let text = configs::export(&nexus, &actor, &path, format).await.map_err(|error| error.refusal())?;
        Ok((format, text))
    };
    match text.await {
        Ok((format, text)) => download::entries(&path, format, text),
        Err(refusal) => {
            let back = crate::address::service_url(&tenant, &path, "configs");
            refused(&session, refusal, &back).await
        }
    }
}

/// A browser that asked for a file gets a page: the one for the password, or the one it came from.
async fn refused(session: &Session, refusal: Refusal, back: &str) -> axum::response::Response {
    let next: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    match refusal.code {
        Code::StepUpRequired => see_other(&format!("/step-up?next={next}")),
        Code::Unauthorized => see_other(&format!("/sign-in?next={next}")),
        code => {
            let back = if code == Code::SecondFactorRequired { super::SECURITY_PAGE } else { back };
            let done = Some(crate::done::Done::new(refusal.message));
            // Without the flash the page is shown as it is; the store logs why.
            let _lost = session.insert(super::FLASH, Flash { done, refused: None }).await;
            see_other(back)
        }
    }
}
