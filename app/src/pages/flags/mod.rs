//! The Flags tab of a service: the list with a kill switch in every row, the inline form for a new one,
//! the open row with its forms, its explanation for a context and its history; and the Run Tester page of
//! a project. All of it works without JavaScript.

mod asks;
#[cfg(feature = "ssr")]
mod context;
mod detail;
mod draft;
mod editor;
mod empty;
mod explain;
mod explanation;
mod functions;
mod json_view;
mod new;
mod row;
mod switch;
mod tester;
mod timeline;
mod words;

pub use functions::*;
pub use tester::TesterTab;

use crate::address::{address, has, query, service_params};
use crate::components::Search;
use crate::components::icon::{Glyph, Icon};
use crate::page::tab;
use crate::pages::entries::{self, MissingRow, NothingFound, Pager, SourceFilters};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::entry::EntryCounts;
use nexus_domain::service::ServicePath;

#[component]
pub fn FlagsTab() -> impl IntoView {
    let here = service_params();
    let kept = editor::Kept::new();
    provide_context(kept);
    entries::follow(here, move |moved| {
        if moved.service || moved.row {
            kept.forget();
        }
    });
    let [source, q, cursor, open, created, compare, user, attributes] =
        ["source", "q", "cursor", "open", "created", "compare", "user", "attributes"].map(query);
    let deleted = has("deleted");
    tab(
        move || {
            let ServicePath { project, environment, service } = here.path();
            ReadFlags {
                tenant: here.tenant.get(),
                project,
                environment,
                service,
                source: source.get(),
                q: q.get(),
                cursor: cursor.get(),
                open: open.get(),
                created: created.get(),
                compare: compare.get(),
                user: user.get(),
                attributes: attributes.get(),
                deleted: deleted.get(),
            }
        },
        |data: FlagsData| view! { <Page data/> }.into_any(),
    )
}

/// What the parts of the tab need to know of the service, the project and the person.
#[derive(Clone, Copy)]
struct Facts {
    /// Services that inherit from this one.
    linked: i64,
    umbrella: bool,
    may_write: bool,
    /// Whether the project has A/B testing.
    targeting: bool,
    undelete_days: i64,
    now: Timestamp,
}

#[component]
fn Page(data: FlagsData) -> impl IntoView {
    let facts = Facts {
        linked: data.service.linked_services,
        umbrella: data.service.umbrella,
        may_write: data.rights.write_flags,
        targeting: data.targeting,
        undelete_days: data.undelete_days,
        now: data.now,
    };
    if let Some(deleted) = data.deleted {
        let undelete = facts.may_write.then_some(UndeleteFlag::PATH);
        return entries::deleted_entries(deleted, "flag", undelete, facts.now);
    }
    let list = if data.counts.all == 0 {
        view! { <empty::NoFlags service=data.service facts/> }.into_any()
    } else {
        view! { <List rows=data.rows next_cursor=data.next_cursor open=data.open facts/> }.into_any()
    };
    view! {
        <Bar counts=data.counts facts/>
        <new::NewForm facts/>
        {data.missing.map(|key| view! { <MissingRow key what="flag"/> })}
        {list}
    }
    .into_any()
}

#[component]
fn Bar(counts: EntryCounts, facts: Facts) -> impl IntoView {
    let here = address();
    let mut filters = entries::source_filters(counts, facts.umbrella);
    // Every flag has a definition.
    filters.retain(|(value, ..)| *value != "needs_value");
    let listed = (counts.all > 0).then(|| view! { <Search label="Search flags"/><SourceFilters filters/> });
    let write = facts.may_write.then(|| {
        view! {
            <a class="button button-primary" href=move || here.with(&[("new", Some("")), ("created", None)]) data-noscroll
                title="New flag (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"New flag"</a>
        }
    });
    view! { <div class="bar entry-bar">{listed}<span class="grow"></span>{write}</div> }.into_any()
}

#[component]
fn List(rows: Vec<Flag>, next_cursor: Option<String>, open: Option<Opened>, facts: Facts) -> impl IntoView {
    if rows.is_empty() {
        return view! { <NothingFound what="flag"/> }.into_any();
    }
    let mut open = open;
    let rows = rows
        .into_iter()
        .map(|flag| {
            let opened = open.take_if(|open| open.key == flag.key);
            view! { <row::Row flag opened facts/> }
        })
        .collect_view();
    view! {
        <div class="card">
            <table class="table entry-table flag-table">
                <thead><tr>
                    <th scope="col">"Key"</th>
                    <th scope="col">"On"</th>
                    <th scope="col">"Who gets it"</th>
                    <th scope="col">"Source"</th>
                    <th scope="col">"Evaluated"</th>
                    <th scope="col">"Updated"</th>
                    <th scope="col"><span class="visually-hidden">"Details"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager next_cursor deleted="Deleted flags"/>
    }
    .into_any()
}
