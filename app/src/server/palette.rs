//! What the palette offers: pages and acts of a tenant, its projects, their services, and secrets.

use super::person;
use crate::address::{project_url, service_url, tenant_url};
use crate::components::palette::Spot;
use crate::pages::service::first_tab;
use crate::refused::Refused;
use nexus_backend::services::ListServices;
use nexus_backend::{projects, secrets as backend, services};
use nexus_domain::project::Project;
use nexus_domain::service::{Service, ServicePath};

pub async fn spots(tenant: &str) -> Result<Vec<Spot>, Refused> {
    let (nexus, actor) = person(tenant).await?;
    let mut spots = pages(tenant);
    for project in projects::list(&nexus, &actor, "").await? {
        spots.extend(of_project(tenant, &project));
        let filter = ListServices { environment: None, dev_envs: false, q: String::new() };
        for group in services::list(&nexus, &actor, &project.slug, filter).await? {
            spots.extend(group.services.iter().map(|service| of_service(tenant, &project, service)));
        }
    }
    Ok(spots)
}

/// Secrets by a part of their key.
pub async fn secrets(tenant: &str, q: &str, limit: usize) -> Result<Vec<Spot>, Refused> {
    let (nexus, actor) = person(tenant).await?;
    let found = backend::find(&nexus, &actor, q, limit).await?;
    let spots = found.into_iter().map(|found| {
        let ServicePath { project, environment, service } = &found.path;
        let hint = format!("Secret of {service} in {project}, {environment}");
        let key: String = form_urlencoded::byte_serialize(found.key.as_bytes()).collect();
        let href = service_url(tenant, &found.path, &format!("secrets?open={key}"));
        spot(found.key, hint, href)
    });
    Ok(spots.collect())
}

fn spot(name: impl Into<String>, hint: impl Into<String>, href: String) -> Spot {
    Spot { name: name.into(), hint: hint.into(), href }
}

fn pages(tenant: &str) -> Vec<Spot> {
    vec![
        spot("Projects", "Page", tenant_url(tenant, "projects")),
        spot("New project", "Do", tenant_url(tenant, "projects?new")),
        spot("Audit log", "Page", tenant_url(tenant, "audit")),
        spot("Settings", "Page", tenant_url(tenant, "settings")),
        spot("New environment", "Do", tenant_url(tenant, "settings?new")),
    ]
}

fn of_project(tenant: &str, project: &Project) -> [Spot; 3] {
    let url = |rest: &str| project_url(tenant, &project.slug, rest);
    [
        spot(&project.name, "Project", url("")),
        spot(format!("New service in {}", project.name), "Do", url("?new=service")),
        spot(format!("Settings of {}", project.name), "Project", url("/settings")),
    ]
}

fn of_service(tenant: &str, project: &Project, service: &Service) -> Spot {
    let path = ServicePath {
        project: project.slug.clone(),
        environment: service.environment.clone(),
        service: service.slug.clone(),
    };
    let what = if service.umbrella { "Umbrella service" } else { "Service" };
    let tab = first_tab(service.kind);
    let hint = format!("{what} in {}, {}", project.name, service.environment);
    spot(&service.name, hint, service_url(tenant, &path, tab))
}
