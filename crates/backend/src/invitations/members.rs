//! Becoming a member: of the tenant, under a handle of one's own, and of its projects. What somebody has already is never
//! lowered.

use super::Grant;
use super::grants::tenant_role_of;
use crate::members::free_handle;
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result, dev_environments};
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::{ProjectId, UserId};

/// Makes a person a member of the actor's tenant, or raises what they are in it.
pub(crate) async fn join_tenant(w: &mut Work, user: UserId, email: &str, role: TenantRole) -> Result<()> {
    let current = tenant_role_of(w, user).await?;
    let Some(role) = TenantRole::raised(current, role) else { return Ok(()) };
    let handle = match current {
        Some(_) => String::new(),
        None => free_handle(&mut w.tx, w.actor.tenant, email).await?,
    };
    on!(w.tx, |c| sqlx::query(sql!(
        "INSERT INTO memberships (tenant_id, user_id, role, handle, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role"
    ))
    .bind(w.actor.tenant)
    .bind(user)
    .bind(role.as_str())
    .bind(handle)
    .bind(w.now)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// Gives a member of the tenant a role in a project, unless they have as much already. A developer gets an environment
/// of their own with it.
pub(super) async fn join_project(w: &mut Work, user: UserId, grant: &Grant) -> Result<()> {
    let current = project_role_of(w, grant.project_id, user).await?;
    if ProjectRole::raised(current, grant.role).is_none() {
        return Ok(());
    }
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO project_members (tenant_id, project_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role"
    ))
    .bind(w.actor.tenant)
    .bind(grant.project_id)
    .bind(user)
    .bind(grant.role.as_str())
    .bind(w.now)
    .execute(c)
    .await
    .map(|_| ())
    })?;
    if grant.role == ProjectRole::Developer {
        dev_environments::ensure(w, grant.project_id, &grant.slug, user).await?;
    }
    Ok(())
}

pub(super) async fn project_role_of(
    w: &mut Work,
    project: ProjectId,
    user: UserId,
) -> Result<Option<ProjectRole>> {
    let row: Option<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT role FROM project_members WHERE tenant_id = $1 AND project_id = $2 AND user_id = $3"
    ))
    .bind(w.actor.tenant)
    .bind(project)
    .bind(user)
    .fetch_optional(c)
    .await)?;
    row.map(|(role,)| ProjectRole::parse(&role).ok_or(Error::Impossible("an unknown project role")))
        .transpose()
}
