//! What `cargo xtask bench` compares the warm path with: one bare axum route that gives the answer
//! that it was handed, on the same kind of runtime as the program. It checks nothing, counts nothing
//! and opens nothing.
//!
//! `bench_baseline <address> <path> <file of headers> <file of the body>`

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::any;
use std::error::Error;
use std::io::Write as _;
use tokio::net::TcpListener;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("bench_baseline <address> <path> <headers> <body>");
    let (address, path, headers, body) = (next()?, next()?, next()?, next()?);
    let mut answer = HeaderMap::new();
    for line in std::fs::read_to_string(headers)?.lines() {
        let (name, value) = line.split_once(": ").ok_or("a header without a value")?;
        answer.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
    }
    let body = Bytes::from(std::fs::read(body)?);
    // The request's body is read, as every server has to.
    let route = any(async move |request: HeaderMap, _body: Bytes| {
        let known = request.get(header::IF_NONE_MATCH);
        if known.is_some() && known == answer.get(header::ETAG) {
            return (StatusCode::NOT_MODIFIED, answer.clone()).into_response();
        }
        (answer.clone(), body.clone()).into_response()
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        writeln!(std::io::stdout(), "ready")?;
        axum::serve(listener, Router::new().route(&path, route)).await?;
        Ok(())
    })
}
