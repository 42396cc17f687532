//! What is around every answer: its id, the client's address, the bodies of refusals, who may read
//! it, the headers that browsers obey, one line in the log, and a row in the API log where it was
//! somebody's.
//!
//! One layer for all of it, written by hand, because every warm sync goes through it: a middleware
//! made of a function copies the routes behind it and boxes them for every request
//! (docs/performance.md).

use super::client_ip::Proxies;
use super::cors::{self, Shared, Sharing};
use super::error;
use super::queries::Queries;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use nexus_app::server::ClientIp;
use nexus_backend::Nexus;
use nexus_backend::request_log::{Answered, Visit};
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tower::{Layer, Service};
use uuid::Uuid;

/// The layer around everything.
#[derive(Clone)]
pub(super) struct Frame {
    /// The instance is reached by https.
    pub secure: bool,
    pub proxies: Proxies,
    /// The names that a call's query may have.
    pub queries: Queries,
    /// Whose API log hears of it.
    pub nexus: Option<Nexus>,
}

/// What the layer makes of the routes.
#[derive(Clone)]
pub(super) struct Framed<S> {
    routes: S,
    frame: Frame,
}

impl<S> Layer<S> for Frame {
    type Service = Framed<S>;

    fn layer(&self, routes: S) -> Framed<S> {
        Framed { routes, frame: self.clone() }
    }
}

impl<S> Service<Request> for Framed<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.routes.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let mut about = About::new(&request, self.frame.secure);
        if about.sharing == Sharing::Asked {
            return Box::pin(async move { Ok(about.dress(cors::preflight())) });
        }
        let client = self.frame.proxies.find(&request);
        let visit = Arc::new(Visit::default());
        request.extensions_mut().insert(client);
        request.extensions_mut().insert(Arc::clone(&visit));
        if request.uri().query().is_some_and(|query| !query.is_empty()) {
            request.extensions_mut().insert(self.frame.queries.clone());
        }
        let nexus = self.frame.nexus.clone();
        if about.sharing == Sharing::Unsaid {
            let shared = Shared::default();
            request.extensions_mut().insert(shared.clone());
            about.shared = Some(shared);
        }
        // A panic in a handler is a 500 and nothing more.
        let answering = catch_unwind(AssertUnwindSafe(|| self.routes.call(request)));
        Box::pin(async move {
            let answered = match answering {
                Ok(answering) => AssertUnwindSafe(answering).catch_unwind().await,
                Err(panic) => Err(panic),
            };
            let response = about.dress(match answered {
                Ok(Ok(response)) => response.into_response(),
                Err(_) => error::panicked(),
            });
            if let Some(nexus) = nexus {
                about.log(&nexus, &visit, client, &response);
            }
            Ok(response)
        })
    }
}

const FIXED: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // Forms without JavaScript need a referrer to come back to.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// For answers that set no policy of their own: they load nothing.
const NOTHING: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// More headers than an answer usually has, so that their table grows once.
const ROOM: usize = 8;

/// What has to be known of a request when its answer comes.
struct About {
    /// In the log, in the answer's header and in the body of an error.
    id: Uuid,
    started: Instant,
    method: Method,
    /// The route's pattern, not the address: a one-time link's token is part of the address.
    route: Option<MatchedPath>,
    /// The path of a server function: all of them share one pattern.
    function: Option<String>,
    is_api: bool,
    sharing: Sharing,
    /// What becomes known of the key, where its text does not say it.
    shared: Option<Shared>,
    secure: bool,
}

impl About {
    fn new(request: &Request, secure: bool) -> Self {
        Self {
            id: Uuid::now_v7(),
            started: Instant::now(),
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            function: request.uri().path().starts_with("/_fn/").then(|| request.uri().path().to_owned()),
            is_api: error::is_api(request.uri().path()),
            sharing: Sharing::of(request),
            shared: None,
            secure,
        }
    }

    fn dress(&self, mut response: Response) -> Response {
        if self.is_api {
            error::adopt(&mut response);
        }
        error::render(&mut response, self.id);
        let headers = response.headers_mut();
        headers.reserve(ROOM);
        headers.extend(FIXED);
        let is_shared = self.shared.as_ref().is_some_and(|shared| !shared.is_withdrawn());
        if is_shared || self.sharing == Sharing::Yes {
            cors::allow(headers);
        }
        if self.secure {
            let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
            headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
        }
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NOTHING);
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        let mut buffer = Uuid::encode_buffer();
        if let Ok(id) = HeaderValue::from_str(self.id.simple().encode_lower(&mut buffer)) {
            headers.insert(REQUEST_ID, id);
        }
        let (micros, route, status) = (self.micros(), self.route(), response.status().as_u16());
        tracing::debug!(request_id = %self.id.simple(), method = %self.method, route, status, micros, "answered");
        response
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or("none", MatchedPath::as_str)
    }

    /// Counts the request in the API log, where it was somebody's.
    fn log(&self, nexus: &Nexus, visit: &Visit, ClientIp(ip): ClientIp, response: &Response) {
        if let Some(caller) = visit.caller() {
            // Somebody is known, so the function was one that is there.
            let route = self.function.as_deref().unwrap_or_else(|| self.route());
            let (method, status) = (self.method.as_str(), response.status().as_u16());
            let (at, micros) = (nexus.now(), self.micros());
            nexus.request_log.note(caller, Answered { at, ip, method, route, status, micros });
        }
    }
}
