//! What goes with a thing when it is deleted, in words, for the dialog that asks.

use crate::components::time::count;
use leptos::prelude::*;
use nexus_domain::project::Losses;

/// The list of what is lost. `nothing` is said when there is nothing in it.
#[component]
pub fn Lost(losses: Losses, #[prop(into)] nothing: String) -> impl IntoView {
    let parts = [
        (losses.projects, "project"),
        (losses.environments, "environment"),
        (losses.services, "service"),
        (losses.secrets, "secret"),
        (losses.configs, "config"),
        (losses.flags, "flag"),
        (losses.keys, "API key"),
    ];
    let items = parts
        .into_iter()
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, what)| view! { <li>{count(amount, what)}</li> })
        .collect::<Vec<_>>();
    if items.is_empty() {
        view! { <p>{nothing}</p> }.into_any()
    } else {
        view! { <p>"This goes with it:"</p><ul class="lost">{items}</ul> }.into_any()
    }
}

/// Whether the word that a dialog asked for was typed.
#[cfg(feature = "ssr")]
pub fn confirmed(typed: &str, word: &str) -> Result<(), crate::refused::Refused> {
    if typed.trim() == word {
        Ok(())
    } else {
        Err(nexus_domain::Refusal::invalid("typed", format!("Type {word} to confirm")).into())
    }
}
