//! Shared environments of a tenant. Exactly one is live, and it cannot be deleted; developer
//! environments are in `dev_environments`.

mod operator;

pub use operator::{enable_test, set_cap};

use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::projects::Losable;
use crate::store::{Tx, on, sql};
use crate::work::{Target, Work};
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::environment::{
    Environment, EnvironmentKind, EnvironmentPatch, EnvironmentRoom, NewEnvironment,
};
use nexus_domain::flag::check_engine_pin;
use nexus_domain::project::Losses;
use nexus_domain::{Code, EnvironmentId, ProjectId, Refusal, TenantId, Timestamp, UserId, slug};
use serde_json::{Map, json};
use sqlx::FromRow;
use uuid::Uuid;

/// An environment as it is stored.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct EnvironmentRow {
    pub id: EnvironmentId,
    pub slug: String,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub kind: EnvironmentKind,
    pub owner_id: Option<UserId>,
    pub imported_at: Option<Timestamp>,
    pub pinned_engine_version: Option<String>,
    pub created_at: Timestamp,
}

impl EnvironmentRow {
    pub fn into_wire(self) -> Environment {
        Environment {
            id: self.id,
            slug: self.slug,
            name: self.name,
            kind: self.kind,
            created_at: self.created_at,
            pinned_engine_version: self.pinned_engine_version,
        }
    }
}

/// Adds an environment; `owner` makes it a developer's own in that project.
pub(crate) async fn insert(
    tx: &mut Tx,
    tenant: TenantId,
    slug: &str,
    name: &str,
    kind: EnvironmentKind,
    owner: Option<(ProjectId, UserId)>,
    now: Timestamp,
) -> Result<EnvironmentId> {
    let id = EnvironmentId(Uuid::now_v7());
    on!(*tx, |c| sqlx::query(sql!(
        "INSERT INTO environments (tenant_id, id, slug, name, kind, project_id, owner_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    ))
    .bind(tenant)
    .bind(id)
    .bind(slug)
    .bind(name)
    .bind(kind.as_str())
    .bind(owner.map(|(project, _)| project))
    .bind(owner.map(|(_, user)| user))
    .bind(now)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(id)
}

/// Every shared environment, live first.
pub(crate) async fn shared(w: &mut Work) -> Result<Vec<EnvironmentRow>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, slug, name, kind, owner_id, imported_at, pinned_engine_version, created_at
         FROM environments WHERE tenant_id = $1 AND project_id IS NULL
         ORDER BY CASE kind WHEN 'live' THEN 0 ELSE 1 END, slug"
    ))
    .bind(w.actor.tenant)
    .fetch_all(c)
    .await)?)
}

/// Finds a shared environment; a key of another environment does not learn that it exists.
pub(crate) async fn resolve(w: &mut Work, slug: &str, action: Action) -> Result<EnvironmentRow> {
    let row: Option<EnvironmentRow> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, slug, name, kind, owner_id, imported_at, pinned_engine_version, created_at
         FROM environments WHERE tenant_id = $1 AND slug = $2 AND project_id IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(slug)
    .fetch_optional(c)
    .await)?;
    let row = row.filter(|row| w.actor.reaches(row.id)).ok_or_else(Error::not_found)?;
    w.authorise(action)?;
    Ok(row)
}

/// Refuses a name that no environment of the tenant has, developer environments included.
pub(crate) async fn expect(w: &mut Work, slug: &str) -> Result<()> {
    let found: Option<(EnvironmentId,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id FROM environments WHERE tenant_id = $1 AND slug = $2 LIMIT 1"
    ))
    .bind(w.actor.tenant)
    .bind(slug)
    .fetch_optional(c)
    .await)?;
    found.map(|_| ()).ok_or_else(Error::not_found)
}

pub async fn list(nexus: &Nexus, actor: &Actor) -> Result<Vec<Environment>> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::EnvironmentList)?;
                let rows = shared(w).await?;
                let reach = |row: &EnvironmentRow| w.actor.reaches(row.id);
                Ok(rows.into_iter().filter(reach).map(EnvironmentRow::into_wire).collect())
            })
        })
        .await
}

pub async fn get(nexus: &Nexus, actor: &Actor, slug: &str) -> Result<Environment> {
    let slug = slug.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move { Ok(resolve(w, &slug, Action::EnvironmentList).await?.into_wire()) })
        })
        .await
}

/// How many environments besides live the tenant may have.
async fn cap(w: &mut Work) -> Result<i64> {
    let (cap,): (i64,) =
        on!(w.tx, |c| sqlx::query_as(sql!("SELECT environment_cap FROM tenants WHERE id = $1"))
            .bind(w.actor.tenant)
            .fetch_one(c)
            .await)?;
    Ok(cap)
}

/// The legacy sandbox does not count, nor does what is a developer's own.
async fn room_beside(w: &mut Work, existing: &[EnvironmentRow]) -> Result<EnvironmentRoom> {
    let counted = existing.iter().filter(|row| row.kind == EnvironmentKind::Environment).count();
    Ok(EnvironmentRoom { used: i64::try_from(counted).unwrap_or(i64::MAX), cap: cap(w).await? })
}

