//! The preview of a promotion, while the address asks for it: what is new, changed, the same or
//! impossible, who will read it, and the form that does it.

use super::{Facts, PromoteEntries, ReadPromotion};
use crate::address::{address, query};
use crate::components::badge::Tone;
use crate::components::time::{count, number};
use crate::components::{Badge, Dialog, Field, FormError, Glyph, Hidden, Icon, PostForm, Submit};
use crate::page::tab;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_query_map;
use nexus_domain::grid::{
    EntryKind, GridCell, GridColumn, GridRow, PromoteItem, PromoteReport, PromoteState,
};

/// The parameters of the address that a promotion is made of.
const OWN: [&str; 3] = ["from", "to", "keys"];

#[component]
pub fn Preview(columns: Vec<GridColumn>, rows: Vec<GridRow>, facts: Facts) -> impl IntoView {
    let here = address();
    let (from, to) = (query("from"), query("to"));
    let query = use_query_map();
    let keys = Memo::new(move |_| query.read().get_all("keys").unwrap_or_default().join(" "));
    let columns = StoredValue::new(columns);
    let rows = StoredValue::new(rows);
    let asked = Memo::new(move |_| from.get().zip(to.get()));
    move || {
        let (from, to) = asked.get()?;
        let close = untrack(|| here.without(&OWN));
        let target = columns.with_value(|all| all.iter().find(|column| column.environment == to).cloned());
        let name = |slug: &str| {
            let named = columns
                .with_value(|all| all.iter().find(|it| it.environment == slug).map(|it| it.name.clone()));
            named.unwrap_or_else(|| slug.to_owned())
        };
        let title = format!("Promote from {} to {}", name(&from), name(&to));
        let changes = StoredValue::new(
            rows.with_value(|rows| columns.with_value(|columns| changes(rows, columns, &from, &to))),
        );
        let target = StoredValue::new(target);
        let goal = close.clone();
        let body = if keys.read().is_empty() {
            view! { <p class="note" role="status">"Select the keys to promote first."</p> }.into_any()
        } else {
            tab(
                move || ReadPromotion {
                    tenant: facts.tenant.get(),
                    project: facts.project.get(),
                    service: facts.service.get_value(),
                    kind: facts.kind.to_string(),
                    from: from.clone(),
                    to: to.clone(),
                    keys: keys.get(),
                },
                move |report| {
                    view! { <Report report changes target=target.get_value() close=goal.clone() facts/> }
                        .into_any()
                },
            )
        };
        Some(view! { <Dialog title class="dialog-wide" close>{body}</Dialog> })
    }
}

#[component]
fn Report(
    report: PromoteReport,
    changes: StoredValue<Vec<Change>>,
    target: Option<GridColumn>,
    close: String,
    facts: Facts,
) -> impl IntoView {
    let not_compared = report.items.iter().filter(|item| item.state == PromoteState::NotCompared).count();
    let not_compared = i64::try_from(not_compared).unwrap_or(0);
    let amounts = [
        (report.new, "new"),
        (report.changed, "changed"),
        (not_compared, "in both"),
        (report.unchanged, "unchanged"),
        (report.invalid, "invalid"),
    ];
    let summary: Vec<String> = amounts
        .into_iter()
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, what)| format!("{} {what}", number(amount)))
        .collect();
    let goes = report.new + report.changed + not_compared;
    let versions: Vec<String> =
        report.items.iter().map(|item| format!("{}@{}", item.key, item.target_version)).collect();
    let may = report.invalid == 0 && goes > 0;
    let (from, to) = (report.from.clone(), report.to.clone());
    let invalid = report.invalid > 0;
    let line = |it: PromoteItem| {
        let change = changes.with_value(|all| all.iter().find(|change| change.key == it.key).cloned());
        item(it, change)
    };
    let items = report.items.into_iter().map(line).collect_view();
    let (label, cancel) = (format!("Promote {}", count(goes, facts.kind.as_str())), close.clone());
    // Made inside of the form, which its fields have to know.
    let form = move || {
        view! {
            <Field label="Description" name="description" placeholder="Release 7"
                hint="Optional. It stands beside every version that is written"/>
            <Reaches target/>
            <FormError/>
            <div class="actions">
                <a class="button button-quiet" href=cancel data-noscroll>"Cancel"</a>
                <Submit label/>
            </div>
        }
    };
    let close_only = (!may).then(|| {
        view! { <div class="actions"><a class="button" href=close.clone() data-noscroll>"Close"</a></div> }
    });
    view! {
        <PostForm action=PromoteEntries::PATH to=close class="stack">
            <Hidden name="tenant" value=facts.tenant/>
            <Hidden name="project" value=facts.project/>
            <Hidden name="service" value=facts.service.get_value()/>
            <Hidden name="kind" value=facts.kind.to_string()/>
            <Hidden name="from" value=from/>
            <Hidden name="to" value=to/>
            <Hidden name="keys" value=versions.join(" ")/>
            <section class="preview" aria-label="Preview">
                <p role="status"><b>{summary.join(" · ")}</b></p>
                {invalid.then(|| view! { <p class="note note-red">"Nothing is promoted while a key is invalid."</p> })}
                <ul class="preview-items" tabindex="0" aria-label="Keys">{items}</ul>
                {(facts.kind == EntryKind::Secret).then(|| view! {
                    <p class="hint">"Secrets are opened when they are promoted, and each is in the audit log. One that \
                        is equal already gets no new version."</p>
                })}
            </section>
            {may.then(form)}{close_only}
        </PostForm>
    }
    .into_any()
}

