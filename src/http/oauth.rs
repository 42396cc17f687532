//! `POST /oauth/introspect` (RFC 7662): what a service that was given a token asks about it.

use super::ApiError;
use super::authorization::Introspector;
use super::body::Form;
use super::docs::Refusals;
use axum::extract::State;
use nexus_backend::{Nexus, credentials};
use nexus_domain::environment_key::Introspection;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(introspect))
}

/// The form of the question. Fields that the protocol knows besides are let be.
#[derive(Deserialize, ToSchema)]
struct IntrospectionRequest {
    token: String,
}

/// What a token says that a key of the caller's tenant has signed. Of any other text: `active` is false.
#[utoipa::path(post, path = "/oauth/introspect", tag = "OAuth",
    request_body(content = IntrospectionRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Introspection), Refusals))]
async fn introspect(
    State(nexus): State<Nexus>,
    Introspector(caller): Introspector,
    Form(IntrospectionRequest { token }): Form<IntrospectionRequest>,
) -> Result<axum::Json<Introspection>, ApiError> {
    Ok(axum::Json(credentials::introspect(&nexus, &caller, &token).await?))
}
