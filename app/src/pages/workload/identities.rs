//! The Identities tab of a service: the rules that say which programs get in by the word of their platform, a
//! token tried out against them, and the sessions that are open.

use super::check::TestToken;
use super::claims::Pinned;
use super::identity_form::{Choose, EditIdentityForm, NewIdentityForm};
use super::provider_form::length_words;
use super::sessions::{Sessions, place_of};
use super::snippets::{Pieces, exchange, on_platform};
use super::{
    DeleteIdentity, EndWorkloadSession, EndWorkloadSessions, IdentitiesData, ProviderChoice, ReadIdentities,
    TestIdentity,
};
use crate::address::{ServiceParams, address, has, project_url, query, service_params, tenant_url};
use crate::components::icon::{Glyph, Icon};
use crate::components::menu::Menu;
use crate::components::time::count;
use crate::components::{Ago, Confirm, Empty, List, Snippet};
use crate::page::tab;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::keys::Access;
use nexus_domain::service::ServicePath;
use nexus_domain::workload::Identity;

#[component]
pub fn IdentitiesTab() -> impl IntoView {
    let (here, after) = (service_params(), query("after"));
    tab(
        move || {
            let ServicePath { project, environment, service } = here.path();
            ReadIdentities { tenant: here.tenant.get(), project, environment, service, after: after.get() }
        },
        move |data: IdentitiesData| view! { <Page here data/> }.into_any(),
    )
}

#[component]
fn Page(here: ServiceParams, data: IdentitiesData) -> impl IntoView {
    let IdentitiesData {
        identities,
        providers,
        sessions,
        unavailable,
        may_write,
        may_manage_providers,
        endpoint,
        now,
    } = data;
    let address = address();
    let [provider, edit, confirm] = ["provider", "edit", "confirm"].map(query);
    let new = has("new");
    let usable = may_write && unavailable.is_none();
    let (choices, known) = (StoredValue::new(providers), StoredValue::new(identities.clone()));
    let find = move |id: Option<String>| {
        let id = id?;
        known.with_value(|all| all.iter().find(|it| it.id.to_string() == id).cloned())
    };
    let form = move || {
        if !usable {
            return ().into_any();
        }
        let all = choices.get_value();
        let asked = provider.get();
        let chosen = all.iter().find(|it| Some(it.id.to_string()) == asked).cloned();
        // Where there is one provider alone, nobody has to choose it.
        match (chosen, new.get(), all.as_slice()) {
            (Some(provider), ..) => view! { <NewIdentityForm here provider shown_by="provider"/> }.into_any(),
            (None, true, [only]) => {
                view! { <NewIdentityForm here provider=only.clone() shown_by="new"/> }.into_any()
            }
            (None, true, [_, _, ..]) => view! { <Choose providers=all/> }.into_any(),
            _ => ().into_any(),
        }
    };
    let add = (usable && choices.with_value(|all| !all.is_empty())).then(|| {
        let to = move || address.with(&[("new", Some("")), ("provider", None), ("edit", None)]);
        view! {
            <a class="button button-primary" href=to data-noscroll title="New identity (n)" aria-keyshortcuts="n">
                <Icon glyph=Glyph::Plus/>"New identity"</a>
        }
    });
    let first = choices.with_value(|all| all.first().cloned());
    let exchange = first.map(|it| exchange(it.kind, &it.id.to_string(), &endpoint).text);
    let exchange = StoredValue::new(exchange);
    let asking = move || usable && (provider.read().is_some() || new.get());
    let none = identities.is_empty();
    let list = (!none).then(|| view! { <Listed identities may_write=usable now/> });
    let empty = move || {
        (none && !asking()).then(|| match choices.with_value(Vec::is_empty) {
            true => view! { <NoProvider here may_manage_providers/> }.into_any(),
            false => view! {
                <Empty glyph=Glyph::Shield title="No identities yet"
                    text="A rule says which programs read this service by the word of their platform: what their tokens have to say, claim by claim.">
                    {usable.then(|| view! {
                        <a class="button button-primary" data-noscroll
                            href=move || address.with(&[("new", Some("")), ("provider", None), ("edit", None)])>"Make the first identity"</a>
                    })}
                    {exchange.get_value().map(|text| view! {
                        <p class="hint">"Then a program changes the token of its platform for a session:"</p>
                        <Snippet text label="Copy the command"/>
                    })}
                </Empty>
            }
            .into_any(),
        })
    };
    let tested = known.with_value(|all| (may_write && !all.is_empty()).then(|| all.clone()));
    view! {
        <div class="bar">
            <p class="lead">"Programs that prove who they are with a token of their platform read this service without a key."</p>
            <span class="grow"></span>
            {add}
        </div>
        {unavailable.map(|why| view! { <NotAvailable here why/> })}
        {form}
        {move || find(edit.get()).filter(|_| usable).map(|identity| view! { <EditIdentityForm here identity/> })}
        {list}
        {empty}
        {tested.map(|identities| view! { <Try here identities providers=choices endpoint/> })}
        <Sessions place=place_of(here) sessions may_end=may_write
            end_one=EndWorkloadSession::PATH end_all=EndWorkloadSessions::PATH now/>
        {move || find(confirm.get()).filter(|_| may_write).map(|identity| view! { <Deletion here identity/> })}
    }
    .into_any()
}

