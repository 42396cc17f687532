//! The tenants of a person: open one, make another, leave one.

use leptos::prelude::*;

#[component]
pub fn TenantsTab() -> impl IntoView {
    view! { <section class="card panel"><h2>"Tenants"</h2></section> }.into_any()
}
