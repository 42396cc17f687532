//! Asking for a link to set a new password.

use super::Card;
use leptos::prelude::*;

#[component]
pub fn ForgotPage() -> impl IntoView {
    view! { <Card title="A new password"><p></p></Card> }.into_any()
}
