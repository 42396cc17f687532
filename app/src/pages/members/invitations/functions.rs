//! The server functions of the invitations.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::invitation::{Invitation, InvitationLink};
use nexus_domain::role::ProjectRole;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvitationsData {
    /// Each with whether this person may send it again or take it back.
    pub rows: Vec<(Invitation, bool)>,
    pub next_cursor: Option<String>,
    /// The project that they are about, where not the whole tenant.
    pub project: Option<String>,
    /// Whether this person invites to the whole tenant.
    pub tenant: bool,
    /// Slug, name, and this person's role, of each project to invite to.
    pub projects: Vec<(String, String, ProjectRole)>,
    /// Whether mail goes out.
    pub mails: bool,
    pub now: Timestamp,
}

/// Invitations of the tenant, or to a project. Whoever may see no more than one project's sees that of the first.
#[server(prefix = "/_fn", endpoint = "read_invitations")]
pub async fn read_invitations(
    tenant: String,
    #[server(default)] project: Option<String>,
    #[server(default)] cursor: Option<String>,
) -> Result<InvitationsData, Refused> {
    use nexus_backend::invitations;
    use nexus_domain::page::DEFAULT_LIMIT;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let inviting = invitations::inviting(&nexus, &actor).await?;
    let project = project.filter(|project| !project.is_empty()).or_else(|| match inviting.tenant {
        true => None,
        false => inviting.projects.first().map(|(slug, ..)| slug.clone()),
    });
    let page = invitations::list(&nexus, &actor, project.clone(), cursor, DEFAULT_LIMIT).await?;
    Ok(InvitationsData {
        rows: page.data.into_iter().map(|listed| (listed.invitation, listed.may_change)).collect(),
        next_cursor: page.next_cursor,
        project,
        tenant: inviting.tenant,
        projects: inviting.projects,
        mails: nexus.settings.mail.is_some(),
        now: nexus.now(),
    })
}

/// Invites every address of a text. What is no invitation is told for each; only where none is one is the form refused.
#[server(prefix = "/_fn", endpoint = "invite_members")]
pub async fn invite_members(
    tenant: String,
    emails: String,
    #[server(default)] tenant_role: String,
    /// Slug → role; an empty role is none.
    #[server(default)]
    roles: HashMap<String, String>,
) -> Result<Done, Refused> {
    use nexus_backend::invitations::{NewInvitations, invite};
    use nexus_domain::Refusal;
    use nexus_domain::invitation::{Grants, ProjectGrant, addresses};
    use nexus_domain::role::TenantRole;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let tenant_role = match tenant_role.as_str() {
        "" => TenantRole::Member,
        text => TenantRole::parse(text)
            .ok_or_else(|| Refusal::invalid("tenant_role", "owner, finance or member"))?,
    };
    let mut projects = Vec::new();
    for (project, role) in roles.into_iter().filter(|(_, role)| !role.is_empty()) {
        let role =
            ProjectRole::parse(&role).ok_or_else(|| Refusal::invalid("projects", "A role of a project"))?;
        projects.push(ProjectGrant { project, role });
    }
    let emails = addresses(&emails);
    if emails.is_empty() {
        return Err(Refusal::invalid("emails", "An address like ana@example.com, or several").into());
    }
    let new = NewInvitations { emails, grants: Grants { tenant_role, projects } };
    let outcomes = invite(&nexus, &actor, new).await?;
    let told = told(&outcomes);
    if outcomes.iter().any(|(_, outcome)| matches!(outcome, nexus_domain::invitation::Invited::Now(_))) {
        Ok(Done::new(told))
    } else {
        Err(Refusal::invalid("emails", told).into())
    }
}

/// How many addresses are named; a thousand would fill a page.
#[cfg(feature = "ssr")]
const NAMED: usize = 20;

/// What came of each address, in a few sentences.
#[cfg(feature = "ssr")]
fn told(outcomes: &[(String, nexus_domain::invitation::Invited)]) -> String {
    use nexus_domain::invitation::Invited;
    let of = |wanted: fn(&Invited) -> bool| {
        outcomes.iter().filter(move |(_, it)| wanted(it)).map(|(email, _)| email.as_str()).collect::<Vec<_>>()
    };
    let invited = of(|it| matches!(it, Invited::Now(_)));
    let mut sentences = match invited.as_slice() {
        [] => Vec::new(),
        [one] => vec![format!("{one} is invited.")],
        more => vec![format!("{} people are invited.", more.len())],
    };
    for (what, emails) in [
        ("Invited to exactly this before", of(|it| matches!(it, Invited::Already(_)))),
        ("Members who have all of this", of(|it| matches!(it, Invited::Member))),
        ("No addresses", of(|it| matches!(it, Invited::Invalid(_)))),
    ] {
        if emails.is_empty() {
            continue;
        }
        let named = emails.iter().take(NAMED).map(|email| email.chars().take(254).collect::<String>());
        let more = emails.len().saturating_sub(NAMED);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        sentences.push(format!("{what}: {}{rest}.", named.collect::<Vec<_>>().join(", ")));
    }
    sentences.join(" ")
}

#[cfg(feature = "ssr")]
fn parsed(id: &str) -> Result<nexus_domain::InvitationId, Refused> {
    let id = id.parse().map_err(|_| nexus_domain::Refusal::not_found())?;
    Ok(nexus_domain::InvitationId(id))
}

#[server(prefix = "/_fn", endpoint = "resend_invitation")]
pub async fn resend_invitation(tenant: String, id: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let invitation = nexus_backend::invitations::resend(&nexus, &actor, parsed(&id)?).await?;
    Ok(Done::new(format!("{} is invited again, by a new link", invitation.email)))
}

#[server(prefix = "/_fn", endpoint = "revoke_invitation")]
pub async fn revoke_invitation(tenant: String, id: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    nexus_backend::invitations::revoke(&nexus, &actor, parsed(&id)?).await?;
    Ok(Done::new("The invitation is revoked; its link is dead"))
}

/// Makes a new link and shows it. One of the two answers that hold one.
#[server(prefix = "/_fn", endpoint = "copy_invitation")]
pub async fn copy_invitation(tenant: String, id: String) -> Result<InvitationLink, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::invitations::copy_link(&nexus, &actor, parsed(&id)?).await?)
}
