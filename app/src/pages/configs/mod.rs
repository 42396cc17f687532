//! The Configs tab of a service: the list with its values, the inline form for a new one, the open
//! row with its history, import and export. All of it works without JavaScript: nothing in it is secret.

mod asks;
mod complete;
mod detail;
mod export;
mod forms;
mod functions;
mod import;
#[cfg(feature = "ssr")]
mod indented;
mod row;
mod schema;
mod transfer;
mod value;

pub use complete::CompleteReference;
pub use functions::*;
pub use transfer::*;
pub use value::{broken_json, pretty_json};

use crate::address::{address, has, query, service_params};
use crate::components::icon::{Glyph, Icon};
use crate::components::{Empty, Search, Snippet};
use crate::page::tab;
use crate::pages::entries::{self, MissingRow, NothingFound, Pager, SourceFilters};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::entry::EntryCounts;
use nexus_domain::service::{Service, ServicePath};

#[component]
pub fn ConfigsTab() -> impl IntoView {
    let here = service_params();
    let desk = entries::ImportDesk::default();
    provide_context(desk);
    entries::follow(here, move |moved| {
        if moved.service {
            desk.clear();
        }
    });
    let [source, q, cursor, open, created, compare] =
        ["source", "q", "cursor", "open", "created", "compare"].map(query);
    let [deleted, export] = ["deleted", "export"].map(has);
    tab(
        move || {
            let ServicePath { project, environment, service } = here.path();
            ReadConfigs {
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
                deleted: deleted.get(),
                export: export.get(),
            }
        },
        |data: ConfigsData| view! { <Page data/> }.into_any(),
    )
}

/// What the parts of the tab need to know of the service and of the person.
#[derive(Clone, Copy)]
struct Facts {
    /// Services that inherit from this one.
    linked: i64,
    umbrella: bool,
    may_write: bool,
    undelete_days: i64,
    now: Timestamp,
}

#[component]
fn Page(data: ConfigsData) -> impl IntoView {
    let facts = Facts {
        linked: data.service.linked_services,
        umbrella: data.service.umbrella,
        may_write: data.rights.write_configs,
        undelete_days: data.undelete_days,
        now: data.now,
    };
    if let Some(deleted) = data.deleted {
        let undelete = facts.may_write.then_some(UndeleteConfig::PATH);
        return entries::deleted_entries(deleted, "config", undelete, facts.now);
    }
    let all = data.counts.all;
    let list = if all == 0 {
        view! { <NoConfigs service=data.service facts/> }.into_any()
    } else {
        view! { <List rows=data.rows next_cursor=data.next_cursor open=data.open facts/> }.into_any()
    };
    view! {
        <Bar counts=data.counts facts/>
        <forms::NewForm facts/>
        {data.missing.map(|key| view! { <MissingRow key what="config"/> })}
        {list}
        <import::Import facts here=service_params()/>
        <export::Export here=service_params() all collisions=data.collisions/>
    }
    .into_any()
}

#[component]
fn Bar(counts: EntryCounts, facts: Facts) -> impl IntoView {
    let here = address();
    let filters = entries::source_filters(counts, facts.umbrella);
    let listed = (counts.all > 0).then(|| view! { <Search label="Search configs"/><SourceFilters filters/> });
    let import = facts.may_write.then(|| {
        view! {
            <a class="button" href=move || here.with(&[("import", Some(""))]) data-noscroll>
                <Icon glyph=Glyph::Upload/>"Import"</a>
        }
    });
    let export = (counts.all > 0).then(|| {
        view! {
            <a class="button" href=move || here.with(&[("export", Some(""))]) data-noscroll>
                <Icon glyph=Glyph::Download/>"Export"</a>
        }
    });
    let write = facts.may_write.then(|| {
        view! {
            <a class="button button-primary" href=move || here.with(&[("new", Some("")), ("created", None)]) data-noscroll
                title="New config (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"New config"</a>
        }
    });
    view! { <div class="bar entry-bar">{listed}<span class="grow"></span>{import}{export}{write}</div> }
        .into_any()
}

#[component]
fn List(rows: Vec<Config>, next_cursor: Option<String>, open: Option<Opened>, facts: Facts) -> impl IntoView {
    if rows.is_empty() {
        return view! { <NothingFound what="config"/> }.into_any();
    }
    let mut open = open;
    let rows = rows
        .into_iter()
        .map(|config| {
            let opened = open.take_if(|open| open.key == config.key);
            view! { <row::Row config opened facts/> }
        })
        .collect_view();
    view! {
        <div class="card">
            <table class="table entry-table config-table">
                <thead><tr>
                    <th scope="col">"Key"</th>
                    <th scope="col">"Value"</th>
                    <th scope="col">"Version"</th>
                    <th scope="col">"Source"</th>
                    <th scope="col">"Updated"</th>
                    <th scope="col"><span class="visually-hidden">"Details"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager next_cursor deleted="Deleted configs"/>
    }
    .into_any()
}

#[component]
fn NoConfigs(service: Service, facts: Facts) -> impl IntoView {
    let here = address();
    let text = if service.umbrella {
        "A config is a value that is no secret: an address, a limit, a switch. What this umbrella holds, every linked \
         service inherits at once; its own values win."
    } else {
        "A config is a value that is no secret: an address, a limit, a switch, a whole JSON. Typed, versioned, and \
         read by this service’s programs together with its secrets."
    };
    let button = facts.may_write.then(|| {
        view! {
            <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll>
                "Make the first config"
            </a>
        }
    });
    let example = service.endpoint.map(|endpoint| {
        let text = format!("curl -H \"Authorization: Bearer $NEXUS_KEY\" \\\n  {endpoint}/v1/configs/max_connections");
        view! { <p class="hint">"Then a program reads it with a key of this service:"</p><Snippet text label="Copy the command"/> }
    });
    view! {
        <Empty glyph=Glyph::Gear title="No config yet" text>{button}{example}</Empty>
        <Pager next_cursor=None deleted="Deleted configs"/>
    }
    .into_any()
}
