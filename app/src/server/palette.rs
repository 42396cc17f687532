//! What the palette offers: pages and acts of a tenant, its members, its projects, their services, secrets, configs
//! and flags. What somebody's role does not allow is not offered; the gate is asked again by whatever it leads to.

use super::{person, tenant_allows};
use crate::address::{project_url, service_url, tenant_url};
use crate::components::palette::Spot;
use crate::components::theme::{SetTheme, THEMES};
use crate::pages::auth::sign_in::SignOut;
use crate::pages::frame::PAGES;
use crate::pages::project::SHARED;
use crate::pages::service::{first_tab, rights_in};
use crate::refused::Refused;
use leptos::server_fn::ServerFn;
use nexus_backend::entries::FoundKey;
use nexus_backend::gate::Actor;
use nexus_backend::members::{self, ListMembers};
use nexus_backend::services::ListServices;
use nexus_backend::{Nexus, configs, flags, projects, projects::Brief, secrets, services};
use nexus_domain::environment::LIVE;
use nexus_domain::role::{Permission, Place};
use nexus_domain::service::{Service, ServiceGroup, ServiceKind, ServicePath};

/// Pages of a tenant that stand in no navigation of their own, and acts: name, what it is, address, and what a person
/// needs for it.
const MORE: [(&str, &str, &str, Permission); 7] = [
    ("OAuth apps", PAGE, "oauth-apps", Permission::KeyRead),
    ("Identity providers", PAGE, "identity-providers", Permission::KeyRead),
    ("Invitations", PAGE, "members/invitations", Permission::MemberInvite),
    ("Outbox", PAGE, "members/outbox", Permission::TenantManage),
    ("New project", DO, "projects?new", Permission::ProjectCreate),
    ("New environment", DO, "environments?new", Permission::EnvironmentManage),
    ("Invite members", DO, "members/invitations?new", Permission::MemberInvite),
];
const PAGE: &str = "Page";
const DO: &str = "Do";

/// So many keys of each kind are looked at, so that those of the service that is shown are among them.
const LOOKED_AT: usize = 100;

/// Everything to go to or to do, seen from the page at this path.
pub async fn spots(tenant: &str, here: &str) -> Result<Vec<Spot>, Refused> {
    let (nexus, actor) = person(tenant).await?;
    let mut spots = Vec::new();
    if let Some(path) = service_at(here) {
        spots.extend(of_this_service(&nexus, &actor, tenant, &path).await);
    }
    spots.extend(of_tenant(&actor, tenant));
    if tenant_allows(&actor, Permission::MemberRead) {
        spots.extend(people(&nexus, &actor, tenant).await?);
    }
    for project in projects::briefs(&nexus, &actor).await? {
        let filter = ListServices { environment: None, dev_envs: true, q: String::new() };
        let groups = services::list(&nexus, &actor, &project.slug, filter).await?;
        spots.extend(of_project(&actor, tenant, &project, &groups));
        let open = groups.iter().flat_map(|group| &group.services);
        spots.extend(open.map(|service| of_service(tenant, &project, service)));
    }
    spots.extend(
        THEMES.iter().map(|(value, label, _)| {
            post(format!("Theme: {label}"), SetTheme::PATH, format!("theme={value}"))
        }),
    );
    spots.push(spot("New tenant", DO, "/account/tenants?new".to_owned()));
    spots.push(spot("Your account", PAGE, "/account".to_owned()));
    spots.push(post("Sign out", SignOut::PATH, String::new()));
    Ok(spots)
}

/// Secrets, configs and flags by a part of their key: those of the service that is shown first, then live.
pub async fn entries(tenant: &str, q: &str, here: &str, limit: usize) -> Result<Vec<Spot>, Refused> {
    let (nexus, actor) = person(tenant).await?;
    let secrets = secrets::find(&nexus, &actor, q, LOOKED_AT).await?;
    let configs = configs::find(&nexus, &actor, q, LOOKED_AT).await?;
    let flags = flags::find(&nexus, &actor, q, LOOKED_AT).await?;
    let here = service_at(here);
    let kinds = [("Secret", "secrets", secrets), ("Config", "configs", configs), ("Flag", "flags", flags)];
    let mut found: Vec<_> = kinds
        .into_iter()
        .flat_map(|(what, tab, keys)| {
            keys.into_iter().enumerate().map(move |(place, found)| (place, what, tab, found))
        })
        .collect();
    // Of what is equally near, each kind has its turn.
    found.sort_by_key(|(place, .., found)| {
        (here.as_ref() != Some(&found.path), found.path.environment != LIVE, *place)
    });
    let nearest = found.into_iter().take(limit);
    Ok(nearest.map(|(_, what, tab, found)| of_entry(tenant, found, what, tab)).collect())
}

