//! Sessions of programs: beginning one, listing the open ones, and ending them before their time.

use super::Trusted;
use super::rules::open_service;
use crate::credentials::{self, Made};
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::store::{carry_out, on, sql};
use crate::work::{Target, Work};
use crate::{Error, Result, environments};
use nexus_domain::action::Action;
use nexus_domain::credential::{self, WORKLOAD_SESSION};
use nexus_domain::keys::Access;
use nexus_domain::page::Page;
use nexus_domain::service::ServicePath;
use nexus_domain::workload::WorkloadSession;
use nexus_domain::{
    EnvironmentId, IdentityId, IdentityProviderId, ServiceId, Timestamp, WorkloadSessionId, timestamp,
};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

/// A service has at most this many open sessions; one more ends the oldest.
const MAX_OPEN: i64 = 1_000;
/// How much of a subject is kept for lists, in characters.
const MAX_SUBJECT: usize = 300;

/// What a program is let in with.
pub(super) struct Opening {
    pub identity: IdentityId,
    pub rule: String,
    /// As they are stored: whoever changes them in the meantime is listened to.
    pub claims: String,
    pub access: Access,
    pub service: ServiceId,
    pub path: ServicePath,
    pub subject: String,
    pub seconds: i64,
    pub signature_hash: Option<[u8; 32]>,
}

/// Begins a session, if rule and provider are still what the program was held against, and nobody used the
/// signature before.
pub(super) async fn begin(
    nexus: &Nexus,
    tenant_slug: &str,
    ip: std::net::IpAddr,
    provider: &Trusted,
    opening: Opening,
) -> Result<Option<Made>> {
    let made = credentials::make(nexus, WORKLOAD_SESSION)?;
    let id = WorkloadSessionId(Uuid::now_v7());
    let until = nexus.now().plus(opening.seconds.saturating_mul(timestamp::SECOND));
    let actor = Actor {
        tenant: provider.tenant,
        tenant_slug: tenant_slug.to_owned(),
        ip: Some(ip),
        who: Who::WorkloadSession {
            session: id,
            identity: opening.identity,
            label: label(&made.key_id, &opening.rule),
            service: opening.service,
            access: opening.access,
            until,
        },
    };
    let (provider, row) = (provider.clone(), (made.key_id.clone(), made.mac));
    let begun = nexus
        .change(&actor, move |w| {
            Box::pin(async move {
                if !use_up(w, opening.signature_hash).await? || !still_holds(w, &provider, &opening).await? {
                    w.nothing_to_do();
                    return Ok(false);
                }
                insert(w, id, &opening, &row, until).await?;
                end_oldest(w, opening.service).await?;
                let details = json!({
                    "provider": provider.name, "subject": opening.subject, "expires_in": opening.seconds,
                    "access": opening.access,
                });
                let target = Target::of_service(&opening.path).with_name(&opening.rule);
                w.record_event("identity.session_started", &target, details).await?;
                Ok(true)
            })
        })
        .await?;
    Ok(begun.then_some(made))
}

/// How a session stands in the audit log.
pub(crate) fn label(key_id: &str, rule: &str) -> String {
    format!("{} {rule}", credential::shown(WORKLOAD_SESSION, key_id))
}

