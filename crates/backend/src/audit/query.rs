//! Reading, exporting and checking the audit log.

use super::chain::{Entry, Hash};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::projects;
use crate::store::{Tx, findable, on, sql};
use crate::work::{Target, Work};
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::audit::{AuditFilter, AuditRow, AuditVerdict};
use nexus_domain::page::Page;
use nexus_domain::slug::MAX_SLUG;
use nexus_domain::{TenantId, Timestamp};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

/// The most rows that one export holds.
const EXPORT_ROWS: i64 = 100_000;
/// Rows that are checked at a time, so that memory stays flat however long the chain is.
const VERIFY_ROWS: i64 = 1_000;

#[derive(FromRow)]
struct Row {
    seq: i64,
    at: Timestamp,
    actor_kind: String,
    actor_id: Option<Uuid>,
    actor: String,
    event: String,
    outcome: String,
    project: Option<String>,
    environment: Option<String>,
    service: Option<String>,
    target: Option<String>,
    details: String,
    ip: Option<String>,
    hash: Vec<u8>,
}

impl Row {
    fn into_wire(self) -> AuditRow {
        AuditRow {
            seq: self.seq,
            at: self.at,
            actor_kind: self.actor_kind,
            actor: self.actor,
            event: self.event,
            outcome: self.outcome,
            project: self.project,
            environment: self.environment,
            service: self.service,
            target: self.target,
            details: serde_json::from_str(&self.details).unwrap_or_default(),
            ip: self.ip,
            hash: hex::encode(&self.hash),
        }
    }

    fn recompute(&self, tenant: TenantId, before: &Hash) -> Hash {
        let entry = Entry {
            at: self.at,
            actor_kind: &self.actor_kind,
            actor_id: self.actor_id,
            actor: &self.actor,
            event: &self.event,
            outcome: &self.outcome,
            target: Target {
                project: self.project.as_deref(),
                environment: self.environment.as_deref(),
                service: self.service.as_deref(),
                name: self.target.as_deref(),
            },
            details: serde_json::Map::new(),
            ip: self.ip.clone(),
        };
        entry.hash(before, tenant, self.seq, &self.details)
    }
}

/// A page of the audit log, newest first: of the tenant, or of a project for those who may only see
/// that. Testers do not see the events about secrets.
pub async fn list(
    nexus: &Nexus,
    actor: &Actor,
    filter: AuditFilter,
    cursor: Option<String>,
    limit: i64,
) -> Result<Page<AuditRow>> {
    let before = match cursor.as_deref() {
        None => i64::MAX,
        Some(text) => text.parse().map_err(|_| Error::invalid("cursor", "Not a cursor of this list"))?,
    };
    let filter = cleaned(filter);
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let sight = authorise(w, &filter, Action::AuditRead, Action::TenantAuditRead).await?;
                let limit = limit.max(0);
                let mut rows = select(w, &filter, &sight, before, limit.saturating_add(1)).await?;
                let more = i64::try_from(rows.len()).unwrap_or(0) > limit;
                rows.truncate(usize::try_from(limit).unwrap_or(0));
                let next_cursor = rows.last().filter(|_| more).map(|row| row.seq.to_string());
                Ok(Page { data: rows.into_iter().map(Row::into_wire).collect(), next_cursor })
            })
        })
        .await
}

/// Every row that the filter lets through, oldest first. The export is itself an audited act.
pub async fn export(nexus: &Nexus, actor: &Actor, filter: AuditFilter) -> Result<Vec<AuditRow>> {
    let filter = cleaned(filter);
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let sight = authorise(w, &filter, Action::AuditExport, Action::TenantAuditExport).await?;
                let mut rows = select(w, &filter, &sight, i64::MAX, EXPORT_ROWS).await?;
                rows.reverse();
                let target = Target { project: filter.project.as_deref(), ..Target::default() };
                w.record(Action::AuditExport, &target, json!({ "rows": rows.len() })).await?;
                Ok(rows.into_iter().map(Row::into_wire).collect())
            })
        })
        .await
}

/// A filter as the engines can use it. An empty project is none; a long one is cut, because the
/// export is itself a row that names it.
fn cleaned(filter: AuditFilter) -> AuditFilter {
    let project = filter.project.filter(|project| !project.is_empty());
    let project = project.map(|project| findable(&project).chars().take(MAX_SLUG + 1).collect());
    AuditFilter { project, ..filter }
}

/// Authorises, and says how much may be shown.
async fn authorise(
    w: &mut Work,
    filter: &AuditFilter,
    in_project: Action,
    in_tenant: Action,
) -> Result<Sight> {
    let Some(slug) = &filter.project else {
        w.authorise(in_tenant)?;
        return Ok(Sight::of_tenant(&w.actor));
    };
    // The rows outlive the project, so those who may read the whole log need no project.
    if w.authorise(in_tenant).is_ok() {
        return Ok(Sight::of_tenant(&w.actor));
    }
    let project = projects::resolve(w, slug, in_project).await?;
    Ok(Sight {
        secrets: project.role.sees_secret_events(),
        from: project.created_at,
        environment: w.actor.confined_to().unwrap_or_default().to_owned(),
    })
}

/// What of the log an actor sees.
struct Sight {
    /// The events about secrets.
    secrets: bool,
    /// A project of the same slug may have existed before this one; its rows are not theirs.
    from: Timestamp,
    /// Only what happened in this environment; empty for all.
    environment: String,
}

