//! Browser sessions: tower-sessions over the backend's table. The cookie holds 128 random bits and
//! nothing else. Beside it is kept from where a session is used, for the person to recognise.

use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use nexus_app::server::ClientIp;
use nexus_backend::Nexus;
use nexus_backend::people::sessions::{self, Around, Stored};
use nexus_domain::device::MAX_USER_AGENT;
use nexus_domain::{UserId, timestamp};
use std::fmt;
use time::{Duration, OffsetDateTime};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};

/// A session ends after this long without a request. The cookie's age and the stored end say the
/// same; the stored one is what counts, by the clock of the use cases.
const IDLE: Duration = Duration::HOUR;
const IDLE_MICROS: i64 = timestamp::HOUR;
/// A session's end is moved at most this often, so that most requests write nothing.
const KEEP_ALIVE: i64 = timestamp::MINUTE;

/// The layer around everything that a cookie authenticates. Over http (loopback only) a browser
/// accepts neither `Secure` nor the `__Host-` prefix.
pub(super) fn layer(nexus: Nexus, secure: bool) -> SessionManagerLayer<Store> {
    SessionManagerLayer::new(Store(nexus))
        .with_name(cookie_name(secure))
        .with_secure(secure)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(IDLE))
}

const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-nexus" } else { "nexus" }
}

/// Gives the line that takes the cookie away the attributes of the one that set it: a browser
/// ignores every line about a `__Host-` cookie that lacks `Secure`.
pub(super) async fn complete_removal(State(secure): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let removal = format!("{}=;", cookie_name(secure));
    let lines = response.headers_mut().iter_mut().filter(|(name, _)| *name == header::SET_COOKIE);
    for (_, line) in lines {
        let text = line.to_str().unwrap_or_default();
        if !text.starts_with(&removal) {
            continue;
        }
        let flags = if secure { "; HttpOnly; SameSite=Lax; Secure" } else { "; HttpOnly; SameSite=Lax" };
        if let Ok(complete) = HeaderValue::from_str(&format!("{text}{flags}")) {
            *line = complete;
        }
    }
    response
}

/// Moves the end of a signed-in session when it is used.
pub(super) async fn keep_alive(
    State(nexus): State<Nexus>,
    session: Session,
    request: Request,
    next: Next,
) -> Response {
    let seen = session.get::<i64>("seen").await;
    let user = session.get_value("user").await;
    if let (Ok(seen), Ok(Some(_))) = (seen, user) {
        let now = nexus.now().0;
        if seen.is_none_or(|seen| now - seen >= KEEP_ALIVE) && session.insert("seen", now).await.is_err() {
            tracing::warn!("a session could not be kept alive");
        }
    }
    next.run(request).await
}

tokio::task_local! {
    /// Who asks. The store is called by a layer that hands it nothing of the request.
    static VISITOR: Around;
}

/// Remembers from where a request comes while it is answered. Around the sessions.
pub(super) async fn remember_visitor(request: Request, next: Next) -> Response {
    let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let visitor = Around {
        ip: request.extensions().get::<ClientIp>().map(|ip| ip.0),
        user_agent: agent.map(|agent| agent.chars().take(MAX_USER_AGENT).collect()),
        opened: None,
    };
    VISITOR.scope(visitor, next.run(request)).await
}

/// What is known around a session that is being stored.
fn around(record: &Record) -> Around {
    let visitor = VISITOR.try_with(Around::clone).unwrap_or_default();
    Around { opened: record.data.get("proof").map(ToString::to_string), ..visitor }
}

#[derive(Clone)]
pub(super) struct Store(Nexus);

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

fn failed(error: nexus_backend::Error) -> Error {
    tracing::error!(%error, "the session store failed");
    Error::Backend("the session store failed".into())
}

impl Store {
    fn stored(&self, record: &Record) -> Result<Stored> {
        let user =
            record.data.get("user").and_then(|value| serde_json::from_value::<UserId>(value.clone()).ok());
        let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        Ok(Stored { user, data, expires_at: self.0.now().plus(IDLE_MICROS) })
    }
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            let id = record.id.0.to_le_bytes();
            let made = sessions::create(&self.0, &id, self.stored(record)?, around(record));
            let fresh = made.await.map_err(failed)?;
            if fresh {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let id = record.id.0.to_le_bytes();
        sessions::save(&self.0, &id, self.stored(record)?, around(record)).await.map_err(failed)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(row) = sessions::load(&self.0, &id.0.to_le_bytes()).await.map_err(failed)? else {
            return Ok(None);
        };
        let data = serde_json::from_str(&row.data).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(row.expires_at.0 / timestamp::SECOND)
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sessions::delete(&self.0, &id.0.to_le_bytes()).await.map_err(failed)
    }
}
