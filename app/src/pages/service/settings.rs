//! The settings of a service: its name, the umbrella that it inherits from, who inherits from it,
//! deletion.

use super::ServiceData;
use crate::address::{ServiceParams, address, query, service_params, service_url};
use crate::components::{Confirm, Field, FormError, Hidden, Pick, PostForm, Submit};
use crate::done::Done;
use crate::page::tab;
use crate::pages::losses::Lost;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::project::Losses;
use nexus_domain::service::{Service, ServiceKind, ServicePath};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingsData {
    pub head: ServiceData,
    /// Slug and name of the umbrellas that it may link to.
    pub umbrellas: Vec<(String, String)>,
    /// The services that inherit from it.
    pub linked: Vec<Service>,
}

#[server(prefix = "/_fn", endpoint = "read_service_settings")]
pub async fn read_service_settings(
    tenant: String,
    project: String,
    environment: String,
    service: String,
) -> Result<SettingsData, Refused> {
    use nexus_backend::services;
    let head =
        super::read_service(tenant.clone(), project.clone(), environment.clone(), service.clone()).await?;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let (mut umbrellas, mut linked) = (Vec::new(), Vec::new());
    if head.service.umbrella {
        linked = services::linked(&nexus, &actor, &path).await?;
    } else {
        umbrellas = services::umbrellas(&nexus, &actor, &path).await?;
    }
    let umbrellas = umbrellas.into_iter().map(|umbrella| (umbrella.slug, umbrella.name)).collect();
    Ok(SettingsData { head, umbrellas, linked })
}

#[server(prefix = "/_fn", endpoint = "rename_service")]
pub async fn rename_service(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    name: String,
) -> Result<Done, Refused> {
    use nexus_domain::service::ServicePatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let patch = ServicePatch { name: Some(name), ..ServicePatch::default() };
    nexus_backend::services::update(&nexus, &actor, &path, patch).await?;
    Ok(Done::new("Saved"))
}

#[server(prefix = "/_fn", endpoint = "link_umbrella")]
pub async fn link_umbrella(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    umbrella: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    nexus_backend::services::link(&nexus, &actor, &path, &umbrella).await?;
    Ok(Done::new(format!("Inherits from {umbrella} now")))
}

#[server(prefix = "/_fn", endpoint = "unlink_umbrella")]
pub async fn unlink_umbrella(
    tenant: String,
    project: String,
    environment: String,
    service: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    nexus_backend::services::unlink(&nexus, &actor, &path).await?;
    Ok(Done::new("Inherits from nothing now"))
}

#[server(prefix = "/_fn", endpoint = "read_service_losses")]
pub async fn read_service_losses(
    tenant: String,
    project: String,
    environment: String,
    service: String,
) -> Result<Losses, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    Ok(nexus_backend::services::losses(&nexus, &actor, &path).await?)
}

#[server(prefix = "/_fn", endpoint = "delete_service")]
pub async fn delete_service(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    typed: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    crate::pages::losses::confirmed(&typed, &service)?;
    let to = crate::address::project_url(&tenant, &project, "");
    let path = ServicePath { project, environment, service };
    nexus_backend::services::delete(&nexus, &actor, &path).await?;
    Ok(Done::new(format!("{} is deleted from {}", path.service, path.environment)).to(to))
}

#[component]
pub fn ServiceSettingsTab() -> impl IntoView {
    let here = service_params();
    tab(
        move || {
            let ServicePath { project, environment, service } = here.path();
            ReadServiceSettings { tenant: here.tenant.get(), project, environment, service }
        },
        move |data| view! { <Settings here data/> }.into_any(),
    )
}

/// The hidden fields that name the service in each form.
#[component]
pub fn Which(here: ServiceParams) -> impl IntoView {
    view! {
        <Hidden name="tenant" value=here.tenant/>
        <Hidden name="project" value=Signal::derive(move || here.path().project)/>
        <Hidden name="environment" value=Signal::derive(move || here.path().environment)/>
        <Hidden name="service" value=Signal::derive(move || here.path().service)/>
    }
    .into_any()
}

/// The same as pairs, for [`Confirm`].
pub fn which(here: ServiceParams) -> Vec<(&'static str, String)> {
    let ServicePath { project, environment, service } = here.path_now();
    let tenant = here.tenant.get_untracked();
    vec![("tenant", tenant), ("project", project), ("environment", environment), ("service", service)]
}

#[component]
fn Settings(here: ServiceParams, data: SettingsData) -> impl IntoView {
    let SettingsData { head, umbrellas, linked } = data;
    let (service, may_write) = (head.service, head.rights.write);
    let umbrella = if service.umbrella {
        view! { <LinkedServices here linked/> }.into_any()
    } else {
        view! { <UmbrellaPanel here service=service.clone() umbrellas may_write/> }.into_any()
    };
    view! {
        <General here service=service.clone() may_write/>
        {umbrella}
        {may_write.then(|| view! { <Deletion here service/> })}
    }
    .into_any()
}

