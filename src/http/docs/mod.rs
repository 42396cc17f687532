//! The OpenAPI document and the page that people read it on.
//!
//! The handlers name their parameters, bodies and answers; everything that follows from rules is added for
//! all of them in `complete`, so that a new call has it too. A test fails for a call that lacks something.

mod actions;
mod complete;
mod examples;
mod limits;
mod refusals;
mod replays;

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use nexus_domain::Code;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Response, SecurityRequirement,
};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

/// The body of every error.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct ErrorBody {
    /// Stable, for programs.
    code: Code,
    /// For people.
    message: String,
    /// For `invalid_request`: field → rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<serde_json::Map<String, serde_json::Value>>,
    request_id: String,
}

/// The header by which a request is known when it is sent again.
pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Stands in the document of a call for its refusals, which `complete` works out.
pub(super) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        BTreeMap::new()
    }
}

/// The document before the routes are added.
pub(super) fn base() -> OpenApi {
    let mut components = Components::new();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
        "`nx_<environment>_…` for the management API and at the endpoints of its environment's services, `sk_live_…` or \
         `pk_live_…` for the service API; a token that a key's signing secret has signed, wherever the key is taken",
    ));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    components.schemas.insert(Code::name().into_owned(), Code::schema());
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    // A place for the refusals.
    components.responses.insert("Refused".into(), Response::default().into());
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Nexus")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some("Secrets, typed configs and feature flags of a team, over HTTP."))
                .build(),
        )
        .components(Some(components))
        .security(Some([SecurityRequirement::new("bearer", Vec::<String>::new())]))
        .build()
}

/// The document with everything that follows from rules.
pub(super) fn complete(document: &OpenApi) -> Value {
    complete::complete(document)
}

pub(super) fn router(document: &Value) -> Router {
    let json = document.to_string();
    let page = super::api_page::write(document);
    Router::new()
        .route(
            "/api/openapi.json",
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json) }),
        )
        .route("/api/docs", get(move || async move { human(page) }))
}

fn human(page: String) -> impl IntoResponse {
    let policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
                  frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::Refusal;

    #[test]
    fn the_error_body_has_the_fields_of_a_refusal() {
        let body = serde_json::to_value(ErrorBody {
            code: Code::NotFound,
            message: String::new(),
            details: Some(serde_json::Map::new()),
            request_id: String::new(),
        })
        .expect("json");
        let refusal = serde_json::to_value(Refusal::not_found().with("a", 1)).expect("json");
        let keys = |value: &serde_json::Value| {
            value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>()
        };
        assert!(keys(&refusal).iter().all(|key| keys(&body).contains(key)));
    }
}
