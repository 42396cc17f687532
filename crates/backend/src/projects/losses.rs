//! Counting what goes with a thing when it is deleted, so that people read it before and the audit
//! log keeps it after.

use crate::Result;
use crate::store::{on, sql};
use crate::work::Work;
use nexus_domain::project::Losses;
use nexus_domain::{EnvironmentId, ProjectId, ServiceId, TenantId};
use uuid::Uuid;

/// Something whose deletion takes services along.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Losable {
    Tenant(TenantId),
    Project(ProjectId),
    Environment(EnvironmentId),
    Service(ServiceId),
}

type Counts = (i64, i64, i64, i64, i64, i64, i64);

impl Losable {
    pub async fn count(self, w: &mut Work) -> Result<Losses> {
        let none = Uuid::nil();
        let (tenant, project, environment, service) = match self {
            Self::Tenant(id) => (id.0, none, none, none),
            Self::Project(id) => (none, id.0, none, none),
            Self::Environment(id) => (none, none, id.0, none),
            Self::Service(id) => (none, none, none, id.0),
        };
        let (services, secrets, configs, flags, keys, environments, projects): Counts = on!(w.tx, |c| {
            sqlx::query_as(sql!(
            "SELECT COUNT(*),
                    COALESCE(CAST(SUM((SELECT COUNT(*) FROM entries n
                        WHERE n.service_id = s.id AND n.kind = 'secret' AND n.deleted_at IS NULL)) AS BIGINT), 0),
                    COALESCE(CAST(SUM((SELECT COUNT(*) FROM entries n
                        WHERE n.service_id = s.id AND n.kind = 'config' AND n.deleted_at IS NULL)) AS BIGINT), 0),
                    COALESCE(CAST(SUM((SELECT COUNT(*) FROM entries n
                        WHERE n.service_id = s.id AND n.kind = 'flag' AND n.deleted_at IS NULL)) AS BIGINT), 0),
                    COALESCE(CAST(SUM((SELECT COUNT(*) FROM service_keys k
                        WHERE k.service_id = s.id AND NOT k.superseded)) AS BIGINT), 0)
                        + (SELECT COUNT(*) FROM environment_keys k WHERE k.tenant_id = $1
                            AND (k.environment_id = $3 OR k.tenant_id = $5) AND k.revoked_at IS NULL),
                    (SELECT COUNT(*) FROM environments e
                        WHERE e.tenant_id = $1 AND (e.project_id = $2 OR e.tenant_id = $5)),
                    (SELECT COUNT(*) FROM projects p WHERE p.tenant_id = $5)
             FROM services s
             WHERE s.tenant_id = $1 AND s.id IN (SELECT id FROM services WHERE id = $4
                 UNION ALL SELECT id FROM services WHERE project_id = $2
                 UNION ALL SELECT id FROM services WHERE environment_id = $3
                 UNION ALL SELECT id FROM services WHERE tenant_id = $5)"
        ))
        .bind(w.actor.tenant)
        .bind(project)
        .bind(environment)
        .bind(service)
        .bind(tenant)
        .fetch_one(c)
        .await
        })?;
        Ok(Losses { projects, environments, services, secrets, configs, flags, keys })
    }
}
