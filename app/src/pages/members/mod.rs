//! Who belongs to a tenant, who is invited, and the mail that was sent: a frame with tabs.

mod functions;
pub mod invitations;
pub mod list;
pub mod lost;
pub mod outbox;
pub mod rights;

pub use functions::*;

use crate::address::{param, project_url, query, tenant_url};
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
    let (path, project) = (use_location().pathname, query("project"));
    let tabs = move || {
        let (tenant, current) = (tenant.get(), path.get());
        // Whoever comes from a project may see that project's members, and perhaps no others.
        if let Some(project) = project.get() {
            let members = project_url(&tenant, &project, "/members");
            let tabs = vec![
                Tab { name: "Members", current: false, href: members, count: None },
                Tab { name: "Invitations", current: true, href: current, count: None },
            ];
            return view! { <Tabs label="Members of the project" tabs/> };
        }
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
