//! Confirming an address by the link that was sent to it.

use super::Card;
use leptos::prelude::*;

#[component]
pub fn VerifyPage() -> impl IntoView {
    view! { <Card title="Confirm the address"><p></p></Card> }.into_any()
}
