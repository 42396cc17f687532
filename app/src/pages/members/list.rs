//! Who belongs to a tenant, and in which role.

use leptos::prelude::*;

#[component]
pub fn MembersTab() -> impl IntoView {
    view! { <section class="card panel"><h2>"Members"</h2></section> }.into_any()
}