/// Each signed request works once, however often it is sent here within its quarter of an hour.
async fn use_up(w: &mut Work, signature_hash: Option<[u8; 32]>) -> Result<bool> {
    let Some(hash) = signature_hash else { return Ok(true) };
    let until = w.now.plus(timestamp::HOUR);
    let first = on!(w.tx, |c| sqlx::query(sql!(
        "INSERT INTO used_requests (signature_hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    ))
    .bind(hash.as_slice())
    .bind(until)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(first == 1)
}

/// Notes that the rule was used, if it and its provider are still what they were.
async fn still_holds(w: &mut Work, provider: &Trusted, opening: &Opening) -> Result<bool> {
    let held = on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE workload_identities SET last_used_at = $5
         WHERE tenant_id = $1 AND id = $2 AND claims = $3 AND provider_id IN
             (SELECT id FROM identity_providers WHERE tenant_id = $1 AND id = $4 AND trusted_since = $6)"
    ))
    .bind(w.actor.tenant)
    .bind(opening.identity)
    .bind(opening.claims.as_str())
    .bind(provider.id)
    .bind(w.now)
    .bind(provider.since)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(held == 1)
}

async fn insert(
    w: &mut Work,
    id: WorkloadSessionId,
    opening: &Opening,
    (key_id, mac): &(String, [u8; 32]),
    until: Timestamp,
) -> Result<()> {
    let subject: String = opening.subject.chars().filter(|c| !c.is_control()).take(MAX_SUBJECT).collect();
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO workload_sessions (tenant_id, id, identity_id, service_id, key_id, mac, subject, ip, created_at,
             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(opening.identity)
    .bind(opening.service)
    .bind(key_id.as_str())
    .bind(mac.as_slice())
    .bind(subject)
    .bind(w.actor.ip.map(|ip| ip.to_string()))
    .bind(w.now)
    .bind(until)
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}

async fn end_oldest(w: &mut Work, service: ServiceId) -> Result<()> {
    on!(w.tx, |c| sqlx::query(sql!(
        "DELETE FROM workload_sessions WHERE tenant_id = $1 AND service_id = $2 AND id <=
             (SELECT id FROM workload_sessions WHERE tenant_id = $1 AND service_id = $2
              ORDER BY id DESC LIMIT 1 OFFSET $3)"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(MAX_OPEN)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    id: WorkloadSessionId,
    key_id: String,
    identity_id: IdentityId,
    identity_name: String,
    provider_id: IdentityProviderId,
    provider_name: String,
    project: String,
    environment: String,
    environment_id: EnvironmentId,
    service: String,
    subject: String,
    #[sqlx(try_from = "String")]
    access: Access,
    ip: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl Row {
    fn into_wire(self) -> WorkloadSession {
        WorkloadSession {
            prefix: credential::shown(WORKLOAD_SESSION, &self.key_id),
            id: self.id,
            identity: self.identity_id,
            identity_name: self.identity_name,
            provider: self.provider_id,
            provider_name: self.provider_name,
            project: self.project,
            environment: self.environment,
            service: self.service,
            subject: self.subject,
            access: self.access,
            ip: self.ip,
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }
}

/// Which sessions: of one service or environment, one of them, or all; newest first.
#[derive(Default)]
struct Which {
    service: Option<ServiceId>,
    environment: Option<EnvironmentId>,
    one: Option<WorkloadSessionId>,
    before: Option<Uuid>,
    limit: i64,
}

async fn rows(w: &mut Work, which: Which) -> Result<Vec<Row>> {
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT ws.id, ws.key_id, ws.identity_id, i.name AS identity_name, i.provider_id, p.name AS provider_name,
                pr.slug AS project, e.slug AS environment, s.environment_id, s.slug AS service, ws.subject, i.access,
                ws.ip, ws.created_at, ws.expires_at
         FROM workload_sessions ws
         JOIN workload_identities i ON i.id = ws.identity_id
         JOIN identity_providers p ON p.id = i.provider_id
         JOIN services s ON s.id = ws.service_id
         JOIN projects pr ON pr.id = s.project_id
         JOIN environments e ON e.id = s.environment_id
         WHERE ws.tenant_id = $1 AND ws.expires_at > $2 AND ws.id < $3
               AND ($4 OR ws.service_id = $5) AND ($6 OR s.environment_id = $7) AND ($8 OR ws.id = $9)
         ORDER BY ws.id DESC LIMIT $10"
    ))
    .bind(w.actor.tenant)
    .bind(w.now)
    .bind(which.before.unwrap_or(Uuid::max()))
    .bind(which.service.is_none())
    .bind(which.service.map_or(Uuid::nil(), |id| id.0))
    .bind(which.environment.is_none())
    .bind(which.environment.map_or(Uuid::nil(), |id| id.0))
    .bind(which.one.is_none())
    .bind(which.one.map_or(Uuid::nil(), |id| id.0))
    .bind(which.limit)
    .fetch_all(c)
    .await
    })?)
}

/// A page of a list.
#[derive(Debug, Clone, Default)]
pub struct ListSessions {
    /// Of one environment; of all that the actor sees when absent.
    pub environment: Option<String>,
    pub cursor: Option<String>,
    pub limit: i64,
}

/// The open sessions of the tenant, newest first.
pub async fn sessions(nexus: &Nexus, actor: &Actor, asked: ListSessions) -> Result<Page<WorkloadSession>> {
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let environment = match &asked.environment {
                    Some(slug) => Some(environments::resolve(w, slug, Action::WorkloadSessionList).await?.id),
                    None => None,
                };
                w.authorise(Action::WorkloadSessionList)?;
                page(w, None, environment, asked.cursor.as_deref(), asked.limit).await
            })
        })
        .await
}

