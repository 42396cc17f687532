//! The API keys of a service: two slots, both valid. A new key is shown once, in the browser's
//! memory only, so making one needs JavaScript.

use super::Rights;
use crate::address::{ServiceParams, address, query, service_params};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::time::Until;
use crate::components::{Ago, AskOnce, Badge, Confirm, Copy, OldValue, ShownOnce, Snippet};
use crate::done::Done;
use crate::page::tab;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::keys::{Access, DEFAULT_GRACE_HOURS, RotatedKey, ServiceKey, Slot};
use nexus_domain::service::ServicePath;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeysData {
    pub keys: Vec<ServiceKey>,
    pub rights: Rights,
    pub endpoint: Option<String>,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_keys")]
pub async fn read_keys(
    tenant: String,
    project: String,
    environment: String,
    service: String,
) -> Result<KeysData, Refused> {
    use nexus_backend::keys;
    let data =
        super::read_service(tenant.clone(), project.clone(), environment.clone(), service.clone()).await?;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let keys = keys::list(&nexus, &actor, &path).await?;
    Ok(KeysData { keys, rights: data.rights, endpoint: data.service.endpoint, now: nexus.now() })
}

/// Makes or rotates the key of a slot. The only answer that holds a key.
#[server(prefix = "/_fn", endpoint = "rotate_key")]
pub async fn rotate_key(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    slot: String,
    access: String,
    grace_hours: i64,
) -> Result<RotatedKey, Refused> {
    use nexus_domain::{Refusal, keys::RotateRequest};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let slot = Slot::parse(&slot).ok_or_else(Refusal::not_found)?;
    let access = Access::parse(&access).ok_or_else(|| Refusal::invalid("access", "read or read_write"))?;
    let request = RotateRequest { grace_hours: Some(grace_hours), access: Some(access) };
    Ok(nexus_backend::keys::rotate(&nexus, &actor, &path, slot, request).await?)
}

#[server(prefix = "/_fn", endpoint = "revoke_key")]
pub async fn revoke_key(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    slot: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let slot = Slot::parse(&slot).ok_or_else(nexus_domain::Refusal::not_found)?;
    nexus_backend::keys::revoke(&nexus, &actor, &path, slot).await?;
    Ok(Done::new(format!("The {slot} key is revoked")))
}

#[component]
pub fn KeysTab() -> impl IntoView {
    let here = service_params();
    let made = RwSignal::new(None::<RotatedKey>);
    let endpoint = RwSignal::new(None::<String>);
    view! {
        {tab(
            move || {
                let ServicePath { project, environment, service } = here.path();
                ReadKeys { tenant: here.tenant.get(), project, environment, service }
            },
            move |data: KeysData| {
                endpoint.set(data.endpoint.clone());
                view! { <Slots here made data/> }.into_any()
            },
        )}
        {move || made.get().map(|key| view! { <Shown key endpoint made/> })}
    }
}

#[component]
fn Slots(here: ServiceParams, made: RwSignal<Option<RotatedKey>>, data: KeysData) -> impl IntoView {
    let KeysData { keys, rights, endpoint, now } = data;
    let address = address();
    let (rotate, confirm) = (query("rotate"), query("confirm"));
    let slots = keys
        .iter()
        .cloned()
        .map(|key| view! { <SlotCard key may_write=rights.write_keys now/> })
        .collect_view();
    let keys = StoredValue::new(keys);
    let asked_for = move |name: Option<String>| {
        let slot = name.as_deref().and_then(Slot::parse).filter(|_| rights.write_keys)?;
        keys.with_value(|keys| keys.iter().find(|key| key.slot == slot).cloned())
    };
    let rotate_form = move || {
        asked_for(rotate.get())
            .map(|key| view! { <Rotate here made key close=address.without(&["rotate"])/> })
    };
    let revoke_form = move || {
        asked_for(confirm.get()).filter(|key| key.prefix.is_some()).map(|key| {
            view! { <Revoke here key close=address.without(&["confirm"])/> }
        })
    };
    view! {
        <p class="lead">
            "Programs read this service with a key. Both slots are valid at once, so that one can be changed while
            programs still use the other."
        </p>
        <p class="note no-js">"A new key is shown once and never stored in a page, so making one needs JavaScript."</p>
        <div class="slots">{slots}</div>
        {endpoint.map(|endpoint| view! { <Usage endpoint/> })}
        {rotate_form}
        {revoke_form}
    }
    .into_any()
}

/// How a program reads this service.
#[component]
fn Usage(endpoint: String) -> impl IntoView {
    let curl = format!("curl -H \"Authorization: Bearer $NEXUS_KEY\" {endpoint}/v1/sync");
    view! {
        <section class="card panel" aria-label="How programs read it">
            <h2>"How programs read it"</h2>
            <dl class="facts">
                <div><dt>"Endpoint"</dt><dd><code>{endpoint.clone()}</code><Copy text=endpoint label="Copy the endpoint"/></dd></div>
            </dl>
            <Snippet text=curl label="Copy the command"/>
            <p class="hint">
                "With the "<code>"ETag"</code>" of the last answer in "<code>"If-None-Match"</code>", nothing is sent while
                nothing has changed. Everything else is in "<a href="/api/docs" rel="external">"the API’s pages"</a>"."
            </p>
        </section>
    }
    .into_any()
}

#[component]
fn SlotCard(key: ServiceKey, may_write: bool, now: Timestamp) -> impl IntoView {
    let address = address();
    let slot = key.slot.as_str();
    let title = if key.slot == Slot::Primary { "Primary key" } else { "Secondary key" };
    let made = key.prefix.is_some();
    let body = match key.prefix.clone() {
        None => view! { <p class="none">"No key in this slot."</p> }.into_any(),
        Some(prefix) => view! { <Facts key=key.clone() prefix now/> }.into_any(),
    };
    let verb = if made { "Rotate…" } else { "Make a key…" };
    let buttons = may_write.then(|| {
        view! {
            <div class="actions">
                {made.then(|| view! {
                    <a class="button button-quiet button-red" data-noscroll
                        href=move || address.with(&[("confirm", Some(slot))])>"Revoke…"</a>
                })}
                <a class="button needs-js" href=move || address.with(&[("rotate", Some(slot))]) data-noscroll>
                    <Icon glyph=Glyph::Key/>{verb}
                </a>
            </div>
        }
    });
    view! {
        <section class="card panel slot" aria-label=title>
            <h2>{title}</h2>
            {body}
            {buttons}
        </section>
    }
    .into_any()
}

#[component]
fn Facts(key: ServiceKey, prefix: String, now: Timestamp) -> impl IntoView {
    let used = match (key.last_used_at, key.last_used_ip) {
        (None, _) => view! { "never" }.into_any(),
        (Some(at), ip) => view! { <Ago at now/>{ip.map(|ip| format!(" from {ip}"))} }.into_any(),
    };
    let old = key.old_key_prefix.zip(key.old_key_expires_at).map(|(old, at)| {
        view! {
            <div>
                <dt>"Old key"</dt>
                <dd><code>{old}"…"</code>" "<Badge text="STILL VALID" tone=Tone::Amber/>" stops working "<Until at now/></dd>
            </div>
        }
    });
    let access = if key.access == Access::Read { "read" } else { "read and write" };
    view! {
        <dl class="facts">
            <div><dt>"Begins with"</dt><dd><code>{prefix}"…"</code></dd></div>
            <div><dt>"Access"</dt><dd>{access}</dd></div>
            <div>
                <dt>"Made"</dt>
                <dd>{key.created_at.map(|at| view! { <Ago at now/> })}{key.created_by.map(|by| format!(" by {by}"))}</dd>
            </div>
            <div><dt>"Last used"</dt><dd>{used}</dd></div>
            {old}
        </dl>
    }
    .into_any()
}

/// The question before a key is made or rotated.
#[component]
fn Rotate(
    here: ServiceParams,
    made: RwSignal<Option<RotatedKey>>,
    key: ServiceKey,
    close: String,
) -> impl IntoView {
    let access = RwSignal::new(key.access.as_str().to_owned());
    let keep = RwSignal::new(true);
    let (slot, replaces) = (key.slot, key.prefix.is_some());
    let asked = move || {
        let ServicePath { project, environment, service } = here.path_now();
        RotateKey {
            tenant: here.tenant.get_untracked(),
            project,
            environment,
            service,
            slot: slot.as_str().to_owned(),
            access: access.get_untracked(),
            grace_hours: if keep.get_untracked() { DEFAULT_GRACE_HOURS } else { 0 },
        }
    };
    let title = if replaces { format!("Rotate the {slot} key") } else { format!("Make a {slot} key") };
    let label = if replaces { "Rotate" } else { "Make the key" };
    let chosen = move |value: &'static str| access.read_untracked().as_str() == value;
    view! {
        <AskOnce title close label asked made>
            <fieldset class="field choice">
                <legend>"Access"</legend>
                <label class="option"><input type="radio" name="access" checked=chosen("read")
                    on:change=move |_| access.set("read".to_owned())/>
                    <span>"Read"<small>"What programs need"</small></span></label>
                <label class="option"><input type="radio" name="access" checked=chosen("read_write")
                    on:change=move |_| access.set("read_write".to_owned())/>
                    <span>"Read and write"<small>"May also write and delete this service’s own secrets"</small></span></label>
            </fieldset>
            {replaces.then(|| view! { <OldValue legend="The old key" keep/> })}
        </AskOnce>
    }
}

/// The new key, once.
#[component]
fn Shown(
    key: RotatedKey,
    endpoint: RwSignal<Option<String>>,
    made: RwSignal<Option<RotatedKey>>,
) -> impl IntoView {
    let url = endpoint.get_untracked().unwrap_or_default();
    let curl = format!("curl -H \"Authorization: Bearer {}\" {url}/v1/sync", key.key);
    let done = Callback::new(move |()| made.set(None));
    view! {
        <ShownOnce what="key" value=key.key hint="Try it:" snippet=curl done>
            "It is shown this once. Nexus keeps no copy; when it is lost, rotate the slot."
        </ShownOnce>
    }
}

#[component]
fn Revoke(here: ServiceParams, key: ServiceKey, close: String) -> impl IntoView {
    let ServicePath { project, environment, service } = here.path_now();
    let fields = vec![
        ("tenant", here.tenant.get_untracked()),
        ("project", project),
        ("environment", environment),
        ("service", service),
        ("slot", key.slot.as_str().to_owned()),
    ];
    let prefix = key.prefix.unwrap_or_default();
    view! {
        <Confirm title=format!("Revoke the {} key?", key.slot) action=RevokeKey::PATH label="Revoke" danger=true close fields>
            <p>"Programs that use "<code>{prefix}"…"</code>" get no answer from the next request on. This cannot be undone."</p>
        </Confirm>
    }
    .into_any()
}
