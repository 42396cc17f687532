//! Who works in a project: adding somebody of the tenant, changing their role there, removing them.

use super::{Standing, find, stand};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::projects::{self, Resolved};
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Denial, Error, Result, dev_environments, invitations};
use nexus_domain::action::Action;
use nexus_domain::member::{MemberLosses, NewProjectMember, ProjectMember, ProjectMemberPatch, check_email};
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::{Code, ProjectId, Refusal, Timestamp, UserId};
use serde_json::json;
use sqlx::FromRow;

#[derive(FromRow)]
struct Row {
    id: UserId,
    email: String,
    #[sqlx(try_from = "String")]
    tenant_role: TenantRole,
    member_role: Option<String>,
    environment: Option<String>,
    joined_at: Timestamp,
    added_at: Option<Timestamp>,
}

impl Row {
    /// `None` for who has no part in the project.
    fn into_wire(self, w: &Work, project: &Resolved) -> Option<ProjectMember> {
        let tenant_owner = self.tenant_role == TenantRole::Owner;
        let role = crate::gate::role_in_project(self.tenant_role, self.member_role.as_deref())?;
        // A key of one environment learns of no other.
        let is_owner = project.role == ProjectRole::Owner && !w.actor.is_confined();
        let may_know = is_owner || w.actor.user() == Some(self.id);
        Some(ProjectMember {
            id: self.id,
            email: self.email,
            role,
            tenant_owner,
            developer_environment: self.environment.filter(|_| may_know),
            created_at: if tenant_owner { self.joined_at } else { self.added_at.unwrap_or(self.joined_at) },
        })
    }
}

async fn all(w: &mut Work, project: &Resolved) -> Result<Vec<ProjectMember>> {
    let rows: Vec<Row> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT u.id, u.email, m.role AS tenant_role, p.role AS member_role, e.slug AS environment,
                m.created_at AS joined_at, p.created_at AS added_at
         FROM memberships m JOIN users u ON u.id = m.user_id
         LEFT JOIN project_members p ON p.project_id = $2 AND p.user_id = m.user_id
         LEFT JOIN environments e ON e.project_id = $2 AND e.owner_id = m.user_id
         WHERE m.tenant_id = $1 ORDER BY u.email"
    ))
    .bind(w.actor.tenant)
    .bind(project.id)
    .fetch_all(c)
    .await)?;
    Ok(rows.into_iter().filter_map(|row| row.into_wire(w, project)).collect())
}

async fn one(w: &mut Work, project: &Resolved, user: UserId) -> Result<ProjectMember> {
    let found = all(w, project).await?.into_iter().find(|member| member.id == user);
    found.ok_or_else(Error::not_found)
}

/// Everybody in the project, by address; the owners of the tenant too.
pub async fn list(nexus: &Nexus, actor: &Actor, project: &str) -> Result<Vec<ProjectMember>> {
    let project = project.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let project = projects::resolve(w, &project, Action::MemberList).await?;
                all(w, &project).await
            })
        })
        .await
}

/// One of them.
pub async fn get(nexus: &Nexus, actor: &Actor, project: &str, user: UserId) -> Result<ProjectMember> {
    let project = project.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let project = projects::resolve(w, &project, Action::MemberList).await?;
                one(w, &project, user).await
            })
        })
        .await
}

/// Granting needs holding. A key that sees one environment holds nothing in the others, and every role
/// reaches into all of them.
fn refuse_grant(w: &Work, holds: ProjectRole, given: ProjectRole, action: Action, slug: &str) -> Result<()> {
    if holds.covers(given) && !w.actor.is_confined() {
        Ok(())
    } else {
        Err(Error::Denied(Denial::in_project(action.event(), slug)))
    }
}

/// Adds somebody of the tenant to the project; a developer gets their environment.
pub async fn add(
    nexus: &Nexus,
    actor: &Actor,
    project: &str,
    new: NewProjectMember,
) -> Result<ProjectMember> {
    let slug = project.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                stand(w).await?;
                let project = projects::resolve(w, &slug, Action::MemberAdd).await?;
                refuse_grant(w, project.role, new.role, Action::MemberAdd, &slug)?;
                let member = by_email(w, &check_email(&new.email)?).await?;
                let taken = |rule: &str| Err(Refusal::taken("email", rule).into());
                match member.role {
                    TenantRole::Owner => return taken("An owner of the tenant is owner of every project"),
                    TenantRole::Finance => return taken("Finance has nothing to do inside projects"),
                    TenantRole::Member => {}
                }
                if role_of(w, project.id, member.id).await?.is_some() {
                    return taken("They are in this project already");
                }
                on!(w.tx, |c| sqlx::query(sql!(
                    "INSERT INTO project_members (tenant_id, project_id, user_id, role, created_at)
                     VALUES ($1, $2, $3, $4, $5)"
                ))
                .bind(w.actor.tenant)
                .bind(project.id)
                .bind(member.id)
                .bind(new.role.as_str())
                .bind(w.now)
                .execute(c)
                .await
                .map(|_| ()))?;
                let details = json!({ "role": new.role });
                w.record(Action::MemberAdd, &Target::in_project(&slug, &member.email), details).await?;
                furnish(w, project.id, &slug, member.id, new.role).await?;
                one(w, &project, member.id).await
            })
        })
        .await
}

