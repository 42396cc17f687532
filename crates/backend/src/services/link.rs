//! Links to umbrella services: same project, kind and environment, and one level deep.

use super::resolve::{Resolved, find, resolve, touch, wire, wire_rows};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result, configs, entries, tiers};
use nexus_domain::action::Action;
use nexus_domain::service::{Service, ServicePath};
use nexus_domain::{Code, Refusal, ServiceId};
use serde_json::json;

/// Links a service to an umbrella. Its secrets, configs and flags are inherited from now on; the
/// service's own values win.
pub async fn link(nexus: &Nexus, actor: &Actor, path: &ServicePath, umbrella: &str) -> Result<Service> {
    let (path, umbrella) = (path.clone(), umbrella.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = resolve(w, &path, Action::UmbrellaLink).await?;
                let to = check_umbrella(w, &service, &umbrella).await?;
                if service.umbrella_id == Some(to) {
                    w.nothing_to_do();
                    return wire(w, service.id).await;
                }
                tiers::require_writable_service(w, service.id).await?;
                set_umbrella(w, service.id, Some(to)).await?;
                configs::answer_for_link(w, &path, service.id, to).await?;
                entries::check_snapshot_size(w, service.id).await?;
                touch(w, service.id).await?;
                let details = json!({ "umbrella": umbrella, "before": service.umbrella_slug });
                w.record(Action::UmbrellaLink, &service.target(), details).await?;
                wire(w, service.id).await
            })
        })
        .await
}

/// The umbrella to link to, or the rule that forbids it.
async fn check_umbrella(w: &mut Work, service: &Resolved, slug: &str) -> Result<ServiceId> {
    let no = |rule: &str| Error::Refused(Refusal::taken("umbrella", rule));
    if service.umbrella {
        return Err(no("An umbrella service links to nothing"));
    }
    let path = ServicePath { service: slug.to_owned(), ..service.path.clone() };
    let Some(row) = find(w, &path).await? else {
        return Err(Error::invalid("umbrella", "There is no such umbrella in this project and environment"));
    };
    if !row.umbrella {
        return Err(no("This is a service of its own, not an umbrella"));
    }
    if row.kind != service.kind {
        return Err(Refusal::new(Code::Conflict, format!("The umbrella is a {} one", row.kind))
            .with(
                "umbrella",
                format!("The umbrella is a {} one, this service is a {} one", row.kind, service.kind),
            )
            .into());
    }
    Ok(row.id)
}

async fn set_umbrella(w: &mut Work, service: ServiceId, umbrella: Option<ServiceId>) -> Result<()> {
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE services SET umbrella_id = $3 WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(umbrella)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// Takes a link away; what was inherited is gone from the service at once.
pub async fn unlink(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Service> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = resolve(w, &path, Action::UmbrellaUnlink).await?;
                if service.umbrella_id.is_none() {
                    return Err(Error::not_found());
                }
                set_umbrella(w, service.id, None).await?;
                touch(w, service.id).await?;
                let details = json!({ "umbrella": service.umbrella_slug });
                w.record(Action::UmbrellaUnlink, &service.target(), details).await?;
                wire(w, service.id).await
            })
        })
        .await
}

/// The umbrellas that this service may link to.
pub async fn umbrellas(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Vec<Service>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = resolve(w, &path, Action::ServiceRead).await?;
                let rows = wire_rows(w, None, Some(service.project_id)).await?;
                let here = rows.into_iter().filter(|row| row.environment_id == service.environment_id);
                let url = &w.nexus.settings.public_url;
                Ok(here
                    .map(|row| row.into_wire(url))
                    .filter(|s| s.umbrella && s.kind == service.kind)
                    .collect())
            })
        })
        .await
}

/// The services that inherit from this umbrella.
pub async fn linked(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Vec<Service>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let umbrella = resolve(w, &path, Action::ServiceRead).await?;
                let slugs = slugs_linked_to(w, umbrella.id).await?;
                let rows = wire_rows(w, None, Some(umbrella.project_id)).await?;
                let here = rows.into_iter().filter(|row| row.environment_id == umbrella.environment_id);
                let url = &w.nexus.settings.public_url;
                Ok(here.map(|row| row.into_wire(url)).filter(|s| slugs.contains(&s.slug)).collect())
            })
        })
        .await
}

pub(super) async fn slugs_linked_to(w: &mut Work, umbrella: ServiceId) -> Result<Vec<String>> {
    Ok(linked_to(w, umbrella).await?.into_iter().map(|(_, slug)| slug).collect())
}

/// The services that inherit from an umbrella, by slug.
pub(crate) async fn linked_to(w: &mut Work, umbrella: ServiceId) -> Result<Vec<(ServiceId, String)>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, slug FROM services WHERE tenant_id = $1 AND umbrella_id = $2 ORDER BY slug"
    ))
    .bind(w.actor.tenant)
    .bind(umbrella)
    .fetch_all(c)
    .await)?)
}
