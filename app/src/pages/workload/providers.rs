//! The identity providers of a tenant: whose word is taken for who a program is. A list, one more, what goes
//! onto the platform, a token tried out, and the sessions that are open by their word.

use super::check::TestToken;
use super::provider_form::{EditProvider, Kinds, NewProvider, length_words};
use super::sessions::Sessions;
use super::snippets::{Pieces, exchange, on_platform};
use super::{
    DeleteIdentityProvider, EndTenantWorkloadSession, EndTenantWorkloadSessions, IdentityProvidersData,
    ReadIdentityProviders, ReadProviderUses, TestIdentityProvider,
};
use crate::address::{address, has, param, query, service_url};
use crate::components::icon::{Glyph, Icon};
use crate::components::menu::Menu;
use crate::components::time::count;
use crate::components::{Badge, Confirm, Copy, Empty, List, Snippet};
use crate::page::{page, tab};
use crate::pages::machine_tabs::MachineTabs;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::workload::{IdentityProvider, IdentityProviderKind as Kind, KeysFrom};

#[component]
pub fn IdentityProvidersPage() -> impl IntoView {
    let (tenant, after) = (param("tenant"), query("after"));
    page(
        move || ReadIdentityProviders { tenant: tenant.get(), after: after.get() },
        move |data| view! { <Page tenant data/> }.into_any(),
    )
}

#[component]
fn Page(tenant: Memo<String>, data: IdentityProvidersData) -> impl IntoView {
    let IdentityProvidersData { providers, sessions, origin, now } = data;
    let here = address();
    let (new, kind, edit) = (has("new"), query("kind"), query("edit"));
    let (open, confirm) = (query("open"), query("confirm"));
    let known = StoredValue::new(providers.clone());
    let origin = StoredValue::new(origin);
    let find = move |id: Option<String>| {
        let id = id?;
        known.with_value(|all| all.iter().find(|it| it.id.to_string() == id).cloned())
    };
    let form = move || match kind.get().as_deref().and_then(Kind::parse) {
        Some(kind) => view! { <NewProvider tenant kind origin=origin.get_value()/> }.into_any(),
        None if new.get() => view! { <Kinds/> }.into_any(),
        None => ().into_any(),
    };
    let none = providers.is_empty();
    let list = (!none).then(|| view! { <Listed providers/> });
    let place = vec![("tenant", tenant.get_untracked())];
    view! {
        <div class="title">
            <h1>"Identity providers"</h1>
            <span class="grow"></span>
            <a class="button button-primary" href=move || here.with(&[("new", Some("")), ("kind", None), ("edit", None)]) data-noscroll
                title="New provider (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"New provider"</a>
        </div>
        <p class="lead">"Programs get in with the word of the platform that they run on, so that nobody keeps a key. A provider says whose word is taken; the rules of each service say which programs."</p>
        <MachineTabs/>
        {form}
        {move || find(edit.get()).map(|provider| view! { <EditProvider tenant provider/> })}
        {list}
        {move || (none && !new.get() && kind.read().is_none()).then(|| view! { <NoneYet/> })}
        {move || find(open.get()).map(|provider| view! { <Opened tenant provider origin=origin.get_value()/> })}
        <Sessions place tenant=tenant.get_untracked() sessions may_end=true
            end_one=EndTenantWorkloadSession::PATH end_all=EndTenantWorkloadSessions::PATH now/>
        {move || find(confirm.get()).map(|provider| view! { <Deletion tenant provider/> })}
    }
    .into_any()
}

/// What the thing is, and the one next step.
#[component]
fn NoneYet() -> impl IntoView {
    let here = address();
    view! {
        <Empty glyph=Glyph::Shield title="No identity providers yet"
            text="Say where your programs run: a workflow of GitHub, a pod of a cluster, a machine of a cloud. What they get there proves who they are.">
            <a class="button button-primary" href=move || here.with(&[("kind", Some("github"))]) data-noscroll>"Begin with GitHub Actions"</a>
            <Snippet text="permissions:\n  id-token: write" label="Copy the example"/>
        </Empty>
    }
    .into_any()
}

#[component]
fn Listed(providers: Vec<IdentityProvider>) -> impl IntoView {
    let rows = providers.into_iter().map(|provider| view! { <Row provider/> }).collect_view().into_any();
    let heads = vec!["Provider", "Issuer", "Audience", "Keys", "Rules"];
    view! { <List label="Providers" class="table wif-rows" heads rows/> }
}

