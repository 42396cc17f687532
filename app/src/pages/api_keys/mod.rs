//! The API keys of an environment: a list, one more, and what becomes of each. Chosen by the menu on top;
//! all environments together can only be read.

mod change;
mod functions;
mod networks;
mod new;

pub use functions::*;

use self::change::{About, Revoke, Rotate, Shown, ShownSecret, Sign};
use self::networks::NetworksPanel;
use self::new::NewKey;
use crate::address::{address, has, param, query, tenant_url};
use crate::components::badge::Tone;
use crate::components::environment::EnvironmentChoice;
use crate::components::icon::{Glyph, Icon};
use crate::components::menu::Menu;
use crate::components::scopes::summary;
use crate::components::time::Until;
use crate::components::{Ago, Badge, Empty, List, Snippet};
use crate::page::page;
use crate::pages::machine_tabs::MachineTabs;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::environment_key::{ALL_ENVIRONMENTS, EnvironmentKey, KeyType, SigningSecret};

#[component]
pub fn ApiKeysPage() -> impl IntoView {
    let (tenant, environment) = (param("tenant"), query("environment"));
    let made = RwSignal::new(None::<ShownKey>);
    let signed = RwSignal::new(None::<SigningSecret>);
    let origin = RwSignal::new(String::new());
    view! {
        {page(
            move || ReadApiKeys { tenant: tenant.get(), environment: environment.get() },
            move |data: ApiKeysData| {
                origin.set(data.origin.clone());
                view! { <Keys tenant data made signed/> }.into_any()
            },
        )}
        {move || made.get().map(|key| view! { <Shown key origin=origin.get_untracked() made/> })}
        {move || signed.get().map(|secret| view! { <ShownSecret secret made=signed/> })}
    }
}

#[component]
fn Keys(
    tenant: Memo<String>,
    data: ApiKeysData,
    made: RwSignal<Option<ShownKey>>,
    signed: RwSignal<Option<SigningSecret>>,
) -> impl IntoView {
    let ApiKeysData { environments, chosen, keys, networks, now, origin } = data;
    let here = address();
    let new = has("new");
    let is_all = chosen == ALL_ENVIRONMENTS;
    let about = About { tenant, environment: StoredValue::new(chosen.clone()) };
    let environment = about.environment;
    let known = StoredValue::new(keys.clone());
    let list = if keys.is_empty() {
        view! {
            <Empty glyph=Glyph::Key title="No API keys yet"
                text="A secret key is for pipelines and programs of your own; a publishable one may stand in a page or an app.">
                {(!is_all).then(|| view! {
                    <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll>"Make the first key"</a>
                })}
                <p class="hint">"Then ask who it is:"</p>
                <Snippet text=format!("curl -H \"Authorization: Bearer nx_…\" {origin}/api/v1/whoami") label="Copy the example"/>
            </Empty>
        }
        .into_any()
    } else {
        view! { <Listed tenant keys is_all now/> }.into_any()
    };
    let add = if is_all {
        view! { <button type="button" class="button" disabled=true title="Choose one environment first"><Icon glyph=Glyph::Plus/>"New key"</button> }.into_any()
    } else {
        view! {
            <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll
                title="New key (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"New key"</a>
        }
        .into_any()
    };
    view! {
        <div class="title">
            <h1>"API keys"</h1>
            <EnvironmentChoice tenant environments chosen may_create=true/>
            <span class="grow"></span>
            {add}
        </div>
        <p class="lead">"A key belongs to one environment for ever. Its value is shown once; programs of a single service use that service’s own keys."</p>
        <MachineTabs/>
        <p class="note no-js">"A new key is shown once and never stored in a page, so making and rotating one needs JavaScript."</p>
        {is_all.then(|| view! { <p class="note">"All environments are shown together to be read. Choose one to change something."</p> })}
        {move || (new.get() && !is_all).then(|| view! { <NewKey tenant environment made/> })}
        {list}
        <NetworksPanel tenant environment networks may_change=!is_all/>
        {(!is_all).then(|| view! { <Asked about known made signed/> })}
    }
    .into_any()
}

/// What the address asks about one key: `?rotate=`, `?sign=`, `?revoke=`.
#[component]
fn Asked(
    about: About,
    known: StoredValue<Vec<EnvironmentKey>>,
    made: RwSignal<Option<ShownKey>>,
    signed: RwSignal<Option<SigningSecret>>,
) -> impl IntoView {
    let (rotate, sign, revoke) = (query("rotate"), query("sign"), query("revoke"));
    let find = move |asked: Option<String>| {
        let id = asked?;
        known.with_value(|keys| keys.iter().find(|key| key.id.to_string() == id).cloned())
    };
    view! {
        {move || find(rotate.get()).map(|key| view! { <Rotate about key made/> })}
        {move || {
            let key = find(sign.get()).filter(|key| key.kind == KeyType::Secret);
            key.map(|key| view! { <Sign about key made=signed/> })
        }}
        {move || find(revoke.get()).map(|key| view! { <Revoke about key/> })}
    }
    .into_any()
}

