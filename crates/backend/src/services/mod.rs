//! Services and umbrella services: making, finding, renaming, deleting, and the links between them.
//!
//! Finding a service is asking the gate: the actor's role in the project and the environment that
//! the service lives in decide together. Its kind, slug and environment never change.

mod holds;
mod link;
mod list;
mod resolve;

pub use holds::{Holds, holds};
pub(crate) use link::linked_to;
pub use link::{link, linked, umbrellas, unlink};
pub use list::{ListServices, list};
pub(crate) use resolve::{Resolved, developer_place, find, resolve, touch, wire};

use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::projects::{self, Losable};
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Denial, Error, Result, crypto, dev_environments, environments, tiers};
use nexus_domain::action::Action;
use nexus_domain::environment::{DEVELOP, Environment, LIVE};
use nexus_domain::project::Losses;
use nexus_domain::role::Place;
use nexus_domain::service::{NewService, Service, ServiceKind, ServicePatch, ServicePath};
use nexus_domain::{Code, EnvironmentId, ProjectId, Refusal, ServiceId, slug};
use serde_json::json;
use uuid::Uuid;

pub async fn get(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Service> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = resolve(w, &path, Action::ServiceRead).await?;
                wire(w, service.id).await
            })
        })
        .await
}

/// The environment that a new service is to live in: the one named, or the key's own, or live. A key
/// of one environment is refused every other name, so that it learns nothing about which exist.
fn environment_named(w: &Work, named: Option<String>) -> Result<String> {
    let own = w.actor.own_environment().unwrap_or(LIVE);
    let named = named.unwrap_or_else(|| own.to_owned());
    if w.actor.is_confined() && named != own {
        return Err(Error::Denied(Denial::on_tenant(Action::ServiceCreate.event(), &w.actor.tenant_slug)));
    }
    Ok(named)
}

/// Finds that environment and asks the gate. Somebody else's developer environment is as unknown as
/// one that does not exist.
async fn environment_for(
    w: &mut Work,
    project: &projects::Resolved,
    project_slug: &str,
    slug: &str,
) -> Result<EnvironmentId> {
    let found = environment_of(w, project.id, slug).await?;
    let (id, place) = found.ok_or_else(|| Error::invalid("environment", "There is no such environment"))?;
    w.authorise_in(Some(project.role), place, Action::ServiceCreate, project_slug)?;
    Ok(id)
}

/// An environment that services of the project may be in, as far as the actor may know of it: a shared one,
/// or its own.
pub(crate) async fn environment_of(
    w: &mut Work,
    project: ProjectId,
    slug: &str,
) -> Result<Option<(EnvironmentId, Place)>> {
    let shared = environments::shared(w).await?.into_iter().find(|row| row.slug == slug);
    if let Some(row) = shared {
        return Ok(Some((row.id, Place::Shared { develop: row.slug == DEVELOP })));
    }
    let own = dev_environments::find(w, project, slug).await?;
    let own = own.filter(|row| developer_place(&w.actor, row.owner_id) == Place::Own);
    Ok(own.map(|row| (row.id, Place::Own)))
}

pub async fn create(nexus: &Nexus, actor: &Actor, project: &str, new: NewService) -> Result<Service> {
    let project = project.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let owner = projects::enter(w, &project, Action::ServiceCreate).await?;
                let environment = environment_named(w, new.environment)?;
                let environment_id = environment_for(w, &owner, &project, &environment).await?;
                let name = slug::check_name(&new.name)?;
                let given = new.slug.filter(|slug| !slug.is_empty());
                let slug = given.unwrap_or_else(|| slug::from_name(&name));
                slug::check(&slug)?;
                let path = ServicePath { project: project.clone(), environment, service: slug };
                if find(w, &path).await?.is_some() {
                    let rule = "A service with this slug exists in this environment";
                    return Err(Refusal::taken("slug", rule).into());
                }
                let draft = Draft {
                    project: owner.id,
                    environment: environment_id,
                    slug: &path.service,
                    name: &name,
                    kind: new.kind,
                    umbrella: new.umbrella,
                };
                let id = insert(w, &draft).await?;
                let details = json!({ "name": name, "kind": new.kind, "umbrella": new.umbrella });
                w.record(Action::ServiceCreate, &Target::of_service(&path), details).await?;
                wire(w, id).await
            })
        })
        .await
}

/// A service about to be stored.
pub(crate) struct Draft<'a> {
    pub project: ProjectId,
    pub environment: EnvironmentId,
    pub slug: &'a str,
    pub name: &'a str,
    pub kind: ServiceKind,
    pub umbrella: bool,
}

/// `<slug>-<8 base32>`, unique in the instance; an umbrella has none.
fn new_endpoint(nexus: &Nexus, draft: &Draft<'_>) -> Result<Option<String>> {
    const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    if draft.umbrella {
        return Ok(None);
    }
    let bytes: [u8; 8] = crypto::random(nexus.keyring.random())?;
    let suffix: String =
        bytes.iter().filter_map(|byte| BASE32.get(usize::from(byte % 32))).map(|c| char::from(*c)).collect();
    Ok(Some(format!("{}-{suffix}", draft.slug)))
}

