//! From a path of slugs to a service that the actor may act on.

use crate::gate::Actor;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Error, Result, tiers};
use nexus_domain::action::Action;
use nexus_domain::environment::{DEVELOP, EnvironmentKind};
use nexus_domain::flag::{Engine, engine_for};
use nexus_domain::role::{Permission, Place};
use nexus_domain::service::{Service, ServiceKind, ServicePath};
use nexus_domain::{Code, EnvironmentId, ProjectId, Refusal, ServiceId, Timestamp, UserId};
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub(crate) struct Row {
    pub id: ServiceId,
    pub project_id: ProjectId,
    pub environment_id: EnvironmentId,
    #[sqlx(try_from = "String")]
    pub environment_kind: EnvironmentKind,
    pub environment_owner: Option<UserId>,
    pub pinned_engine_version: Option<String>,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub kind: ServiceKind,
    pub umbrella: bool,
    pub umbrella_id: Option<ServiceId>,
    pub umbrella_slug: Option<String>,
    pub member_role: Option<String>,
    pub undelete_days: i64,
}

/// A service that the gate let through.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub path: ServicePath,
    pub id: ServiceId,
    pub project_id: ProjectId,
    pub environment_id: EnvironmentId,
    pub name: String,
    pub kind: ServiceKind,
    pub umbrella: bool,
    pub umbrella_id: Option<ServiceId>,
    pub umbrella_slug: Option<String>,
    pub undelete_days: i64,
    /// What evaluates its flags.
    pub engine: Engine,
    /// Whether the actor sees more of its secrets than keys and types.
    pub sees_metadata: bool,
}

impl Resolved {
    /// What the audit rows about this service are about.
    pub fn target(&self) -> Target<'_> {
        Target::of_service(&self.path)
    }

    /// Secrets are for backend services only, on every surface.
    pub fn refuse_frontend(&self) -> Result<()> {
        match self.kind {
            ServiceKind::Backend => Ok(()),
            ServiceKind::Frontend => {
                Err(Refusal::new(Code::ServiceKindMismatch, "A frontend service has no secrets").into())
            }
        }
    }
}

/// Finds the row without asking the gate; for use cases that check a name before they make it.
pub(crate) async fn find(w: &mut Work, path: &ServicePath) -> Result<Option<Row>> {
    let user = w.actor.user().unwrap_or(UserId(uuid::Uuid::nil()));
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT s.id, s.project_id, s.environment_id, e.kind AS environment_kind, e.owner_id AS environment_owner,
                e.pinned_engine_version, s.name, s.kind, s.umbrella, s.umbrella_id, u.slug AS umbrella_slug, m.role AS member_role,
                p.undelete_days
         FROM services s
         JOIN projects p ON p.id = s.project_id
         JOIN environments e ON e.id = s.environment_id
         LEFT JOIN services u ON u.id = s.umbrella_id
         LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = $5
         WHERE s.tenant_id = $1 AND p.tenant_id = $1 AND p.slug = $2 AND e.slug = $3 AND s.slug = $4"
    ))
    .bind(w.actor.tenant)
    .bind(path.project.as_str())
    .bind(path.environment.as_str())
    .bind(path.service.as_str())
    .bind(user)
    .fetch_optional(c)
    .await
    })?)
}

/// A developer environment, from where the actor stands.
pub(crate) fn developer_place(actor: &Actor, owner: Option<UserId>) -> Place {
    if owner.is_some() && owner == actor.user() { Place::Own } else { Place::Foreign }
}

/// Finds a service and asks the gate for the act on it.
pub(crate) async fn resolve(w: &mut Work, path: &ServicePath, action: Action) -> Result<Resolved> {
    let row = find(w, path).await?.ok_or_else(Error::not_found)?;
    if !w.actor.reaches(row.environment_id) {
        return Err(Error::not_found());
    }
    let place = match row.environment_kind {
        EnvironmentKind::Developer => developer_place(&w.actor, row.environment_owner),
        _ => Place::Shared { develop: path.environment == DEVELOP },
    };
    let role = w.actor.project_role(row.member_role.as_deref());
    let target = format!("{}/{}/{}", path.project, path.environment, path.service);
    w.authorise_in(role, place, action, &target)?;
    Ok(Resolved {
        sees_metadata: role.is_some_and(|role| role.allows(Permission::SecretMetadata, place)),
        path: path.clone(),
        id: row.id,
        project_id: row.project_id,
        environment_id: row.environment_id,
        name: row.name,
        kind: row.kind,
        umbrella: row.umbrella,
        umbrella_id: row.umbrella_id,
        umbrella_slug: row.umbrella_slug,
        undelete_days: row.undelete_days,
        engine: engine_for(row.pinned_engine_version.as_deref()),
    })
}

