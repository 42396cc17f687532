//! The apps that a person lets act for them, and ending that.

use crate::address::{address, query};
use crate::components::icon::Glyph;
use crate::components::time::Until;
use crate::components::{Ago, Confirm, Empty};
use crate::done::Done;
use crate::page::page;
use crate::pages::auth::consent::{AppLogo, ScopeList};
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::oauth::ConnectedApp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectedApps {
    pub apps: Vec<ConnectedApp>,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_connected_apps")]
pub async fn read_connected_apps() -> Result<ConnectedApps, Refused> {
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let apps = nexus_backend::oauth::grants::list_own(&here.nexus, opened).await?;
    Ok(ConnectedApps { apps, now: here.nexus.now() })
}

/// Ends what one app may do, at once.
#[server(prefix = "/_fn", endpoint = "end_connected_app")]
pub async fn end_connected_app(id: String) -> Result<Done, Refused> {
    use nexus_domain::{OauthGrantId, Refusal};
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let id = id.parse().map(OauthGrantId).map_err(|_| Refusal::not_found())?;
    nexus_backend::oauth::grants::end_own(&here.nexus, opened, id, here.ip).await?;
    Ok(Done::new("The app is not let in any more"))
}

#[component]
pub fn ConnectedAppsTab() -> impl IntoView {
    page(|| ReadConnectedApps {}, |data| view! { <Panel data/> }.into_any())
}

#[component]
fn Panel(data: ConnectedApps) -> impl IntoView {
    let ConnectedApps { apps, now } = data;
    let ending = query("end");
    let known = StoredValue::new(apps.clone());
    let dialog = move || {
        let id = ending.get()?;
        let found = known.with_value(|all| all.iter().find(|it| it.id.to_string() == id).cloned());
        found.map(|connected| view! { <End connected/> })
    };
    if apps.is_empty() {
        return view! {
            <Empty glyph=Glyph::Box title="No connected apps"
                text="Apps that you let act for you stand here, the command line too, until you end it."/>
        }
        .into_any();
    }
    let rows = apps.into_iter().map(|connected| view! { <Row connected now/> }).collect_view();
    view! {
        <section class="card panel" aria-label="Connected apps">
            <h2>"Connected apps"</h2>
            <p>"Each acts for you in one tenant, and never does more than you may do there yourself."</p>
            <ul class="connected-apps">{rows}</ul>
        </section>
        {dialog}
    }
    .into_any()
}

#[component]
fn Row(connected: ConnectedApp, now: Timestamp) -> impl IntoView {
    let here = address();
    let ConnectedApp { id, app, tenant_name, scopes, since, last_used_at, expires_at, .. } = connected;
    let id = id.to_string();
    let label = format!("End {} in {tenant_name}", app.name);
    let owner = app.owner.clone().map(|owner| view! { " · by "<span class="wrap">{owner}</span> });
    let used = match last_used_at {
        Some(at) => view! { "last used "<Ago at now/> }.into_any(),
        None => view! { "never used" }.into_any(),
    };
    let count = scopes.len();
    let words =
        if count == 1 { "It may do one thing".to_owned() } else { format!("It may do {count} things") };
    view! {
        <li data-row>
            <AppLogo name=app.name.clone() logo=app.logo/>
            <div class="grow">
                <span class="strong wrap">{app.name}</span>" "<span class="muted">"in "{tenant_name}{owner}</span>
                <p class="faint">"Since "<Ago at=since now/>", "{used}"; unless it goes on it ends "<Until at=expires_at now/></p>
                <details><summary>{words}</summary><ScopeList scopes/></details>
            </div>
            <a class="button button-quiet" href=move || here.with(&[("end", Some(&id))]) data-noscroll aria-label=label>"End…"</a>
        </li>
    }
    .into_any()
}

#[component]
fn End(connected: ConnectedApp) -> impl IntoView {
    let here = address();
    let fields = vec![("id", connected.id.to_string())];
    view! {
        <Confirm title=format!("End {}?", connected.app.name) action=EndConnectedApp::PATH label="End" danger=true
            close=here.without(&["end"]) fields>
            <p>"It gets no answer from the next request on, and what it listens to ends. It can ask you again."</p>
        </Confirm>
    }
    .into_any()
}
