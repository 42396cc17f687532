//! Cross-origin access to the service API. Only a public key may be used from somebody's page;
//! answers to secret keys carry no permission, and nothing is ever allowed credentials.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use nexus_domain::credential::SERVICE_PUBLIC;

pub(super) async fn allow(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let concerned = ["/v1/", "/s/", "/ofrep/"].iter().any(|prefix| path.starts_with(prefix));
    if !concerned {
        return next.run(request).await;
    }
    let asks_first = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if asks_first {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        allow_any_origin(headers);
        let fixed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "Authorization, Content-Type, If-None-Match, Last-Event-ID",
            ),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        return response;
    }
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let is_public = authorization
        .and_then(|text| text.split_once(' '))
        .is_some_and(|(_, key)| key.trim().starts_with(SERVICE_PUBLIC));
    let mut response = next.run(request).await;
    if is_public {
        let headers = response.headers_mut();
        allow_any_origin(headers);
        let exposed = HeaderValue::from_static("ETag, Retry-After, x-request-id");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

fn allow_any_origin(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}
