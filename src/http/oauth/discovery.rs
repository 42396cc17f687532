//! What the instance says of itself as an authorization server (RFC 8414), and the key by which what it signs
//! is checked (RFC 7517).

use crate::http::api::Api;
use crate::http::docs::Refusals;
use axum::extract::State;
use nexus_backend::Nexus;
use nexus_backend::oauth::{SIGNING_ALGORITHM, jwks as keys};
use nexus_domain::role::{Scope, Scopes};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(metadata)).routes(routes!(jwks))
}

/// The metadata of an authorization server.
#[derive(Serialize, ToSchema)]
struct ServerMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    device_authorization_endpoint: String,
    jwks_uri: String,
    service_documentation: String,
    scopes_supported: Vec<Scope>,
    response_types_supported: Vec<&'static str>,
    response_modes_supported: Vec<&'static str>,
    grant_types_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_signing_alg_values_supported: Vec<&'static str>,
    code_challenge_methods_supported: Vec<&'static str>,
    /// Who gives an answer stands in it (RFC 9207).
    authorization_response_iss_parameter_supported: bool,
}

const BY_SECRET: [&str; 2] = ["client_secret_basic", "client_secret_post"];
const BY_SECRET_OR_NOT: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// What this instance is as an authorization server.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "OAuth", security(()),
    responses((status = 200, body = ServerMetadata), Refusals))]
async fn metadata(State(nexus): State<Nexus>) -> axum::Json<ServerMetadata> {
    let at = |path: &str| format!("{}{path}", nexus.settings.public_url);
    axum::Json(ServerMetadata {
        issuer: at(""),
        authorization_endpoint: at("/oauth/authorize"),
        token_endpoint: at("/oauth/token"),
        revocation_endpoint: at("/oauth/revoke"),
        introspection_endpoint: at("/oauth/introspect"),
        device_authorization_endpoint: at("/oauth/device_authorization"),
        jwks_uri: at("/.well-known/jwks.json"),
        service_documentation: at("/api/docs"),
        scopes_supported: Scopes::all_but_admin().0,
        response_types_supported: vec!["code"],
        response_modes_supported: vec!["query"],
        grant_types_supported: vec![
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        token_endpoint_auth_methods_supported: BY_SECRET_OR_NOT.to_vec(),
        revocation_endpoint_auth_methods_supported: BY_SECRET_OR_NOT.to_vec(),
        introspection_endpoint_auth_methods_supported: BY_SECRET.to_vec(),
        introspection_signing_alg_values_supported: vec![SIGNING_ALGORITHM],
        code_challenge_methods_supported: vec!["S256"],
        authorization_response_iss_parameter_supported: true,
    })
}

/// Keys as JWKs.
#[derive(Serialize, ToSchema)]
struct KeySet {
    #[schema(value_type = Vec<Object>)]
    keys: Value,
}

/// The public key by which what this instance signs is checked.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "OAuth", security(()),
    responses((status = 200, body = KeySet), Refusals))]
async fn jwks(State(nexus): State<Nexus>) -> Api<axum::Json<KeySet>> {
    let keys = keys(&nexus)?.get("keys").cloned().unwrap_or_default();
    Ok(axum::Json(KeySet { keys }))
}
