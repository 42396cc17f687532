//! What belongs to a person and to no tenant: how they sign in, what they prove, where they are signed
//! in, and which tenants they are in.

pub mod apps;
pub mod connections;
pub mod functions;
pub mod profile;
pub mod security;
pub mod sessions;
pub mod tenants;

use crate::components::icon::Mark;
use crate::components::tabs::{Tab, Tabs};
use crate::page::page;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use nexus_domain::member::Me;

/// The tabs: name and address.
const TABS: [(&str, &str); 6] = [
    ("Account", "/account"),
    ("Second factors", "/account/security"),
    ("Sessions", "/account/sessions"),
    ("Connected sign-ins", "/account/connections"),
    ("Connected apps", "/account/apps"),
    ("Tenants", "/account/tenants"),
];

#[server(prefix = "/_fn", endpoint = "read_account")]
pub async fn read_account() -> Result<Me, Refused> {
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let me = nexus_backend::people::seen_by(&here.nexus, opened).await?;
    Ok(me.ok_or_else(nexus_domain::Refusal::not_found)?)
}

#[component]
pub fn AccountFrame() -> impl IntoView {
    view! {
        <a class="skip" href="#main" rel="external">"Skip to the content"</a>
        <main id="main" class="account" tabindex="-1">
            {page(|| ReadAccount {}, |me| view! { <Head me/> }.into_any())}
            <Outlet/>
        </main>
    }
}

#[component]
fn Head(me: Me) -> impl IntoView {
    let path = use_location().pathname;
    let tabs = move || {
        let current = path.get();
        let tab = |(name, href): (&'static str, &str)| Tab {
            name,
            current: current.trim_end_matches('/') == href,
            href: href.to_owned(),
            count: None,
        };
        let tabs = TABS.into_iter().map(tab).collect::<Vec<_>>();
        view! { <Tabs label="Account" tabs/> }
    };
    view! {
        <p><a class="brand" href="/"><Mark/>"Nexus"</a></p>
        <div class="title"><h1>{me.email}</h1></div>
        {tabs}
    }
    .into_any()
}
