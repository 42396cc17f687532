//! The services of a project, grouped by environment: live first, one's own developer environment
//! before all, other people's by name only.

mod dev;
mod functions;
mod new;

pub use functions::*;

use crate::address::{address, param, query, service_url};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::search::folded;
use crate::components::time::{count, number};
use crate::components::{Ago, Badge, Empty, Search};
use crate::page::tab;
use crate::pages::entries::ReadOnlyBadge;
use crate::pages::service::first_tab;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::environment::EnvironmentKind;
use nexus_domain::service::{Service, ServiceGroup, ServicePath};

#[component]
pub fn ServicesTab() -> impl IntoView {
    let (tenant, project) = (param("tenant"), param("project"));
    let dev_envs = query("dev_envs");
    let shown = Memo::new(move |_| dev_envs.read().as_deref() == Some("true"));
    tab(
        move || ReadServices { tenant: tenant.get(), project: project.get(), dev_envs: shown.get() },
        move |data| view! { <Page tenant project shown data/> }.into_any(),
    )
}

#[component]
fn Page(tenant: Memo<String>, project: Memo<String>, shown: Memo<bool>, data: ServicesData) -> impl IntoView {
    let now = data.now;
    let groups = StoredValue::new(data.groups.clone());
    let dev = data.dev.clone();
    let amounts = StoredValue::new(data.amounts.clone());
    let q = query("q");
    let may_create = !data.environments.is_empty();
    let list = move || {
        let q = folded(&q.get().unwrap_or_default());
        let groups = groups.get_value();
        if groups.iter().all(|group| group.services.is_empty() && !group.yours && !group.closed) {
            return view! { <NoServices may_create/> }.into_any();
        }
        let found = groups.into_iter().filter_map(|group| narrow(group, &q)).collect::<Vec<_>>();
        if found.is_empty() {
            return view! { <p class="none" role="status">"No service has that in its name."</p> }.into_any();
        }
        found.into_iter().map(|group| view! { <Group tenant group amounts now/> }).collect_view().into_any()
    };
    view! {
        <Bar shown may_create may_have_dev=data.may_have_dev/>
        <new::NewService tenant project environments=data.environments rooms=data.rooms/>
        {move || (shown.get() && data.may_have_dev && dev.is_none()).then(|| view! { <dev::Offer tenant project/> })}
        {list}
        <dev::Dialogs tenant project/>
    }
    .into_any()
}

#[component]
fn Bar(shown: Memo<bool>, may_create: bool, may_have_dev: bool) -> impl IntoView {
    let here = address();
    let toggle = move || here.with(&[("dev_envs", (!shown.get()).then_some("true"))]);
    let buttons = may_create.then(|| {
        view! {
            <a class="button" href=move || here.with(&[("new", Some("umbrella"))]) data-noscroll>
                <Icon glyph=Glyph::Umbrella/>"New umbrella"
            </a>
            <a class="button button-primary" href=move || here.with(&[("new", Some("service"))]) data-noscroll
                title="New service (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"New service"</a>
        }
    });
    view! {
        <div class="bar">
            <Search label="Search services"/>
            {may_have_dev.then(|| view! {
                <a class="switch" role="switch" aria-checked=move || if shown.get() { "true" } else { "false" }
                    href=toggle data-noscroll title="Show developer environments"><i></i>"Dev envs"</a>
            })}
            <span class="grow"></span>
            {buttons}
        </div>
    }
    .into_any()
}

#[component]
fn NoServices(may_create: bool) -> impl IntoView {
    let here = address();
    let text = "A service is one deployable unit in one environment. It holds its secrets, and programs read \
                them with its key.";
    view! {
        <Empty glyph=Glyph::Box title="No service yet" text>
            {may_create.then(|| view! {
                <a class="button button-primary" href=move || here.with(&[("new", Some("service"))]) data-noscroll>
                    "Make the first service"
                </a>
            })}
        </Empty>
    }
    .into_any()
}

/// The group with only what was searched for; `None` when nothing of it is left.
fn narrow(mut group: ServiceGroup, q: &str) -> Option<ServiceGroup> {
    if q.is_empty() {
        return Some(group);
    }
    group.services.retain(|service| folded(&service.name).contains(q) || service.slug.contains(q));
    (!group.services.is_empty()).then_some(group)
}

