//! The address and the password of a person.

use leptos::prelude::*;

#[component]
pub fn ProfileTab() -> impl IntoView {
    view! { <section class="card panel"><h2>"Account"</h2></section> }.into_any()
}
