//! The frame around the pages of a tenant: where one is, where one can go, who one is.

use crate::address::{OF_ONE_ENVIRONMENT, param, query, tenant_url};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon, Mark};
use crate::components::menu::Menu;
use crate::components::palette::PaletteDialog;
use crate::components::shortcuts::Shortcuts;
use crate::components::theme::ThemeSwitch;
use crate::components::{Badge, PostForm};
use crate::live::{Overlay, live};
use crate::page::aside;
use crate::pages::auth::sign_in::SignOut;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use nexus_domain::environment::LIVE;
use nexus_domain::environment_key::ALL_ENVIRONMENTS;
use nexus_domain::member::Me;
use nexus_domain::project::Tenant;
use nexus_domain::role::{Permission, TenantRole};
use serde::{Deserialize, Serialize};

/// What the frame shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameData {
    pub me: Me,
    pub tenant: Tenant,
    /// Slug and name of each project, for the way on top.
    pub projects: Vec<(String, String)>,
    /// What the person is in this tenant.
    pub role: TenantRole,
}

#[server(prefix = "/_fn", endpoint = "read_frame")]
pub async fn read_frame(tenant: String) -> Result<FrameData, Refused> {
    use nexus_backend::{people, projects, tenants};
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let actor = here.member(opened, &tenant).await?;
    here.used_tenant(opened.user, &tenant).await?;
    let me = people::seen_by(&here.nexus, opened).await?.ok_or_else(nexus_domain::Refusal::not_found)?;
    let projects = projects::briefs(&here.nexus, &actor).await?;
    let projects = projects.into_iter().map(|project| (project.slug, project.name)).collect();
    let role = actor.tenant_role().ok_or_else(nexus_domain::Refusal::not_found)?;
    Ok(FrameData { me, tenant: tenants::get(&here.nexus, &actor).await?, projects, role })
}

#[component]
pub fn Frame() -> impl IntoView {
    let tenant = param("tenant");
    let path = use_location().pathname;
    let asked = query("environment");
    let not_live = move || {
        let path = path.read();
        let asked = asked.read();
        let chosen = asked.as_deref().filter(|_| is_of_one_environment(&path));
        environment_of(&path).or(chosen).is_some_and(|slug| slug != LIVE && slug != ALL_ENVIRONMENTS)
    };
    view! {
        <a class="skip" href="#main" rel="external">"Skip to the content"</a>
        <div class="app" class:not-live=not_live>
            {aside(
                move || ReadFrame { tenant: tenant.get() },
                |data| view! { <Side data=data.clone()/><Top data/> }.into_any(),
            )}
            <main id="main" tabindex="-1"><Outlet/></main>
        </div>
        <PaletteDialog/>
        <Shortcuts/>
    }
}

/// The environment in an address of a service's page.
fn environment_of(path: &str) -> Option<&str> {
    let mut parts = path.split('/').skip(5);
    let environment = parts.next()?;
    parts.next().map(|_| environment)
}

/// Whether the page is about the environment that `?environment=` names.
fn is_of_one_environment(path: &str) -> bool {
    let page = path.split('/').nth(3).unwrap_or_default();
    OF_ONE_ENVIRONMENT.contains(&page)
}

/// What the parts of the navigation are: name, address below the tenant's, icon, and what a person needs
/// for it.
pub const PAGES: [(&str, &str, Glyph, Permission); 8] = [
    ("Projects", "projects", Glyph::Box, Permission::EnvironmentRead),
    ("API keys", "api-keys", Glyph::Key, Permission::KeyRead),
    ("Environments", "environments", Glyph::Folder, Permission::EnvironmentRead),
    ("Members", "members", Glyph::People, Permission::MemberRead),
    ("Audit log", "audit", Glyph::List, Permission::TenantAuditRead),
    ("API log", "api-log", Glyph::History, Permission::TenantAuditRead),
    ("Sign-in", "sign-in", Glyph::Shield, Permission::SignInManage),
    ("Settings", "settings", Glyph::Gear, Permission::EnvironmentRead),
];

