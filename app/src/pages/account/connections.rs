//! The providers with which a person signs in, linked and taken away here.

use leptos::prelude::*;

#[component]
pub fn ConnectionsTab() -> impl IntoView {
    view! { <section class="card panel"><h2>"Connected sign-ins"</h2></section> }.into_any()
}