/// Notes that what programs read from this service has changed.
pub(crate) async fn touch(w: &mut Work, service: ServiceId) -> Result<()> {
    let seq = w.seq()?;
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE services SET changed_seq = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(seq)
    .bind(w.now)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

#[derive(FromRow)]
pub(super) struct WireRow {
    pub id: ServiceId,
    pub environment_id: EnvironmentId,
    project_id: ProjectId,
    slug: String,
    endpoint_slug: Option<String>,
    name: String,
    #[sqlx(try_from = "String")]
    kind: ServiceKind,
    project: String,
    environment: String,
    umbrella: bool,
    linked_umbrella: Option<String>,
    linked_services: i64,
    secrets: i64,
    revision: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    synced_at: Option<Timestamp>,
    #[sqlx(skip)]
    read_only: Option<String>,
}

impl WireRow {
    pub fn into_wire(self, public_url: &str) -> Service {
        Service {
            id: self.id,
            endpoint: self.endpoint_slug.as_ref().map(|slug| format!("{public_url}/s/{slug}")),
            slug: self.slug,
            endpoint_slug: self.endpoint_slug,
            name: self.name,
            kind: self.kind,
            project: self.project,
            environment: self.environment,
            umbrella: self.umbrella,
            linked_umbrella: self.linked_umbrella,
            linked_services: self.linked_services,
            secrets: self.secrets,
            revision: self.revision,
            created_at: self.created_at,
            updated_at: self.updated_at,
            synced_at: self.synced_at,
            read_only: self.read_only,
        }
    }
}

/// One service as it travels.
pub(crate) async fn wire(w: &mut Work, id: ServiceId) -> Result<Service> {
    let rows = wire_rows(w, Some(id), None).await?;
    let row = rows.into_iter().next().ok_or_else(Error::not_found)?;
    Ok(row.into_wire(&w.nexus.settings.public_url))
}

/// Services as they travel: one by id, or all of a project.
pub(super) async fn wire_rows(
    w: &mut Work,
    id: Option<ServiceId>,
    project: Option<ProjectId>,
) -> Result<Vec<WireRow>> {
    let nil = uuid::Uuid::nil();
    let mut rows: Vec<WireRow> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT s.id, s.environment_id, s.project_id, s.slug, s.endpoint_slug, s.name, s.kind, p.slug AS project,
                e.slug AS environment, s.umbrella, u.slug AS linked_umbrella,
                (SELECT COUNT(*) FROM services l WHERE l.umbrella_id = s.id) AS linked_services,
                (SELECT COUNT(*) FROM entries n WHERE n.service_id = s.id AND n.kind = 'secret'
                   AND n.deleted_at IS NULL) AS secrets,
                CASE WHEN u.changed_seq > s.changed_seq THEN u.changed_seq ELSE s.changed_seq END AS revision,
                s.created_at, s.updated_at, s.synced_at
         FROM services s
         JOIN projects p ON p.id = s.project_id
         JOIN environments e ON e.id = s.environment_id
         LEFT JOIN services u ON u.id = s.umbrella_id
         WHERE s.tenant_id = $1 AND s.id IN (SELECT id FROM services WHERE id = $2
             UNION ALL SELECT id FROM services WHERE project_id = $3)
         ORDER BY s.umbrella DESC, s.slug"
    ))
    .bind(w.actor.tenant)
    .bind(id.map_or(nil, |id| id.0))
    .bind(project.map_or(nil, |id| id.0))
    .fetch_all(c)
    .await
    })?;
    // All of them are of one project.
    if let Some(project) = rows.first().map(|row| row.project_id) {
        let mut reasons = tiers::read_only_services(w, project).await?;
        for row in &mut rows {
            row.read_only = reasons.remove(&row.id);
        }
    }
    Ok(rows)
}
