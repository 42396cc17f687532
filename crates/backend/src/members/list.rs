//! The members of a tenant, by address, with what each has in its projects.

use super::second_factor::with_second_factor;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{findable, on, sql};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::member::{Member, MemberProject};
use nexus_domain::page::{self, MAX_LIMIT, Page};
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::{Timestamp, UserId};
use sqlx::FromRow;
use std::collections::HashMap;

/// What to list.
#[derive(Debug, Clone)]
pub struct ListMembers {
    /// Narrows by address.
    pub q: String,
    pub cursor: Option<String>,
    pub limit: i64,
}

impl Default for ListMembers {
    fn default() -> Self {
        Self { q: String::new(), cursor: None, limit: MAX_LIMIT }
    }
}

#[derive(FromRow)]
struct Row {
    id: UserId,
    email: String,
    handle: String,
    #[sqlx(try_from = "String")]
    role: TenantRole,
    last_seen_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// A page of the tenant's members. The cursor is the last address, so that nobody is left out or comes
/// twice, whoever joins or leaves meanwhile.
pub async fn list(nexus: &Nexus, actor: &Actor, wanted: ListMembers) -> Result<Page<Member>> {
    let after = match wanted.cursor.as_deref() {
        None => String::new(),
        Some(cursor) => findable(&page::place(cursor).ok_or_else(page::no_cursor)?),
    };
    let q = findable(&wanted.q.trim().to_lowercase());
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::MemberList)?;
                let mut rows: Vec<Row> = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT u.id, u.email, m.handle, m.role, m.last_seen_at, m.created_at
                     FROM memberships m JOIN users u ON u.id = m.user_id
                     WHERE m.tenant_id = $1 AND u.email > $2
                       AND ($3 = '' OR LENGTH(REPLACE(u.email, $3, '')) < LENGTH(u.email))
                     ORDER BY u.email LIMIT $4"
                ))
                .bind(w.actor.tenant)
                .bind(after)
                .bind(q)
                .bind(wanted.limit.saturating_add(1))
                .fetch_all(c)
                .await)?;
                let limit = usize::try_from(wanted.limit).unwrap_or(0);
                let more = rows.len() > limit;
                rows.truncate(limit);
                let next_cursor = rows.last().filter(|_| more).map(|row| page::cursor(&row.email));
                Ok(Page { data: complete(w, rows).await?, next_cursor })
            })
        })
        .await
}

/// One member.
pub async fn get(nexus: &Nexus, actor: &Actor, user: UserId) -> Result<Member> {
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::MemberList)?;
                one(w, user).await
            })
        })
        .await
}

pub(super) async fn one(w: &mut Work, user: UserId) -> Result<Member> {
    let row: Option<Row> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT u.id, u.email, m.handle, m.role, m.last_seen_at, m.created_at
         FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = $1 AND m.user_id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(user)
    .fetch_optional(c)
    .await)?;
    let members = complete(w, row.into_iter().collect()).await?;
    members.into_iter().next().ok_or_else(Error::not_found)
}

/// Adds what the members have in projects, whether they have a second factor, and who was there since
/// that was last written down.
async fn complete(w: &mut Work, rows: Vec<Row>) -> Result<Vec<Member>> {
    let users: Vec<UserId> = rows.iter().map(|row| row.id).collect();
    let with_factor = with_second_factor(w, &users).await?;
    let mut projects = in_projects(w).await?;
    let member = |row: Row| Member {
        second_factor: with_factor.contains(&row.id),
        projects: projects.remove(&row.id).unwrap_or_default(),
        last_seen_at: w.nexus.seen.of(w.actor.tenant, row.id).max(row.last_seen_at),
        id: row.id,
        email: row.email,
        handle: row.handle,
        role: row.role,
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(member).collect())
}

/// What everybody has in the projects of the tenant.
async fn in_projects(w: &mut Work) -> Result<HashMap<UserId, Vec<MemberProject>>> {
    let roles: Vec<(UserId, String, String)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT m.user_id, p.slug, m.role FROM project_members m JOIN projects p ON p.id = m.project_id
         WHERE m.tenant_id = $1"
    ))
    .bind(w.actor.tenant)
    .fetch_all(c)
    .await)?;
    let mut environments: Vec<(UserId, String, String)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT e.owner_id, p.slug, e.slug FROM environments e JOIN projects p ON p.id = e.project_id
         WHERE e.tenant_id = $1 AND e.owner_id IS NOT NULL"
    ))
    .bind(w.actor.tenant)
    .fetch_all(c)
    .await)?;
    // A key of one environment learns of no other.
    environments.retain(|_| !w.actor.is_confined());
    let mut all: HashMap<UserId, Vec<MemberProject>> = HashMap::new();
    for (user, project, role) in roles {
        let entry = MemberProject { project, role: ProjectRole::parse(&role), developer_environment: None };
        all.entry(user).or_default().push(entry);
    }
    for (user, project, environment) in environments {
        let theirs = all.entry(user).or_default();
        match theirs.iter_mut().find(|entry| entry.project == project) {
            Some(entry) => entry.developer_environment = Some(environment),
            None => {
                theirs.push(MemberProject { project, role: None, developer_environment: Some(environment) })
            }
        }
    }
    for theirs in all.values_mut() {
        theirs.sort_by(|one, other| one.project.cmp(&other.project));
    }
    Ok(all)
}
