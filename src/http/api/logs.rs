//! The API log: which requests keys and sessions made.

use super::Api;
use crate::http::authorization::ManagementKey;
use crate::http::body::Params;
use crate::http::docs::Refusals;
use axum::extract::State;
use nexus_backend::{Nexus, request_log};
use nexus_domain::page::{self, Page};
use nexus_domain::request_log::{LoggedRequests, RequestFilter, StatusFilter};
use nexus_domain::{Refusal, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Query {
    /// The id of a key or person, or a shown prefix or an address from its beginning.
    key: Option<String>,
    /// Only keys of this environment; another one than the key's own takes `admin:all`.
    environment: Option<String>,
    /// `GET`, `POST`, …
    method: Option<String>,
    /// A status (`404`) or a class of them (`4xx`).
    status: Option<String>,
    /// An address.
    ip: Option<String>,
    /// RFC 3339; from the minute that it is in.
    from: Option<String>,
    /// RFC 3339; to the minute that it is in.
    to: Option<String>,
    /// 1 to 200, 50 when absent.
    limit: Option<i64>,
    cursor: Option<String>,
}

fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Refusal> {
    let parse = |text| {
        Timestamp::parse(text).ok_or_else(|| Refusal::invalid(name, "A time like 2026-11-21T08:00:00Z"))
    };
    text.map(parse).transpose()
}

impl Query {
    fn filter(self) -> Result<RequestFilter, Refusal> {
        let (from, to) = (time("from", self.from.as_deref())?, time("to", self.to.as_deref())?);
        let wrong = || Refusal::invalid("status", "A status like 404, or a class like 4xx");
        let status = self.status.map(|text| StatusFilter::parse(&text).ok_or_else(wrong)).transpose()?;
        let Self { key, environment, method, ip, .. } = self;
        Ok(RequestFilter { key, environment, method, status, ip, from, to })
    }
}

/// The requests of keys and sessions, newest first. Equal ones within a minute are one row with a count;
/// the last second may be missing.
#[utoipa::path(get, path = "/logs", tag = "API log", params(Query),
    responses((status = 200, body = Page<LoggedRequests>), Refusals))]
async fn list(
    State(nexus): State<Nexus>,
    key: ManagementKey,
    Params(query): Params<Query>,
) -> Api<axum::Json<Page<LoggedRequests>>> {
    if query.environment.is_some() {
        key.environment(query.environment.as_deref())?;
    }
    let (limit, cursor) = (page::limit(query.limit)?, query.cursor.clone());
    Ok(axum::Json(request_log::list(&nexus, &key.0, query.filter()?, cursor, limit).await?))
}
