//! Who belongs to a tenant, who is invited, and the mail that was sent: a frame with tabs.

mod functions;
pub mod invitations;
pub mod list;
pub mod lost;
pub mod outbox;
pub mod rights;

pub use functions::*;

use crate::address::{param, tenant_url};
use crate::components::tabs::{Tab, Tabs};
use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;

const TABS: [(&str, &str); 3] =
    [("Members", "members"), ("Invitations", "members/invitations"), ("Outbox", "members/outbox")];

/// What a change of role does to developer environments.
pub const CLOSED: &str = "A developer environment that the new role does not open is kept, closed, until a role opens it \
                          again; its service keys are revoked. It holds from the next thing that they do.";

#[component]
pub fn MembersFrame() -> impl IntoView {
    let tenant = param("tenant");
    let path = use_location().pathname;
    let tabs = move || {
        let (tenant, current) = (tenant.get(), path.get());
        let tab = |(name, rest): (&'static str, &str)| {
            let href = tenant_url(&tenant, rest);
            Tab { name, current: current.trim_end_matches('/') == href, href, count: None }
        };
        let tabs = TABS.into_iter().map(tab).collect::<Vec<_>>();
        view! { <Tabs label="Members" tabs/> }
    };
    view! {
        <div class="title"><h1>"Members"</h1></div>
        {tabs}
        <Outlet/>
    }
}
