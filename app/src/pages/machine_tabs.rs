//! What lets programs in: keys that somebody keeps, platforms that vouch for their programs, and apps that
//! people let act for them. Tabs on the pages of the tenant.

use crate::address::{param, tenant_url};
use crate::components::tabs::{Tab, Tabs};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Name and address below the tenant's.
const TABS: [(&str, &str); 3] =
    [("API keys", "api-keys"), ("Identity providers", "identity-providers"), ("OAuth apps", "oauth-apps")];

#[component]
pub fn MachineTabs() -> impl IntoView {
    let (tenant, path) = (param("tenant"), use_location().pathname);
    let tabs = move || {
        let (tenant, current) = (tenant.get(), path.get());
        let tab = |(name, rest): (&'static str, &str)| {
            let href = tenant_url(&tenant, rest);
            Tab { name, current: current.trim_end_matches('/') == href, href, count: None }
        };
        let tabs = TABS.into_iter().map(tab).collect::<Vec<_>>();
        view! { <Tabs label="Programs" tabs/> }
    };
    view! { {tabs} }
}