/// The entry of the navigation that a page belongs to: tabs of one page are at addresses of their own.
fn entry_of(path: &str) -> &str {
    match path.split('/').nth(3).unwrap_or_default() {
        "identity-providers" | "oauth-apps" => "api-keys",
        page => page,
    }
}

#[component]
fn Links(tenant: String, role: TenantRole) -> impl IntoView {
    let path = use_location().pathname;
    let links = PAGES
        .into_iter()
        .filter(|(.., needed)| role.allows(*needed))
        .map(|(name, page, glyph, _)| {
            let href = tenant_url(&tenant, page);
            let here = href.clone();
            let current = move || {
                let path = path.read();
                match *path == here {
                    true => Some("page"),
                    false => (entry_of(&path) == page).then_some("true"),
                }
            };
            view! { <a href=href aria-current=current><Icon glyph/>{name}</a> }
        })
        .collect_view();
    view! {
        {links}
        <a href="/api/docs" rel="external"><Icon glyph=Glyph::Book/>"Docs"</a>
    }
    .into_any()
}

#[component]
fn Tenants(data: FrameData) -> impl IntoView {
    let FrameData { me, tenant, .. } = data;
    let slug = tenant.slug.clone();
    let links = me
        .tenants
        .into_iter()
        .map(|other| {
            let current = (other.slug == slug).then_some("true");
            view! {
                <a href=tenant_url(&other.slug, "projects") aria-current=current>
                    <span>{other.name}</span><small>{other.role.as_str()}</small>
                </a>
            }
        })
        .collect_view();
    let button = view! { <span class="tenant-name">{tenant.name.clone()}</span><Icon glyph=Glyph::Chevron/> }
        .into_any();
    view! {
        <Menu label=format!("Tenant: {}", tenant.name) class="menu-tenant" button>
            <p class="menu-label">"Tenants"</p>
            {links}
            <a href="/account/tenants?new"><Icon glyph=Glyph::Plus/>"New tenant"</a>
        </Menu>
    }
    .into_any()
}

#[component]
fn Side(data: FrameData) -> impl IntoView {
    let live = live();
    let home = tenant_url(&data.tenant.slug, "projects");
    view! {
        <aside class="side" aria-label="Side">
            <a class="brand" href=home><Mark/>"Nexus"</a>
            <Tenants data=data.clone()/>
            <nav class="nav" aria-label="Console"><Links tenant=data.tenant.slug role=data.role/></nav>
            <button type="button" class="side-help needs-js" on:click=move |_| live.overlay.set(Overlay::Shortcuts)>
                <kbd aria-hidden="true">"?"</kbd>"Shortcuts"
            </button>
        </aside>
    }
    .into_any()
}

#[component]
fn Top(data: FrameData) -> impl IntoView {
    let live = live();
    let menu = view! { <Icon glyph=Glyph::Menu/> }.into_any();
    let (slug, name) = (data.tenant.slug.clone(), data.tenant.name.clone());
    view! {
        <header class="top">
            <Menu label="Menu" class="menu-pages" button=menu>
                <nav class="nav" aria-label="Menu"><Links tenant=slug role=data.role/></nav>
                <p class="menu-label">"Tenant"</p>
                <p class="menu-text">{name}</p>
            </Menu>
            <Crumbs data=data.clone()/>
            <button type="button" class="palette-open needs-js" title="Go to anything (Ctrl K)"
                on:click=move |_| live.overlay.set(Overlay::Palette)>
                <Icon glyph=Glyph::Search/><span>"Search or do…"</span><kbd>"Ctrl K"</kbd>
            </button>
            <Account data/>
        </header>
    }
    .into_any()
}

