//! The HTTP surfaces: the console, the management API, the service API, and operations.
//!
//! Adapters only: each handler finds the actor, calls one use case, and writes its answer. REST
//! routes are registered through the OpenAPI router and nowhere else, so that the document and the
//! tests know all of them.

pub mod api;
mod api_page;
mod assets;
mod authorization;
mod body;
mod client_ip;
mod cors;
mod docs;
mod error;
mod frame;
mod health;
mod idempotency;
mod oauth;
mod queries;
mod results;
pub mod service;
mod session;

pub use error::ApiError;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use client_ip::Proxies;
use frame::Frame;
use idempotency::Keeper;
use ipnet::IpNet;
use nexus_app::Shell;
use nexus_app::server::{Console, MAX_FORM};
use nexus_backend::Nexus;
use queries::Queries;
use serde_json::Value;
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use utoipa_axum::router::OpenApiRouter;

/// The largest body: a file of 1 MiB as base64 in JSON, with room for what stands beside it.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// What the HTTP surfaces need.
#[derive(Clone)]
pub struct Surface {
    pub nexus: Nexus,
    pub public_url: String,
    pub trusted_proxies: Vec<IpNet>,
}

/// Everything that this program answers.
pub fn router(surface: Surface) -> Router {
    let Surface { nexus, public_url, trusted_proxies } = surface;
    let secure = public_url.starts_with("https://");
    let (routes, document) = rest_with_document();
    let everything = Router::new()
        .merge(rest(routes, &document, nexus.clone()))
        .merge(assets::router())
        .merge(health::router(nexus.clone()))
        .merge(console(nexus.clone(), secure))
        .method_not_allowed_fallback(error::method_not_allowed);
    let (proxies, queries) = (Proxies::new(trusted_proxies), Queries::new(&document));
    framed(everything, Frame { secure, proxies, queries, nexus: Some(nexus) })
}

fn console(nexus: Nexus, secure: bool) -> Router {
    let console = Console { nexus: nexus.clone(), shell: shell() };
    nexus_app::server::router(console).layer(
        ServiceBuilder::new()
            .layer(from_fn(error::refuse_unknown))
            .layer(CompressionLayer::new())
            .layer(CsrfLayer::new())
            .layer(from_fn_with_state(secure, session::complete_removal))
            .layer(from_fn(session::remember_visitor))
            .layer(session::layer(nexus.clone(), secure))
            .layer(from_fn_with_state(nexus, session::keep_alive))
            .layer(DefaultBodyLimit::max(MAX_FORM)),
    )
}

/// What stands around every answer.
fn framed(router: Router, frame: Frame) -> Router {
    router.layer(ServiceBuilder::new().layer(frame).layer(DefaultBodyLimit::max(MAX_BODY)))
}

/// The routes of the two APIs.
pub struct Rest {
    management: Router<Nexus>,
    service: Router<Nexus>,
}

/// The REST routes with their document.
pub fn rest_with_document() -> (Rest, Value) {
    let (management, mut document) =
        OpenApiRouter::with_openapi(docs::base()).nest("/api/v1", api::router()).split_for_parts();
    let (service, of_service) = service::router().merge(oauth::router()).split_for_parts();
    document.merge(of_service);
    (Rest { management, service }, docs::complete(&document))
}

fn rest(routes: Rest, document: &Value, nexus: Nexus) -> Router {
    let keeper = Keeper::new(nexus.clone(), document);
    let management = routes.management.layer(from_fn_with_state(keeper, idempotency::once));
    // Apart from the service API, which no middleware is to slow down.
    management.merge(routes.service).with_state(nexus).merge(docs::router(document))
}

fn shell() -> Shell {
    let site = assets::site();
    Shell {
        js: assets::path(&site.js),
        wasm: assets::path(&site.wasm),
        parts: site
            .parts
            .iter()
            .map(|(part, files)| (part.clone(), files.iter().map(|file| assets::path(file)).collect()))
            .collect(),
        css: assets::path(&site.css),
        favicon: assets::path(site.files.get("favicon.svg").map_or("", String::as_str)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn a_panic_in_a_handler_is_an_internal_error_with_the_requests_id_and_nothing_more() {
        async fn explode() {
            panic!("with hunter2 in its text");
        }
        let (proxies, queries) = (Proxies::new(vec![]), Queries::default());
        let frame = Frame { secure: true, proxies, queries, nexus: None };
        let router = framed(Router::new().route("/", get(explode)), frame);
        let request = Request::get("/").body(Body::empty()).expect("a request");
        let answer = router.oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let id = answer.headers()["x-request-id"].to_str().expect("text").to_owned();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        let message = "Something went wrong on the server";
        assert_eq!(body, serde_json::json!({ "code": "internal", "message": message, "request_id": id }));
    }
}
