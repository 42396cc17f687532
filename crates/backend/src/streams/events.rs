//! What happened, out of the audit log: it has every change in order, on whichever process it was
//! made.

use crate::Result;
use crate::credentials::{networks, value_of};
use crate::store::{on, sql};
use crate::work::Work;
use nexus_domain::network::Networks;
use nexus_domain::{KeyId, ServiceId, Timestamp, WorkloadSessionId};
use sqlx::FromRow;
use std::collections::HashMap;

/// Rows that are read at once; whoever is further behind hears that much has changed.
const MAX_ROWS: i64 = 1_000;
/// Nobody is told what lies further back than this, so that a look stays short however old a
/// revision somebody comes with.
const LOOKBACK: i64 = 10_000;

/// A service, where its changes and its umbrella's are written.
#[derive(FromRow)]
pub(super) struct ServiceRow {
    pub id: ServiceId,
    pub project: String,
    pub environment: String,
    pub slug: String,
    pub umbrella: Option<String>,
    pub revision: i64,
}

/// A change of one entry, or of the service or its project as a whole.
#[derive(FromRow)]
pub(super) struct ChangeRow {
    pub seq: i64,
    pub event: String,
    pub project: Option<String>,
    pub environment: Option<String>,
    pub service: Option<String>,
    pub target: Option<String>,
}

impl ChangeRow {
    /// Whether it changes what this service reads.
    pub fn concerns(&self, service: &ServiceRow) -> bool {
        let at = self.service.as_deref();
        self.project.as_deref() == Some(&service.project)
            && self.environment.as_deref() == Some(&service.environment)
            && (at == Some(&service.slug) || (at.is_some() && at == service.umbrella.as_deref()))
            || self.is_whole() && self.encloses(service)
    }

    /// Whether any key may have another value by it: another umbrella, another tier, a copy of an
    /// environment.
    pub fn is_whole(&self) -> bool {
        !["secret.", "config.", "flag."].iter().any(|kind| self.event.starts_with(kind))
    }

    /// Whether it happened to the service, its environment or its project.
    fn encloses(&self, service: &ServiceRow) -> bool {
        let is = |named: &Option<String>, own: &str| named.as_deref().is_none_or(|named| named == own);
        self.project.as_deref() == Some(&service.project)
            && is(&self.environment, &service.environment)
            && is(&self.service, &service.slug)
    }
}

/// One look at a tenant, in one state of the database.
pub(super) struct Look {
    pub seq: i64,
    pub services: HashMap<ServiceId, ServiceRow>,
    /// Changes after the number asked for, oldest first.
    pub changes: Vec<ChangeRow>,
    /// All changes after this number are here; nothing where there were more than are read at once.
    pub complete_after: Option<i64>,
    /// From where the tenant's credentials are taken.
    pub allowed: Networks,
    /// The values of keys that are valid.
    pub keys: HashMap<String, ValidKey>,
}

/// Until when a key is valid, and from where.
pub(super) struct ValidKey {
    pub until: Option<Timestamp>,
    pub allowed: Networks,
}

/// A key of an environment with all that may stand for it.
#[derive(FromRow)]
struct EnvironmentKeyRow {
    id: KeyId,
    key_id: String,
    expires_at: Option<Timestamp>,
    signing_made_at: Option<Timestamp>,
    allowed_cidrs: String,
}

impl EnvironmentKeyRow {
    fn values(self) -> Vec<(String, ValidKey)> {
        let allowed = networks(&self.allowed_cidrs);
        let signed = self.signing_made_at.map(|at| (value_of(self.id, at), self.expires_at));
        let all = [Some((self.key_id, self.expires_at)), signed].into_iter().flatten();
        all.map(|(value, until)| (value, ValidKey { until, allowed: allowed.clone() })).collect()
    }
}

