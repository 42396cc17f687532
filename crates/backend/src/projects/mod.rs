//! Projects: one product each, with its own members and roles. Finding a project is asking whether
//! the actor has a role in it; without one it does not exist.

mod losses;

pub(crate) use losses::Losable;

use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Denial, Error, Result, tiers};
use nexus_domain::action::Action;
use nexus_domain::project::{Losses, NewProject, Project, ProjectPatch, Tier};
use nexus_domain::role::{Place, ProjectRole};
use nexus_domain::{EnvironmentId, ProjectId, Refusal, Timestamp, UserId, slug};
use serde_json::{Map, Value, json};
use sqlx::FromRow;
use std::collections::HashMap;
use uuid::Uuid;

/// How long a deleted secret can be restored unless the project says otherwise, in days.
pub(crate) const UNDELETE_DAYS: i64 = 30;

#[derive(FromRow)]
struct Row {
    id: ProjectId,
    slug: String,
    name: String,
    #[sqlx(try_from = "String")]
    tier: Tier,
    undelete_days: i64,
    member_role: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// How many services and secrets its shared environments have.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    services: i64,
    secrets: i64,
}

/// A project without what takes counting.
#[derive(Debug, Clone)]
pub struct Brief {
    pub slug: String,
    pub name: String,
    /// What the actor is in it.
    pub role: ProjectRole,
    pub undelete_days: i64,
}

/// A project and what the actor is in it.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub id: ProjectId,
    pub role: ProjectRole,
    pub undelete_days: i64,
    pub created_at: Timestamp,
}

impl Row {
    fn role(&self, actor: &Actor) -> Option<ProjectRole> {
        actor.project_role(self.member_role.as_deref())
    }

    fn into_brief(self, role: ProjectRole) -> Brief {
        Brief { slug: self.slug, name: self.name, role, undelete_days: self.undelete_days }
    }

    fn into_wire(self, role: ProjectRole, counts: Counts) -> Project {
        Project {
            id: self.id,
            slug: self.slug,
            name: self.name,
            tier: self.tier,
            role,
            services: counts.services,
            secrets: counts.secrets,
            undelete_days: self.undelete_days,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The place of things that belong to the project itself.
const SHARED: Place = Place::Shared { develop: false };

/// Finds a project and asks for the act on it.
pub(crate) async fn resolve(w: &mut Work, slug: &str, action: Action) -> Result<Resolved> {
    let project = enter(w, slug, action).await?;
    w.authorise_in(Some(project.role), SHARED, action, slug)?;
    Ok(project)
}

/// Finds a project that the actor has a role in. The caller asks for the act itself, once it knows
/// the place of it.
pub(crate) async fn enter(w: &mut Work, slug: &str, action: Action) -> Result<Resolved> {
    let row = select_one(w, slug).await?.ok_or_else(Error::not_found)?;
    let Some(role) = row.role(&w.actor) else {
        w.authorise_in(None, SHARED, action, slug)?;
        return Err(Error::not_found());
    };
    Ok(Resolved { id: row.id, role, undelete_days: row.undelete_days, created_at: row.created_at })
}

/// Nobody is a member under this id; it stands in for actors that are not people.
fn user_or_nobody(w: &Work) -> UserId {
    w.actor.user().unwrap_or(UserId(Uuid::nil()))
}

async fn select_one(w: &mut Work, slug: &str) -> Result<Option<Row>> {
    let user = user_or_nobody(w);
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT p.id, p.slug, p.name, p.tier, p.undelete_days, m.role AS member_role, p.created_at, p.updated_at
         FROM projects p LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = $3
         WHERE p.tenant_id = $1 AND p.slug = $2"
    ))
    .bind(w.actor.tenant)
    .bind(slug)
    .bind(user)
    .fetch_optional(c)
    .await
    })?)
}

/// The projects that the actor has a role in, by name; `q` narrows by name and slug.
pub async fn list(nexus: &Nexus, actor: &Actor, q: &str) -> Result<Vec<Project>> {
    let q = q.trim().to_lowercase();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let rows = visible(w).await?;
                let mut counts = counts(w, None).await?;
                let matches = |row: &Row| row.slug.contains(&q) || row.name.to_lowercase().contains(&q);
                let rows = rows.into_iter().filter(|(row, _)| matches(row));
                Ok(rows
                    .map(|(row, role)| {
                        let counts = counts.remove(&row.id).unwrap_or_default();
                        row.into_wire(role, counts)
                    })
                    .collect())
            })
        })
        .await
}

