//! The table itself, which scrolls inside its own box, and the bar that promotes ticked keys. Ticks
//! belong to the bar's form though they stand in the rows.

use super::choose::Nothing;
use super::{Facts, cell};
use crate::address::{address, has, navigator, query};
use crate::components::badge::Tone;
use crate::components::{Badge, Empty, Glyph};
use crate::pages::entries::Pager;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use nexus_domain::grid::{EntryKind, Grid, GridColumn, GridRow};
use wasm_bindgen::JsCast;

/// The id of the form that the ticks belong to.
const FORM: &str = "promotion";

#[component]
pub fn Table(grid: Grid, facts: Facts) -> impl IntoView {
    let Grid { columns, rows, next_cursor, .. } = grid;
    if rows.is_empty() {
        return none(facts);
    }
    let promotes = may_promote(&columns);
    let all = RwSignal::new(None);
    let chosen = use_query_map().read_untracked().get_all("keys").unwrap_or_default();
    let some = RwSignal::new(rows.iter().any(|row| chosen.contains(&row.key)));
    let heads = columns.iter().map(head).collect_view();
    let columns = StoredValue::new(columns);
    let rows = rows
        .into_iter()
        .map(|row| {
            let ticked = chosen.contains(&row.key);
            let tick = promotes.then(|| tick(row.key.clone(), ticked, all, some));
            columns.with_value(|columns| line(row, columns, tick, facts))
        })
        .collect_view();
    let tick_all = promotes.then(|| {
        let toggle = move |event: web_sys::Event| {
            let checked = event_target_checked(&event);
            all.set(Some(checked));
            some.set(checked);
        };
        view! {
            <input type="checkbox" class="needs-js" aria-label="Select all keys of this page" on:change=toggle/>
        }
    });
    view! {
        {promotes.then(|| view! { <PromoteBar columns=columns.get_value() some facts/> })}
        <div class="card grid-box" tabindex="0" role="region" aria-label="Environment grid">
            <table class="grid-table">
                <thead><tr><th scope="col">{tick_all}"Key"</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager next_cursor deleted=""/>
    }
    .into_any()
}

/// Whether there is a way to go from one column to another.
fn may_promote(columns: &[GridColumn]) -> bool {
    let sources = columns.iter().filter(|column| column.visible).count();
    sources > 1 && columns.iter().any(|column| column.visible && column.may_write)
}

fn none(facts: Facts) -> AnyView {
    let narrowed = ["q", "gaps", "different", "cursor"].map(has);
    if narrowed.into_iter().any(|it| it.get_untracked()) {
        return view! { <Nothing/> }.into_any();
    }
    let what = facts.kind.as_str();
    let text = format!(
        "None of the environments has a {what} of this service. Once one has, its key stands here beside what the \
         others have, or lack."
    );
    view! { <Empty glyph=Glyph::List title=format!("No {what} yet") text/> }.into_any()
}

fn head(column: &GridColumn) -> impl IntoView + use<> {
    let umbrella = column.linked_umbrella.clone().map(|umbrella| format!("linked to {umbrella}"));
    let readers = (column.linked_services > 0).then(|| {
        format!("read by {}", crate::components::time::count(column.linked_services, "linked service"))
    });
    let class = if column.live { "grid-live" } else { "grid-other" };
    view! {
        <th scope="col" class=class>
            <span class="grid-environment">{column.name.clone()}</span>
            <small><code>{column.environment.clone()}</code>{umbrella.or(readers).map(|text| format!(" · {text}"))}</small>
        </th>
    }
}

/// The tick of a row: part of the bar's form, wherever it stands.
fn tick(key: String, ticked: bool, all: RwSignal<Option<bool>>, some: RwSignal<bool>) -> AnyView {
    let label = format!("Select {key}");
    let changed = move |_| {
        let ticked = document().query_selector("input[name=keys]:checked").ok().flatten();
        some.set(ticked.is_some());
    };
    view! {
        <input type="checkbox" name="keys" value=key form=FORM aria-label=label checked=ticked
            prop:checked=move || all.get().unwrap_or(ticked) on:change=changed/>
    }
    .into_any()
}