/// Who reads what is promoted: live is a thing to say, and so are linked services.
#[component]
fn Reaches(target: Option<GridColumn>) -> impl IntoView {
    let Some(target) = target else { return ().into_any() };
    let live = target.live.then(|| {
        view! {
            <p class="note note-amber"><Icon glyph=Glyph::Alert/>"This goes to "{target.name.clone()}
                ": its programs read it at once."</p>
        }
    });
    let linked = (target.linked_services > 0).then(|| {
        let text = format!("{} will read the new values.", count(target.linked_services, "linked service"));
        view! { <p class="hint">{text}</p> }
    });
    view! { {live}{linked} }.into_any()
}

/// What a key has in the two environments, where the grid shows it: never of a secret.
#[derive(Clone)]
struct Change {
    key: String,
    old: Option<String>,
    new: String,
}

fn changes(rows: &[GridRow], columns: &[GridColumn], from: &str, to: &str) -> Vec<Change> {
    let place = |slug: &str| columns.iter().position(|column| column.environment == slug);
    let (Some(from), Some(to)) = (place(from), place(to)) else { return Vec::new() };
    let change = |row: &GridRow| {
        let new = words(row.cells.get(from)?)?;
        Some(Change { key: row.key.clone(), old: row.cells.get(to).and_then(words), new })
    };
    rows.iter().filter_map(change).collect()
}

/// A config's value or a flag's state, as the grid has it.
fn words(cell: &GridCell) -> Option<String> {
    let flag = || {
        let flag = cell.flag.as_ref()?;
        let state = if flag.enabled { "on" } else { "off" };
        let rules = (flag.rules > 0).then(|| count(flag.rules, "rule"));
        let all = [Some(state.to_owned()), rules, flag.rollout.clone()];
        Some(all.into_iter().flatten().collect::<Vec<_>>().join(" · "))
    };
    cell.text.clone().or_else(flag)
}

fn item(item: PromoteItem, change: Option<Change>) -> AnyView {
    let (tone, word) = match item.state {
        PromoteState::New => (Tone::Green, "NEW"),
        PromoteState::Changed => (Tone::Amber, "CHANGED"),
        PromoteState::Unchanged => (Tone::Plain, "UNCHANGED"),
        PromoteState::NotCompared => (Tone::Amber, "IN BOTH"),
        PromoteState::Invalid => (Tone::Red, "INVALID"),
    };
    let versions = match (item.version, item.target_version) {
        (0, _) => String::new(),
        (version, 0) => format!("v{version}"),
        (version, target) => format!("v{version}, there v{target}"),
    };
    let change = change.filter(|_| matches!(item.state, PromoteState::New | PromoteState::Changed)).map(|change| {
        let old = change.old.map(|old| view! { <del><span class="visually-hidden">"from "</span>{old}</del>" → " });
        view! { <small class="preview-change mono">{old}<ins><span class="visually-hidden">"to "</span>{change.new}</ins></small> }
    });
    view! {
        <li>
            <span class="preview-key"><code>{item.key}</code>{item.reason.map(|reason| view! { <small>{reason}</small> })}{change}</span>
            <span class="muted mono">{versions}</span>
            <Badge text=word tone/>
        </li>
    }
    .into_any()
}