/// The same projects without what takes counting.
pub async fn briefs(nexus: &Nexus, actor: &Actor) -> Result<Vec<Brief>> {
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                Ok(visible(w).await?.into_iter().map(|(row, role)| row.into_brief(role)).collect())
            })
        })
        .await
}

/// One of them.
pub async fn brief(nexus: &Nexus, actor: &Actor, slug: &str) -> Result<Brief> {
    let slug = slug.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let (row, role) = one(w, &slug, Action::ProjectRead).await?;
                Ok(row.into_brief(role))
            })
        })
        .await
}

async fn visible(w: &mut Work) -> Result<Vec<(Row, ProjectRole)>> {
    if !matches!(w.actor.who, Who::Person { .. }) {
        // A key or an app without the scope is told so; a person sees what they are a member of, and so does an app.
        let tenant = w.actor.tenant_slug.clone();
        let role = w.actor.inherent_role().or_else(|| w.actor.user().map(|_| ProjectRole::Viewer));
        w.authorise_in(role, SHARED, Action::ProjectRead, &tenant)?;
    }
    let user = user_or_nobody(w);
    let rows: Vec<Row> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT p.id, p.slug, p.name, p.tier, p.undelete_days, m.role AS member_role, p.created_at, p.updated_at
         FROM projects p LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = $2
         WHERE p.tenant_id = $1 ORDER BY p.slug"
    ))
    .bind(w.actor.tenant)
    .bind(user)
    .fetch_all(c)
    .await
    })?;
    let mut visible = Vec::new();
    for row in rows {
        let role = row.role(&w.actor);
        let allowed = w.authorise_in(role, SHARED, Action::ProjectRead, &row.slug).is_ok();
        if let (Some(role), true) = (role, allowed) {
            visible.push((row, role));
        }
    }
    Ok(visible)
}

pub async fn get(nexus: &Nexus, actor: &Actor, slug: &str) -> Result<Project> {
    let slug = slug.to_owned();
    nexus.read(actor, move |w| Box::pin(async move { wire(w, &slug, Action::ProjectRead).await })).await
}

async fn wire(w: &mut Work, slug: &str, action: Action) -> Result<Project> {
    let (row, role) = one(w, slug, action).await?;
    let counts = counts(w, Some(row.id)).await?.remove(&row.id).unwrap_or_default();
    Ok(row.into_wire(role, counts))
}

async fn one(w: &mut Work, slug: &str, action: Action) -> Result<(Row, ProjectRole)> {
    let row = select_one(w, slug).await?.ok_or_else(Error::not_found)?;
    let role = row.role(&w.actor);
    w.authorise_in(role, SHARED, action, slug)?;
    Ok((row, role.ok_or_else(Error::not_found)?))
}

/// Counts of one project or of all. It takes long where there is much, so nothing asks that does not
/// show them.
async fn counts(w: &mut Work, project: Option<ProjectId>) -> Result<HashMap<ProjectId, Counts>> {
    let rows: Vec<(ProjectId, i64, i64)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT p.id,
                (SELECT COUNT(*) FROM services s JOIN environments e ON e.id = s.environment_id
                 WHERE s.project_id = p.id AND e.project_id IS NULL),
                (SELECT COUNT(*) FROM entries n JOIN services s ON s.id = n.service_id
                 JOIN environments e ON e.id = s.environment_id
                 WHERE s.project_id = p.id AND e.project_id IS NULL AND n.kind = 'secret'
                   AND n.deleted_at IS NULL)
         FROM projects p WHERE p.tenant_id = $1 AND (p.id = $2 OR $3)"
    ))
    .bind(w.actor.tenant)
    .bind(project.unwrap_or(ProjectId(Uuid::nil())))
    .bind(project.is_none())
    .fetch_all(c)
    .await)?;
    Ok(rows.into_iter().map(|(id, services, secrets)| (id, Counts { services, secrets })).collect())
}