fn line(row: GridRow, columns: &[GridColumn], tick: Option<AnyView>, facts: Facts) -> AnyView {
    let GridRow { key, cells, gap, differs } = row;
    let nearest = columns.iter().zip(&cells).rfind(|(_, cell)| cell.state.has_value());
    let nearest = nearest.map(|(column, _)| column.environment.clone()).unwrap_or_default();
    let cells = columns
        .iter()
        .zip(cells)
        .map(|(column, cell)| cell::cell(key.clone(), column, cell, nearest.clone(), facts))
        .collect_view();
    let name = key.clone();
    let marks = [
        differs.then(|| view! { <Badge text="DIFFERS" tone=Tone::Amber/> }.into_any()),
        gap.then(|| view! { <Badge text="GAP" tone=Tone::Red/> }.into_any()),
    ];
    view! {
        <tr data-row data-key=name>
            <th scope="row"><span class="grid-key">{tick}<code>{key}</code></span>{marks.into_iter().collect_view()}</th>
            {cells}
        </tr>
    }
    .into_any()
}

/// From where to where; the preview is a page of its own (in the address), so this is a GET form.
#[component]
fn PromoteBar(
    columns: Vec<GridColumn>,
    /// Whether a key is ticked.
    some: RwSignal<bool>,
    facts: Facts,
) -> impl IntoView {
    let here = address();
    // Without JavaScript nobody sees what is ticked; then the page that follows says it.
    let hydrated = crate::live::live().hydrated;
    let nothing = move || hydrated.get() && !some.get();
    let navigate = navigator();
    let (from, to) = (query("from"), query("to"));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let form = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok());
        if let Some(form) = form.filter(|_| some.get_untracked()) {
            let path = window().location().pathname().unwrap_or_default();
            navigate(&format!("{path}?{}", crate::components::form::form_body(&form, None)), false);
        }
    };
    let others = move || {
        const OWN: [&str; 6] = ["from", "to", "keys", "edit", "in", "base"];
        let kept = here.others("keys").into_iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
        kept.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()
    };
    let sources: Vec<&GridColumn> = columns.iter().filter(|column| column.visible).collect();
    let targets: Vec<&GridColumn> =
        columns.iter().filter(|column| column.visible && column.may_write).collect();
    let first = sources.first().map(|column| column.environment.clone()).unwrap_or_default();
    let from_now = from.get_untracked().unwrap_or(first);
    let other = targets.iter().find(|column| column.environment != from_now);
    let to_now =
        to.get_untracked().or_else(|| other.map(|column| column.environment.clone())).unwrap_or_default();
    let what = match facts.kind {
        EntryKind::Secret => "secrets",
        EntryKind::Config => "configs",
        EntryKind::Flag => "flags",
    };
    view! {
        <form method="get" id=FORM class="grid-promote" aria-label="Promote" on:submit=submit>
            {others}
            <span>"Promote selected "{what}" from"</span>
            {choose("from", "From", &sources, &from_now)}
            <span>"to"</span>
            {choose("to", "To", &targets, &to_now)}
            <button type="submit" class="button" class:button-off=nothing aria-disabled=move || nothing().then_some("true")
                title=move || nothing().then_some("Select the keys to promote first")>"Preview"</button>
        </form>
    }
    .into_any()
}

fn choose(name: &'static str, label: &'static str, columns: &[&GridColumn], now: &str) -> AnyView {
    let options = columns
        .iter()
        .map(|column| {
            let selected = column.environment == now;
            view! { <option value=column.environment.clone() selected=selected>{column.name.clone()}</option> }
        })
        .collect_view();
    view! {
        <span class="control control-select"><select name=name aria-label=label>{options}</select></span>
    }
    .into_any()
}