impl Sight {
    /// The whole log, or for a key of one environment what happened there.
    fn of_tenant(actor: &Actor) -> Self {
        let environment = actor.confined_to().unwrap_or_default().to_owned();
        Self { secrets: true, from: Timestamp(0), environment }
    }
}

async fn select(
    w: &mut Work,
    filter: &AuditFilter,
    sight: &Sight,
    before: i64,
    limit: i64,
) -> Result<Vec<Row>> {
    let text = |text: &Option<String>| findable(text.as_deref().unwrap_or_default());
    let (service, event) = (text(&filter.service), text(&filter.event));
    let actor = text(&filter.actor).to_lowercase();
    let (from, to) =
        (filter.from.unwrap_or(Timestamp(0)).max(sight.from), filter.to.unwrap_or(Timestamp(i64::MAX)));
    let (tenant, secrets) = (w.actor.tenant, sight.secrets);
    // Two statements, so that a project's rows are found by their index however long the log is.
    let rows = match &filter.project {
        Some(project) => on!(w.tx, |c| {
            sqlx::query_as(sql!(
            "SELECT seq, at, actor_kind, actor_id, actor, event, outcome, project, environment, service, target,
                    details, ip, hash
             FROM audit_log
             WHERE tenant_id = $1 AND project = $10 AND seq < $2
               AND ($3 = '' OR service = $3)
               AND ($4 = '' OR SUBSTR(LOWER(actor), 1, LENGTH($4)) = $4)
               AND ($5 = '' OR SUBSTR(event, 1, LENGTH($5)) = $5)
               AND at >= $6 AND at <= $7
               AND ($8 OR SUBSTR(event, 1, 7) <> 'secret.') AND ($9 = '' OR environment = $9)
             ORDER BY seq DESC LIMIT $11"
        ))
        .bind(tenant)
        .bind(before)
        .bind(service.as_str())
        .bind(actor.as_str())
        .bind(event.as_str())
        .bind(from)
        .bind(to)
        .bind(secrets)
        .bind(sight.environment.as_str())
        .bind(project.as_str())
        .bind(limit)
        .fetch_all(c)
        .await
        })?,
        None => on!(w.tx, |c| {
            sqlx::query_as(sql!(
            "SELECT seq, at, actor_kind, actor_id, actor, event, outcome, project, environment, service, target,
                    details, ip, hash
             FROM audit_log
             WHERE tenant_id = $1 AND seq < $2
               AND ($3 = '' OR service = $3)
               AND ($4 = '' OR SUBSTR(LOWER(actor), 1, LENGTH($4)) = $4)
               AND ($5 = '' OR SUBSTR(event, 1, LENGTH($5)) = $5)
               AND at >= $6 AND at <= $7
               AND ($8 OR SUBSTR(event, 1, 7) <> 'secret.') AND ($9 = '' OR environment = $9)
             ORDER BY seq DESC LIMIT $10"
        ))
        .bind(tenant)
        .bind(before)
        .bind(service.as_str())
        .bind(actor.as_str())
        .bind(event.as_str())
        .bind(from)
        .bind(to)
        .bind(secrets)
        .bind(sight.environment.as_str())
        .bind(limit)
        .fetch_all(c)
        .await
        })?,
    };
    Ok(rows)
}

/// Checks the whole chain of the actor's tenant.
pub async fn verify(nexus: &Nexus, actor: &Actor) -> Result<AuditVerdict> {
    let tenant = actor.tenant;
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::TenantAuditRead)?;
                verify_tenant(&mut w.tx, tenant).await
            })
        })
        .await
}

/// Walks a tenant's chain from its first row to its head.
pub async fn verify_tenant(tx: &mut Tx, tenant: TenantId) -> Result<AuditVerdict> {
    let mut before: Hash = [0; 32];
    let (mut at, mut count) = (0, 0);
    loop {
        let rows: Vec<Row> = on!(*tx, |c| {
            sqlx::query_as(sql!(
            "SELECT seq, at, actor_kind, actor_id, actor, event, outcome, project, environment, service, target,
                    details, ip, hash
             FROM audit_log WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        ))
        .bind(tenant)
        .bind(at)
        .bind(VERIFY_ROWS)
        .fetch_all(c)
        .await
        })?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let reason = if row.seq != at + 1 {
                Some("A row is missing before this one")
            } else if row.recompute(tenant, &before).as_slice() != row.hash {
                Some("This row or its order was changed")
            } else {
                None
            };
            if let Some(reason) = reason {
                return Ok(broken(count, row.seq, reason));
            }
            before = row.hash.try_into().map_err(|_| Error::Impossible("a hash of the wrong length"))?;
            (at, count) = (row.seq, count + 1);
        }
    }
    let (seq, head): (i64, Vec<u8>) =
        on!(*tx, |c| sqlx::query_as(sql!("SELECT seq, chain_head FROM tenants WHERE id = $1"))
            .bind(tenant)
            .fetch_one(c)
            .await)?;
    if seq != at || head != before {
        return Ok(broken(count, at + 1, "The newest rows are missing"));
    }
    Ok(AuditVerdict { ok: true, rows: count, broken_at: None, reason: None })
}

fn broken(rows: i64, at: i64, reason: &str) -> AuditVerdict {
    AuditVerdict { ok: false, rows, broken_at: Some(at), reason: Some(reason.to_owned()) }
}
