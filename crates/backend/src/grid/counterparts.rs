//! Finding the counterparts of a service: one column for each shared environment that has one and
//! that the actor reaches. What somebody may not see there is said, so that it is not taken for
//! missing.

use super::{to_list, to_update};
use crate::environments::{self, EnvironmentRow};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::{self, ListServices, Resolved};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::environment::EnvironmentKind;
use nexus_domain::grid::{Counterparts, EntryKind, GridColumn, stage};
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::{Code, Refusal};

/// Counterparts by name.
#[derive(Debug, Clone)]
pub struct Which {
    pub project: String,
    pub service: String,
    /// Absent: the backend one where there is one, else the frontend one.
    pub kind: Option<ServiceKind>,
}

/// The services that the grid can show, by slug: each once, with the environments that have it.
pub async fn services(nexus: &Nexus, actor: &Actor, project: &str) -> Result<Vec<Counterparts>> {
    let mut groups = services::list(nexus, actor, project, ListServices::default()).await?;
    groups.sort_by(|a, b| {
        order(&a.environment.slug, a.environment.kind, &b.environment.slug, b.environment.kind)
    });
    let mut found: Vec<Counterparts> = Vec::new();
    for group in groups {
        for service in group.services {
            let same = found.iter_mut().find(|it| it.slug == service.slug && it.kind == service.kind);
            match same {
                Some(known) => known.environments.push(service.environment),
                None => found.push(Counterparts {
                    slug: service.slug,
                    kind: service.kind,
                    umbrella: service.umbrella,
                    environments: vec![service.environment],
                }),
            }
        }
    }
    found.sort_by(|a, b| (a.umbrella, &a.slug, a.kind).cmp(&(b.umbrella, &b.slug, b.kind)));
    Ok(found)
}

fn order(a: &str, a_kind: EnvironmentKind, b: &str, b_kind: EnvironmentKind) -> std::cmp::Ordering {
    stage(a_kind, a).cmp(&stage(b_kind, b))
}

/// A column, and the service that it is about.
pub(super) struct Column {
    pub service: Resolved,
    pub shown: GridColumn,
}

/// The counterparts that were asked for, in the order of promotion.
pub(super) struct Found {
    pub kind: ServiceKind,
    pub columns: Vec<Column>,
    pub absent: Vec<String>,
}

/// Finds the counterparts for a look at one kind of entries. Refused where the actor sees that kind in
/// none of them.
pub(super) async fn find(w: &mut Work, which: &Which, entries: EntryKind) -> Result<Found> {
    crate::projects::resolve(w, &which.project, Action::ServiceRead).await?;
    let mut environments = environments::shared(w).await?;
    environments.retain(|row| w.actor.reaches(row.id));
    environments.sort_by(|a, b| order(&a.slug, a.kind, &b.slug, b.kind));
    let mut services = Vec::new();
    for environment in environments {
        let service = in_environment(w, which, &environment.slug).await?;
        services.push((environment, service));
    }
    let kind = which.kind.unwrap_or_else(|| usual(&services));
    let mut found = Found { kind, columns: Vec::new(), absent: Vec::new() };
    let mut denial = None;
    for (environment, service) in services {
        let Some(service) = service.filter(|service| service.kind == kind) else {
            found.absent.push(environment.name);
            continue;
        };
        if entries == EntryKind::Secret {
            service.refuse_frontend()?;
        }
        let (column, denied) = column(w, environment, service, entries).await?;
        denial = denial.or(denied);
        found.columns.push(column);
    }
    if found.columns.is_empty() {
        let message = format!("There is no service {} in the environments of this project", which.service);
        return Err(Refusal::new(Code::NotFound, message).into());
    }
    match denial.filter(|_| !found.columns.iter().any(|column| column.shown.visible)) {
        Some(denied) => Err(denied),
        None => Ok(found),
    }
}

async fn in_environment(w: &mut Work, which: &Which, environment: &str) -> Result<Option<Resolved>> {
    let path = ServicePath {
        project: which.project.clone(),
        environment: environment.to_owned(),
        service: which.service.clone(),
    };
    match services::resolve(w, &path, Action::ServiceRead).await {
        Ok(service) => Ok(Some(service)),
        Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where a slug is a backend service in one environment and a frontend one in another, the backend.
fn usual(services: &[(EnvironmentRow, Option<Resolved>)]) -> ServiceKind {
    let backend = services
        .iter()
        .filter_map(|(_, service)| service.as_ref())
        .any(|service| service.kind == ServiceKind::Backend);
    if backend { ServiceKind::Backend } else { ServiceKind::Frontend }
}

/// The column of a service, and the denial where the actor does not see what is there.
async fn column(
    w: &mut Work,
    environment: EnvironmentRow,
    service: Resolved,
    entries: EntryKind,
) -> Result<(Column, Option<Error>)> {
    let denied = match services::resolve(w, &service.path, to_list(entries)).await {
        Ok(_) => None,
        Err(error @ Error::Denied(_)) => Some(error),
        Err(error) => return Err(error),
    };
    let linked = if service.umbrella { services::linked_to(w, service.id).await?.len() } else { 0 };
    let shown = GridColumn {
        live: environment.kind == EnvironmentKind::Live,
        environment: environment.slug,
        name: environment.name,
        umbrella: service.umbrella,
        linked_umbrella: service.umbrella_slug.clone(),
        linked_services: i64::try_from(linked).unwrap_or(i64::MAX),
        visible: denied.is_none(),
        may_write: services::resolve(w, &service.path, to_update(entries)).await.is_ok(),
        // Not `SecretCompare`, because a sign-in that is no longer fresh can be renewed.
        may_reveal: services::resolve(w, &service.path, Action::SecretPreview).await.is_ok(),
    };
    Ok((Column { service, shown }, denied))
}
