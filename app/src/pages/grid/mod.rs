//! The environment grid of a project: one service's keys down, environments across. It finds gaps,
//! compares, edits in place, and promotes selected keys from one environment to the next. All of it
//! works without JavaScript, but for comparing secrets.

mod cell;
mod choose;
mod compare;
mod edit;
mod functions;
mod promote;
mod table;

pub use functions::*;

use crate::address::{has, param, query};
use crate::components::{Empty, Glyph};
use crate::page::tab;
use compare::Marks;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::grid::{Counterparts, EntryKind, Grid};
use nexus_domain::service::ServiceKind;

/// What the address calls a service: its slug, with the kind where that is not the usual one.
fn name_of(service: &Counterparts) -> String {
    match service.kind {
        ServiceKind::Backend => service.slug.clone(),
        ServiceKind::Frontend => format!("frontend:{}", service.slug),
    }
}

/// What the address names: `api`, `frontend:api`, `backend:api`.
fn kind_and_slug(service: &str) -> (Option<ServiceKind>, &str) {
    match service.split_once(':') {
        Some((kind, slug)) => (ServiceKind::parse(kind), slug),
        None => (None, service),
    }
}

/// The service that the address names; of two with one slug and no kind said, the backend.
fn named<'a>(services: &'a [Counterparts], service: &str) -> Option<&'a Counterparts> {
    let (kind, slug) = kind_and_slug(service);
    let of = |wanted| services.iter().find(|it| it.slug == slug && it.kind == wanted);
    match kind {
        Some(kind) => of(kind),
        None => of(ServiceKind::Backend).or_else(|| of(ServiceKind::Frontend)),
    }
}

/// What the parts of the tab need to know.
#[derive(Clone, Copy)]
struct Facts {
    tenant: Memo<String>,
    project: Memo<String>,
    kind: EntryKind,
    /// As the address calls it.
    service: StoredValue<String>,
    slug: StoredValue<String>,
    now: Timestamp,
    marks: Marks,
}

#[component]
pub fn GridTab() -> impl IntoView {
    let (tenant, project) = (param("tenant"), param("project"));
    let [service, kind, q, cursor, edit] = ["service", "kind", "q", "cursor", "edit"].map(query);
    let (gaps, different) = (has("gaps"), has("different"));
    let marks = Marks::default();
    let filter = move || match (gaps.get(), different.get()) {
        (true, _) => Some("gaps".to_owned()),
        (_, true) => Some("different".to_owned()),
        _ => None,
    };
    tab(
        move || {
            // What was compared is about what was shown then.
            marks.forget();
            ReadGrid {
                tenant: tenant.get(),
                project: project.get(),
                service: service.get(),
                kind: kind.get(),
                filter: filter(),
                q: q.get(),
                cursor: cursor.get(),
                edit: edit.get(),
            }
        },
        move |data: GridData| view! { <Page data tenant project marks/> }.into_any(),
    )
}

#[component]
fn Page(data: GridData, tenant: Memo<String>, project: Memo<String>, marks: Marks) -> impl IntoView {
    let GridData { services, chosen, grid, refused, now } = data;
    if services.is_empty() {
        let text = "Once this project has a service in an environment, its keys stand here beside those of its \
                    counterparts: services of the same kind with the same slug in other environments.";
        return view! { <Empty glyph=Glyph::List title="Nothing to compare yet" text/> }.into_any();
    }
    let Some(grid) = grid else {
        let refused = refused.map(|refusal| {
            view! { <p class="note" role="status">{refusal.message}</p> }
        });
        return view! { <choose::Bar services chosen kind=None/>{refused} }.into_any();
    };
    let facts = Facts {
        tenant,
        project,
        kind: grid.kind,
        service: StoredValue::new(chosen.clone()),
        slug: StoredValue::new(grid.service.clone()),
        now,
        marks,
    };
    let absent = absent(&grid);
    let compare_button = compare::button(&grid, facts);
    view! {
        <choose::Bar services chosen kind=Some(grid.kind)/>
        {absent}
        {compare_button}
        <promote::Preview columns=grid.columns.clone() rows=grid.rows.clone() facts/>
        <table::Table grid facts/>
    }
    .into_any()
}

/// The environments that have no such service, so that nobody looks for their column.
fn absent(grid: &Grid) -> Option<AnyView> {
    if grid.absent.is_empty() {
        return None;
    }
    let names = grid.absent.join(", ");
    Some(
        view! { <p class="hint grid-absent">"No "<code>{grid.service.clone()}</code>" in "{names}"."</p> }
            .into_any(),
    )
}
