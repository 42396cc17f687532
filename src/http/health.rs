//! Operations: is the process alive, and can it do its work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use nexus_backend::Nexus;
use serde_json::json;

pub(super) fn router(nexus: Nexus) -> Router {
    Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "alive" }))))
        .route("/readyz", get(ready))
        .with_state(nexus)
}

/// The database answers; the master key and the migrations were checked before the first request.
async fn ready(State(nexus): State<Nexus>) -> Response {
    match nexus.db.ping().await {
        Ok(()) => {
            Json(json!({ "status": "ready", "database": "ok", "master_key": "ok", "migrations": "ok" }))
                .into_response()
        }
        Err(_) => {
            let body = Json(json!({ "status": "not ready", "database": "unavailable" }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}
