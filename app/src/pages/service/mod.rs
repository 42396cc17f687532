//! The frame of a service: its name, its environment, where programs read it, and its tabs.

mod functions;
pub mod keys;
pub mod settings;

pub use functions::*;

use crate::address::{ServiceParams, service_params, service_url};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::menu::Menu;
use crate::components::tabs::{Tab, Tabs};
use crate::components::{Ago, Badge, Copy};
use crate::page::page;
use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use nexus_domain::environment::{Environment, EnvironmentKind};
use nexus_domain::service::{Service, ServiceKind, ServicePath};

#[component]
pub fn ServiceFrame() -> impl IntoView {
    let here = service_params();
    view! {
        {page(
            move || {
                let ServicePath { project, environment, service } = here.path();
                ReadService { tenant: here.tenant.get(), project, environment, service }
            },
            move |data| view! { <Head here data/> }.into_any(),
        )}
        <Outlet/>
    }
}

#[component]
fn Head(here: ServiceParams, data: ServiceData) -> impl IntoView {
    let ServiceData { service, environment, counterparts, rights, secrets, configs, flags, now } = data;
    let synced = match service.synced_at {
        Some(at) => view! { <span class="faint">"read by a program "<Ago at now/></span> }.into_any(),
        None if service.umbrella => ().into_any(),
        None => view! { <span class="faint">"not read by a program yet"</span> }.into_any(),
    };
    view! {
        <div class="title">
            <h1>{service.name.clone()}</h1>
            <Badge text=service.kind.as_str().to_ascii_uppercase()/>
            {service.umbrella.then(|| view! { <Badge text="UMBRELLA" tone=Tone::Accent/> })}
            <EnvironmentControl here environment counterparts service=service.clone()/>
        </div>
        <div class="lead">
            {service.endpoint.clone().map(|url| view! { <Endpoint url/> })}
            <Inherits here service=service.clone()/>
            {synced}
        </div>
        {service.read_only.clone().map(|why| view! { <p class="note note-amber">{why}</p> })}
        <ServiceTabs here service rights secrets configs flags/>
    }
    .into_any()
}

/// The tab that one comes to: frontends have no secrets.
pub const fn first_tab(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::Backend => "secrets",
        ServiceKind::Frontend => "configs",
    }
}

/// Whether programs can prove to be this service by a token of their platform: what they get is a backend
/// credential, for an endpoint.
pub fn takes_identities(service: &Service) -> bool {
    service.kind == ServiceKind::Backend && !service.umbrella
}

/// Where programs read the service.
#[component]
fn Endpoint(url: String) -> impl IntoView {
    view! { <span class="endpoint"><code>{url.clone()}</code><Copy text=url label="Copy the endpoint"/></span> }.into_any()
}

#[component]
fn Inherits(here: ServiceParams, service: Service) -> impl IntoView {
    let Some(umbrella) = service.linked_umbrella else {
        let linked = service.linked_services;
        let text = match (service.umbrella, linked) {
            (false, _) => return ().into_any(),
            (true, 1) => "1 service inherits from it".to_owned(),
            (true, linked) => format!("{linked} services inherit from it"),
        };
        return view! { <span>{text}</span> }.into_any();
    };
    let tab = first_tab(service.kind);
    let path = ServicePath { service: umbrella.clone(), ..here.path_now() };
    view! {
        <span>"inherits from "<a class="link" href=service_url(&here.tenant.get_untracked(), &path, tab)>{umbrella}</a></span>
    }
    .into_any()
}

/// The environment, and the same service in others.
#[component]
fn EnvironmentControl(
    here: ServiceParams,
    environment: Environment,
    counterparts: Vec<Environment>,
    service: Service,
) -> impl IntoView {
    let tab = first_tab(service.kind);
    let (class, state) = match environment.kind {
        EnvironmentKind::Live => ("menu-env", None),
        _ => ("menu-env env-amber", Some("not live")),
    };
    let others = counterparts
        .into_iter()
        .map(|other| {
            let path = ServicePath { environment: other.slug.clone(), ..here.path_now() };
            let current = (other.slug == environment.slug).then_some("true");
            let href = service_url(&here.tenant.get_untracked(), &path, tab);
            view! { <a href=href aria-current=current><span>{other.name}</span><small class="mono">{other.slug}</small></a> }
        })
        .collect_view();
    let label = format!("Environment: {}", environment.name);
    let button = view! {
        <span class="dot"></span><span>{environment.name}</span>
        {state.map(|state| view! { <small>{state}</small> })}
        <Icon glyph=Glyph::Chevron/>
    }
    .into_any();
    view! {
        <Menu label class button>
            <p class="menu-label">"The same service in"</p>
            {others}
        </Menu>
    }
    .into_any()
}

#[component]
fn ServiceTabs(
    here: ServiceParams,
    service: Service,
    rights: Rights,
    secrets: Option<i64>,
    configs: i64,
    flags: i64,
) -> impl IntoView {
    let path = use_location().pathname;
    let all = [
        ("Secrets", "secrets", service.kind == ServiceKind::Backend, secrets),
        ("Configs", "configs", true, Some(configs)),
        ("Flags", "flags", true, Some(flags)),
        ("API keys", "keys", !service.umbrella && rights.read_keys, None),
        ("Identities", "identities", takes_identities(&service) && rights.read_keys, None),
        ("Settings", "settings", true, None),
    ];
    move || {
        let current = path.get();
        let tabs = all
            .into_iter()
            .filter(|(.., shown, _)| *shown)
            .map(|(name, tab, _, count)| {
                let href = here.url(tab);
                Tab { name, current: href == current, href, count }
            })
            .collect::<Vec<_>>();
        view! { <Tabs label="Service" tabs/> }
    }
}
