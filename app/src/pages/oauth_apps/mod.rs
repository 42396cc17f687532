//! The OAuth apps of a tenant: other people's programs that members may let act for them.

mod change;
mod form;
mod functions;

pub use functions::*;

use self::change::{Delete, Disable, Rotate, Shown};
use self::form::{EditApp, NewApp};
use crate::address::{address, has, param, query};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::menu::Menu;
use crate::components::scopes::summary;
use crate::components::time::{Until, count};
use crate::components::{Ago, Badge, Copy, Empty, List, Snippet};
use crate::page::page;
use crate::pages::auth::consent::AppLogo;
use crate::pages::machine_tabs::MachineTabs;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::oauth::{AppType, OauthApp};

#[component]
pub fn OauthAppsPage() -> impl IntoView {
    let tenant = param("tenant");
    let made = RwSignal::new(None::<ShownApp>);
    view! {
        {page(
            move || ReadOauthApps { tenant: tenant.get() },
            move |data: OauthAppsData| view! { <Apps tenant data made/> }.into_any(),
        )}
        {move || made.get().map(|app| view! { <Shown app made/> })}
    }
}

#[component]
fn Apps(tenant: Memo<String>, data: OauthAppsData, made: RwSignal<Option<ShownApp>>) -> impl IntoView {
    let OauthAppsData { apps, origin, now } = data;
    let (here, new, edit) = (address(), has("new"), query("edit"));
    let known = StoredValue::new(apps.clone());
    let find = move |asked: Option<String>| {
        let id = asked?;
        known.with_value(|apps| apps.iter().find(|app| app.id.to_string() == id).cloned())
    };
    let (rotate, disable, delete) = (query("rotate"), query("disable"), query("delete"));
    let (start, metadata) =
        (example(&origin, "<client_id>"), format!("{origin}/.well-known/oauth-authorization-server"));
    let list = if apps.is_empty() {
        view! {
            <Empty glyph=Glyph::Link title="No OAuth apps yet"
                text="Register an app, and members of this tenant can let it act for them, scope by scope. It never needs a key.">
                <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll>"Register the first app"</a>
                <p class="hint">"Then it sends people here:"</p>
                <Snippet text=start label="Copy the example"/>
            </Empty>
        }
        .into_any()
    } else {
        view! { <Listed tenant apps now/> }.into_any()
    };
    view! {
        <div class="title">
            <h1>"OAuth apps"</h1>
            <span class="grow"></span>
            <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll
                title="New app (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"New app"</a>
        </div>
        <p class="lead">"An app asks a member for consent, and then acts for them: with the scopes that they agreed to, and never beyond what they may do themselves."</p>
        <MachineTabs/>
        {move || new.get().then(|| view! { <NewApp tenant made/> })}
        {move || find(edit.get()).map(|app| view! { <EditApp tenant app/> })}
        {list}
        <section class="card panel" aria-label="For whoever writes the app">
            <h2>"For whoever writes the app"</h2>
            <p>"Authorization code flow with PKCE (S256). Any OAuth 2.0 library finds the rest by itself:"</p>
            <Snippet text=metadata label="Copy the address"/>
        </section>
        {move || find(rotate.get()).map(|app| view! { <Rotate tenant app made/> })}
        {move || find(disable.get()).map(|app| view! { <Disable tenant app/> })}
        {move || find(delete.get()).map(|app| view! { <Delete tenant app/> })}
    }
    .into_any()
}

/// Where an app sends people to begin with.
fn example(origin: &str, client_id: &str) -> String {
    format!(
        "{origin}/oauth/authorize?response_type=code&client_id={client_id}\n  &redirect_uri=https://app.example.com/callback\
         &scope=read:flags\n  &code_challenge=…&code_challenge_method=S256&state=…"
    )
}

