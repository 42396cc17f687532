//! Where a person is signed in: device, place, time; each can be ended.

use leptos::prelude::*;

#[component]
pub fn SessionsTab() -> impl IntoView {
    view! { <section class="card panel"><h2>"Sessions"</h2></section> }.into_any()
}
