//! How the members of a tenant sign in: its providers, its mail domains, and what it requires. Each section is a
//! file of its own, and stands here in the order of the page.

mod domains;
mod functions;
mod providers;
mod requirement;
mod second_factor;

pub use functions::*;

use crate::address::param;
use crate::page::page;
use domains::Domains;
use leptos::prelude::*;
use providers::Providers;
use requirement::Requirement;

#[component]
pub fn SignInRulesPage() -> impl IntoView {
    let tenant = param("tenant");
    page(
        move || ReadSignInRules { tenant: tenant.get() },
        move |data| {
            let SignInRules {
                providers,
                domains,
                projects,
                requires_provider,
                came_by_own,
                redirect_uri,
                now,
            } = data;
            view! {
                <div class="title"><h1>"Sign-in"</h1></div>
                <Requirement tenant required=requires_provider came_by_own has_providers=!providers.is_empty()/>
                <second_factor::SecondFactorRule/>
                <Providers tenant providers redirect_uri now/>
                <Domains tenant domains projects now/>
            }
            .into_any()
        },
    )
}
