//! The audit log as a file: JSON lines or CSV, by a form, because it is audited and asks for a
//! fresh sign-in.

use super::redirects::see_other;
use super::{ClientIp, SIGNED_IN_AT, USER};
use crate::done::Flash;
use crate::pages::audit::filter::FilterFields;
use axum::body::Body;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderValue, Response, header};
use axum::{Extension, response::IntoResponse};
use nexus_backend::{Nexus, audit, people};
use nexus_domain::audit::AuditRow;
use nexus_domain::{Code, Refusal, Timestamp, UserId};
use serde::Deserialize;
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
    session: Session,
    Form(form): Form<ExportForm>,
) -> axum::response::Response {
    let fallback = format!("/t/{tenant}/audit");
    let back = crate::done::local_path(&form.back).unwrap_or(&fallback).to_owned();
    match rows(&nexus, &tenant, ip, &session, &form).await {
        Ok(rows) if form.format == "csv" => file("audit.csv", "text/csv; charset=utf-8", audit::csv(&rows)),
        Ok(rows) => file("audit.jsonl", "application/jsonl; charset=utf-8", audit::json_lines(&rows)),
        Err(refusal) => refused(&session, refusal, &back).await,
    }
}

async fn rows(
    nexus: &Nexus,
    tenant: &str,
    ip: ClientIp,
    session: &Session,
    form: &ExportForm,
) -> Result<Vec<AuditRow>, Refusal> {
    let unauthorized = || Refusal::new(Code::Unauthorized, "Sign in first");
    let user = session.get::<UserId>(USER).await.ok().flatten().ok_or_else(unauthorized)?;
    let at = session.get::<Timestamp>(SIGNED_IN_AT).await.ok().flatten().ok_or_else(unauthorized)?;
    let actor = people::person(nexus, user, at, tenant, Some(ip.0)).await.map_err(|error| error.refusal())?;
    let filter = form.filter.clone().parse()?;
    audit::export(nexus, &actor, filter).await.map_err(|error| error.refusal())
}

/// A browser that asked for a file gets a page: the one for the password, or the one it came from.
async fn refused(session: &Session, refusal: Refusal, back: &str) -> axum::response::Response {
    let next: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    match refusal.code {
        Code::StepUpRequired => see_other(&format!("/step-up?next={next}")),
        Code::Unauthorized => see_other(&format!("/sign-in?next={next}")),
        _ => {
            let done = Some(crate::done::Done::new(refusal.message));
            // Without the flash the page is shown as it is; the store logs why.
            let _lost = session.insert(super::FLASH, Flash { done, refused: None }).await;
            see_other(back)
        }
    }
}

fn file(name: &str, kind: &'static str, text: String) -> axum::response::Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response.into_response()
}