/// How many environments there are besides live, and may be; for those who see them all.
pub async fn room(nexus: &Nexus, actor: &Actor) -> Result<EnvironmentRoom> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::EnvironmentList)?;
                let existing = shared(w).await?;
                room_beside(w, &existing).await
            })
        })
        .await
}

pub async fn create(nexus: &Nexus, actor: &Actor, new: NewEnvironment) -> Result<Environment> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::EnvironmentCreate)?;
                slug::check_environment(&new.slug)?;
                let name = slug::check_name(new.name.as_deref().unwrap_or(&new.slug))?;
                let pin = new.pinned_engine_version;
                pin.as_deref().map_or(Ok(()), check_engine_pin)?;
                let existing = shared(w).await?;
                if existing.iter().any(|row| row.slug == new.slug) {
                    return Err(Refusal::taken("slug", "An environment with this slug exists").into());
                }
                room_beside(w, &existing).await?.expect_one_more()?;
                let (tenant, now) = (w.actor.tenant, w.now);
                let kind = EnvironmentKind::Environment;
                let id = insert(&mut w.tx, tenant, &new.slug, &name, kind, None, now).await?;
                let target = Target { environment: Some(&new.slug), ..Target::named(&new.slug) };
                let mut details = Map::from_iter([("name".to_owned(), json!(name))]);
                if let Some(pin) = &pin {
                    store(w, id, &name, Some(pin)).await?;
                    details.insert("pinned_engine_version".into(), json!(pin));
                }
                w.record(Action::EnvironmentCreate, &target, details.into()).await?;
                // Answered from here, because a key of one environment does not see the new one.
                let pinned_engine_version = pin;
                Ok(Environment { id, slug: new.slug, name, kind, created_at: now, pinned_engine_version })
            })
        })
        .await
}

pub async fn update(
    nexus: &Nexus,
    actor: &Actor,
    slug: &str,
    patch: EnvironmentPatch,
) -> Result<Environment> {
    let slug = slug.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let row = resolve(w, &slug, Action::EnvironmentUpdate).await?;
                let mut details = Map::new();
                let name = patch.name.map(|name| slug::check_name(&name)).transpose()?;
                if let Some(name) = &name {
                    details.insert("name".into(), json!({ "from": row.name, "to": name }));
                }
                let pin = patch.pinned_engine_version;
                if let Some(pin) = &pin {
                    pin.as_deref().map_or(Ok(()), check_engine_pin)?;
                    let change = json!({ "from": row.pinned_engine_version, "to": pin });
                    details.insert("pinned_engine_version".into(), change);
                }
                if details.is_empty() {
                    w.nothing_to_do();
                    return Ok(row.into_wire());
                }
                let mut environment = row.into_wire();
                environment.name = name.unwrap_or(environment.name);
                environment.pinned_engine_version = pin.unwrap_or(environment.pinned_engine_version);
                let pin = environment.pinned_engine_version.as_deref();
                store(w, environment.id, &environment.name, pin).await?;
                let target = Target { environment: Some(&slug), ..Target::named(&slug) };
                w.record(Action::EnvironmentUpdate, &target, details.into()).await?;
                Ok(environment)
            })
        })
        .await
}

/// Replaces what may change of an environment.
async fn store(w: &mut Work, id: EnvironmentId, name: &str, pin: Option<&str>) -> Result<()> {
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE environments SET name = $3, pinned_engine_version = $4 WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(name)
    .bind(pin)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// What would go with the environment; for those who may delete it.
pub async fn losses(nexus: &Nexus, actor: &Actor, slug: &str) -> Result<Losses> {
    let slug = slug.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let row = resolve(w, &slug, Action::EnvironmentUpdate).await?;
                Losable::Environment(row.id).count(w).await
            })
        })
        .await
}

/// Deletes an empty environment. Live stays; one with services in it names them.
pub async fn delete(nexus: &Nexus, actor: &Actor, slug: &str) -> Result<Losses> {
    let slug = slug.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let row = resolve(w, &slug, Action::EnvironmentDelete).await?;
                if row.kind == EnvironmentKind::Live {
                    return Err(
                        Refusal::new(Code::Immutable, "The live environment cannot be deleted").into()
                    );
                }
                let services: Vec<(String, String)> = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT p.slug, s.slug FROM services s JOIN projects p ON p.id = s.project_id
                     WHERE s.tenant_id = $1 AND s.environment_id = $2 ORDER BY p.slug, s.slug LIMIT 20"
                ))
                .bind(w.actor.tenant)
                .bind(row.id)
                .fetch_all(c)
                .await)?;
                if !services.is_empty() {
                    let names: Vec<String> = services.into_iter().map(|(p, s)| format!("{p}/{s}")).collect();
                    let message = format!("Services are still in it: {}", names.join(", "));
                    return Err(Refusal::new(Code::InUse, message).with("services", names).into());
                }
                let losses = Losable::Environment(row.id).count(w).await?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "DELETE FROM environments WHERE tenant_id = $1 AND id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(row.id)
                .execute(c)
                .await
                .map(|_| ()))?;
                let target = Target { environment: Some(&slug), ..Target::named(&slug) };
                w.record(Action::EnvironmentDelete, &target, json!({ "lost": losses })).await?;
                Ok(losses)
            })
        })
        .await
}