/// Looks what has changed since `after`.
pub(super) async fn look(w: &mut Work, after: i64) -> Result<Look> {
    let tenant = w.actor.tenant;
    let row: Option<(i64, String)> =
        on!(w.tx, |c| sqlx::query_as(sql!("SELECT seq, allowed_cidrs FROM tenants WHERE id = $1"))
            .bind(tenant)
            .fetch_optional(c)
            .await)?;
    // A tenant that is gone has neither services nor keys, so that every stream ends.
    let (seq, allowed) = row.map_or((i64::MAX, Networks::default()), |(seq, texts)| (seq, networks(&texts)));
    let from = after.max(seq.saturating_sub(LOOKBACK));
    let services: Vec<ServiceRow> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
            "SELECT s.id, p.slug AS project, e.slug AS environment, s.slug, u.slug AS umbrella,
                CASE WHEN u.changed_seq > s.changed_seq THEN u.changed_seq ELSE s.changed_seq END AS revision
         FROM services s JOIN projects p ON p.id = s.project_id JOIN environments e ON e.id = s.environment_id
         LEFT JOIN services u ON u.id = s.umbrella_id
         WHERE s.tenant_id = $1"
        ))
        .bind(tenant)
        .fetch_all(c)
        .await
    })?;
    let changes: Vec<ChangeRow> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT seq, event, project, environment, service, target FROM audit_log
         WHERE tenant_id = $1 AND seq > $2 AND outcome = 'done' AND event IN (
             'secret.created', 'secret.updated', 'secret.deleted', 'secret.restored',
             'config.created', 'config.updated', 'config.deleted', 'config.restored',
             'flag.created', 'flag.updated', 'flag.toggled', 'flag.deleted', 'flag.restored',
             'umbrella.linked', 'umbrella.unlinked', 'dev_environment.imported',
             'project.updated', 'project.addon_added', 'project.addon_removed')
         ORDER BY seq LIMIT $3"
    ))
    .bind(tenant)
    .bind(from)
    .bind(MAX_ROWS)
    .fetch_all(c)
    .await)?;
    let keys: Vec<(KeyId, Option<Timestamp>)> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
            "SELECT k.id, k.expires_at FROM services s JOIN service_keys k ON k.service_id = s.id
         WHERE s.tenant_id = $1 AND (k.expires_at IS NULL OR k.expires_at > $2)"
        ))
        .bind(tenant)
        .bind(w.now)
        .fetch_all(c)
        .await
    })?;
    let environment_keys: Vec<EnvironmentKeyRow> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, key_id, expires_at, signing_made_at, allowed_cidrs
         FROM environment_keys
         WHERE tenant_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"
    ))
    .bind(tenant)
    .bind(w.now)
    .fetch_all(c)
    .await)?;
    let old_values: Vec<(String, Timestamp, String)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT o.key_id, o.expires_at, k.allowed_cidrs
         FROM environment_key_old_values o JOIN environment_keys k ON k.id = o.environment_key_id
         WHERE o.tenant_id = $1 AND o.expires_at > $2 AND k.revoked_at IS NULL"
    ))
    .bind(tenant)
    .bind(w.now)
    .fetch_all(c)
    .await)?;
    let sessions: Vec<(WorkloadSessionId, Timestamp)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, expires_at FROM workload_sessions WHERE tenant_id = $1 AND expires_at > $2"
    ))
    .bind(tenant)
    .bind(w.now)
    .fetch_all(c)
    .await)?;
    let of_session = |(id, until): (WorkloadSessionId, Timestamp)| {
        (id.to_string(), ValidKey { until: Some(until), allowed: Networks::default() })
    };
    let of_service = |(id, until): (KeyId, Option<Timestamp>)| {
        (id.to_string(), ValidKey { until, allowed: Networks::default() })
    };
    let of_before = |(value, until, allowed): (String, Timestamp, String)| {
        (value, ValidKey { until: Some(until), allowed: networks(&allowed) })
    };
    let of_environments = environment_keys.into_iter().flat_map(EnvironmentKeyRow::values);
    let read_to_the_end = i64::try_from(changes.len()).is_ok_and(|count| count < MAX_ROWS);
    Ok(Look {
        seq,
        complete_after: read_to_the_end.then_some(from),
        services: services.into_iter().map(|service| (service.id, service)).collect(),
        changes,
        allowed,
        keys: keys
            .into_iter()
            .map(of_service)
            .chain(of_environments)
            .chain(old_values.into_iter().map(of_before))
            .chain(sessions.into_iter().map(of_session))
            .collect(),
    })
}