#[component]
fn Listed(tenant: Memo<String>, keys: Vec<EnvironmentKey>, is_all: bool, now: Timestamp) -> impl IntoView {
    let rows = keys.into_iter().map(|key| view! { <Row tenant key is_all now/> }).collect_view().into_any();
    let heads = match is_all {
        true => vec!["Key", "Environment", "May", "Made", "Last used"],
        false => vec!["Key", "May", "Made", "Last used"],
    };
    view! { <List label="Keys" class="table api-keys" heads rows/> }
}

#[component]
fn Row(tenant: Memo<String>, key: EnvironmentKey, is_all: bool, now: Timestamp) -> impl IntoView {
    let kind = match key.kind {
        KeyType::Secret => view! { <Badge text="SECRET"/> },
        KeyType::Publishable => view! { <Badge text="PUBLISHABLE" tone=Tone::Blue/> },
    };
    let may = match key.kind {
        KeyType::Secret => summary(&key.scopes),
        KeyType::Publishable => "frontend configs and flags".to_owned(),
    };
    let all_scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let used = match (key.last_used_at, key.last_used_ip.clone()) {
        (None, _) => view! { "never" }.into_any(),
        (Some(at), ip) => view! { <Ago at now/>{ip.map(|ip| format!(" from {ip}"))} }.into_any(),
    };
    let environment =
        is_all.then(|| view! { <td data-label="Environment" class="mono">{key.environment.clone()}</td> });
    view! {
        <tr data-row>
            <td>
                <span class="strong">{key.name.clone()}</span>" "{kind}
                <div class="api-prefix"><code>{key.prefix.clone()}"…"</code><Remarks key=key.clone() now/></div>
            </td>
            {environment}
            <td data-label="May"><span title=all_scopes.join(", ")>{may}</span></td>
            <td data-label="Made" class="muted"><Ago at=key.created_at now/>" by "{key.created_by.clone()}</td>
            <td data-label="Last used" class="muted">{used}</td>
            <td class="row-actions"><Acts tenant key is_all/></td>
        </tr>
    }
    .into_any()
}

/// What is special about a key: its end, its networks, an old value, a signing secret.
#[component]
fn Remarks(key: EnvironmentKey, now: Timestamp) -> impl IntoView {
    let ends = key.expires_at.map(|at| {
        if at <= now {
            view! { " "<Badge text="EXPIRED" tone=Tone::Red/> }.into_any()
        } else {
            view! { " ends "<Until at now/> }.into_any()
        }
    });
    let networks = (!key.allowed_cidrs.is_empty()).then(|| {
        let all = key.allowed_cidrs.join(", ");
        view! { " "<span title=all><Badge text="NETWORKS"/></span> }
    });
    let old = key.old_key_prefix.zip(key.old_key_expires_at).map(|(old, at)| {
        view! { " "<Badge text="OLD VALUE VALID" tone=Tone::Amber/>" "<code>{old}"…"</code>" stops working "<Until at now/> }
    });
    let signs = key.signing_secret_made_at.map(|_| view! { " "<Badge text="SIGNS TOKENS"/> });
    view! { <span class="faint">{ends}{networks}{signs}{old}</span> }.into_any()
}

#[component]
fn Acts(tenant: Memo<String>, key: EnvironmentKey, is_all: bool) -> impl IntoView {
    let here = address();
    let id = StoredValue::new(key.id.to_string());
    let ask = move |what: &'static str| {
        let others = [("rotate", None), ("sign", None), ("revoke", None), ("new", None)];
        let id = id.get_value();
        let all: Vec<(&'static str, Option<&str>)> = others
            .into_iter()
            .map(|(name, none)| (name, if name == what { Some(id.as_str()) } else { none }))
            .collect();
        here.with(&all)
    };
    let log = tenant_url(&tenant.get_untracked(), &format!("api-log?key={}", id.get_value()));
    let changes = (!is_all).then(|| {
        let sign = (key.kind == KeyType::Secret).then(|| {
            view! { <a href=move || ask("sign") data-noscroll><Icon glyph=Glyph::Pencil/>"Signing secret…"</a> }
        });
        view! {
            <a href=move || ask("rotate") data-noscroll><Icon glyph=Glyph::Swap/>"Rotate…"</a>
            {sign}
            <a href=move || ask("revoke") data-noscroll><Icon glyph=Glyph::Trash/>"Revoke…"</a>
        }
    });
    let button = view! { <Icon glyph=Glyph::Menu/> }.into_any();
    view! {
        <Menu label=format!("Actions for {}", key.name) class="menu-acts" button>
            {changes}
            <a href=log><Icon glyph=Glyph::List/>"Requests made with it"</a>
        </Menu>
    }
    .into_any()
}