#[component]
fn Listed(tenant: Memo<String>, apps: Vec<OauthApp>, now: Timestamp) -> impl IntoView {
    let rows = apps.into_iter().map(|app| view! { <Row tenant app now/> }).collect_view().into_any();
    let heads = vec!["App", "Client id", "May ask for", "Let in by", "Registered"];
    view! { <List label="Apps" class="table oauth-apps" heads rows/> }
}

#[component]
fn Row(tenant: Memo<String>, app: OauthApp, now: Timestamp) -> impl IntoView {
    let kind = match app.kind {
        AppType::Confidential => view! { <Badge text="CONFIDENTIAL"/> },
        AppType::Public => view! { <Badge text="PUBLIC" tone=Tone::Blue/> },
    };
    let disabled = (!app.enabled).then(|| view! { " "<Badge text="DISABLED" tone=Tone::Red/> });
    let device = app.device_flow.then(|| view! { " "<Badge text="DEVICE FLOW"/> });
    let scopes: Vec<&str> = app.scopes.iter().map(|scope| scope.as_str()).collect();
    let secret = app.secret_prefix.clone().map(|prefix| view! { <code>{prefix}"…"</code> });
    let old = app.old_secret_expires_at.map(|at| {
        view! { " "<Badge text="OLD SECRET VALID" tone=Tone::Amber/>" stops working "<Until at now/> }
    });
    view! {
        <tr data-row>
            <td>
                <div class="oauth-app">
                    <AppLogo name=app.name.clone() logo=app.logo.clone()/>
                    <div><span class="strong wrap">{app.name.clone()}</span><span>{kind}{device}{disabled}</span></div>
                </div>
            </td>
            <td data-label="Client id">
                <div>
                    <span class="mono wrap">{app.client_id.clone()}</span><Copy text=app.client_id.clone() label="Copy the client id"/>
                    <div class="faint">{secret}{old}</div>
                </div>
            </td>
            <td data-label="May ask for"><span title=scopes.join(", ")>{summary(&app.scopes)}</span></td>
            <td data-label="Let in by">{count(app.grants, "member")}</td>
            <td data-label="Registered" class="muted"><Ago at=app.created_at now/>" by "<span class="wrap">{app.created_by.clone()}</span></td>
            <td class="row-actions"><Acts tenant app/></td>
        </tr>
    }
    .into_any()
}

#[component]
fn Acts(tenant: Memo<String>, app: OauthApp) -> impl IntoView {
    let here = address();
    let id = StoredValue::new(app.id.to_string());
    let ask = move |what: &'static str| {
        let id = id.get_value();
        let all = ["edit", "rotate", "disable", "delete", "new"];
        let all: Vec<(&'static str, Option<&str>)> =
            all.into_iter().map(|name| (name, (name == what).then_some(id.as_str()))).collect();
        here.with(&all)
    };
    let ask = StoredValue::new(ask);
    let rotate = (app.kind == AppType::Confidential).then(|| {
        view! { <a href=move || ask.with_value(|ask| ask("rotate")) data-noscroll><Icon glyph=Glyph::Swap/>"Rotate the secret…"</a> }
    });
    let switch = match app.enabled {
        true => view! { <a href=move || ask.with_value(|ask| ask("disable")) data-noscroll><Icon glyph=Glyph::Lock/>"Disable…"</a> }.into_any(),
        false => view! { <change::Enable tenant id=id.get_value()/> }.into_any(),
    };
    let button = view! { <Icon glyph=Glyph::Menu/> }.into_any();
    view! {
        <Menu label=format!("Actions for {}", app.name) class="menu-acts" button>
            <a href=move || ask.with_value(|ask| ask("edit")) data-noscroll><Icon glyph=Glyph::Pencil/>"Edit"</a>
            {rotate}
            {switch}
            <a href=move || ask.with_value(|ask| ask("delete")) data-noscroll><Icon glyph=Glyph::Trash/>"Delete…"</a>
        </Menu>
    }
    .into_any()
}
