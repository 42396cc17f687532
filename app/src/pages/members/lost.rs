//! What goes with a member, in words, for the dialogs that ask.

use crate::pages::losses::Lost;
use leptos::prelude::*;
use nexus_domain::member::MemberLosses;

/// Each developer environment with what is in it.
#[component]
pub fn LostEnvironments(losses: MemberLosses) -> impl IntoView {
    if losses.environments.is_empty() {
        return view! { <p>"There is no developer environment to go with them."</p> }.into_any();
    }
    losses
        .environments
        .into_iter()
        .map(|it| {
            view! {
                <p><b>"Developer environment "<code>{it.environment}</code>" of "{it.project}</b></p>
                <Lost losses=it.losses nothing="There is nothing in it."/>
            }
        })
        .collect_view()
        .into_any()
}
