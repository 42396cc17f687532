//! The OpenAPI document and the page that people read it on.

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use nexus_domain::Code;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder, SecurityRequirement};
use utoipa::{IntoResponses, ToSchema};

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

/// The refusals that any call may answer with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its shape is used, in the document")]
pub(super) enum Refusals {
    /// `invalid_request`: a field breaks a rule.
    #[response(status = 400)]
    Invalid(#[to_schema] ErrorBody),
    /// `unauthorized`: missing or invalid API key.
    #[response(status = 401)]
    Unauthorized(#[to_schema] ErrorBody),
    /// `forbidden` and its relatives.
    #[response(status = 403)]
    Forbidden(#[to_schema] ErrorBody),
    /// `not_found`: missing, or not for the caller to know of.
    #[response(status = 404)]
    NotFound(#[to_schema] ErrorBody),
    /// `conflict`, `in_use`, `immutable` or `quota_exceeded`.
    #[response(status = 409)]
    Conflict(#[to_schema] ErrorBody),
    /// `too_large`.
    #[response(status = 413)]
    TooLarge(#[to_schema] ErrorBody),
    /// `unsupported_media_type`.
    #[response(status = 415)]
    Unsupported(#[to_schema] ErrorBody),
    /// `unavailable` or `audit_unavailable`.
    #[response(status = 503)]
    Unavailable(#[to_schema] ErrorBody),
}

/// The document before the routes are added.
pub(super) fn base() -> OpenApi {
    let mut components = Components::new();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
        "`nx_<environment>_…` for the management API, `sk_live_…` or `pk_live_…` for the service API",
    ));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
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

/// Gives every call an id that is unique in the document, from its method and path:
/// `get_projects_project`. Generated clients name their functions by it.
pub(super) fn name_operations(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let words: Vec<&str> = path
            .trim_start_matches("/api/v1")
            .split(['/', '{', '}', '-', ':'])
            .filter(|word| !word.is_empty())
            .collect();
        let name = words.join("_");
        let methods = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in methods {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}_{name}"));
            }
        }
    }
    document
}

pub(super) fn router(document: &OpenApi) -> Router {
    let json = serde_json::to_string(document).unwrap_or_default();
    let page = super::api_page::write(&serde_json::to_value(document).unwrap_or_default());
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
