//! What stands above the list, and the way through its pages below it.

use super::Facts;
use crate::address::{address, query};
use crate::components::Search;
use crate::components::icon::{Glyph, Icon};
use crate::pages::entries::SourceFilters;
use leptos::prelude::*;
use nexus_domain::secret::SecretCounts;

/// Search, filters, and what can be done with the whole list.
#[component]
pub fn Bar(counts: SecretCounts, facts: Facts) -> impl IntoView {
    let here = address();
    let mut filters = vec![("all", "All", counts.all), ("own", "Own", counts.own)];
    if !facts.umbrella {
        filters.push(("inherited", "Inherited", counts.inherited));
        filters.push(("overridden", "Overridden", counts.overridden));
    }
    filters.push(("needs_value", "Needs a value", counts.needs_value));
    let listed = (counts.all > 0).then(|| view! { <Search label="Search secrets"/><SourceFilters filters/> });
    let export = (facts.may_reveal && counts.all > 0).then(|| {
        view! {
            <a class="button" href=move || here.with(&[("export", Some(""))]) data-noscroll>
                <Icon glyph=Glyph::Download/>"Export"</a>
        }
    });
    let write = facts.may_write.then(|| {
        view! {
            <a class="button" href=move || here.with(&[("import", Some(""))]) data-noscroll>
                <Icon glyph=Glyph::Upload/>"Import"</a>
            {export}
            <a class="button button-primary" href=move || here.with(&[("new", Some("")), ("created", None)]) data-noscroll
                title="New secret (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"New Secret"</a>
        }
    });
    view! {
        <div class="bar entry-bar">
            {listed}
            <span class="grow"></span>
            {write}
        </div>
    }
    .into_any()
}

/// First page, next page, and what was deleted.
#[component]
pub fn Pager(next_cursor: Option<String>, facts: Facts) -> impl IntoView {
    let here = address();
    let cursor = query("cursor");
    let first = move || {
        cursor.read().is_some().then(|| {
            view! { <a class="button button-small" href=here.with(&[("cursor", None), ("open", None)])>"First page"</a> }
        })
    };
    let next = next_cursor.map(|cursor| {
        let goal = move || here.with(&[("cursor", Some(&cursor)), ("open", None), ("created", None)]);
        view! { <a class="button button-small" href=goal>"Next page"<Icon glyph=Glyph::Arrow/></a> }
    });
    view! {
        <div class="list-foot">
            <DeletedLink facts/>
            <nav class="pager" aria-label="Pages">{first}{next}</nav>
        </div>
    }
    .into_any()
}

/// The way to what was deleted, for those who may know.
#[component]
pub fn DeletedLink(facts: Facts) -> impl IntoView {
    let here = address();
    let href = move || here.with(&[("deleted", Some("")), ("open", None), ("cursor", None)]);
    view! { <span>{facts.sees_more.then(|| view! { <a class="link" href=href>"Deleted secrets"</a> })}</span> }.into_any()
}
