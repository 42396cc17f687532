//! What the palette offers: pages and acts of a tenant, its members, its projects, their services, secrets
//! and flags.

use super::{person, tenant_allows};
use crate::address::{project_url, service_url, tenant_url};
use crate::components::palette::Spot;
use crate::pages::service::first_tab;
use crate::refused::Refused;
use nexus_backend::gate::Actor;
use nexus_backend::members::{self, ListMembers};
use nexus_backend::secrets::{self as backend, FoundKey};
use nexus_backend::services::ListServices;
use nexus_backend::{Nexus, flags, projects, projects::Brief, services};
use nexus_domain::role::Permission;
use nexus_domain::service::{Service, ServicePath};

pub async fn spots(tenant: &str) -> Result<Vec<Spot>, Refused> {
    let (nexus, actor) = person(tenant).await?;
    let mut spots = pages(tenant);
    if tenant_allows(&actor, Permission::KeyRead) {
        spots.push(spot("API keys", "Page", tenant_url(tenant, "api-keys")));
        spots.push(spot("OAuth apps", "Page", tenant_url(tenant, "oauth-apps")));
        spots.push(spot("Identity providers", "Page", tenant_url(tenant, "identity-providers")));
    }
    if tenant_allows(&actor, Permission::MemberRead) {
        spots.extend(people(&nexus, &actor, tenant).await?);
    }
    for project in projects::briefs(&nexus, &actor).await? {
        spots.extend(of_project(tenant, &project));
        let filter = ListServices { environment: None, dev_envs: false, q: String::new() };
        for group in services::list(&nexus, &actor, &project.slug, filter).await? {
            spots.extend(group.services.iter().map(|service| of_service(tenant, &project, service)));
        }
    }
    Ok(spots)
}

/// Secrets and flags by a part of their key; half of the room for each, and what one does not need
/// for the other.
pub async fn entries(tenant: &str, q: &str, limit: usize) -> Result<Vec<Spot>, Refused> {
    let (nexus, actor) = person(tenant).await?;
    let secrets = backend::find(&nexus, &actor, q, limit).await?;
    let flags = flags::find(&nexus, &actor, q, limit).await?;
    let of_secrets = (limit / 2).max(limit.saturating_sub(flags.len()));
    let secrets =
        secrets.into_iter().take(of_secrets).map(|found| of_entry(tenant, found, "Secret", "secrets"));
    let flags = flags.into_iter().map(|found| of_entry(tenant, found, "Flag", "flags"));
    Ok(secrets.chain(flags).take(limit).collect())
}

fn of_entry(tenant: &str, found: FoundKey, what: &str, tab: &str) -> Spot {
    let ServicePath { project, environment, service } = &found.path;
    let hint = format!("{what} of {service} in {project}, {environment}");
    let key: String = form_urlencoded::byte_serialize(found.key.as_bytes()).collect();
    let href = service_url(tenant, &found.path, &format!("{tab}?open={key}"));
    spot(found.key, hint, href)
}

fn spot(name: impl Into<String>, hint: impl Into<String>, href: String) -> Spot {
    Spot { name: name.into(), hint: hint.into(), href }
}

fn pages(tenant: &str) -> Vec<Spot> {
    vec![
        spot("Projects", "Page", tenant_url(tenant, "projects")),
        spot("New project", "Do", tenant_url(tenant, "projects?new")),
        spot("Audit log", "Page", tenant_url(tenant, "audit")),
        spot("API log", "Page", tenant_url(tenant, "api-log")),
        spot("Settings", "Page", tenant_url(tenant, "settings")),
        spot("Environments", "Page", tenant_url(tenant, "environments")),
        spot("New environment", "Do", tenant_url(tenant, "environments?new")),
        spot("New tenant", "Do", "/account/tenants?new".to_owned()),
    ]
}

/// The members, for those who may see all of them.
async fn people(nexus: &Nexus, actor: &Actor, tenant: &str) -> Result<Vec<Spot>, Refused> {
    let mut spots = vec![spot("Members", "Page", tenant_url(tenant, "members"))];
    let members = members::list(nexus, actor, ListMembers::default()).await?;
    spots.extend(members.data.into_iter().map(|member| {
        let q: String = form_urlencoded::byte_serialize(member.email.as_bytes()).collect();
        spot(member.email, "Member", tenant_url(tenant, &format!("members?q={q}")))
    }));
    Ok(spots)
}

fn of_project(tenant: &str, project: &Brief) -> [Spot; 5] {
    let url = |rest: &str| project_url(tenant, &project.slug, rest);
    [
        spot(&project.name, "Project", url("")),
        spot(format!("New service in {}", project.name), "Do", url("?new=service")),
        spot(format!("Run Tester of {}", project.name), "Do", url("/tester")),
        spot(format!("Members of {}", project.name), "Project", url("/members")),
        spot(format!("Settings of {}", project.name), "Project", url("/settings")),
    ]
}

fn of_service(tenant: &str, project: &Brief, service: &Service) -> Spot {
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