/// What a role brings with it: developers get an environment of their own.
async fn furnish(
    w: &mut Work,
    project: ProjectId,
    slug: &str,
    user: UserId,
    role: ProjectRole,
) -> Result<()> {
    if role == ProjectRole::Developer {
        dev_environments::ensure(w, project, slug, user).await?;
    }
    Ok(())
}

async fn by_email(w: &mut Work, email: &str) -> Result<Standing> {
    let row: Option<Standing> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT u.id, u.email, m.role FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.tenant_id = $1 AND u.email = $2"
    ))
    .bind(w.actor.tenant)
    .bind(email)
    .fetch_optional(c)
    .await)?;
    row.ok_or_else(|| Error::invalid("email", "Nobody in this tenant has this address; invite them"))
}

/// The role that was given to somebody in the project.
async fn role_of(w: &mut Work, project: ProjectId, user: UserId) -> Result<Option<ProjectRole>> {
    let row: Option<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT role FROM project_members WHERE tenant_id = $1 AND project_id = $2 AND user_id = $3"
    ))
    .bind(w.actor.tenant)
    .bind(project)
    .bind(user)
    .fetch_optional(c)
    .await)?;
    Ok(row.and_then(|(role,)| ProjectRole::parse(&role)))
}

/// Somebody who was added to the project. Owners of the tenant are in every project by that.
async fn added(w: &mut Work, project: &Resolved, user: UserId) -> Result<(Standing, ProjectRole)> {
    let member = find(w, user).await?;
    if member.role == TenantRole::Owner {
        let message = format!("{} is owner of the tenant, and so of every project", member.email);
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let role = role_of(w, project.id, user).await?.ok_or_else(Error::not_found)?;
    Ok((member, role))
}

/// Gives somebody another role in the project. Who is a developer no longer keeps the environment,
/// closed, until the role comes back.
pub async fn change(
    nexus: &Nexus,
    actor: &Actor,
    project: &str,
    user: UserId,
    patch: ProjectMemberPatch,
) -> Result<ProjectMember> {
    let slug = project.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                stand(w).await?;
                let project = projects::resolve(w, &slug, Action::MemberUpdate).await?;
                let (member, before) = added(w, &project, user).await?;
                let Some(role) = patch.role.filter(|role| *role != before) else {
                    w.nothing_to_do();
                    return one(w, &project, user).await;
                };
                if !before.covers(role) {
                    refuse_grant(w, project.role, role, Action::MemberUpdate, &slug)?;
                }
                on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE project_members SET role = $4
                     WHERE tenant_id = $1 AND project_id = $2 AND user_id = $3"
                ))
                .bind(w.actor.tenant)
                .bind(project.id)
                .bind(user)
                .bind(role.as_str())
                .execute(c)
                .await
                .map(|_| ()))?;
                let closed = dev_environments::close(w, user).await?;
                // A key of one environment closes nothing that lives in others.
                if w.actor.is_confined() && !closed.is_none() {
                    return Err(Error::Denied(Denial::in_project(Action::MemberUpdate.event(), &slug)));
                }
                invitations::supersede(w, &member.email, Some(project.id)).await?;
                let mut details = json!({ "role": { "from": before, "to": role } });
                closed.note(&mut details);
                w.record(Action::MemberUpdate, &Target::in_project(&slug, &member.email), details).await?;
                furnish(w, project.id, &slug, user, role).await?;
                one(w, &project, user).await
            })
        })
        .await
}

/// What would go with somebody who is removed from the project.
pub async fn losses(nexus: &Nexus, actor: &Actor, project: &str, user: UserId) -> Result<MemberLosses> {
    let project = project.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let project = projects::resolve(w, &project, Action::MemberLosses).await?;
                let (member, _) = added(w, &project, user).await?;
                member.losses(w, Some(project.id)).await
            })
        })
        .await
}

/// Removes somebody from the project, with their developer environment there.
pub async fn remove(nexus: &Nexus, actor: &Actor, project: &str, user: UserId) -> Result<MemberLosses> {
    let slug = project.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                stand(w).await?;
                let project = projects::resolve(w, &slug, Action::MemberRemove).await?;
                let (member, role) = added(w, &project, user).await?;
                let losses = member.losses(w, Some(project.id)).await?;
                // A key of one environment takes nothing along that lives in others.
                if w.actor.is_confined() && !losses.environments.is_empty() {
                    return Err(Error::Denied(Denial::in_project(Action::MemberRemove.event(), &slug)));
                }
                invitations::supersede(w, &member.email, Some(project.id)).await?;
                dev_environments::delete_of(w, user, Some(project.id)).await?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "DELETE FROM project_members WHERE tenant_id = $1 AND project_id = $2 AND user_id = $3"
                ))
                .bind(w.actor.tenant)
                .bind(project.id)
                .bind(user)
                .execute(c)
                .await
                .map(|_| ()))?;
                let details = json!({ "role": role, "lost": losses.environments });
                w.record(Action::MemberRemove, &Target::in_project(&slug, &member.email), details).await?;
                Ok(losses)
            })
        })
        .await
}
