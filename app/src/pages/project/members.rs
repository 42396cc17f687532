//! Who works in a project, and in which role.

use leptos::prelude::*;

#[component]
pub fn ProjectMembersTab() -> impl IntoView {
    view! { <section class="card panel"><h2>"Members"</h2></section> }.into_any()
}
