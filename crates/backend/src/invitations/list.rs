//! Reading invitations: all of a tenant for its owners, those to a project for whoever may invite to it.

use super::grants::{Inviting, on_whole_tenant};
use super::{Grant, Row};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::projects::{self, Resolved};
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Denial, Error, Result};
use nexus_domain::action::Action;
use nexus_domain::invitation::Invitation;
use nexus_domain::page::Page;
use nexus_domain::role::{Place, ProjectRole, TenantRole};
use nexus_domain::{InvitationId, ProjectId};
use std::collections::HashMap;
use uuid::Uuid;

/// An invitation, and whether the actor may send it again or take it back.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub invitation: Invitation,
    pub may_change: bool,
}

const SHARED: Place = Place::Shared { develop: false };

/// Whose invitations are shown.
enum Sight {
    All,
    /// Those to one project. Of others that they name, nothing is told.
    Project(ProjectId),
}

/// A page of invitations, newest first: of the tenant, or to one project.
pub async fn list(
    nexus: &Nexus,
    actor: &Actor,
    project: Option<String>,
    cursor: Option<String>,
    limit: i64,
) -> Result<Page<Listed>> {
    let before = match cursor.as_deref() {
        None => Uuid::max(),
        Some(text) => text.parse().map_err(|_| Error::invalid("cursor", "Not a cursor of this list"))?,
    };
    let project = project.filter(|project| !project.is_empty());
    let inviting = match actor.user() {
        Some(_) => super::inviting(nexus, actor).await?,
        // A key may do what its scopes say, and has no roles in projects.
        None => Inviting { tenant: true, projects: vec![] },
    };
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let (whole, sight) = authorise(w, project.as_deref()).await?;
                let limit = limit.max(0);
                let mut rows = page(w, &sight, InvitationId(before), limit.saturating_add(1)).await?;
                let more = i64::try_from(rows.len()).unwrap_or(0) > limit;
                rows.truncate(usize::try_from(limit).unwrap_or(0));
                let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
                let range = rows.last().zip(rows.first()).map(|(last, first)| (last.id, first.id));
                let mut grants = match range {
                    Some((from, to)) => grants_of(w, from, to).await?,
                    None => HashMap::new(),
                };
                let shown = |row: Row| {
                    let projects = grants.remove(&row.id).unwrap_or_default();
                    let open = row.state(w.now).is_open();
                    let may_change = open && (whole || may_give(&inviting, row.tenant_role, &projects));
                    let seen: Vec<Grant> = match sight {
                        Sight::Project(id) if !whole => {
                            projects.into_iter().filter(|grant| grant.project_id == id).collect()
                        }
                        _ => projects,
                    };
                    Listed { invitation: row.into_wire(&seen, w.now), may_change }
                };
                Ok(Page { data: rows.into_iter().map(shown).collect(), next_cursor })
            })
        })
        .await
}

async fn authorise(w: &mut Work, project: Option<&str>) -> Result<(bool, Sight)> {
    let Some(slug) = project else {
        w.authorise(Action::InvitationList)?;
        return Ok((true, Sight::All));
    };
    let whole = on_whole_tenant(w, Action::InvitationList)?;
    let Resolved { id, role, .. } = projects::resolve(w, slug, Action::InvitationList).await?;
    // Everybody in a project sees its members; who is asked in, only those who may ask.
    if !role.allows(Action::MemberInvite.permission(), SHARED) {
        return Err(Error::Denied(Denial::in_project(Action::InvitationList.event(), slug)));
    }
    Ok((whole, Sight::Project(id)))
}

/// Whether somebody who may invite to these projects could have given all of this.
fn may_give(inviting: &Inviting, tenant_role: TenantRole, projects: &[Grant]) -> bool {
    let held = |grant: &Grant| -> Option<ProjectRole> {
        inviting.projects.iter().find(|(slug, ..)| *slug == grant.slug).map(|(.., role)| *role)
    };
    inviting.tenant
        || tenant_role == TenantRole::Member
            && !projects.is_empty()
            && projects.iter().all(|grant| held(grant).is_some_and(|role| role.may_invite_as(grant.role)))
}

/// One invitation.
pub async fn get(nexus: &Nexus, actor: &Actor, id: InvitationId) -> Result<Invitation> {
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::InvitationList)?;
                wire_one(w, id).await
            })
        })
        .await
}

