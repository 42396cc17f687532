//! The OpenAPI document and the page that people read it on.

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use nexus_domain::Code;
use std::collections::BTreeMap;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, Response,
    ResponseBuilder, SecurityRequirement,
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

/// The refusals that any call may answer with: status, name in the document, and what they mean.
const REFUSALS: [(&str, &str, &str); 8] = [
    ("400", "Invalid", "`invalid_request`: a field breaks a rule."),
    ("401", "Unauthorized", "`unauthorized`: missing or invalid API key."),
    ("403", "Forbidden", "`forbidden` and its relatives."),
    ("404", "NotFound", "`not_found`: missing, or not for the caller to know of."),
    ("409", "Conflict", "`conflict`, `in_use`, `immutable` or `quota_exceeded`."),
    ("413", "TooLarge", "`too_large`."),
    ("415", "Unsupported", "`unsupported_media_type`."),
    ("503", "Unavailable", "`unavailable` or `audit_unavailable`."),
];

/// Names the refusals in the document of a call; they are described once.
pub(super) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let named = |(status, name, _): &(&str, &str, &str)| {
            ((*status).to_owned(), RefOr::Ref(Ref::from_response_name(*name)))
        };
        REFUSALS.iter().map(named).collect()
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
    for (_, name, meaning) in REFUSALS {
        let body = Content::new(Some(Ref::from_schema_name(ErrorBody::name())));
        let response = ResponseBuilder::new().description(meaning).content("application/json", body).build();
        components.responses.insert(name.to_owned(), response.into());
    }
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
/// `get_projects_project`. Generated clients name their functions by it. The calls below an endpoint
/// are those at the origin with one more thing in their path.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let words: Vec<&str> = path
            .trim_start_matches("/api/v1")
            .split(['/', '{', '}', '-', ':'])
            .filter(|word| !word.is_empty())
            .collect();
        let name = words.join("_");
        let at_endpoint = path.contains("{endpoint_slug}");
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
                if at_endpoint {
                    let slug = ParameterBuilder::new().name("endpoint_slug").parameter_in(ParameterIn::Path);
                    let slug = slug.required(Required::True).schema(Some(String::schema()));
                    operation.parameters.get_or_insert_default().insert(0, slug.build().into());
                }
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