#[component]
fn Group(
    tenant: Memo<String>,
    group: ServiceGroup,
    amounts: StoredValue<Vec<Amounts>>,
    now: Timestamp,
) -> impl IntoView {
    let ServiceGroup { environment, yours, closed, imported_at, services } = group;
    let (class, state) = match environment.kind {
        EnvironmentKind::Live => ("group", None),
        EnvironmentKind::Developer => ("group group-dev", None),
        _ => ("group group-amber", Some("not live")),
    };
    let amount = count(i64::try_from(services.len()).unwrap_or(i64::MAX), "service");
    let (label, name) = (environment.name.clone(), environment.name.clone());
    let body = if closed && yours {
        view! { <p class="none">"Closed: your role has no developer environment. Everything in it is kept until it has."</p> }
            .into_any()
    } else if closed {
        view! { <p class="none">"Somebody else’s. Its content is theirs alone."</p> }.into_any()
    } else if services.is_empty() {
        view! { <p class="none">"No service in here."</p> }.into_any()
    } else {
        let row = |service: Service| {
            let held = amounts.with_value(|all| all.iter().find(|it| it.service == service.id).copied());
            view! { <Row tenant service held now/> }
        };
        let rows = services.into_iter().map(row).collect_view();
        view! {
            <div class="card">
                <table class="table services">
                    <colgroup><col/><col/><col/><col/><col/><col/></colgroup>
                    <thead class="visually-hidden"><tr>
                        <th scope="col">"Service"</th><th scope="col">"Kind"</th><th scope="col">"Umbrella"</th>
                        <th scope="col">"Holds"</th><th scope="col">"Last read or changed"</th><th scope="col">"Settings"</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="environment" aria-label=label>
            <div class=class>
                <span class="dot"></span>
                <h2>{name}</h2>
                {yours.then(|| view! { <Badge text="YOURS" tone=Tone::Accent/> })}
                {(!closed).then(|| view! { <small>{amount}</small> })}
                {state.map(|state| view! { <small>{state}</small> })}
                {imported_at.map(|at| view! { <small>"imported from develop "<Ago at now/></small> })}
                <span class="grow"></span>
                {(yours && !closed).then(|| view! { <dev::Buttons/> })}
            </div>
            {body}
        </section>
    }
    .into_any()
}

#[component]
fn Row(tenant: Memo<String>, service: Service, held: Option<Amounts>, now: Timestamp) -> impl IntoView {
    let href = url(&tenant.get_untracked(), &service);
    let settings = service_url(&tenant.get_untracked(), &path_of(&service), "settings");
    let umbrella = if service.umbrella {
        Some(format!("{} linked", number(service.linked_services)))
    } else {
        service.linked_umbrella.as_ref().map(|slug| format!("→ {slug}"))
    };
    let holds = held.map(|held| {
        let rest = format!("{} · {}", count(held.configs, "config"), count(held.flags, "flag"));
        let secrets = held.secrets.map(|secrets| view! { <span>{count(secrets, "secret")}</span> });
        view! { <span class="holds">{secrets}<span class="muted">{rest}</span></span> }
    });
    // On small screens a cell without a label takes no line.
    let umbrella_label = umbrella.is_some().then_some("Umbrella");
    let when = match service.synced_at {
        Some(at) => view! { "read "<Ago at now/> }.into_any(),
        None => view! { "changed "<Ago at=service.updated_at now/> }.into_any(),
    };
    let label = format!("Settings of {}", service.name);
    let other_slug = (service.slug != service.name).then_some(service.slug);
    view! {
        <tr data-row>
            <td>
                <a class="row-link" href=href>{service.name}</a>
                {service.umbrella.then(|| view! { <Badge text="UMBRELLA" tone=Tone::Accent/> })}
                <ReadOnlyBadge why=service.read_only/>
                {other_slug.map(|slug| view! { <span class="faint mono">{slug}</span> })}
            </td>
            <td data-label="Kind"><Badge text=service.kind.as_str().to_ascii_uppercase()/></td>
            <td data-label=umbrella_label class="muted">{umbrella}</td>
            <td data-label="Holds">{holds}</td>
            <td data-label="Last" class="muted">{when}</td>
            <td class="row-actions">
                <a class="button button-icon" href=settings title="Settings (e)" aria-label=label aria-keyshortcuts="e">
                    <Icon glyph=Glyph::Gear/>
                </a>
            </td>
        </tr>
    }
    .into_any()
}

pub fn path_of(service: &Service) -> ServicePath {
    ServicePath {
        project: service.project.clone(),
        environment: service.environment.clone(),
        service: service.slug.clone(),
    }
}

/// The first tab of a service: its secrets where it may have some, else its configs.
pub fn url(tenant: &str, service: &Service) -> String {
    service_url(tenant, &path_of(service), first_tab(service.kind))
}
