//! The frame of a project: its name, its tier, and its tabs.

pub mod audit;
pub mod member_functions;
pub mod members;
pub mod settings;
mod tiers;

use crate::address::{param, project_url};
use crate::components::Badge;
use crate::components::tabs::{Tab, Tabs};
use crate::page::page;
use crate::pages::projects::summary;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use nexus_domain::project::Project;
use nexus_domain::role::{Permission, Place};

/// Anything shared that is not `develop`: what a role allows there, it allows in the project.
pub const SHARED: Place = Place::Shared { develop: false };

#[server(prefix = "/_fn", endpoint = "read_project")]
pub async fn read_project(tenant: String, project: String) -> Result<Project, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::projects::get(&nexus, &actor, &project).await?)
}

#[component]
pub fn ProjectFrame() -> impl IntoView {
    let (tenant, project) = (param("tenant"), param("project"));
    view! {
        {page(
            move || ReadProject { tenant: tenant.get(), project: project.get() },
            move |project| view! { <Head tenant project/> }.into_any(),
        )}
        <Outlet/>
    }
}

#[component]
fn Head(tenant: Memo<String>, project: Project) -> impl IntoView {
    let path = use_location().pathname;
    let (role, slug, services) = (project.role, project.slug.clone(), project.services);
    let tabs = move || {
        let tenant = tenant.get();
        let current = path.get();
        let tab = |name, rest: &str, count| {
            let href = project_url(&tenant, &slug, rest);
            Tab { name, current: href == current, href, count }
        };
        let mut tabs = vec![
            tab("Services", "", Some(services)),
            tab("Environment grid", "/grid", None),
            tab("Run Tester", "/tester", None),
        ];
        if role.allows(Permission::MemberRead, SHARED) {
            tabs.push(tab("Members", "/members", None));
        }
        if role.allows(Permission::AuditRead, SHARED) {
            tabs.push(tab("Audit log", "/audit", None));
        }
        if role.allows(Permission::ProjectManage, SHARED) {
            tabs.push(tab("Settings", "/settings", None));
        }
        view! { <Tabs label="Project" tabs/> }
    };
    let line = summary(&project);
    view! {
        <div class="title">
            <h1>{project.name}</h1>
            <Badge text=format!("TIER {}", project.tier.as_str().to_ascii_uppercase())/>
        </div>
        <p class="lead">{line}</p>
        {tabs}
    }
    .into_any()
}
