//! Reading the log: of a tenant for those who may read its audit log, of one environment for a key
//! that lives there; and for whoever runs the program, what belongs to no tenant.

use super::writer::first_of;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{findable, on, single, sql};
use crate::work::Work;
use crate::{Error, Result, environments};
use nexus_domain::action::Action;
use nexus_domain::page::Page;
use nexus_domain::request_log::{CallerKind, LoggedRequests, RequestFilter, StatusFilter};
use nexus_domain::{Timestamp, timestamp};
use sqlx::FromRow;
use std::net::IpAddr;
use uuid::Uuid;

#[derive(FromRow)]
struct Row {
    id: Uuid,
    at: Timestamp,
    last_at: Timestamp,
    #[sqlx(try_from = "String")]
    kind: CallerKind,
    actor_id: Option<Uuid>,
    actor: String,
    environment: String,
    ip: String,
    method: String,
    route: String,
    status: i64,
    count: i64,
    total_micros: i64,
    greatest_micros: i64,
}

impl From<Row> for LoggedRequests {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            minute: row.at,
            last_at: row.last_at,
            kind: row.kind,
            actor_id: row.actor_id,
            actor: row.actor,
            environment: row.environment,
            ip: row.ip,
            method: row.method,
            route: row.route,
            status: row.status,
            count: row.count,
            total_micros: row.total_micros,
            greatest_micros: row.greatest_micros,
        }
    }
}

/// A filter as the statements take it: empty means all.
struct Asked {
    key: Option<Uuid>,
    label: String,
    environment: String,
    method: String,
    ip: String,
    status: StatusFilter,
    /// Ids are in the order of time.
    from: Uuid,
    before: Uuid,
}

impl Asked {
    fn new(filter: &RequestFilter, cursor: Option<&str>, actor: &Actor) -> Result<Self> {
        let text = |text: &Option<String>| findable(text.as_deref().unwrap_or_default().trim());
        let key = text(&filter.key);
        let id = Uuid::try_parse(&key).ok();
        let own = actor.confined_to().map(str::to_owned);
        let ip = text(&filter.ip);
        // As it is written in the log, however somebody writes it.
        let ip = ip.parse::<IpAddr>().map_or(ip, |ip| ip.to_canonical().to_string());
        let end = match filter.to {
            Some(to) => first_of(to.plus(timestamp::MINUTE).minute()),
            None => Uuid::max(),
        };
        let cursor = match cursor {
            None => Uuid::max(),
            Some(text) => {
                Uuid::try_parse(text).map_err(|_| Error::invalid("cursor", "Not a cursor of this list"))?
            }
        };
        Ok(Self {
            key: id,
            label: if id.is_some() { String::new() } else { key.to_lowercase() },
            environment: own.unwrap_or_else(|| text(&filter.environment)),
            method: text(&filter.method).to_uppercase(),
            ip,
            status: filter.status.unwrap_or(StatusFilter { least: 0, most: 999 }),
            from: first_of(filter.from.unwrap_or_default().minute()),
            before: end.min(cursor),
        })
    }
}

/// A page of the log, newest first.
pub async fn list(
    nexus: &Nexus,
    actor: &Actor,
    filter: RequestFilter,
    cursor: Option<String>,
    limit: i64,
) -> Result<Page<LoggedRequests>> {
    let asked = Asked::new(&filter, cursor.as_deref(), actor)?;
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::RequestLogRead)?;
                if !asked.environment.is_empty() && !w.actor.is_confined() {
                    environments::expect(w, &asked.environment).await?;
                }
                let limit = limit.max(0);
                let mut rows = select(w, &asked, limit.saturating_add(1)).await?;
                let more = i64::try_from(rows.len()).unwrap_or(0) > limit;
                rows.truncate(usize::try_from(limit).unwrap_or(0));
                let next_cursor = rows.last().filter(|_| more).map(|row| row.id.simple().to_string());
                Ok(Page { data: rows.into_iter().map(LoggedRequests::from).collect(), next_cursor })
            })
        })
        .await
}

async fn select(w: &mut Work, asked: &Asked, limit: i64) -> Result<Vec<Row>> {
    let tenant = w.actor.tenant;
    // Two statements, so that the rows of one key are found by their index however long the log is.
    let rows = match asked.key {
        Some(key) => on!(w.tx, |c| {
            sqlx::query_as(sql!(
            "SELECT id, at, last_at, kind, actor_id, actor, environment, ip, method, route, status, count, total_micros,
                    greatest_micros
             FROM request_log
             WHERE tenant_id = $1 AND actor_id = $2 AND id >= $3 AND id < $4
               AND ($5 = '' OR environment = $5) AND ($6 = '' OR method = $6) AND ($7 = '' OR ip = $7)
               AND status >= $8 AND status <= $9
             ORDER BY id DESC LIMIT $10"
        ))
        .bind(tenant)
        .bind(key)
        .bind(asked.from)
        .bind(asked.before)
        .bind(asked.environment.as_str())
        .bind(asked.method.as_str())
        .bind(asked.ip.as_str())
        .bind(asked.status.least)
        .bind(asked.status.most)
        .bind(limit)
        .fetch_all(c)
        .await
        })?,
        None => on!(w.tx, |c| {
            sqlx::query_as(sql!(
            "SELECT id, at, last_at, kind, actor_id, actor, environment, ip, method, route, status, count, total_micros,
                    greatest_micros
             FROM request_log
             WHERE tenant_id = $1 AND ($2 = '' OR SUBSTR(LOWER(actor), 1, LENGTH($2)) = $2) AND id >= $3 AND id < $4
               AND ($5 = '' OR environment = $5) AND ($6 = '' OR method = $6) AND ($7 = '' OR ip = $7)
               AND status >= $8 AND status <= $9
             ORDER BY id DESC LIMIT $10"
        ))
        .bind(tenant)
        .bind(asked.label.as_str())
        .bind(asked.from)
        .bind(asked.before)
        .bind(asked.environment.as_str())
        .bind(asked.method.as_str())
        .bind(asked.ip.as_str())
        .bind(asked.status.least)
        .bind(asked.status.most)
        .bind(limit)
        .fetch_all(c)
        .await
        })?,
    };
    Ok(rows)
}

/// The newest requests that belong to no tenant, for whoever runs the program: credentials that nobody
/// knows, and people on their own pages.
pub async fn of_no_tenant(nexus: &Nexus, limit: i64) -> Result<Vec<LoggedRequests>> {
    let rows: Vec<Row> = single!(nexus.db, |pool| {
        sqlx::query_as(sql!(
        "SELECT last_at, at, id, kind, actor_id, actor, environment, ip, method, route, status, count, total_micros,
                greatest_micros
         FROM request_log WHERE tenant_id IS NULL ORDER BY id DESC LIMIT $1"
    ))
    .bind(limit)
    .fetch_all(pool)
    .await
    })?;
    Ok(rows.into_iter().map(LoggedRequests::from).collect())
}
