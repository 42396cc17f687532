//! What somebody may give away. An owner of the tenant (and a key with that right) invites to everything; an owner or
//! manager of a project invites members to that project, a manager no owners.

use super::{Grant, Inviter};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::projects::{self, Resolved};
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Denial, Error, Result};
use nexus_domain::action::Action;
use nexus_domain::invitation::{Grants, MAX_PROJECTS, ProjectGrant};
use nexus_domain::role::{Place, ProjectRole, TenantRole};
use nexus_domain::{KeyId, ProjectId, Refusal, Timestamp, UserId};

/// The place of things that belong to the project itself.
const SHARED: Place = Place::Shared { develop: false };

/// Where an actor may invite to.
#[derive(Debug, Clone, PartialEq)]
pub struct Inviting {
    /// Whether the tenant itself is theirs to give: owners, finance, every project.
    pub tenant: bool,
    /// Slug and name of each project, and the actor's role in it.
    pub projects: Vec<(String, String, ProjectRole)>,
}

/// Where the actor may invite to; empty for those who may not.
pub async fn inviting(nexus: &Nexus, actor: &Actor) -> Result<Inviting> {
    let permission = Action::MemberInvite.permission();
    let tenant = actor.tenant_role().is_none_or(|role| role.allows(permission));
    let projects = projects::briefs(nexus, actor).await?;
    let projects = projects.into_iter().filter(|project| project.role.allows(permission, SHARED));
    Ok(Inviting {
        tenant,
        projects: projects.map(|project| (project.slug, project.name, project.role)).collect(),
    })
}

/// Whether the act is the actor's on the tenant as a whole. A denial alone is no: the project may allow it.
pub(super) fn on_whole_tenant(w: &Work, action: Action) -> Result<bool> {
    match w.authorise(action) {
        Ok(()) => Ok(true),
        // A key has no roles in projects.
        Err(Error::Denied(_)) if w.actor.user().is_some() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Finds the projects, and asks the gate whether all of this may be given by `action`.
pub(super) async fn authorise(w: &mut Work, action: Action, grants: &Grants) -> Result<Vec<Grant>> {
    let whole = on_whole_tenant(w, action)?;
    let only_a_member = grants.tenant_role == TenantRole::Member && grants.projects.is_empty();
    // A key without `admin:all` would give away more than it has; a member without a project may do nothing.
    let held =
        if w.actor.is_confined() { only_a_member } else { whole || grants.tenant_role == TenantRole::Member };
    if !held || (!whole && grants.projects.is_empty()) {
        return Err(Error::Denied(Denial::on_tenant(action.event(), &w.actor.tenant_slug)));
    }
    let mut found = Vec::new();
    for grant in &grants.projects {
        let Resolved { id, role, .. } = projects::resolve(w, &grant.project, action).await?;
        if !role.may_invite_as(grant.role) {
            return Err(Error::Denied(Denial::in_project(action.event(), &grant.project)));
        }
        let name = name_of(w, id).await?;
        found.push(Grant { project_id: id, slug: grant.project.clone(), name, role: grant.role });
    }
    Ok(found)
}

async fn name_of(w: &mut Work, project: ProjectId) -> Result<String> {
    let (name,): (String,) =
        on!(w.tx, |c| sqlx::query_as(sql!("SELECT name FROM projects WHERE tenant_id = $1 AND id = $2"))
            .bind(w.actor.tenant)
            .bind(project)
            .fetch_one(c)
            .await)?;
    Ok(name)
}

/// What can be wrong with the roles by themselves.
pub(super) fn check(grants: &mut Grants) -> Result<()> {
    if grants.projects.len() > MAX_PROJECTS {
        return Err(Error::invalid("projects", format!("At most {MAX_PROJECTS} projects")));
    }
    grants.projects.sort();
    let twice = grants.projects.windows(2).any(|two| match two {
        [ProjectGrant { project: one, .. }, ProjectGrant { project: other, .. }] => one == other,
        _ => false,
    });
    if twice {
        return Err(Refusal::invalid("projects", "Each project once").into());
    }
    if grants.tenant_role == TenantRole::Finance && !grants.projects.is_empty() {
        return Err(Error::invalid("projects", "Finance sees nothing inside projects"));
    }
    Ok(())
}

/// Whether whoever invited may still give all of this: a person by what they are now, a key while it lasts, whose scopes
/// never change.
pub(super) async fn still_held(
    w: &mut Work,
    inviter: Inviter,
    grants: &Grants,
    found: &[Grant],
) -> Result<bool> {
    let inviter = match inviter {
        Inviter::Person(user) => user,
        Inviter::Key(key) => return is_in_force(w, key).await,
        Inviter::Operator => return Ok(true),
    };
    let permission = Action::MemberInvite.permission();
    match tenant_role_of(w, inviter).await? {
        None => return Ok(false),
        Some(role) if role.allows(permission) => return Ok(true),
        // Finance has no roles in projects, whatever it was given.
        Some(TenantRole::Finance) => return Ok(false),
        Some(_) if grants.tenant_role != TenantRole::Member || found.is_empty() => return Ok(false),
        Some(_) => {}
    }
    for grant in found {
        let held = super::members::project_role_of(w, grant.project_id, inviter).await?;
        let may = held.is_some_and(|held| held.allows(permission, SHARED) && held.may_invite_as(grant.role));
        if !may {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn is_in_force(w: &mut Work, key: KeyId) -> Result<bool> {
    let row: Option<(Option<Timestamp>,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT expires_at FROM environment_keys WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(key)
    .fetch_optional(c)
    .await)?;
    Ok(row.is_some_and(|(end,)| end.is_none_or(|end| end > w.now)))
}

/// What somebody is in the tenant.
pub(super) async fn tenant_role_of(w: &mut Work, user: UserId) -> Result<Option<TenantRole>> {
    let row: Option<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT role FROM memberships WHERE tenant_id = $1 AND user_id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(user)
    .fetch_optional(c)
    .await)?;
    row.map(|(role,)| TenantRole::parse(&role).ok_or(Error::Impossible("an unknown tenant role"))).transpose()
}
