//! The providers with which a person signs in, connected and taken away here.

use crate::address::{address, query};
use crate::components::{Ago, Badge, Confirm, Tone};
use crate::done::Done;
use crate::page::page;
use crate::pages::auth::with_provider::ProviderButtons;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::sign_in::{Connection, OfferedProvider, Purpose};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connections {
    pub connected: Vec<Connection>,
    /// What is offered besides.
    pub others: Vec<OfferedProvider>,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_connections")]
pub async fn read_connections() -> Result<Connections, Refused> {
    use nexus_backend::{people, sign_in};
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    people::refuse_confined(&here.nexus, opened).await?;
    let connected = sign_in::connections(&here.nexus, opened.user).await?;
    let mut others = sign_in::offered(&here.nexus, None).await?;
    let me = people::seen_by(&here.nexus, opened).await?;
    for tenant in me.iter().flat_map(|me| &me.tenants) {
        let all = sign_in::offered(&here.nexus, Some(&tenant.slug)).await?;
        others.extend(
            all.into_iter()
                .filter(|provider| !others.iter().any(|known| known.id == provider.id))
                .collect::<Vec<_>>(),
        );
    }
    others.retain(|provider| !connected.iter().any(|it| it.provider == provider.id));
    Ok(Connections { connected, others, now: here.nexus.now() })
}

/// Takes a provider away from the person.
#[server(prefix = "/_fn", endpoint = "remove_connection")]
pub async fn remove_connection(provider: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let provider = nexus_backend::sign_in::parse_id(&provider)?;
    nexus_backend::sign_in::disconnect(&here.nexus, opened, provider, here.ip).await?;
    Ok(Done::new("It is not connected any more"))
}

#[component]
pub fn ConnectionsTab() -> impl IntoView {
    page(|| ReadConnections {}, |data| view! { <Panel data/> }.into_any())
}

#[component]
fn Panel(data: Connections) -> impl IntoView {
    let Connections { connected, others, now } = data;
    let confirm = query("confirm");
    let known = StoredValue::new(connected.clone());
    let dialog = move || {
        let id = confirm.get()?;
        let found = known.with_value(|all| all.iter().find(|it| it.provider.to_string() == id).cloned());
        found.map(|connection| view! { <Removal connection/> })
    };
    let none = connected.is_empty().then(|| {
        view! { <p class="none">"Nothing is connected yet: you sign in with what you set up under Account."</p> }
    });
    let rows = connected.into_iter().map(|connection| view! { <Row connection now/> }).collect_view();
    let more = (!others.is_empty()).then(|| {
        view! { <ProviderButtons providers=others purpose=Purpose::Link label="Connect"/> }
    });
    view! {
        <section class="card panel" aria-label="Connected sign-ins">
            <h2>"Connected sign-ins"</h2>
            <p>"Providers with which you sign in. An account is found by what the provider calls you, never by an address, so \
                another one is connected here and nowhere else."</p>
            {none}
            <ul class="lines">{rows}</ul>
            {more}
        </section>
        {dialog}
    }
    .into_any()
}

#[component]
fn Row(connection: Connection, now: Timestamp) -> impl IntoView {
    let here = address();
    let id = connection.provider.to_string();
    let of =
        connection.tenant.map(|tenant| view! { <Badge text=format!("opens {tenant}") tone=Tone::Plain/> });
    let label = format!("Disconnect {}", connection.name);
    view! {
        <li data-row>
            <span class="strong">{connection.name}</span>
            <span class="muted">{connection.shown}</span>
            {of}
            <span class="faint">"connected "<Ago at=connection.created_at now/></span>
            <a class="button button-quiet" href=move || here.with(&[("confirm", Some(&id))]) data-noscroll aria-label=label>
                "Disconnect…"
            </a>
        </li>
    }
    .into_any()
}

#[component]
fn Removal(connection: Connection) -> impl IntoView {
    let here = address();
    let fields = vec![("provider", connection.provider.to_string())];
    view! {
        <Confirm title=format!("Disconnect {}?", connection.name) action=RemoveConnection::PATH label="Disconnect"
            danger=true close=here.without(&["confirm"]) fields>
            <p>{format!("You will not sign in as {} any more. You can connect it again.", connection.shown)}</p>
        </Confirm>
    }
    .into_any()
}
