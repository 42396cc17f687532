//! Who is invited to a tenant, and inviting.

use leptos::prelude::*;

#[component]
pub fn InvitationsTab() -> impl IntoView {
    view! { <section class="card panel"><h2>"Invitations"</h2></section> }.into_any()
}