pub async fn create(nexus: &Nexus, actor: &Actor, new: NewProject) -> Result<Project> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::ProjectCreate)?;
                let name = slug::check_name(&new.name)?;
                let given = new.slug.filter(|slug| !slug.is_empty());
                let slug = given.unwrap_or_else(|| slug::from_name(&name));
                slug::check(&slug)?;
                if select_one(w, &slug).await?.is_some() {
                    return Err(Refusal::taken("slug", "A project with this slug exists").into());
                }
                let tier = new.tier.unwrap_or_else(|| w.nexus.settings.catalogue.default_tier());
                on!(w.tx, |c| sqlx::query(sql!(
                    "INSERT INTO projects (tenant_id, id, slug, name, tier, undelete_days, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
                ))
                .bind(w.actor.tenant)
                .bind(ProjectId(Uuid::now_v7()))
                .bind(slug.as_str())
                .bind(name.as_str())
                .bind(tier.as_str())
                .bind(UNDELETE_DAYS)
                .bind(w.now)
                .execute(c)
                .await
                .map(|_| ()))?;
                let details = json!({ "name": name, "tier": tier });
                w.record(Action::ProjectCreate, &Target::in_project(&slug, &slug), details).await?;
                // Whoever makes it may change it, also with a key that reads nothing else.
                wire(w, &slug, Action::ProjectUpdate).await
            })
        })
        .await
}

pub async fn update(nexus: &Nexus, actor: &Actor, slug: &str, patch: ProjectPatch) -> Result<Project> {
    let slug = slug.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let before = wire(w, &slug, Action::ProjectUpdate).await?;
                let name =
                    patch.name.map_or_else(|| Ok(before.name.clone()), |name| slug::check_name(&name))?;
                let tier = patch.tier.unwrap_or(before.tier);
                let undelete_days = patch.undelete_days.unwrap_or(before.undelete_days);
                if !(7..=365).contains(&undelete_days) {
                    return Err(Error::invalid("undelete_days", "7 to 365 days"));
                }
                let mut details = Map::new();
                let mut note = |field: &str, from: Value, to: Value| {
                    if from != to {
                        details.insert(field.to_owned(), json!({ "from": from, "to": to }));
                    }
                };
                note("name", json!(before.name), json!(name));
                note("tier", json!(before.tier), json!(tier));
                note("undelete_days", json!(before.undelete_days), json!(undelete_days));
                if details.is_empty() {
                    w.nothing_to_do();
                    return Ok(before);
                }
                on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE projects SET name = $3, tier = $4, undelete_days = $5, updated_at = $6
                     WHERE tenant_id = $1 AND id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(before.id)
                .bind(name.as_str())
                .bind(tier.as_str())
                .bind(undelete_days)
                .bind(w.now)
                .execute(c)
                .await
                .map(|_| ()))?;
                // Both reach into every environment that the project uses.
                if tier != before.tier || undelete_days != before.undelete_days {
                    refuse_confined(w, before.id, &slug, Action::ProjectUpdate).await?;
                }
                if tier != before.tier {
                    tiers::touch_project(w, before.id).await?;
                }
                w.record(Action::ProjectUpdate, &Target::in_project(&slug, &slug), Value::Object(details))
                    .await?;
                wire(w, &slug, Action::ProjectUpdate).await
            })
        })
        .await
}

/// What would go with the project; for those who may delete it.
pub async fn losses(nexus: &Nexus, actor: &Actor, slug: &str) -> Result<Losses> {
    let slug = slug.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let project = resolve(w, &slug, Action::ProjectUpdate).await?;
                Losable::Project(project.id).count(w).await
            })
        })
        .await
}

/// Deletes the project with everything in it.
pub async fn delete(nexus: &Nexus, actor: &Actor, slug: &str) -> Result<Losses> {
    let slug = slug.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let project = resolve(w, &slug, Action::ProjectDelete).await?;
                refuse_confined(w, project.id, &slug, Action::ProjectDelete).await?;
                let losses = Losable::Project(project.id).count(w).await?;
                on!(w.tx, |c| sqlx::query(sql!("DELETE FROM projects WHERE tenant_id = $1 AND id = $2"))
                    .bind(w.actor.tenant)
                    .bind(project.id)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                w.record(Action::ProjectDelete, &Target::in_project(&slug, &slug), json!({ "lost": losses }))
                    .await?;
                Ok(losses)
            })
        })
        .await
}

/// A key of one environment may not take along, or change, what lives in the others.
pub(crate) async fn refuse_confined(
    w: &mut Work,
    project: ProjectId,
    slug: &str,
    action: Action,
) -> Result<()> {
    if !w.actor.is_confined() {
        return Ok(());
    }
    let rows: Vec<(EnvironmentId,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT DISTINCT environment_id FROM services WHERE tenant_id = $1 AND project_id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(project)
    .fetch_all(c)
    .await)?;
    if rows.iter().all(|(environment,)| w.actor.reaches(*environment)) {
        return Ok(());
    }
    Err(Error::Denied(Denial::in_project(action.event(), slug)))
}
