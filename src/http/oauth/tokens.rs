//! `/oauth/token`, `/oauth/revoke`, `/oauth/introspect` and `/oauth/device_authorization`.

use super::Refused;
use super::read::{Sent, form};
use crate::http::ApiError;
use crate::http::authorization::Introspector;
use crate::http::docs::Refusals;
use axum::extract::{FromRequest as _, FromRequestParts as _, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use nexus_backend::Nexus;
use nexus_backend::oauth::{Asker, device, introspect as ask_about, signed_introspection, tokens};
use nexus_domain::environment_key::Introspection;
use nexus_domain::oauth::{DeviceAuthorization, TokenAnswer};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new()
        .routes(routes!(token))
        .routes(routes!(revoke))
        .routes(routes!(introspect))
        .routes(routes!(begin))
}

/// The form of a request for tokens. Fields that the protocol knows besides are let be.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read field by field")]
struct TokenRequest {
    /// `authorization_code`, `refresh_token` or `urn:ietf:params:oauth:grant-type:device_code`.
    grant_type: String,
    /// For a code, with `redirect_uri` and `code_verifier`.
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    /// For the next pair of tokens.
    refresh_token: Option<String>,
    device_code: Option<String>,
    /// Fewer scopes than were given, with a refresh token.
    scope: Option<String>,
    /// Where the app does not say who it is in the header.
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// Get tokens for a code, a refresh token or a device code. Errors are those of RFC 6749 in `error`. An app
/// sends one request with a refresh token at a time: one that comes twice ends the grant.
#[utoipa::path(post, path = "/oauth/token", tag = "OAuth", security(()),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenAnswer), Refusals))]
async fn token(State(nexus): State<Nexus>, sent: Sent) -> Result<Response, Refused> {
    let answer = tokens::exchange(&nexus, &sent.form, sent.basic.as_ref(), sent.ip).await?;
    Ok(([(header::PRAGMA, "no-cache")], axum::Json(answer)).into_response())
}

/// The form of a revocation.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read field by field")]
struct RevocationRequest {
    token: String,
    token_type_hint: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// Take a token back (RFC 7009): a refresh token with everything of its grant, an access token alone. What is no
/// token of the app is answered the same.
#[utoipa::path(post, path = "/oauth/revoke", tag = "OAuth", security(()),
    request_body(content = RevocationRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200), Refusals))]
async fn revoke(State(nexus): State<Nexus>, sent: Sent) -> Result<StatusCode, Refused> {
    tokens::revoke(&nexus, &sent.form, sent.basic.as_ref(), sent.ip).await?;
    Ok(StatusCode::OK)
}

/// The form of the question. Fields that the protocol knows besides are let be.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read field by field")]
struct IntrospectionRequest {
    token: String,
    /// Where an app asks that does not say who it is in the header.
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// What a token says (RFC 7662): a key asks about tokens of its tenant, signed by a key or given to an app; a
/// confidential app asks about its own. Of any other text: `active` is false. With `Accept:
/// application/token-introspection+jwt` the answer is signed (RFC 9701).
#[utoipa::path(post, path = "/oauth/introspect", tag = "OAuth",
    request_body(content = IntrospectionRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Introspection), Refusals))]
async fn introspect(State(nexus): State<Nexus>, request: Request) -> Result<Response, Response> {
    let signed = wants_signed(&request);
    let refuse = |refused: Refused| refused.into_response();
    let answered = if has_no_app(&request) {
        let (mut parts, body) = request.into_parts();
        let found = Introspector::from_request_parts(&mut parts, &nexus).await;
        let Introspector(caller) = found.map_err(IntoResponse::into_response)?;
        let request = Request::from_parts(parts, body);
        let (parts, body) = axum::RequestExt::with_limited_body(request).into_parts();
        let form = form(&parts, body).await.map_err(refuse)?;
        ask_about(&nexus, Asker::Key(&caller), &form).await
    } else {
        let sent = Sent::from_request(request, &nexus).await.map_err(refuse)?;
        ask_about(&nexus, Asker::App { basic: sent.basic.as_ref(), ip: sent.ip }, &sent.form).await
    };
    let (said, audience) = answered.map_err(|failure| refuse(failure.into()))?;
    if !signed {
        return Ok(axum::Json(said).into_response());
    }
    let text = signed_introspection(&nexus, &said, &audience)
        .map_err(|error| ApiError::from(error).into_response())?;
    Ok(([(header::CONTENT_TYPE, SIGNED)], text).into_response())
}

const SIGNED: &str = "application/token-introspection+jwt";

fn wants_signed(request: &Request) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|text| text.split(','))
        .any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(SIGNED))
}

/// Whether a key asks, or nobody: an app says who it is in the header or in the form.
fn has_no_app(request: &Request) -> bool {
    let headers = request.headers();
    let is_form = headers.contains_key(header::CONTENT_TYPE);
    let presented = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match presented {
        Some(text) => !text.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic ")),
        None => !is_form,
    }
}

/// The form by which a device begins.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read field by field")]
struct DeviceRequest {
    client_id: Option<String>,
    client_secret: Option<String>,
    /// The built-in `nexus-cli` need not name any.
    scope: Option<String>,
}

/// Begin on a device without a browser (RFC 8628): it shows `user_code`, and asks at `/oauth/token` whether a
/// person has let it in.
#[utoipa::path(post, path = "/oauth/device_authorization", tag = "OAuth", security(()),
    request_body(content = DeviceRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = DeviceAuthorization), Refusals))]
async fn begin(State(nexus): State<Nexus>, sent: Sent) -> Result<axum::Json<DeviceAuthorization>, Refused> {
    Ok(axum::Json(device::begin(&nexus, &sent.form, sent.basic.as_ref(), sent.ip).await?))
}
