//! The second step of signing in: a one-time code, a recovery code or a passkey.

use super::Card;
use leptos::prelude::*;

#[component]
pub fn SecondStepPage() -> impl IntoView {
    view! { <Card title="One more step"><p></p></Card> }.into_any()
}