/// The way to the page: tenant, project, service.
#[component]
fn Crumbs(data: FrameData) -> impl IntoView {
    let path = use_location().pathname;
    let FrameData { tenant, projects, .. } = data;
    let crumbs = move || {
        let path = path.get();
        let mut crumbs = vec![(tenant.name.clone(), tenant_url(&tenant.slug, "projects"))];
        let page = PAGES.iter().find(|(_, page, ..)| entry_of(&path) == *page);
        if let Some((name, page, ..)) = page.filter(|(_, page, ..)| *page != "projects") {
            crumbs.push(((*name).to_owned(), tenant_url(&tenant.slug, page)));
        }
        let below = path.split_once("/projects/").map_or("", |(_, below)| below);
        let mut parts = below.split('/').filter(|part| !part.is_empty());
        let (project, environment, service) = (parts.next(), parts.next(), parts.next());
        if let Some(project) = project {
            let name = projects.iter().find(|(slug, _)| slug == project).map_or(project, |(_, name)| name);
            crumbs.push((name.to_owned(), tenant_url(&tenant.slug, &format!("projects/{project}"))));
        }
        if let (Some(service), Some(_)) = (service, environment) {
            crumbs.push((service.to_owned(), path.clone()));
        }
        crumbs
            .into_iter()
            .map(|(name, href)| {
                let current = (href == path).then_some("page");
                view! { <li><a href=href aria-current=current>{name}</a></li> }
            })
            .collect_view()
    };
    view! { <nav class="crumbs" aria-label="Where you are"><ol>{crumbs}</ol></nav> }.into_any()
}

#[component]
fn Account(data: FrameData) -> impl IntoView {
    let email = data.me.email;
    let role = data.role.as_str().to_ascii_uppercase();
    let button = view! { <span class="avatar" aria-hidden="true">{initials(&email)}</span> }.into_any();
    view! {
        <Menu label=format!("Account: {email}") class="menu-account" button>
            <p class="menu-text"><b>{email.clone()}</b><Badge text=role tone=Tone::Plain/></p>
            <a href="/account"><Icon glyph=Glyph::Gear/>"Your account"</a>
            <ThemeSwitch/>
            <PostForm action=SignOut::PATH class="menu-form">
                <button type="submit" class="menu-button"><Icon glyph=Glyph::Open/>"Sign out"</button>
            </PostForm>
        </Menu>
    }
    .into_any()
}

/// Two letters for a person: of `ana.bell@acme.test`, `AB`; of `ana@acme.test`, `AN`.
fn initials(email: &str) -> String {
    let local = email.split('@').next().unwrap_or_default();
    let mut words = local.split(|c: char| c.is_ascii_punctuation()).filter(|word| !word.is_empty());
    let (first, second) = (words.next().unwrap_or("?"), words.next());
    let letters: String = match second {
        Some(second) => first.chars().take(1).chain(second.chars().take(1)).collect(),
        None => first.chars().take(2).collect(),
    };
    letters.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_read_from_a_services_address_only() {
        assert_eq!(environment_of("/t/acme/projects/shop/develop/api/secrets"), Some("develop"));
        assert_eq!(environment_of("/t/acme/projects/shop/settings"), None);
        assert_eq!(environment_of("/t/acme/projects"), None);
    }

    #[test]
    fn a_page_of_one_environment_is_known_by_its_address() {
        assert!(is_of_one_environment("/t/acme/api-keys"));
        assert!(!is_of_one_environment("/t/acme/audit") && !is_of_one_environment("/account"));
    }

    #[test]
    fn a_tab_belongs_to_the_entry_of_its_page() {
        assert_eq!(entry_of("/t/acme/oauth-apps"), "api-keys");
        assert_eq!(entry_of("/t/acme/audit"), "audit");
        assert_eq!(entry_of("/account"), "");
    }

    #[test]
    fn everybody_has_initials() {
        assert_eq!(initials("ana.bell@acme.test"), "AB");
        assert_eq!(initials("ana@acme.test"), "AN");
        assert_eq!(initials("@"), "?");
    }
}
