//! What stands around the list of entries: the filters above it, what is said when nothing is found,
//! the way through its pages, and what was deleted.

use crate::address::{address, query};
use crate::components::icon::{Glyph, Icon};
use crate::components::time::Until;
use crate::components::{Ago, Empty};
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::entry::{DeletedEntry, EntryCounts};
use std::fmt::Display;

/// The filters by source that make sense here, with their numbers.
pub fn source_filters(counts: EntryCounts, umbrella: bool) -> Vec<(&'static str, &'static str, i64)> {
    let mut filters = vec![("all", "All", counts.all), ("own", "Own", counts.own)];
    if !umbrella {
        filters.push(("inherited", "Inherited", counts.inherited));
        filters.push(("overridden", "Overridden", counts.overridden));
    }
    filters.push(("needs_value", "Needs a value", counts.needs_value));
    filters
}

/// A search or filter that leaves nothing.
#[component]
pub fn NothingFound(
    /// What is listed: `secret`, `config`.
    what: &'static str,
) -> impl IntoView {
    let here = address();
    view! {
        <p class="none" role="status">
            "No "{what}" fits. "
            <a class="link" href=move || here.without(&["q", "source", "cursor"]) data-noscroll>"Show all"</a>
        </p>
    }
    .into_any()
}

/// Said when the address names something that is not there (any more).
#[component]
pub fn MissingRow(key: String, what: &'static str) -> impl IntoView {
    let here = address();
    view! {
        <p class="note missing" role="status">
            <span>"There is no "{what}" "<code>{key}</code>" here. It was renamed, deleted, or is another service’s."</span>
            <a class="link" href=move || here.without(&["open", "form", "from"]) data-noscroll>"Close"</a>
        </p>
    }
    .into_any()
}

/// First page, next page, and the way to what was deleted, for those who may know.
#[component]
pub fn Pager(
    next_cursor: Option<String>,
    /// The words of that way; empty for none.
    deleted: &'static str,
) -> impl IntoView {
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
    let gone = move || here.with(&[("deleted", Some("")), ("open", None), ("cursor", None)]);
    view! {
        <div class="list-foot">
            <span>{(!deleted.is_empty()).then(|| view! { <a class="link" href=gone>{deleted}</a> })}</span>
            <nav class="pager" aria-label="Pages">{first}{next}</nav>
        </div>
    }
    .into_any()
}

/// A deleted entry, and the form that brings it back.
pub struct DeletedLine {
    key: String,
    kind: String,
    version: i64,
    at: Timestamp,
    by: String,
    final_at: Timestamp,
    form: AnyView,
}

impl DeletedLine {
    pub fn of<T: Display>(entry: DeletedEntry<T>, form: AnyView) -> Self {
        let DeletedEntry { key, kind, version, deleted_at, deleted_by, final_at } = entry;
        Self { key, kind: kind.to_string(), version, at: deleted_at, by: deleted_by, final_at, form }
    }
}

/// What was deleted and can still be brought back.
#[component]
pub fn DeletedList(lines: Vec<DeletedLine>, what: &'static str, now: Timestamp) -> impl IntoView {
    let here = address();
    let body = if lines.is_empty() {
        let text = format!(
            "A deleted {what} can be brought back for a while, with its history. This service has none."
        );
        view! { <Empty glyph=Glyph::Trash title="Nothing was deleted" text/> }.into_any()
    } else {
        let rows = lines.into_iter().map(|line| deleted_row(line, now)).collect_view();
        view! {
            <div class="card">
                <table class="table entry-table">
                    <thead><tr>
                        <th scope="col">"Key"</th><th scope="col">"Type"</th><th scope="col">"Version"</th>
                        <th scope="col">"Deleted"</th><th scope="col">"Gone for good"</th>
                        <th scope="col"><span class="visually-hidden">"Undelete"</span></th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <div class="bar">
            <a class="button" href=move || here.without(&["deleted"]) aria-keyshortcuts="Escape" title="Back (Esc)">
                <Icon glyph=Glyph::Back/>"All "{what}"s"</a>
            <h2>"Deleted "{what}"s"</h2>
        </div>
        {body}
    }
    .into_any()
}

fn deleted_row(line: DeletedLine, now: Timestamp) -> AnyView {
    view! {
        <tr data-row>
            <td class="entry-key"><code class="strong">{line.key}</code></td>
            <td data-label="Type" class="muted">{line.kind}</td>
            <td data-label="Version" class="mono muted">"v"{line.version}</td>
            <td data-label="Deleted" class="muted">
                <span class="updated"><Ago at=line.at now/><small>{line.by}</small></span>
            </td>
            <td data-label="Gone" class="muted"><Until at=line.final_at now/></td>
            <td class="row-actions">{line.form}</td>
        </tr>
    }
    .into_any()
}