#[component]
fn Row(provider: IdentityProvider) -> impl IntoView {
    let here = address();
    let id = StoredValue::new(provider.id.to_string());
    let only = move |what: &'static str| {
        let id = id.get_value();
        let names = ["open", "edit", "confirm", "new", "kind"];
        let changes: Vec<(&'static str, Option<&str>)> =
            names.into_iter().map(|name| (name, (name == what).then_some(id.as_str()))).collect();
        here.with(&changes)
    };
    let issuer = match provider.kind.has_tokens() {
        true => view! { <code>{provider.issuer.clone()}</code> }.into_any(),
        false => view! { <span class="muted">"AWS itself"</span> }.into_any(),
    };
    let keys = keys_words(&provider);
    let button = view! { <Icon glyph=Glyph::Menu/> }.into_any();
    view! {
        <tr data-row>
            <td>
                <a class="row-link" href=move || only("open") data-noscroll>{provider.name.clone()}</a>
                <Badge text=provider.kind.name()/>
            </td>
            <td data-label="Issuer">{issuer}</td>
            <td data-label="Audience"><span class="wif-audience"><code>{provider.audience.clone()}</code>
                <Copy text=provider.audience label=format!("Copy the audience of {}", provider.name)/></span></td>
            <td data-label="Keys" class="muted">{keys}</td>
            <td data-label="Rules" class="muted">{provider.identities}</td>
            <td class="row-actions">
                <Menu label=format!("Actions for {}", provider.name) class="menu-acts" button>
                    <a href=move || only("open") data-noscroll><Icon glyph=Glyph::Open/>"Set up and test"</a>
                    <a href=move || only("edit") data-noscroll><Icon glyph=Glyph::Pencil/>"Change…"</a>
                    <a href=move || only("confirm") data-noscroll><Icon glyph=Glyph::Trash/>"Delete…"</a>
                </Menu>
            </td>
        </tr>
    }
    .into_any()
}

/// Where its keys come from.
fn keys_words(provider: &IdentityProvider) -> String {
    if !provider.kind.has_tokens() {
        return "none needed".to_owned();
    }
    match (provider.keys, &provider.jwks_url) {
        (KeysFrom::Discovery, _) => "the issuer says where".to_owned(),
        (KeysFrom::JwksUrl, url) => url.clone().unwrap_or_default(),
        (KeysFrom::Uploaded, _) => {
            let keys = i64::try_from(provider.key_ids.len()).unwrap_or(i64::MAX);
            format!("{}, uploaded", count(keys, "key"))
        }
    }
}

/// What goes onto the platform, and a token tried out.
#[component]
fn Opened(tenant: Memo<String>, provider: IdentityProvider, origin: String) -> impl IntoView {
    let (id, kind) = (provider.id.to_string(), provider.kind);
    let algorithms: Vec<&str> = provider.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
    let signed = (!algorithms.is_empty())
        .then(|| view! { <div><dt>"Signed with"</dt><dd class="mono">{algorithms.join(", ")}</dd></div> });
    let keys = (!provider.key_ids.is_empty()).then(
        || view! { <div><dt>"Ids of its keys"</dt><dd class="mono">{provider.key_ids.join(", ")}</dd></div> },
    );
    let mut pieces = on_platform(kind, &provider.audience);
    pieces.push(exchange(kind, &id, &format!("{origin}/s/<endpoint of a service>")));
    let copied = provider.audience.clone();
    let ask = move |pasted: String| TestIdentityProvider {
        tenant: tenant.get_untracked(),
        provider: id.clone(),
        token: pasted,
    };
    view! {
        <section class="card panel" aria-label=format!("Set up {}", provider.name)>
            <h2>"Set up "{provider.name.clone()}</h2>
            <dl class="facts">
                <div><dt>"Audience"</dt><dd class="wif-audience"><code>{provider.audience}</code><Copy text=copied label="Copy the audience"/></dd></div>
                {signed}
                {keys}
                <div><dt>"A session lasts"</dt><dd>{length_words(provider.max_lifetime)}" at most"</dd></div>
                <div><dt>"Made by"</dt><dd>{provider.created_by}</dd></div>
            </dl>
            <Pieces pieces/>
            <p class="hint">"Which programs get in is said by the service: on its Identities tab make a rule."</p>
        </section>
        <TestToken kind against="this provider" ask/>
    }
    .into_any()
}

#[component]
fn Deletion(tenant: Memo<String>, provider: IdentityProvider) -> impl IntoView {
    let here = address();
    let id = provider.id.to_string();
    let fields = vec![("tenant", tenant.get_untracked()), ("provider", id.clone())];
    let uses = move || {
        let asked = id.clone();
        tab(
            move || ReadProviderUses { tenant: tenant.get(), provider: asked.clone() },
            move |uses| {
                if uses.is_empty() {
                    return view! { <p>"No rule takes its word."</p> }.into_any();
                }
                let lines = uses
                    .into_iter()
                    .map(|found| {
                        let href = service_url(&tenant.get_untracked(), &found.path, "identities");
                        view! { <li>{found.name}" of "<a class="link" href=href>{found.path.service}</a>" in "{found.path.project}", "{found.path.environment}</li> }
                    })
                    .collect_view();
                view! { <p>"These rules go with it, and the sessions that they have let in:"</p><ul class="lost">{lines}</ul> }.into_any()
            },
        )
    };
    view! {
        <Confirm title=format!("Delete {}?", provider.name) action=DeleteIdentityProvider::PATH label="Delete the provider"
            danger=true close=here.without(&["confirm"]) fields>
            {uses()}
            <p>"Programs that come with its word get no answer from the next request on. This cannot be undone."</p>
        </Confirm>
    }
    .into_any()
}
