//! Requests that read like sentences, and their answers.

use super::{Person, World};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::future::{Future, IntoFuture};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use tower::ServiceExt as _;

/// What a request proves about who sends it.
#[derive(Debug, Clone)]
pub enum As {
    Nobody,
    /// The value of the session cookie.
    Cookie(String),
    Key(String),
}

impl From<Person> for As {
    fn from(person: Person) -> Self {
        Self::Cookie(URL_SAFE_NO_PAD.encode(person.session_id()))
    }
}

impl From<&String> for As {
    fn from(key: &String) -> Self {
        Self::Key(key.clone())
    }
}

impl From<&str> for As {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

/// A request in the making; awaiting it sends it.
#[must_use]
pub struct Ask<'w> {
    world: &'w World,
    method: Method,
    uri: String,
    headers: HeaderMap,
    body: Vec<u8>,
    from: Option<IpAddr>,
}

impl World {
    pub fn ask(&self, method: &str, uri: &str) -> Ask<'_> {
        let method = method.parse().expect("a method");
        let (headers, body) = (HeaderMap::new(), Vec::new());
        Ask { world: self, method, uri: uri.to_owned(), headers, body, from: None }
    }

    pub fn get(&self, uri: &str) -> Ask<'_> {
        self.ask("GET", uri)
    }

    /// A POST with a JSON body.
    pub fn post(&self, uri: &str, body: Value) -> Ask<'_> {
        self.ask("POST", uri).json(body)
    }

    /// A call of a server function, as the console's script makes it.
    pub fn call(&self, function: &str, fields: &[(&str, &str)]) -> Ask<'_> {
        self.ask("POST", &format!("/_fn/{function}")).header("accept", "application/json").fields(fields)
    }

    /// The same as a browser without JavaScript sends it, from the page given.
    pub fn submit(&self, function: &str, page: &str, fields: &[(&str, &str)]) -> Ask<'_> {
        self.ask("POST", &format!("/_fn/{function}"))
            .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("referer", &format!("{}{page}", super::ORIGIN))
            .header("origin", super::ORIGIN)
            .header("host", "nexus.test")
            .header("sec-fetch-site", "same-origin")
            .fields(fields)
    }
}

impl Ask<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header's name");
        self.headers.append(name, HeaderValue::from_str(value).expect("a header's value"));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub fn with(self, credential: impl Into<As>) -> Self {
        match credential.into() {
            As::Nobody => self,
            As::Cookie(value) => self.header("cookie", &format!("__Host-nexus={value}")),
            As::Key(key) => self.header("authorization", &format!("Bearer {key}")),
        }
    }

    pub fn json(self, body: Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    pub fn fields(self, fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        self.raw("application/x-www-form-urlencoded", pairs.join("&"))
    }

    pub fn raw(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("content-type", kind).header("content-length", &length)
    }

    /// Sends it from this address.
    pub fn from(mut self, address: &str) -> Self {
        self.from = Some(address.parse().expect("an address"));
        self
    }

    async fn send(self) -> Reply {
        let number = self.world.addresses.fetch_add(1, Ordering::Relaxed);
        let ip = self.from.unwrap_or_else(|| IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number)));
        let mut request = Request::new(Body::from(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri.parse().expect("an address");
        *request.headers_mut() = self.headers;
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(ip, 40_000)));
        let response = self.world.router.clone().oneshot(request).await.expect("an answer");
        let (parts, mut body) = response.into_parts();
        let streams = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if streams {
            // It has no end: how it begins is what is looked at.
            let first = body.frame().await.expect("a beginning").expect("a frame");
            first.into_data().expect("data").to_vec()
        } else {
            body.collect().await.expect("a body").to_bytes().to_vec()
        };
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

impl<'w> IntoFuture for Ask<'w> {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + 'w>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// An answer.
#[derive(Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// It has this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{:?} {}", self.headers, self.text());
        self
    }

    /// It is refused with this code, and the status of that code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        let reply = self.is(status);
        assert_eq!(reply.json()["code"], code, "{}", reply.text());
        reply
    }

    /// It is a 400 about this field.
    #[track_caller]
    pub fn invalid(self, field: &str) -> Self {
        let reply = self.refused(400, "invalid_request");
        assert!(reply.json()["details"][field].is_string(), "{field} is not named: {}", reply.text());
        reply
    }

    /// It sends the browser on to this path.
    #[track_caller]
    pub fn redirects(self, to: &str) -> Self {
        let reply = self.is(303);
        assert_eq!(reply.header("location"), Some(to));
        reply
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON and not: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Every `Set-Cookie` line.
    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    /// The session that the answer opened, where it opened one.
    pub fn session(&self) -> Option<As> {
        let line = self.cookies().into_iter().find_map(|line| line.strip_prefix("__Host-nexus="))?;
        let value = line.split(';').next().unwrap_or_default();
        (!value.is_empty()).then(|| As::Cookie(value.to_owned()))
    }
}

/// A text as it stands in a query or a form.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
