//! The one door of all server functions. It gives refusals their status, and for a browser without
//! JavaScript it turns the answer into a redirect: back to the form with what was refused and what
//! was typed, or on to where the form wanted to go. Neither ever travels in the address.

use super::{FLASH, SECURITY_PAGE, WAITING};
use crate::done::{Done, FORM_TO, Flash, RefusedForm, local_path};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;
use nexus_backend::Nexus;
use nexus_domain::{Code, Refusal};
use server_fn::error::SERVER_FN_ERROR_HEADER;
use tower_sessions::Session;

/// The largest form. An import's text is 1 MiB at most and a file too: 1.4 MB of base64, of which a
/// form may write every character as three.
pub const MAX_FORM: usize = 5 * 1024 * 1024;

/// Fields that hold secrets: they never come back with a refused form.
const SECRET_FIELDS: [&str; 11] = [
    "password",
    "current",
    "token",
    "code",
    "answer",
    "value",
    "value_base64",
    "text",
    "file",
    "client_secret",
    // Meant to be public keys, and refused where one is private.
    "jwks",
];

/// Whether a server function is at this address; what else is asked for below `/_fn` does not get here.
pub fn is_function(path: &str) -> bool {
    server_fn::axum::server_fn_paths().any(|(known, _)| known == path)
}

pub(super) async fn handle(State(nexus): State<Nexus>, request: Request) -> Response {
    let context = move || provide_context(nexus.clone());
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_FORM).await;
    let form = accepts_html(&parts.headers).then(|| Form {
        action: parts.uri.path().to_owned(),
        back: back_path(&parts.headers),
        session: parts.extensions.get::<Session>().cloned(),
        fields: form_urlencoded::parse(body.as_deref().unwrap_or_default()).into_owned().collect(),
    });
    let response = match body {
        Ok(body) => {
            let request = Request::from_parts(parts, Body::from(body));
            leptos_axum::handle_server_fns_with_context(context, request).await.into_response()
        }
        Err(_) => too_large(),
    };
    match form {
        Some(form) => form.answered(response).await,
        None => with_status(response).await,
    }
}

/// In the shape of a refused server function.
fn too_large() -> Response {
    let refusal = Refusal::new(Code::TooLarge, "This is larger than anything that is taken here");
    let mut response = (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(refusal)).into_response();
    response.headers_mut().insert(SERVER_FN_ERROR_HEADER, HeaderValue::from_static("too_large"));
    response
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|it| it.contains("text/html"))
}

/// The page that the form is on, as a path of this instance.
fn back_path(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|referer| referer.to_str().ok());
    let uri = referer.and_then(|referer| referer.parse::<http::Uri>().ok());
    let path = uri.as_ref().and_then(|uri| uri.path_and_query()).map(|path| path.as_str());
    path.and_then(local_path).unwrap_or("/").to_owned()
}

/// Gives a refusal its own status; server functions themselves only know 500.
async fn with_status(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !parts.headers.contains_key(SERVER_FN_ERROR_HEADER) {
        return Response::from_parts(parts, body);
    }
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let refusal = refusal(&bytes);
    parts.status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    parts.headers.remove(SERVER_FN_ERROR_HEADER);
    parts.headers.remove(header::CONTENT_LENGTH);
    let wait = refusal.details.get("retry_after").and_then(serde_json::Value::as_u64);
    if let Some(wait) = wait {
        parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn refusal(body: &Bytes) -> Refusal {
    serde_json::from_slice(body).unwrap_or_else(|_| Refusal::new(Code::Internal, "Something went wrong"))
}

/// A form that a browser without JavaScript sent.
struct Form {
    action: String,
    /// The page that it is on.
    back: String,
    session: Option<Session>,
    fields: Vec<(String, String)>,
}

impl Form {
    async fn answered(self, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let refused = parts.headers.contains_key(SERVER_FN_ERROR_HEADER);
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let (to, flash) = if refused { self.refused(refusal(&bytes)) } else { self.accepted(&bytes) };
        if let (Some(session), Some(flash)) = (self.session, flash) {
            let waits = flash.refused.as_ref().is_some_and(|form| form.refusal.code == Code::StepUpRequired);
            // Without the flash the page still shows the state as it is; the store logs why.
            let _lost = session.insert(if waits { WAITING } else { FLASH }, flash).await;
        }
        let mut response = super::redirects::see_other(&to);
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            response.headers_mut().append(header::SET_COOKIE, cookie.clone());
        }
        response
    }

    fn refused(&self, refusal: Refusal) -> (String, Option<Flash>) {
        if refusal.code == Code::SecondFactorRequired {
            let done = Some(Done::new(refusal.message));
            return (SECURITY_PAGE.to_owned(), Some(Flash { done, refused: None }));
        }
        let encoded = |path: &str| form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>();
        let to = match refusal.code {
            Code::StepUpRequired => format!("/step-up?next={}", encoded(&self.back)),
            Code::Unauthorized if !self.back.starts_with("/sign-in") => {
                format!("/sign-in?next={}", encoded(&self.back))
            }
            _ => self.back.clone(),
        };
        let typed =
            self.fields.iter().filter(|(name, _)| !SECRET_FIELDS.contains(&name.as_str())).cloned().collect();
        let refused = Some(RefusedForm { action: self.action.clone(), refusal, typed });
        (to, Some(Flash { done: None, refused }))
    }

    fn accepted(&self, body: &Bytes) -> (String, Option<Flash>) {
        let done: Done = serde_json::from_slice(body).unwrap_or_default();
        let wanted = self.fields.iter().find(|(name, _)| name == FORM_TO).map(|(_, value)| value.as_str());
        let to = done.to.as_deref().or(wanted).and_then(local_path).unwrap_or(&self.back);
        let to = done.leave.clone().unwrap_or_else(|| to.to_owned());
        let flash = (!done.notice.is_empty()).then_some(Flash { done: Some(done), refused: None });
        (to, flash)
    }
}
