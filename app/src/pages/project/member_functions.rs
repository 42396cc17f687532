//! The server functions of the members of a project.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::member::{MemberLosses, ProjectMember};
use nexus_domain::role::ProjectRole;
use nexus_domain::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectMembersData {
    pub members: Vec<ProjectMember>,
    /// Of the one who looks.
    pub role: ProjectRole,
    /// Who is in the tenant and could be added; only its owners know them all.
    pub candidates: Vec<String>,
    pub me: UserId,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_project_members")]
pub async fn read_project_members(tenant: String, project: String) -> Result<ProjectMembersData, Refused> {
    use nexus_backend::members::{self, ListMembers};
    use nexus_domain::role::{Permission, TenantRole};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let role = nexus_backend::projects::get(&nexus, &actor, &project).await?.role;
    let members = members::list_in_project(&nexus, &actor, &project).await?;
    let mut candidates = Vec::new();
    if crate::server::tenant_allows(&actor, Permission::MemberRead) {
        let all = members::list(&nexus, &actor, ListMembers::default()).await?;
        // Where they are too many for a list, an address is typed.
        if all.next_cursor.is_none() {
            let known = |id| members.iter().any(|member| member.id == id);
            let free = all.data.into_iter().filter(|it| it.role == TenantRole::Member && !known(it.id));
            candidates = free.map(|member| member.email).collect();
        }
    }
    let me = actor.user().ok_or_else(nexus_domain::Refusal::not_found)?;
    Ok(ProjectMembersData { members, role, candidates, me, now: nexus.now() })
}

#[cfg(feature = "ssr")]
fn role_of(text: &str) -> Result<ProjectRole, Refused> {
    use nexus_domain::Refusal;
    Ok(ProjectRole::parse(text).ok_or_else(|| Refusal::invalid("role", "One of the list"))?)
}

#[server(prefix = "/_fn", endpoint = "add_project_member")]
pub async fn add_project_member(
    tenant: String,
    project: String,
    email: String,
    role: String,
) -> Result<Done, Refused> {
    use nexus_domain::member::NewProjectMember;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let new = NewProjectMember { email, role: role_of(&role)? };
    let member = nexus_backend::members::add(&nexus, &actor, &project, new).await?;
    Ok(Done::new(format!("{} is {} of {project} now", member.email, member.role)))
}

#[server(prefix = "/_fn", endpoint = "change_project_member")]
pub async fn change_project_member(
    tenant: String,
    project: String,
    member: String,
    role: String,
) -> Result<Done, Refused> {
    use nexus_domain::member::ProjectMemberPatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let user = crate::pages::members::user(&member)?;
    let patch = ProjectMemberPatch { role: Some(role_of(&role)?) };
    let member = nexus_backend::members::change_in_project(&nexus, &actor, &project, user, patch).await?;
    Ok(Done::new(format!("{} is {} of {project} now", member.email, member.role)).and_frame())
}

#[server(prefix = "/_fn", endpoint = "read_project_member_losses")]
pub async fn read_project_member_losses(
    tenant: String,
    project: String,
    member: String,
) -> Result<MemberLosses, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let user = crate::pages::members::user(&member)?;
    Ok(nexus_backend::members::losses_in_project(&nexus, &actor, &project, user).await?)
}

#[server(prefix = "/_fn", endpoint = "remove_project_member")]
pub async fn remove_project_member(tenant: String, project: String, member: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let user = crate::pages::members::user(&member)?;
    let gone = nexus_backend::members::remove_from_project(&nexus, &actor, &project, user).await?;
    Ok(Done::new(format!("{} is removed from {project}", gone.email)).and_frame())
}