/// Said before anybody fills in a form.
#[component]
fn NotAvailable(here: ServiceParams, why: String) -> impl IntoView {
    let href = project_url(&here.tenant.get_untracked(), &here.path_now().project, "/settings");
    view! {
        <p class="note note-amber" role="status">
            <Icon glyph=Glyph::Alert/>
            <span>{why}". "<a class="link" href=href>"Tier and add-ons of the project"</a></span>
        </p>
    }
    .into_any()
}

#[component]
fn NoProvider(here: ServiceParams, may_manage_providers: bool) -> impl IntoView {
    let href = tenant_url(&here.tenant.get_untracked(), "identity-providers?new=");
    let next = if may_manage_providers {
        view! { <a class="button button-primary" href=href>"Add an identity provider"</a> }.into_any()
    } else {
        view! { <p class="hint">"Owners of the tenant add one."</p> }.into_any()
    };
    view! {
        <Empty glyph=Glyph::Shield title="No identity provider yet"
            text="Before a program can get in by the word of its platform, the tenant has to say whose word is taken.">
            {next}
        </Empty>
    }
    .into_any()
}

#[component]
fn Listed(identities: Vec<Identity>, may_write: bool, now: Timestamp) -> impl IntoView {
    let row = |identity| view! { <Row identity may_write now/> };
    let rows = identities.into_iter().map(row).collect_view().into_any();
    let heads = vec!["Identity", "The token says", "May", "Last used"];
    view! { <List label="Identities" class="table wif-rows" heads rows/> }
}

