//! The Secrets tab of a service.

use leptos::prelude::*;

/// The tab. Its route is inside the service's frame, which shows title, environment and tabs.
#[component]
pub fn SecretsTab() -> impl IntoView {
    view! { <h2>"Secrets"</h2> }
}