#[component]
fn General(here: ServiceParams, service: Service, may_write: bool) -> impl IntoView {
    let name = if may_write && service.read_only.is_none() {
        view! {
            <PostForm action=RenameService::PATH class="stack">
                <Which here/>
                <Field label="Name" name="name" value=service.name required=true/>
                <FormError/>
                <div class="actions"><Submit label="Save"/></div>
            </PostForm>
        }
        .into_any()
    } else {
        ().into_any()
    };
    view! {
        <section class="card panel">
            <h2>"General"</h2>
            {name}
            <dl class="facts">
                <div><dt>"Slug"</dt><dd><code>{service.slug}</code>" permanent"</dd></div>
                <div><dt>"Kind"</dt><dd>{service.kind.as_str()}", permanent"</dd></div>
                <div><dt>"Environment"</dt><dd><code>{service.environment}</code>" permanent"</dd></div>
            </dl>
        </section>
    }
    .into_any()
}

#[component]
fn UmbrellaPanel(
    here: ServiceParams,
    service: Service,
    umbrellas: Vec<(String, String)>,
    may_write: bool,
) -> impl IntoView {
    let address = address();
    let confirm = query("confirm");
    let linked = service.linked_umbrella;
    let name = linked.clone().unwrap_or_default();
    let body = match (&linked, umbrellas.is_empty()) {
        (Some(umbrella), _) => view! {
            <p>"Inherits everything that "<b>{umbrella.clone()}</b>" holds. Its own values win."</p>
            {may_write.then(|| view! {
                <div class="actions">
                    <a class="button" href=move || address.with(&[("confirm", Some("unlink"))]) data-noscroll>"Unlink…"</a>
                </div>
            })}
        }
        .into_any(),
        (None, true) => view! {
            <p class="none">"There is no umbrella of this kind in this environment. Make one from the services list."</p>
        }
        .into_any(),
        (None, false) if may_write => view! {
            <p>"Linking makes every secret of the umbrella readable for this service’s programs, at once and from then on."</p>
            <PostForm action=LinkUmbrella::PATH class="stack">
                <Which here/>
                <Pick label="Umbrella" name="umbrella" options=umbrellas/>
                <FormError/>
                <div class="actions"><Submit label="Link"/></div>
            </PostForm>
        }
        .into_any(),
        (None, false) => view! { <p class="none">"Inherits from nothing."</p> }.into_any(),
    };
    let dialog = move || {
        let name = name.clone();
        (confirm.read().as_deref() == Some("unlink")).then(|| {
            view! {
                <Confirm title=format!("Unlink from {name}?") action=UnlinkUmbrella::PATH label="Unlink" danger=true
                    close=address.without(&["confirm"]) fields=which(here)>
                    <p>"Programs of this service stop getting what it inherits from "<b>{name}</b>
                        " on their next read. Its own values stay. You can link it again at any time."</p>
                </Confirm>
            }
        })
    };
    view! { <section class="card panel"><h2>"Umbrella"</h2>{body}</section>{dialog} }.into_any()
}

#[component]
fn LinkedServices(here: ServiceParams, linked: Vec<Service>) -> impl IntoView {
    let tenant = here.tenant.get_untracked();
    let body = if linked.is_empty() {
        view! { <p class="none">"No service inherits from it yet. Link one in that service’s settings."</p> }
            .into_any()
    } else {
        let items = linked
            .into_iter()
            .map(|service| {
                let tab = if service.kind == ServiceKind::Backend { "secrets" } else { "keys" };
                let path = ServicePath {
                    project: service.project,
                    environment: service.environment,
                    service: service.slug.clone(),
                };
                let href = service_url(&tenant, &path, tab);
                view! { <li data-row><a class="row-link" href=href>{service.name}</a><span class="faint mono">{service.slug}</span></li> }
            })
            .collect_view();
        view! { <ul class="lines">{items}</ul> }.into_any()
    };
    view! {
        <section class="card panel">
            <h2>"Services that inherit from it"</h2>
            <p>"A change here reaches each of them at once."</p>
            {body}
        </section>
    }
    .into_any()
}

#[component]
fn Deletion(here: ServiceParams, service: Service) -> impl IntoView {
    let address = address();
    let confirm = query("confirm");
    let blocked = service.linked_services > 0;
    let slug = StoredValue::new(service.slug);
    let name = service.name;
    let dialog = move || {
        (confirm.read().as_deref() == Some("delete") && !blocked).then(|| {
            view! {
                <Confirm title=format!("Delete {name}?") action=DeleteService::PATH label="Delete the service" danger=true
                    close=address.without(&["confirm"]) fields=which(here) typed=slug.get_value()>
                    {tab(
                        move || {
                            let ServicePath { project, environment, service } = here.path();
                            ReadServiceLosses { tenant: here.tenant.get(), project, environment, service }
                        },
                        |losses| view! { <Lost losses nothing="There is nothing in it."/> }.into_any(),
                    )}
                    <p>"Programs that read it get no answer from then on. This cannot be undone."</p>
                </Confirm>
            }
        })
    };
    let action = if blocked {
        view! { <p class="note">"It cannot be deleted while services inherit from it. Unlink them first."</p> }.into_any()
    } else {
        view! {
            <div class="actions">
                <a class="button button-danger" href=move || address.with(&[("confirm", Some("delete"))]) data-noscroll>
                    "Delete…"
                </a>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="card panel panel-danger">
            <h2>"Delete this service"</h2>
            <p>"In this environment only. Its counterparts stay."</p>
            {action}
        </section>
        {dialog}
    }
    .into_any()
}
