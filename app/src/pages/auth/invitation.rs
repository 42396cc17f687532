//! Accepting an invitation, as a new person or as one who has an account.

use super::Card;
use leptos::prelude::*;

#[component]
pub fn InvitationPage() -> impl IntoView {
    view! { <Card title="You are invited"><p></p></Card> }.into_any()
}
