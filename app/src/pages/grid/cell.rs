//! A cell: what one environment has under a key, the way to it, and what can be done in place.

use super::Facts;
use super::compare::Mark;
use super::edit::{EditForm, Switch};
use crate::address::{address, query, service_url};
use crate::components::badge::Tone;
use crate::components::{Badge, Glyph, Icon};
use leptos::prelude::*;
use nexus_domain::flag::FlagState;
use nexus_domain::grid::{CellState, EntryKind, FlagCell, GridCell, GridColumn};
use nexus_domain::service::ServicePath;

pub fn cell(key: String, column: &GridColumn, cell: GridCell, nearest: String, facts: Facts) -> AnyView {
    let environment = column.environment.clone();
    let at = Place { key, environment, may_write: column.may_write, facts };
    match cell.state {
        CellState::Hidden => {
            view! { <td class="grid-hidden"><span class="muted">"Not for your role"</span></td> }.into_any()
        }
        CellState::Missing => {
            let add = at.may_write.then(|| view! { <a class="link" href=at.link("new")>"Add here"</a> });
            view! { <td class="grid-gap"><b>"Missing"</b>{add}</td> }.into_any()
        }
        CellState::NeedsValue => {
            let link = at.link("open");
            view! {
                <td class="grid-gap"><Badge text="NEEDS A VALUE" tone=Tone::Red/><a class="link" href=link>"Give it one"</a></td>
            }
            .into_any()
        }
        CellState::Own | CellState::Inherited => present(at, cell, column.linked_umbrella.clone(), nearest),
    }
}

/// Where a cell stands.
struct Place {
    key: String,
    environment: String,
    may_write: bool,
    facts: Facts,
}

impl Place {
    /// The tab of the service in this environment: `open` shows the entry, `new` the form for one.
    fn link(&self, what: &str) -> String {
        let path = ServicePath {
            project: self.facts.project.get_untracked(),
            environment: self.environment.clone(),
            service: self.facts.slug.get_value(),
        };
        let tab = format!("{}s?{what}={}", self.facts.kind, self.key);
        service_url(&self.facts.tenant.get_untracked(), &path, &tab)
    }
}

fn present(at: Place, cell: GridCell, umbrella: Option<String>, nearest: String) -> AnyView {
    let inherited = cell.state == CellState::Inherited;
    let badge = inherited.then(|| {
        let title = umbrella.map(|umbrella| format!("From the umbrella {umbrella}"));
        view! { <span title=title><Badge text="INHERITED" tone=Tone::Blue/></span> }
    });
    let (facts, kind, version) = (at.facts, cell.kind.clone(), cell.version);
    let mark = (facts.kind == EntryKind::Secret).then(|| {
        let (key, environment) = (at.key.clone(), at.environment.clone());
        view! { <Mark key environment nearest marks=facts.marks/> }
    });
    let by = cell.updated_by.clone();
    let title = match cell.updated_at {
        Some(updated) if by.is_empty() => format!("Updated {}", updated.relative(facts.now)),
        Some(updated) => format!("Updated {} by {by}", updated.relative(facts.now)),
        None => String::new(),
    };
    let link = at.link("open");
    let shown = match (&cell.text, &cell.flag) {
        (Some(text), _) => view! { <code>{one_line(text)}</code> }.into_any(),
        (_, Some(flag)) => view! { <FlagWords flag=flag.clone()/> }.into_any(),
        _ => view! { <span class="mono">"v"{version}</span> }.into_any(),
    };
    let small = match facts.kind {
        EntryKind::Secret => kind,
        EntryKind::Config | EntryKind::Flag => format!("{kind} · v{version}"),
    };
    let editing = editing(&at);
    let tools = (at.may_write && !inherited).then(|| tools(&at, &cell));
    let label = format!("{} in {}", at.key, at.environment);
    let form = (at.may_write && !inherited && facts.kind == EntryKind::Config).then(|| {
        let (key, environment) = (at.key.clone(), at.environment.clone());
        move || {
            let (key, environment, cell) = (key.clone(), environment.clone(), cell.clone());
            editing.get().then(|| view! { <EditForm key environment cell facts/> })
        }
    });
    view! {
        <td class="grid-cell">
            <span class="grid-value">
                <a href=link title=title aria-label=label>{shown}</a>
                {tools}
            </span>
            <small>{small}</small>
            {badge}{mark}{form}
        </td>
    }
    .into_any()
}

/// Whether this cell's config is being edited: the address says which.
fn editing(at: &Place) -> Memo<bool> {
    let (edit, within) = (query("edit"), query("in"));
    let (key, environment) = (at.key.clone(), at.environment.clone());
    Memo::new(move |_| {
        edit.read().as_deref() == Some(key.as_str()) && within.read().as_deref() == Some(environment.as_str())
    })
}

fn tools(at: &Place, cell: &GridCell) -> AnyView {
    let (key, environment) = (at.key.clone(), at.environment.clone());
    match (at.facts.kind, &cell.flag) {
        (EntryKind::Config, _) => {
            let here = address();
            let label = format!("Edit {key} in {environment}");
            let base = cell.version.to_string();
            let href =
                move || here.with(&[("edit", Some(&key)), ("in", Some(&environment)), ("base", Some(&base))]);
            view! {
                <a class="button button-icon" href=href data-noscroll title="Edit here" aria-label=label>
                    <Icon glyph=Glyph::Pencil/></a>
            }
            .into_any()
        }
        (EntryKind::Flag, Some(flag)) => {
            let (enabled, version) = (flag.enabled, cell.version);
            view! { <Switch key environment enabled version facts=at.facts/> }.into_any()
        }
        _ => ().into_any(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A flag in few words: the word carries the meaning, the colour repeats it.
#[component]
fn FlagWords(flag: FlagCell) -> impl IntoView {
    let (word, tone) = match (flag.state, flag.enabled) {
        (FlagState::Scheduled, true) => ("SCHEDULED, ON", Tone::Green),
        (FlagState::Scheduled, false) => ("SCHEDULED, OFF", Tone::Blue),
        (_, true) => ("ON", Tone::Green),
        (_, false) => ("OFF", Tone::Plain),
    };
    let rules = (flag.rules > 0).then(|| crate::components::time::count(flag.rules, "rule"));
    let more: Vec<String> = rules.into_iter().chain(flag.rollout).collect();
    let more = (!more.is_empty()).then(|| view! { <small>{more.join(" · ")}</small> });
    view! { <Badge text=word tone/>{more} }.into_any()
}