/// Stores a service; refused where the quota is used up or the tier lacks the environment.
pub(crate) async fn insert(w: &mut Work, draft: &Draft<'_>) -> Result<ServiceId> {
    tiers::take_room_for_service(w, draft.project, draft.environment).await?;
    let endpoint = new_endpoint(&w.nexus, draft)?;
    let (id, seq) = (ServiceId(Uuid::now_v7()), w.seq()?);
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO services (tenant_id, id, project_id, environment_id, slug, name, kind, umbrella, endpoint_slug,
             changed_seq, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(draft.project)
    .bind(draft.environment)
    .bind(draft.slug)
    .bind(draft.name)
    .bind(draft.kind.as_str())
    .bind(draft.umbrella)
    .bind(endpoint.as_deref())
    .bind(seq)
    .bind(w.now)
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(id)
}

/// Renames a service. Naming another kind, slug or environment is refused.
pub async fn update(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    patch: ServicePatch,
) -> Result<Service> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = resolve(w, &path, Action::ServiceUpdate).await?;
                refuse_new_identity(&service, &patch)?;
                let Some(name) = patch.name else {
                    w.nothing_to_do();
                    return wire(w, service.id).await;
                };
                let name = slug::check_name(&name)?;
                tiers::require_writable_service(w, service.id).await?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE services SET name = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(service.id)
                .bind(name.as_str())
                .bind(w.now)
                .execute(c)
                .await
                .map(|_| ()))?;
                let details = json!({ "name": { "from": service.name, "to": name } });
                w.record(Action::ServiceUpdate, &service.target(), details).await?;
                wire(w, service.id).await
            })
        })
        .await
}

fn refuse_new_identity(service: &Resolved, patch: &ServicePatch) -> Result<()> {
    let differs = [
        ("kind", patch.kind.is_some_and(|kind| kind != service.kind)),
        ("slug", patch.slug.as_ref().is_some_and(|slug| *slug != service.path.service)),
        ("environment", patch.environment.as_ref().is_some_and(|slug| *slug != service.path.environment)),
        ("umbrella", patch.umbrella.is_some_and(|umbrella| umbrella != service.umbrella)),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        Some((field, _)) => {
            let message = format!("The {field} of a service never changes; make another service");
            Err(Refusal::new(Code::Immutable, message).with(field, "Never changes").into())
        }
        None => Ok(()),
    }
}

/// What would go with the service; for those who may delete it.
pub async fn losses(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Losses> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = resolve(w, &path, Action::ServiceUpdate).await?;
                Losable::Service(service.id).count(w).await
            })
        })
        .await
}

/// Deletes a service with its entries and keys. An umbrella with links names them and stays.
pub async fn delete(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Losses> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = resolve(w, &path, Action::ServiceDelete).await?;
                let linked = link::slugs_linked_to(w, service.id).await?;
                if !linked.is_empty() {
                    let message = format!("Services inherit from it: {}", linked.join(", "));
                    return Err(Refusal::new(Code::InUse, message).with("services", linked).into());
                }
                let losses = Losable::Service(service.id).count(w).await?;
                on!(w.tx, |c| sqlx::query(sql!("DELETE FROM services WHERE tenant_id = $1 AND id = $2"))
                    .bind(w.actor.tenant)
                    .bind(service.id)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                w.record(Action::ServiceDelete, &service.target(), json!({ "lost": losses })).await?;
                Ok(losses)
            })
        })
        .await
}

/// The environments in which this service has a counterpart that the actor may see, its own included.
pub async fn counterparts(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Vec<Environment>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = resolve(w, &path, Action::ServiceRead).await?;
                let rows: Vec<environments::EnvironmentRow> = on!(w.tx, |c| sqlx::query_as(sql!(
                    "SELECT e.id, e.slug, e.name, e.kind, e.owner_id, e.imported_at, e.pinned_engine_version,
                            e.created_at
                     FROM services s JOIN environments e ON e.id = s.environment_id
                     WHERE s.tenant_id = $1 AND s.project_id = $2 AND s.slug = $3 AND s.kind = $4
                     ORDER BY CASE e.kind WHEN 'live' THEN 0 WHEN 'developer' THEN 2 ELSE 1 END, e.slug"
                ))
                .bind(w.actor.tenant)
                .bind(service.project_id)
                .bind(service.path.service.as_str())
                .bind(service.kind.as_str())
                .fetch_all(c)
                .await)?;
                let mut open = Vec::new();
                for row in rows {
                    let there = ServicePath { environment: row.slug.clone(), ..service.path.clone() };
                    if resolve(w, &there, Action::ServiceRead).await.is_ok() {
                        open.push(row.into_wire());
                    }
                }
                Ok(open)
            })
        })
        .await
}
