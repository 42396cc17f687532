//! Developer environments: one per person and project, isolated, its owner free in it.

mod import;
pub(crate) mod of_member;

pub use import::import;
pub(crate) use of_member::{close, delete_of, ensure, losses_of};

use crate::environments::EnvironmentRow;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::projects::{self, Losable};
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Denial, Error, Result};
use nexus_domain::action::Action;
use nexus_domain::environment::DevEnvironment;
use nexus_domain::project::Losses;
use nexus_domain::{ProjectId, Refusal, UserId};
use serde_json::json;

/// The developer environments of a project, by slug.
pub(crate) async fn all(w: &mut Work, project: ProjectId) -> Result<Vec<EnvironmentRow>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, slug, name, kind, owner_id, imported_at, pinned_engine_version, created_at
         FROM environments WHERE tenant_id = $1 AND project_id = $2 ORDER BY slug"
    ))
    .bind(w.actor.tenant)
    .bind(project)
    .fetch_all(c)
    .await)?)
}

pub(crate) async fn find(w: &mut Work, project: ProjectId, slug: &str) -> Result<Option<EnvironmentRow>> {
    Ok(all(w, project).await?.into_iter().find(|row| row.slug == slug))
}

/// The person who asks. A key is nobody, so it has no developer environment.
fn developer(w: &Work, action: Action, project: &str) -> Result<UserId> {
    w.actor.user().ok_or_else(|| Error::Denied(Denial::in_project(action.event(), project)))
}

/// The actor's own environment in this project.
async fn own(
    w: &mut Work,
    project: &str,
    action: Action,
) -> Result<(projects::Resolved, Option<EnvironmentRow>)> {
    let resolved = projects::resolve(w, project, action).await?;
    let user = developer(w, action, project)?;
    // An app that may change services makes, fills and removes the person's own, and reads nothing in it.
    let own = all(w, resolved.id).await?.into_iter().find(|row| row.owner_id == Some(user));
    Ok((resolved, own))
}

async fn into_wire(w: &mut Work, row: EnvironmentRow) -> Result<DevEnvironment> {
    let services = Losable::Environment(row.id).count(w).await?.services;
    Ok(DevEnvironment { services, imported_at: row.imported_at, environment: row.into_wire() })
}

/// The actor's own developer environment, if there is one.
pub async fn get(nexus: &Nexus, actor: &Actor, project: &str) -> Result<Option<DevEnvironment>> {
    let project = project.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                match own(w, &project, Action::DevEnvironmentRead).await? {
                    (_, Some(row)) => Ok(Some(into_wire(w, row).await?)),
                    (_, None) => Ok(None),
                }
            })
        })
        .await
}

/// Makes the actor's developer environment; one that exists is answered as it is.
pub async fn create(nexus: &Nexus, actor: &Actor, project: &str) -> Result<DevEnvironment> {
    let project = project.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let (resolved, existing) = own(w, &project, Action::DevEnvironmentCreate).await?;
                if let Some(row) = existing {
                    w.nothing_to_do();
                    return into_wire(w, row).await;
                }
                let user = developer(w, Action::DevEnvironmentCreate, &project)?;
                let row = ensure(w, resolved.id, &project, user).await?;
                into_wire(w, row).await
            })
        })
        .await
}

/// What would go with the actor's developer environment.
pub async fn losses(nexus: &Nexus, actor: &Actor, project: &str) -> Result<Losses> {
    let project = project.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let (_, row) = own(w, &project, Action::DevEnvironmentRead).await?;
                Losable::Environment(row.ok_or_else(Error::not_found)?.id).count(w).await
            })
        })
        .await
}

/// Deletes the actor's developer environment with everything in it.
pub async fn delete(nexus: &Nexus, actor: &Actor, project: &str) -> Result<Losses> {
    let project = project.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let (_, row) = own(w, &project, Action::DevEnvironmentDelete).await?;
                let row = row.ok_or_else(|| Error::Refused(Refusal::not_found()))?;
                let losses = Losable::Environment(row.id).count(w).await?;
                of_member::delete(w, row.id).await?;
                let target =
                    Target { environment: Some(&row.slug), ..Target::in_project(&project, &row.slug) };
                w.record(Action::DevEnvironmentDelete, &target, json!({ "lost": losses })).await?;
                Ok(losses)
            })
        })
        .await
}