/// The service whose page is at a path of the console.
fn service_at(path: &str) -> Option<ServicePath> {
    let (_, below) = path.split_once("/projects/")?;
    let mut parts = below.split('/').map(str::to_owned);
    let (project, environment, service) = (parts.next()?, parts.next()?, parts.next()?);
    Some(ServicePath { project, environment, service })
}

/// What can be made in the service that is shown. Nothing where it is gone or not to be seen.
async fn of_this_service(nexus: &Nexus, actor: &Actor, tenant: &str, path: &ServicePath) -> Vec<Spot> {
    let Ok(service) = services::get(nexus, actor, path).await else { return Vec::new() };
    let Ok(rights) = rights_in(nexus, actor, path).await else { return Vec::new() };
    let backend = service.kind == ServiceKind::Backend;
    let acts = [
        ("New secret here", "secrets?new", backend && rights.write_secrets),
        ("New config here", "configs?new", rights.write_configs),
        ("New flag here", "flags?new", rights.write_flags),
    ];
    let hint = format!("{DO}, in {} of {}", service.name, path.environment);
    let offered = acts.into_iter().filter(|(.., may)| *may);
    offered.map(|(name, tab, _)| spot(name, &hint, service_url(tenant, path, tab))).collect()
}

fn of_entry(tenant: &str, found: FoundKey, what: &str, tab: &str) -> Spot {
    let ServicePath { project, environment, service } = &found.path;
    let hint = format!("{what} of {service} in {project}, {environment}");
    let key: String = form_urlencoded::byte_serialize(found.key.as_bytes()).collect();
    let href = service_url(tenant, &found.path, &format!("{tab}?open={key}"));
    spot(found.key, hint, href)
}

fn spot(name: impl Into<String>, hint: impl Into<String>, href: String) -> Spot {
    Spot { name: name.into(), hint: hint.into(), href, body: None }
}

/// Something that is done at once.
fn post(name: impl Into<String>, action: &str, body: String) -> Spot {
    Spot { name: name.into(), hint: DO.to_owned(), href: action.to_owned(), body: Some(body) }
}

fn of_tenant<'a>(actor: &'a Actor, tenant: &'a str) -> impl Iterator<Item = Spot> + 'a {
    let pages = PAGES.into_iter().map(|(name, page, _, needed)| (name, PAGE, page, needed));
    let offered = pages.chain(MORE).filter(|(.., needed)| tenant_allows(actor, *needed));
    offered.map(|(name, what, rest, _)| spot(name, what, tenant_url(tenant, rest)))
}

/// The members, for those who may see all of them.
async fn people(nexus: &Nexus, actor: &Actor, tenant: &str) -> Result<Vec<Spot>, Refused> {
    let members = members::list(nexus, actor, ListMembers::default()).await?;
    let person = |member: nexus_domain::member::Member| {
        let q: String = form_urlencoded::byte_serialize(member.email.as_bytes()).collect();
        spot(member.email, "Member", tenant_url(tenant, &format!("members?q={q}")))
    };
    Ok(members.data.into_iter().map(person).collect())
}

fn of_project(actor: &Actor, tenant: &str, project: &Brief, groups: &[ServiceGroup]) -> Vec<Spot> {
    let url = |rest: &str| project_url(tenant, &project.slug, rest);
    let (role, name) = (project.role, &project.name);
    let may = |permission| role.allows(permission, SHARED);
    let has_own = groups.iter().any(|group| group.yours && !group.closed);
    let makes =
        may(Permission::ServiceWrite) || (has_own && role.allows(Permission::ServiceWrite, Place::Own));
    let invites = may(Permission::MemberInvite) && !tenant_allows(actor, Permission::MemberInvite);
    let invitations = format!("members/invitations?project={}&new", project.slug);
    let rows = [
        (name.clone(), "Project", url(""), true),
        (format!("New service in {name}"), DO, url("?new=service"), makes),
        (format!("Invite members to {name}"), DO, tenant_url(tenant, &invitations), invites),
        (format!("Environment grid of {name}"), "Project", url("/grid"), true),
        (format!("Run Tester of {name}"), DO, url("/tester"), true),
        (format!("Members of {name}"), "Project", url("/members"), may(Permission::MemberRead)),
        (format!("Audit log of {name}"), "Project", url("/audit"), may(Permission::AuditRead)),
        (format!("Settings of {name}"), "Project", url("/settings"), may(Permission::ProjectManage)),
    ];
    let offered = rows.into_iter().filter(|(.., may)| *may);
    offered.map(|(name, what, href, _)| spot(name, what, href)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_that_is_shown_stands_in_the_path() {
        let found = service_at("/t/acme/projects/shop/live/api/secrets").expect("a service");
        assert_eq!(
            (found.project.as_str(), found.environment.as_str(), found.service.as_str()),
            ("shop", "live", "api")
        );
        assert_eq!(service_at("/t/acme/projects/shop/settings"), None);
        assert_eq!(service_at("/t/acme/audit"), None);
    }
}
