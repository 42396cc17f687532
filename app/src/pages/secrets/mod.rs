//! The Secrets tab of a service: the list with its filters, the inline form for a new one, the
//! open row with value and history, import and export. What is open stands in the address; what
//! was revealed is on the [`desk`] and nowhere else.

mod asks;
mod bar;
mod compare;
mod deleted;
mod desk;
mod detail;
mod edit;
mod empty;
mod export;
mod file;
mod functions;
mod generator;
mod import;
mod new;
mod referring;
mod row;
mod several;
mod value;

pub use functions::*;

use crate::address::{has, query};
use crate::page::tab;
use crate::pages::entries::{MissingRow, Moved, NothingFound, Pager, follow};
use desk::{Desk, desk};
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::service::ServicePath;

/// The tab. Its route is inside the service's frame, which shows title, environment and tabs.
#[component]
pub fn SecretsTab() -> impl IntoView {
    let desk = Desk::new();
    provide_context(desk);
    desk.listen();
    follow(desk.here, move |moved| forget(desk, moved));
    let [source, q, cursor, open, created] = ["source", "q", "cursor", "open", "created"].map(query);
    let [deleted, export] = ["deleted", "export"].map(has);
    view! {
        {tab(
            move || {
                let ServicePath { project, environment, service } = desk.here.path();
                ReadSecrets {
                    tenant: desk.here.tenant.get(),
                    project,
                    environment,
                    service,
                    source: source.get(),
                    q: q.get(),
                    cursor: cursor.get(),
                    open: open.get(),
                    created: created.get(),
                    deleted: deleted.get(),
                    export: export.get(),
                }
            },
            |data: SecretsData| view! { <Page data/> }.into_any(),
        )}
        <compare::Comparison/>
    }
}

/// Nothing that was typed, chosen or revealed goes over to another service, and a value goes with
/// its row.
fn forget(desk: Desk, moved: &Moved) {
    if moved.service {
        return desk.clear();
    }
    if moved.row {
        desk.hide();
        desk.version.clear();
    }
    if moved.form_closed {
        desk.new.clear();
    }
}

/// What the parts of the tab need to know of the service and of the person.
#[derive(Clone, Copy)]
struct Facts {
    /// Services that inherit from this one.
    linked: i64,
    umbrella: bool,
    /// Whether there is more to see than keys and types.
    sees_more: bool,
    may_reveal: bool,
    may_write: bool,
    undelete_days: i64,
    now: Timestamp,
}

impl Facts {
    fn of(data: &SecretsData) -> Self {
        Self {
            linked: data.service.linked_services,
            umbrella: data.service.umbrella,
            sees_more: data.rights.secret_metadata,
            may_reveal: data.rights.reveal_secrets,
            may_write: data.rights.write_secrets,
            undelete_days: data.undelete_days,
            now: data.now,
        }
    }

    /// The words of the way to what was deleted, for those who may know of it.
    const fn deleted_link(self) -> &'static str {
        if self.sees_more { "Deleted secrets" } else { "" }
    }
}

#[component]
fn Page(data: SecretsData) -> impl IntoView {
    let facts = Facts::of(&data);
    if let Some(deleted) = data.deleted {
        return view! { <deleted::Deleted deleted facts/> }.into_any();
    }
    let empty = data.counts.all == 0;
    let missing = data.missing.map(|key| view! { <MissingRow key what="secret"/> });
    view! {
        <bar::Bar counts=data.counts facts/>
        {(!facts.may_write).then(|| view! {
            <p class="note">
                "Your role in this project lists the keys of this environment. Managers and owners read and change the values."
            </p>
        })}
        <p class="note no-js">
            "Without JavaScript, values are not revealed, compared or generated, files not uploaded, imports not
            previewed, and several secrets not chosen at once. The rest works."
        </p>
        <new::NewSecret facts/>
        {missing}
        {if empty {
            view! { <empty::NoSecrets service=data.service facts/> }.into_any()
        } else {
            view! { <List rows=data.rows next_cursor=data.next_cursor open=data.open facts/> }.into_any()
        }}
        <import::Import facts/>
        <export::Export facts counts=data.counts collisions=data.collisions/>
        <several::Chosen facts/>
    }
    .into_any()
}

#[component]
fn List(
    rows: Vec<nexus_domain::secret::SecretRow>,
    next_cursor: Option<String>,
    open: Option<Opened>,
    facts: Facts,
) -> impl IntoView {
    if rows.is_empty() {
        return view! { <NothingFound what="secret"/> }.into_any();
    }
    let keys: Vec<String> =
        rows.iter().filter(|row| row.inherited_from.is_none()).map(|row| row.key.clone()).collect();
    let mut open = open;
    let rows = rows
        .into_iter()
        .map(|row| {
            let opened = open.take_if(|open| open.key == row.key);
            view! { <row::Row row opened facts/> }
        })
        .collect_view();
    view! {
        <div class="card">
            <table class="table entry-table">
                <thead><tr>
                    {facts.may_write.then(|| view! { <several::ChooseAll keys/> })}
                    <th scope="col">"Key"</th>
                    <th scope="col">"Type"</th>
                    <th scope="col">"Version"</th>
                    <th scope="col">"Source"</th>
                    <th scope="col">"Updated"</th>
                    <th scope="col"><span class="visually-hidden">"Details"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager next_cursor deleted=facts.deleted_link()/>
    }
    .into_any()
}
