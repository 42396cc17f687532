//! What a person shows beside the password: one-time codes, passkeys, recovery codes.

use leptos::prelude::*;

#[component]
pub fn SecurityTab() -> impl IntoView {
    view! { <section class="card panel"><h2>"Second factors"</h2></section> }.into_any()
}
