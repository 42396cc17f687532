//! Where an entry comes from: the badge in its row, and the filters above the list.

use crate::address::{address, query};
use crate::components::Badge;
use crate::components::badge::Tone;
use crate::components::time::number;
use leptos::prelude::*;

/// This service, or the umbrella that it comes from or hides; and whether it lacks a value.
#[component]
pub fn Source(inherited_from: Option<String>, overrides: Option<String>, needs_value: bool) -> impl IntoView {
    match (inherited_from, overrides) {
        _ if needs_value => view! { <Badge text="NEEDS A VALUE" tone=Tone::Red/> }.into_any(),
        (Some(umbrella), _) => {
            view! { <Badge text="INHERITED" tone=Tone::Blue/><span class="source muted">{umbrella}</span> }
                .into_any()
        }
        (None, Some(umbrella)) => {
            view! { <Badge text="OVERRIDES" tone=Tone::Amber/><span class="source muted">{umbrella}</span> }
                .into_any()
        }
        (None, None) => view! { <span class="muted">"this service"</span> }.into_any(),
    }
}

/// The filters as links: value in the address, label, and how many there are. The first is what is
/// shown without a filter.
#[component]
pub fn SourceFilters(filters: Vec<(&'static str, &'static str, i64)>) -> impl IntoView {
    let here = address();
    let source = query("source");
    let first = filters.first().map_or("", |(value, ..)| *value);
    let links = filters
        .into_iter()
        .map(|(value, label, count)| {
            let goal = (value != first).then_some(value);
            let href = move || here.with(&[("source", goal), ("cursor", None), ("created", None)]);
            let current = move || (source.read().as_deref().unwrap_or(first) == value).then_some("true");
            view! {
                <a href=href aria-current=current data-noscroll>{label}<small>{number(count)}</small></a>
            }
        })
        .collect_view();
    view! { <nav class="segments" aria-label="Filter by source">{links}</nav> }.into_any()
}
