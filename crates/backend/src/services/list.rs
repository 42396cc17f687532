//! The services list of a project, grouped by environment.

use super::resolve::wire_rows;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::work::Work;
use crate::{Error, Result, dev_environments, environments, projects};
use nexus_domain::EnvironmentId;
use nexus_domain::action::Action;
use nexus_domain::role::{Permission, Place, ProjectRole};
use nexus_domain::service::{Service, ServiceGroup};
use std::collections::HashMap;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListServices {
    /// Only this environment.
    pub environment: Option<String>,
    /// Developer environments too: the actor's own in full, others by name for owners.
    pub dev_envs: bool,
    /// Narrows by name and slug.
    pub q: String,
}

/// Groups in order: the actor's own developer environment, live, the other shared ones, other
/// people's developer environments.
pub async fn list(
    nexus: &Nexus,
    actor: &Actor,
    project: &str,
    wanted: ListServices,
) -> Result<Vec<ServiceGroup>> {
    let project = project.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let project = projects::resolve(w, &project, Action::ServiceRead).await?;
                let mut services = by_environment(w, &project, &wanted.q).await?;
                let mut groups = Vec::new();
                // Whoever names a developer environment asks for it.
                if wanted.dev_envs || wanted.environment.is_some() {
                    let rows = dev_environments::all(w, project.id).await?;
                    for row in rows.into_iter().filter(|row| w.actor.reaches(row.id)) {
                        let yours = row.owner_id.is_some() && row.owner_id == w.actor.user();
                        if yours || project.role == ProjectRole::Owner {
                            // One's own is closed too while the role has none: it is kept, and that is all.
                            let open = yours && project.role.allows(Permission::ServiceRead, Place::Own);
                            let own = services.remove(&row.id).unwrap_or_default();
                            let services = if open { own } else { Vec::new() };
                            let imported_at = row.imported_at;
                            let environment = row.into_wire();
                            groups.push(ServiceGroup {
                                environment,
                                yours,
                                closed: !open,
                                imported_at,
                                services,
                            });
                        }
                    }
                    groups.sort_by_key(|group| !group.yours);
                }
                let first_closed = groups.iter().position(|group| group.closed).unwrap_or(groups.len());
                let closed = groups.split_off(first_closed);
                for row in environments::shared(w).await?.into_iter().filter(|row| w.actor.reaches(row.id)) {
                    let services = services.remove(&row.id).unwrap_or_default();
                    let environment = row.into_wire();
                    groups.push(ServiceGroup {
                        environment,
                        yours: false,
                        closed: false,
                        imported_at: None,
                        services,
                    });
                }
                groups.extend(closed);
                if let Some(slug) = &wanted.environment {
                    groups.retain(|group| group.environment.slug == *slug);
                    if groups.is_empty() {
                        return Err(Error::not_found());
                    }
                }
                Ok(groups)
            })
        })
        .await
}

async fn by_environment(
    w: &mut Work,
    project: &projects::Resolved,
    q: &str,
) -> Result<HashMap<EnvironmentId, Vec<Service>>> {
    let q = q.trim().to_lowercase();
    let mut services: HashMap<EnvironmentId, Vec<Service>> = HashMap::new();
    for row in wire_rows(w, None, Some(project.id)).await? {
        let environment = row.environment_id;
        let service = row.into_wire(&w.nexus.settings.public_url);
        if service.slug.contains(&q) || service.name.to_lowercase().contains(&q) {
            services.entry(environment).or_default().push(service);
        }
    }
    Ok(services)
}
