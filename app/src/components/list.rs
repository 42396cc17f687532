//! A list of things that can be acted on: a card with a table, whose last column holds the acts.

use leptos::prelude::*;

#[component]
pub fn List(
    label: &'static str,
    /// Of the table, for example `table api-keys`.
    class: &'static str,
    /// What stands above the columns, but the last one.
    heads: Vec<&'static str>,
    rows: AnyView,
) -> impl IntoView {
    let heads = heads.into_iter().map(|head| view! { <th scope="col">{head}</th> }).collect_view();
    view! {
        <section class="card list-card" aria-label=label>
            <table class=class>
                <thead><tr>{heads}<th scope="col"><span class="visually-hidden">"Change"</span></th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}
