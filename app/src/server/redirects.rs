//! What is decided before a page is rendered: whether somebody has to sign in first, whether this
//! instance has to be set up, and what the session kept for this page.

use super::consent::{self, CONSENT_PAGE};
use super::{ClientIp, FLASH, SECOND_STEP, TENANT, USER, WAITING, callback};
use crate::done::Flash;
use crate::pages::service::first_tab;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use nexus_backend::{Nexus, people, services};
use nexus_domain::UserId;
use nexus_domain::service::{ServiceKind, ServicePath};
use tower_sessions::Session;

/// Sends a browser on with GET, whatever it came with.
pub(super) fn see_other(to: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `/`: the projects of the tenant used last, or the way to them.
pub(super) async fn start(State(nexus): State<Nexus>, session: Session) -> Response {
    if session.get::<UserId>(USER).await.ok().flatten().is_none() {
        return match people::needs_set_up(&nexus).await {
            Ok(true) => see_other("/setup"),
            Ok(false) => see_other("/sign-in"),
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        };
    }
    match used_last(&nexus, &session).await {
        Ok(tenant) => see_other(&format!("/t/{tenant}/projects")),
        Err(elsewhere) => elsewhere,
    }
}

/// The slug of the tenant that the person used last, or where they go without one.
async fn used_last(nexus: &Nexus, session: &Session) -> Result<String, Response> {
    let last = session.get::<String>(TENANT).await.ok().flatten();
    let opened = super::opened(session).await.ok().flatten().ok_or_else(|| see_other("/sign-in"))?;
    let me = match people::seen_by(nexus, opened).await {
        Ok(Some(me)) => me,
        Ok(None) => return Err(see_other("/sign-in")),
        Err(_) => return Err(StatusCode::SERVICE_UNAVAILABLE.into_response()),
    };
    // One that they were removed from since is none of theirs.
    let used_last = me.tenants.iter().find(|tenant| Some(&tenant.slug) == last.as_ref());
    let tenant = used_last.or(me.tenants.first()).ok_or_else(|| see_other("/account/tenants"))?;
    Ok(tenant.slug.clone())
}

/// `/api-keys` and the like: the same page of the tenant used last, with its query.
pub(super) async fn of_tenant_used_last(
    State(nexus): State<Nexus>,
    session: Session,
    request: Request,
) -> Response {
    let here = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    if session.get::<UserId>(USER).await.ok().flatten().is_none() {
        return to_sign_in(&request);
    }
    match used_last(&nexus, &session).await {
        Ok(tenant) => see_other(&format!("/t/{tenant}{here}")),
        Err(elsewhere) => elsewhere,
    }
}

/// `/t/{tenant}`: its projects.
pub(super) async fn tenant(Path(tenant): Path<String>) -> Response {
    see_other(&format!("/t/{tenant}/projects"))
}

/// A service without a tab: its first one.
pub(super) async fn service(
    State(nexus): State<Nexus>,
    session: Session,
    Path((tenant, project, environment, service)): Path<(String, String, String, String)>,
) -> Response {
    let base = format!("/t/{tenant}/projects/{project}/{environment}/{service}");
    let path = ServicePath { project, environment, service };
    let tab = match kind_of(&nexus, &session, &tenant, &path).await {
        Some(kind) => first_tab(kind),
        // What cannot be found is said by the page.
        None => first_tab(ServiceKind::Backend),
    };
    see_other(&format!("{base}/{tab}"))
}

async fn kind_of(nexus: &Nexus, session: &Session, tenant: &str, path: &ServicePath) -> Option<ServiceKind> {
    let opened = super::opened(session).await.ok().flatten()?;
    let actor = people::person(nexus, opened, tenant, None).await.ok()?;
    services::get(nexus, &actor, path).await.ok().map(|service| service.kind)
}

/// In front of every page.
pub(super) async fn before_page(
    State(nexus): State<Nexus>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let inside = path.starts_with("/t/")
        || path.starts_with("/account")
        || matches!(path.as_str(), "/step-up" | "/device");
    let entrance = path == "/sign-in" || path == "/setup" || path == "/sign-in/second";
    if inside || entrance {
        let user = session.get::<UserId>(USER).await.ok().flatten();
        if inside && user.is_none() {
            return to_sign_in(&request);
        }
        let waits = || async { session.get::<String>(SECOND_STEP).await.ok().flatten().is_some() };
        if path == "/sign-in/second" && user.is_none() && !waits().await {
            return see_other("/sign-in");
        }
        // Who is signed in another way may come in by a tenant's own provider.
        let for_tenant = callback::asked_tenant(request.uri()).is_some();
        if entrance
            && let Some(elsewhere) = other_entrance(&nexus, &path, user.is_some() && !for_tenant).await
        {
            return see_other(elsewhere);
        }
    }
    if path == CONSENT_PAGE {
        let (address, ip) = (request.uri().clone(), request.extensions().get::<ClientIp>().map(|ip| ip.0));
        match consent::before(&nexus, &session, &address, ip).await {
            Ok(targets) => drop(request.extensions_mut().insert(targets)),
            Err(elsewhere) => return elsewhere,
        }
    }
    if callback::leads_to_providers(&path) {
        let targets = callback::form_targets(&nexus, &session, request.uri()).await;
        request.extensions_mut().insert(targets);
    }
    if let Some(flash) = take_flash(&session, &path).await {
        request.extensions_mut().insert(flash);
    }
    next.run(request).await
}

/// Takes what the session kept for this page. A form that waits for the password stays there while the
/// password is asked for, however often it is wrong.
async fn take_flash(session: &Session, path: &str) -> Option<Flash> {
    let flash = take(session, FLASH).await;
    if path == "/step-up" {
        return flash;
    }
    let waiting = take(session, WAITING).await;
    match (flash, waiting) {
        (Some(flash), Some(waiting)) => Some(Flash { refused: flash.refused.or(waiting.refused), ..flash }),
        (flash, waiting) => flash.or(waiting),
    }
}

/// Taking away what is not there would store the session anew with every page.
async fn take(session: &Session, key: &str) -> Option<Flash> {
    session.get::<Flash>(key).await.ok().flatten()?;
    session.remove::<Flash>(key).await.ok().flatten()
}

fn to_sign_in(request: &Request) -> Response {
    let here = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let next: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
    see_other(&format!("/sign-in?next={next}"))
}

/// Where an entrance leads instead: set-up happens once, and who is signed in has nothing to do there.
async fn other_entrance(nexus: &Nexus, path: &str, signed_in: bool) -> Option<&'static str> {
    if signed_in {
        return Some("/");
    }
    let needs_set_up = people::needs_set_up(nexus).await.ok()?;
    match (path, needs_set_up) {
        ("/sign-in", true) => Some("/setup"),
        ("/setup", false) => Some("/sign-in"),
        _ => None,
    }
}
