//! The way out: the only client with which this program asks other servers (providers of sign-in, their
//! keys). Whoever configures a provider names the address, so every address is hostile until it was checked:
//! https, no redirects, no proxies of the environment, public addresses only, little time, little to read.
//!
//! `clippy.toml` refuses every other way to connect.

mod address;
mod names;

pub use address::{is_public, may_reach};
pub use names::{Names, SystemNames};

use ipnet::IpNet;
use names::{Checked, NotPublic};
use oauth2::http::{Request, Response, header};
use std::error::Error as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::{Host, Position, Url};

const CONNECT: Duration = Duration::from_secs(5);
const TOTAL: Duration = Duration::from_secs(15);
/// What is read of an answer, in bytes.
pub const MAX_ANSWER: usize = 64 * 1024;

/// What an operator decides about the way out, and how names are looked up.
#[derive(Clone)]
pub struct Rules {
    /// Networks that may be reached although they are not public.
    pub allowed: Vec<IpNet>,
    /// For development and tests: http too.
    pub plain_http: bool,
    pub names: Arc<dyn Names>,
    /// For tests: origins that stand in for hosts of the internet. No setting names any.
    pub stand_ins: Vec<(String, String)>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { allowed: Vec::new(), plain_http: false, names: Arc::new(SystemNames), stand_ins: Vec::new() }
    }
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("allowed", &self.allowed).field("plain_http", &self.plain_http).finish()
    }
}

/// Why a request was not sent, or brought nothing. Never with words of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("This is no address of a server")]
    NoAddress,
    #[error("The address has to begin with https://")]
    NotHttps,
    #[error("The address must hold no user name and no password")]
    Credentials,
    #[error("The address leads into a network that is not public; whoever runs this instance can allow it")]
    NotPublic,
    #[error("The server took too long to answer")]
    TooSlow,
    #[error("The server answers with more than 64 KiB")]
    TooLarge,
    #[error("The server cannot be reached")]
    Unreachable,
}

/// The client.
pub struct Egress {
    rules: Rules,
    allowed: Arc<[IpNet]>,
    /// Made when it is first needed: it reads the certificates of the machine.
    client: OnceLock<Option<reqwest::Client>>,
}

impl Egress {
    pub fn new(rules: Rules) -> Self {
        Self { allowed: rules.allowed.as_slice().into(), rules, client: OnceLock::new() }
    }

    /// Takes an address apart and refuses what is not for us to ask: everything that can be said without
    /// looking up a name.
    pub fn check(&self, address: &str) -> Result<Url, Problem> {
        let url = Url::parse(address).map_err(|_| Problem::NoAddress)?;
        match url.scheme() {
            "https" => {}
            "http" if self.rules.plain_http => {}
            _ => return Err(Problem::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Problem::Credentials);
        }
        // A connector does not resolve literals, so nobody else would look at them.
        let literal = match url.host().ok_or(Problem::NoAddress)? {
            Host::Ipv4(ip) => Some(ip.into()),
            Host::Ipv6(ip) => Some(ip.into()),
            Host::Domain(name) => name.trim_matches(['[', ']']).parse().ok(),
        };
        match literal {
            Some(ip) if !may_reach(ip, &self.allowed) => Err(Problem::NotPublic),
            _ => Ok(url),
        }
    }

    /// Where a request really goes; who stands in for somebody is checked like everybody else.
    fn stood_in(&self, url: Url) -> Result<Url, Problem> {
        match self.rules.stand_ins.iter().find(|(host, _)| url.host_str() == Some(host)) {
            None => Ok(url),
            Some((_, origin)) => self.check(&format!("{origin}{}", &url[Position::BeforePath..])),
        }
    }

    /// Sends a request and reads the answer, whatever its status.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Problem> {
        let url = self.stood_in(self.check(&request.uri().to_string())?)?;
        let client = self.client().ok_or(Problem::Unreachable)?;
        let (parts, body) = request.into_parts();
        let mut answer = client
            .request(parts.method, url)
            .headers(parts.headers)
            .body(body)
            .send()
            .await
            .map_err(|error| problem(&error))?;
        let mut response = Response::builder().status(answer.status());
        if let Some(kind) = answer.headers().get(header::CONTENT_TYPE) {
            response = response.header(header::CONTENT_TYPE, kind);
        }
        let mut read = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| problem(&error))? {
            if read.len().saturating_add(chunk.len()) > MAX_ANSWER {
                return Err(Problem::TooLarge);
            }
            read.extend_from_slice(&chunk);
        }
        response.body(read).map_err(|_| Problem::Unreachable)
    }

    /// Asks for JSON; anything but a 200 is nothing.
    pub async fn get(&self, address: &str, bearer: Option<&str>) -> Result<Vec<u8>, Problem> {
        let mut request =
            Request::get(self.check(address)?.as_str()).header(header::ACCEPT, "application/json");
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Vec::new()).map_err(|_| Problem::NoAddress)?;
        let answer = self.send(request).await?;
        if answer.status().as_u16() == 200 { Ok(answer.into_body()) } else { Err(Problem::Unreachable) }
    }

    fn client(&self) -> Option<&reqwest::Client> {
        self.client.get_or_init(|| self.build()).as_ref()
    }

    fn build(&self) -> Option<reqwest::Client> {
        let resolver = Checked { names: Arc::clone(&self.rules.names), allowed: Arc::clone(&self.allowed) };
        #[expect(clippy::disallowed_methods, reason = "this is the one client")]
        let builder = reqwest::Client::builder();
        let client = builder
            .https_only(!self.rules.plain_http)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(concat!("nexus/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(resolver))
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            // A connection that is kept would outlive the check of its address.
            .pool_max_idle_per_host(0)
            .build();
        client
            .inspect_err(|error| tracing::error!(%error, "the client for outbound requests cannot be made"))
            .ok()
    }
}

fn problem(error: &reqwest::Error) -> Problem {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<NotPublic>() {
            return Problem::NotPublic;
        }
        cause = inner.source();
    }
    if error.is_timeout() { Problem::TooSlow } else { Problem::Unreachable }
}