/// The open sessions of one service, newest first.
pub async fn sessions_of(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    cursor: Option<String>,
    limit: i64,
) -> Result<Page<WorkloadSession>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::WorkloadSessionList).await?;
                page(w, Some(service.id), None, cursor.as_deref(), limit).await
            })
        })
        .await
}

async fn page(
    w: &mut Work,
    service: Option<ServiceId>,
    environment: Option<EnvironmentId>,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<WorkloadSession>> {
    let before = cursor
        .map(|text| Uuid::try_parse(text).map_err(|_| Error::invalid("cursor", "Not a cursor of this list")))
        .transpose()?;
    let which = Which { service, environment, before, one: None, limit: limit.saturating_add(1) };
    let mut found = rows(w, which).await?;
    found.retain(|row| w.actor.reaches(row.environment_id));
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > wanted;
    found.truncate(wanted);
    let next_cursor = found.last().filter(|_| more).map(|row| row.id.0.simple().to_string());
    Ok(Page { data: found.into_iter().map(Row::into_wire).collect(), next_cursor })
}

/// Ends a session of the tenant now.
pub async fn end_session(nexus: &Nexus, actor: &Actor, id: WorkloadSessionId) -> Result<()> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::WorkloadSessionEnd)?;
                end(w, None, id).await
            })
        })
        .await
}

/// Ends a session of one service now.
pub async fn end_session_of(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    id: WorkloadSessionId,
) -> Result<()> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::WorkloadSessionEnd).await?;
                end(w, Some(service.id), id).await
            })
        })
        .await
}

async fn end(w: &mut Work, service: Option<ServiceId>, id: WorkloadSessionId) -> Result<()> {
    let found = rows(w, Which { service, one: Some(id), limit: 1, ..Which::default() }).await?;
    let row = found.into_iter().next().filter(|row| w.actor.reaches(row.environment_id));
    let session = row.ok_or_else(Error::not_found)?.into_wire();
    on!(w.tx, |c| sqlx::query(sql!("DELETE FROM workload_sessions WHERE tenant_id = $1 AND id = $2"))
        .bind(w.actor.tenant)
        .bind(id)
        .execute(c)
        .await
        .map(|_| ()))?;
    let target = Target {
        project: Some(&session.project),
        environment: Some(&session.environment),
        service: Some(&session.service),
        name: Some(&session.identity_name),
    };
    let details = json!({ "prefix": session.prefix, "subject": session.subject });
    w.record(Action::WorkloadSessionEnd, &target, details).await
}

/// Forgets what is over: sessions, and signatures that are too old to be used again.
pub async fn sweep(nexus: &Nexus) -> Result<()> {
    let now = nexus.now();
    carry_out!(nexus, sql!("DELETE FROM workload_sessions WHERE expires_at < $1"), now)?;
    carry_out!(nexus, sql!("DELETE FROM used_requests WHERE expires_at < $1"), now)
}
