//! What becomes of developer environments as people come, change and go: made with the role of
//! developer, closed while a role does not open them, gone with the member.

use crate::Result;
use crate::environments::{self, EnvironmentRow};
use crate::gate::role_in_project;
use crate::projects::Losable;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use nexus_domain::action::Action;
use nexus_domain::environment::EnvironmentKind;
use nexus_domain::member::EnvironmentLosses;
use nexus_domain::role::{Permission, Place, TenantRole};
use nexus_domain::{EnvironmentId, ProjectId, UserId};
use serde_json::{Value, json};
use sqlx::FromRow;

/// What the developer environments of whoever has this handle are called.
pub(crate) fn slug(handle: &str) -> String {
    format!("dev_{handle}")
}

/// The person's developer environment in the project, made where there is none. The one way to make
/// one: by oneself, with a role, with an invitation.
pub(crate) async fn ensure(
    w: &mut Work,
    project: ProjectId,
    project_slug: &str,
    user: UserId,
) -> Result<EnvironmentRow> {
    if let Some(row) = super::all(w, project).await?.into_iter().find(|row| row.owner_id == Some(user)) {
        return Ok(row);
    }
    let (handle, email): (String, String) = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT m.handle, u.email FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.tenant_id = $1 AND m.user_id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(user)
    .fetch_one(c)
    .await)?;
    let slug = slug(&handle);
    let (tenant, now, owner) = (w.actor.tenant, w.now, Some((project, user)));
    let kind = EnvironmentKind::Developer;
    let id = environments::insert(&mut w.tx, tenant, &slug, &slug, kind, owner, now).await?;
    let target = Target { environment: Some(&slug), ..Target::in_project(project_slug, &slug) };
    w.record(Action::DevEnvironmentCreate, &target, json!({ "owner": email })).await?;
    Ok(EnvironmentRow {
        id,
        name: slug.clone(),
        slug,
        kind,
        owner_id: Some(user),
        imported_at: None,
        pinned_engine_version: None,
        created_at: now,
    })
}

#[derive(FromRow)]
struct Theirs {
    id: EnvironmentId,
    slug: String,
    project_id: ProjectId,
    project: String,
    member_role: Option<String>,
    #[sqlx(try_from = "String")]
    tenant_role: TenantRole,
}

/// Every developer environment of a person in the tenant, or the one in this project.
async fn theirs(w: &mut Work, user: UserId, project: Option<ProjectId>) -> Result<Vec<Theirs>> {
    let mut rows: Vec<Theirs> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT e.id, e.slug, p.id AS project_id, p.slug AS project, r.role AS member_role,
                m.role AS tenant_role
         FROM environments e JOIN projects p ON p.id = e.project_id
         JOIN memberships m ON m.tenant_id = e.tenant_id AND m.user_id = e.owner_id
         LEFT JOIN project_members r ON r.project_id = e.project_id AND r.user_id = e.owner_id
         WHERE e.tenant_id = $1 AND e.owner_id = $2 ORDER BY p.slug"
    ))
    .bind(w.actor.tenant)
    .bind(user)
    .fetch_all(c)
    .await)?;
    rows.retain(|row| project.is_none_or(|project| row.project_id == project));
    Ok(rows)
}

/// What is in them.
pub(crate) async fn losses_of(
    w: &mut Work,
    user: UserId,
    project: Option<ProjectId>,
) -> Result<Vec<EnvironmentLosses>> {
    let mut all = Vec::new();
    for row in theirs(w, user, project).await? {
        let losses = Losable::Environment(row.id).count(w).await?;
        all.push(EnvironmentLosses { project: row.project, environment: row.slug, losses });
    }
    Ok(all)
}

/// Deletes them with everything in them. The row in the audit log is whoever's who removes the person.
pub(crate) async fn delete_of(w: &mut Work, user: UserId, project: Option<ProjectId>) -> Result<()> {
    for row in theirs(w, user, project).await? {
        delete(w, row.id).await?;
    }
    Ok(())
}

pub(super) async fn delete(w: &mut Work, id: EnvironmentId) -> Result<()> {
    on!(w.tx, |c| sqlx::query(sql!("DELETE FROM environments WHERE tenant_id = $1 AND id = $2"))
        .bind(w.actor.tenant)
        .bind(id)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Developer environments that were closed by a change of role.
#[derive(Debug, Default)]
pub(crate) struct Closed {
    /// `project/environment`
    environments: Vec<String>,
    keys: u64,
    identities: u64,
}

impl Closed {
    pub fn is_none(&self) -> bool {
        self.environments.is_empty()
    }

    /// Says so in the row about the change.
    pub fn note(&self, details: &mut Value) {
        if let (Some(details), false) = (details.as_object_mut(), self.environments.is_empty()) {
            details.insert("closed".into(), json!(self.environments));
            details.insert("keys_revoked".into(), json!(self.keys));
            details.insert("identities_deleted".into(), json!(self.identities));
        }
    }
}

/// Closes those that the person's roles do not open any more: everything in them is kept until a role
/// opens them again, but service keys and rules of workload identity, with the sessions by them, so that programs stop
/// too.
pub(crate) async fn close(w: &mut Work, user: UserId) -> Result<Closed> {
    let mut closed = Closed::default();
    for row in theirs(w, user, None).await? {
        let role = role_in_project(row.tenant_role, row.member_role.as_deref());
        if role.is_some_and(|role| role.allows(Permission::DevEnvironment, Place::Own)) {
            continue;
        }
        closed.keys += on!(w.tx, |c| sqlx::query(sql!(
            "DELETE FROM service_keys WHERE tenant_id = $1 AND service_id IN
                 (SELECT id FROM services WHERE tenant_id = $1 AND environment_id = $2)"
        ))
        .bind(w.actor.tenant)
        .bind(row.id)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
        closed.identities += on!(w.tx, |c| sqlx::query(sql!(
            "DELETE FROM workload_identities WHERE tenant_id = $1 AND service_id IN
                 (SELECT id FROM services WHERE tenant_id = $1 AND environment_id = $2)"
        ))
        .bind(w.actor.tenant)
        .bind(row.id)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
        closed.environments.push(format!("{}/{}", row.project, row.slug));
    }
    Ok(closed)
}
