//! The mail of a tenant: what is on its way, what came back, and what waits for somebody to take it by hand.

use leptos::prelude::*;

#[component]
pub fn OutboxTab() -> impl IntoView {
    view! { <section class="card panel"><h2>"Outbox"</h2></section> }.into_any()
}
