//! How the members of a tenant sign in: its providers, its mail domains, and what it requires.

mod second_factor;

use leptos::prelude::*;

#[component]
pub fn SignInRulesPage() -> impl IntoView {
    view! {
        <div class="title"><h1>"Sign-in"</h1></div>
        <second_factor::SecondFactorRule/>
    }
    .into_any()
}
