//! What stands above the list.

use super::Facts;
use crate::address::address;
use crate::components::Search;
use crate::components::icon::{Glyph, Icon};
use crate::pages::entries::{SourceFilters, source_filters};
use leptos::prelude::*;
use nexus_domain::secret::SecretCounts;

/// Search, filters, and what can be done with the whole list.
#[component]
pub fn Bar(counts: SecretCounts, facts: Facts) -> impl IntoView {
    let here = address();
    let filters = source_filters(counts, facts.umbrella);
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