async fn page(w: &mut Work, sight: &Sight, before: InvitationId, limit: i64) -> Result<Vec<Row>> {
    let (which, project) = match sight {
        Sight::All => ("all", ProjectId(Uuid::nil())),
        Sight::Project(id) => ("one", *id),
    };
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT i.id, i.email, i.tenant_role, i.mail_id, i.invited_by, i.inviter_id, i.inviter_key, i.created_at, i.sent_at,
                i.expires_at, i.accepted_at, i.revoked_at, m.state AS mail_state, m.problem AS mail_problem, m.opened_at AS mail_opened_at
         FROM invitations i LEFT JOIN mails m ON m.tenant_id = i.tenant_id AND m.id = i.mail_id
         WHERE i.tenant_id = $1 AND i.id < $2 AND ($3 = 'all' OR EXISTS (SELECT 1 FROM invitation_projects g
             WHERE g.tenant_id = $1 AND g.project_id = $4 AND g.invitation_id = i.id))
         ORDER BY i.id DESC LIMIT $5"
    ))
    .bind(w.actor.tenant)
    .bind(before)
    .bind(which)
    .bind(project)
    .bind(limit)
    .fetch_all(c)
    .await
    })?)
}

/// One invitation of the actor's tenant, if there is one.
pub(super) async fn by_id(w: &mut Work, id: InvitationId) -> Result<Option<Row>> {
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT i.id, i.email, i.tenant_role, i.mail_id, i.invited_by, i.inviter_id, i.inviter_key, i.created_at, i.sent_at,
                i.expires_at, i.accepted_at, i.revoked_at, m.state AS mail_state, m.problem AS mail_problem, m.opened_at AS mail_opened_at
         FROM invitations i LEFT JOIN mails m ON m.tenant_id = i.tenant_id AND m.id = i.mail_id
         WHERE i.tenant_id = $1 AND i.id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .fetch_optional(c)
    .await
    })?)
}

/// The invitations of an address that were neither accepted nor taken back.
pub(super) async fn of_address(w: &mut Work, email: &str) -> Result<Vec<Row>> {
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT i.id, i.email, i.tenant_role, i.mail_id, i.invited_by, i.inviter_id, i.inviter_key, i.created_at, i.sent_at,
                i.expires_at, i.accepted_at, i.revoked_at, m.state AS mail_state, m.problem AS mail_problem, m.opened_at AS mail_opened_at
         FROM invitations i LEFT JOIN mails m ON m.tenant_id = i.tenant_id AND m.id = i.mail_id
         WHERE i.tenant_id = $1 AND i.email = $2 AND i.accepted_at IS NULL AND i.revoked_at IS NULL ORDER BY i.id"
    ))
    .bind(w.actor.tenant)
    .bind(email)
    .fetch_all(c)
    .await
    })?)
}

#[derive(sqlx::FromRow)]
struct GrantRow {
    invitation_id: InvitationId,
    #[sqlx(flatten)]
    grant: Grant,
}

/// The project roles of the invitations from one id to another, by slug.
pub(super) async fn grants_of(
    w: &mut Work,
    from: InvitationId,
    to: InvitationId,
) -> Result<HashMap<InvitationId, Vec<Grant>>> {
    let rows: Vec<GrantRow> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT g.invitation_id, g.project_id, p.slug, p.name, g.role
         FROM invitation_projects g JOIN projects p ON p.tenant_id = g.tenant_id AND p.id = g.project_id
         WHERE g.tenant_id = $1 AND g.invitation_id >= $2 AND g.invitation_id <= $3 ORDER BY p.slug"
    ))
    .bind(w.actor.tenant)
    .bind(from)
    .bind(to)
    .fetch_all(c)
    .await)?;
    let mut grants: HashMap<InvitationId, Vec<Grant>> = HashMap::new();
    for row in rows {
        grants.entry(row.invitation_id).or_default().push(row.grant);
    }
    Ok(grants)
}

/// One invitation with its projects, or 404.
pub(super) async fn one(w: &mut Work, id: InvitationId) -> Result<(Row, Vec<Grant>)> {
    let row = by_id(w, id).await?.ok_or_else(Error::not_found)?;
    let projects = grants_of(w, id, id).await?.remove(&id).unwrap_or_default();
    Ok((row, projects))
}

pub(super) async fn wire_one(w: &mut Work, id: InvitationId) -> Result<Invitation> {
    let (row, projects) = one(w, id).await?;
    Ok(row.into_wire(&projects, w.now))
}