#[component]
fn Row(identity: Identity, may_write: bool, now: Timestamp) -> impl IntoView {
    let here = address();
    let id = StoredValue::new(identity.id.to_string());
    let only = move |what: &'static str| {
        let id = id.get_value();
        let names = ["edit", "confirm", "new", "provider"];
        let changes: Vec<(&'static str, Option<&str>)> =
            names.into_iter().map(|name| (name, (name == what).then_some(id.as_str()))).collect();
        here.with(&changes)
    };
    let used = match identity.last_used_at {
        None => view! { "never" }.into_any(),
        Some(at) => view! { <Ago at now/> }.into_any(),
    };
    let open = (identity.sessions > 0)
        .then(|| view! { <div class="faint">{count(identity.sessions, "open session")}</div> });
    let may = match identity.access {
        Access::Read => "read",
        Access::ReadWrite => "read and write",
    };
    let length =
        identity.max_lifetime.map(|seconds| view! { <div class="faint">"for "{length_words(seconds)}</div> });
    let advice = identity
        .advice
        .into_iter()
        .map(|advice| view! { <div class="hint"><code>{advice.claim}</code>" would make it tighter. "{advice.rule}</div> })
        .collect_view();
    let acts = may_write.then(|| {
        let button = view! { <Icon glyph=Glyph::Menu/> }.into_any();
        view! {
            <Menu label=format!("Actions for {}", identity.name) class="menu-acts" button>
                <a href=move || only("edit") data-noscroll><Icon glyph=Glyph::Pencil/>"Change…"</a>
                <a href=move || only("confirm") data-noscroll><Icon glyph=Glyph::Trash/>"Delete…"</a>
            </Menu>
        }
    });
    view! {
        <tr data-row>
            <td><span class="strong">{identity.name.clone()}</span>
                <div class="muted">{identity.kind.name()}", by "{identity.provider_name}</div></td>
            <td data-label="Token says"><div><Pinned claims=identity.claims/>{advice}</div></td>
            <td data-label="May" class="muted"><span>{may}{length}</span></td>
            <td data-label="Last used" class="muted"><span>{used}{open}</span></td>
            <td class="row-actions">{acts}</td>
        </tr>
    }
    .into_any()
}

/// How a program gets in by a rule, and a token tried out. Of several rules the address names one (`?try=`).
#[component]
fn Try(
    here: ServiceParams,
    identities: Vec<Identity>,
    providers: StoredValue<Vec<ProviderChoice>>,
    endpoint: String,
) -> impl IntoView {
    let (address, asked) = (address(), query("try"));
    let identities = StoredValue::new(identities);
    let chosen = move || {
        let asked = asked.get();
        identities.with_value(|all| {
            let named = all.iter().find(|it| Some(it.id.to_string()) == asked);
            named.or(all.first()).cloned()
        })
    };
    let links = move || {
        let current = chosen().map(|identity| identity.id);
        let links = identities.get_value().into_iter().map(|identity| {
            let id = identity.id.to_string();
            let current = (current == Some(identity.id)).then_some("true");
            view! { <a href=move || address.with(&[("try", Some(&id))]) aria-current=current data-noscroll>{identity.name}</a> }
        });
        let several = identities.with_value(|all| all.len() > 1);
        several.then(|| view! { <nav class="segments" aria-label="Identity">{links.collect_view()}</nav> })
    };
    let shown = move || {
        let identity = chosen()?;
        let (id, kind) = (identity.id.to_string(), identity.kind);
        let audience = providers
            .with_value(|all| all.iter().find(|it| it.id == identity.provider).map(|it| it.audience.clone()));
        let mut pieces = on_platform(kind, &audience.unwrap_or_default());
        pieces.push(exchange(kind, &identity.provider.to_string(), &endpoint));
        let ask = move |pasted: String| {
            let ServicePath { project, environment, service } = here.path_now();
            let tenant = here.tenant.get_untracked();
            TestIdentity { tenant, project, environment, service, identity: id.clone(), token: pasted }
        };
        Some(view! {
            <TestToken kind against=format!("the rule {}", identity.name) ask/>
            <details class="card panel fold">
                <summary>"How a program gets in"</summary>
                <Pieces pieces/>
            </details>
        })
    };
    view! { {links}{shown} }
}

#[component]
fn Deletion(here: ServiceParams, identity: Identity) -> impl IntoView {
    let address = address();
    let mut fields = place_of(here);
    fields.push(("identity", identity.id.to_string()));
    let sessions = match identity.sessions {
        0 => "No session is open by it.".to_owned(),
        open => format!("{} end at once.", count(open, "open session")),
    };
    view! {
        <Confirm title=format!("Delete {}?", identity.name) action=DeleteIdentity::PATH label="Delete the identity"
            danger=true close=address.without(&["confirm"]) fields>
            <p>"Programs that it let in get no answer from the next request on, unless another rule lets them in. "{sessions}</p>
        </Confirm>
    }
    .into_any()
}
