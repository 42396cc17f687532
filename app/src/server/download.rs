//! Answers that a browser saves as a file.

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use nexus_domain::export::ExportFormat;
use nexus_domain::service::ServicePath;

/// A file that nobody keeps on the way.
pub fn file(name: &str, kind: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// The secrets or configs of a service.
pub fn entries(path: &ServicePath, format: ExportFormat, text: String) -> Response<Body> {
    file(&format.file_name(&path.service, &path.environment), format.content_type(), text)
}
