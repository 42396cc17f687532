//! Tabs: links to the neighbours of a page.

use leptos::prelude::*;

/// One tab: its name, where it goes, and a count where there is one to show.
pub struct Tab {
    pub name: &'static str,
    pub href: String,
    pub count: Option<i64>,
    pub current: bool,
}

/// The tabs of a page. `label` names them for those who do not see them.
#[component]
pub fn Tabs(label: &'static str, tabs: Vec<Tab>) -> impl IntoView {
    let links = tabs
        .into_iter()
        .map(|tab| {
            view! {
                <a href=tab.href aria-current=tab.current.then_some("page")>
                    {tab.name}
                    {tab.count.map(|count| view! { <small>{crate::components::time::number(count)}</small> })}
                </a>
            }
            .into_any()
        })
        .collect_view();
    view! { <nav class="tabs" aria-label=label>{links}</nav> }.into_any()
}
