//! The console's files: script, WASM, styles, icons. They are part of the program, carry the hash of
//! their content in their names, and are sent compressed as they were built.

use super::error::ApiError;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use nexus_domain::Refusal;
use rust_embed::RustEmbed;
use serde::Deserialize;
use std::collections::HashMap;

#[derive(RustEmbed)]
#[folder = "target/site"]
struct Files;

/// What the build made, by purpose.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Site {
    pub js: String,
    pub wasm: String,
    pub css: String,
    /// The WASM that pages need besides, by part of the console.
    pub parts: HashMap<String, Vec<String>>,
    pub files: HashMap<String, String>,
}

/// The build's list of files; empty while the console was not built.
pub(super) fn site() -> Site {
    let manifest = Files::get("manifest.json");
    manifest.and_then(|file| serde_json::from_slice(&file.data).ok()).unwrap_or_default()
}

pub(super) fn path(name: &str) -> String {
    format!("/assets/{name}")
}

pub(super) fn router() -> Router {
    Router::new().route("/assets/{name}", get(serve))
}

async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts = |coding: &str| accepted.split(',').any(|it| it.trim().split(';').next() == Some(coding));
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(coding))
        .find_map(|(coding, ending)| Some((coding, Files::get(&format!("{name}.{ending}"))?)));
    let (coding, file) = match (packed, Files::get(&name)) {
        (_, None) => return ApiError(Refusal::not_found()).into_response(),
        (Some((coding, file)), _) => (Some(coding), file),
        (None, Some(file)) => (None, file),
    };
    let mut response = file.data.into_owned().into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(&name)));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
