//! The open row: who gets what, the form that is open in it, and the history.

use super::asks::Asks;
use super::editor::Editor;
use super::explain::Explain;
use super::json_view::JsonView;
use super::timeline::Timeline;
use super::words::RuleWords;
use super::{EditFlag, Facts, Flag, Opened};
use crate::address::{address, query};
use crate::components::Ago;
use crate::pages::entries::{Comparison, EditEntry, EntryButtons, Inherited, Why, plain_history};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::flag::FlagState;
use nexus_domain::template::ReferenceKind;

#[component]
pub fn Detail(flag: Flag, opened: Opened, facts: Facts) -> impl IntoView {
    let writable = flag.inherited_from.is_none() && facts.may_write;
    let label = format!("Details of {}", flag.key);
    let form = query("form");
    // The forms of a definition need the width.
    let class = move || match form.read().as_deref() {
        Some("version" | "json") => "detail detail-one",
        _ => "detail",
    };
    let (history, diff) = (opened.history.clone(), opened.diff.clone());
    let version = flag.version;
    let changeable = writable && flag.read_only.is_none();
    view! {
        <div class=class role="region" aria-label=label>
            <div class="detail-main"><Main flag opened writable facts/></div>
            {plain_history(history, version, changeable, facts.now)}
        </div>
        {diff.map(|diff| view! { <Comparison diff/> })}
    }
    .into_any()
}

#[component]
fn Main(flag: Flag, opened: Opened, writable: bool, facts: Facts) -> impl IntoView {
    let form = query("form");
    let changeable = writable && flag.read_only.is_none();
    let (kept, opened) = (StoredValue::new(flag.clone()), StoredValue::new(opened));
    let part = move || {
        let (flag, opened) = (kept.get_value(), opened.get_value());
        match (form.read().as_deref(), changeable) {
            (Some("version"), true) => view! { <Editor flag opened facts/> }.into_any(),
            (Some("json"), _) => {
                view! { <JsonView flag json=opened.json writable=changeable facts/> }.into_any()
            }
            (Some("edit"), true) => {
                let Flag { key, note, tags, version, .. } = flag;
                view! { <EditEntry action=EditFlag::PATH was="flag" key note tags version now=facts.now/> }
                    .into_any()
            }
            (Some("explain"), _) => view! { <Explain told=opened.told/> }.into_any(),
            _ => view! { <Overview flag opened writable facts/> }.into_any(),
        }
    };
    view! { {part} {writable.then(|| view! { <Asks flag facts/> })} }.into_any()
}

#[component]
fn Overview(flag: Flag, opened: Opened, writable: bool, facts: Facts) -> impl IntoView {
    let links = view! { <OtherViews/> }.into_any();
    let buttons = if writable {
        view! { <EntryButtons version=flag.version read_only=flag.read_only.clone() new="Edit">{links}</EntryButtons> }.into_any()
    } else {
        let (umbrella, key) = (flag.inherited_from.clone(), flag.key.clone());
        view! {
            <div class="bar detail-bar">{links}</div>
            <Inherited umbrella key tab="flags" may_write=facts.may_write/>
        }
        .into_any()
    };
    let ignored = flag.targeting_ignored.then(|| {
        view! {
            <p class="note">"This project has no A/B testing: the rules and the rollout are kept, read-only, and do not
                count. Everybody gets what the state says."</p>
        }
    });
    view! {
        <State flag=flag.clone() facts/>
        {ignored}
        {served(opened.rules, opened.otherwise, flag.state != FlagState::Off)}
        {buttons}
        <About flag=flag.clone() facts/>
        <Why kind=ReferenceKind::Flag key=flag.key now=facts.now/>
    }
    .into_any()
}

/// The state in words, and its schedule as a picture.
#[component]
fn State(flag: Flag, facts: Facts) -> impl IntoView {
    let is = if flag.enabled { "On now" } else { "Off now" };
    let why = match flag.state {
        FlagState::On => "for good: it has no schedule",
        FlagState::Off if flag.starts_at.or(flag.ends_at).is_some() => {
            "switched off; its schedule is kept for later"
        }
        FlagState::Off => "switched off",
        FlagState::Scheduled => "by its schedule",
    };
    let scheduled = (flag.state == FlagState::Scheduled).then(|| {
        view! { <Timeline starts_at=flag.starts_at ends_at=flag.ends_at now=facts.now/> }
    });
    view! {
        <section class="value-panel" aria-label="State">
            <h2>"State"</h2>
            <p><b>{is}</b>", "{why}"."</p>
            {scheduled}
        </section>
    }
    .into_any()
}

/// The rules in their order, and what is left for the others.
pub fn served(rules: Vec<RuleWords>, otherwise: String, enabled: bool) -> AnyView {
    let plain = rules.is_empty();
    let rules = rules
        .into_iter()
        .map(|rule| {
            let said =
                (!rule.description.is_empty()).then(|| view! { <p class="muted">{rule.description}</p> });
            view! {
                <li class="rule-line">
                    <p><code class="strong">{rule.id}</code>" "{rule.when}</p>
                    {said}
                    <p>"gets "<b>{rule.serves}</b></p>
                </li>
            }
        })
        .collect_view();
    let title = if enabled { "Who gets what" } else { "Who gets what once it is on" };
    let others = if plain { "Everybody" } else { "Everybody else" };
    view! {
        <section class="value-panel" aria-label="Targeting">
            <h2>{title}</h2>
            <ol class="rule-lines">{rules}<li class="rule-line"><p>{others}" gets "<b>{otherwise}</b></p></li></ol>
        </section>
    }
    .into_any()
}

/// The ways to ask why, and to the JSON: for everybody who reads flags.
#[component]
fn OtherViews() -> impl IntoView {
    let here = address();
    let open = move |form: &'static str| move || here.with(&[("form", Some(form)), ("created", None)]);
    view! {
        <a class="button" href=open("explain") data-noscroll>"Explain"</a>
        <a class="button" href=open("json") data-noscroll>"JSON"</a>
    }
    .into_any()
}

/// Note, tags, and where it comes from.
#[component]
fn About(flag: Flag, facts: Facts) -> impl IntoView {
    let note = (!flag.note.is_empty())
        .then(|| view! { <div><dt>"Note"</dt><dd class="lines-kept">{flag.note}</dd></div> });
    let tags = (!flag.tags.is_empty()).then(|| {
        let tags = flag.tags.into_iter().map(|tag| view! { <span class="tag">{tag}</span> }).collect_view();
        view! { <div><dt>"Tags"</dt><dd>{tags}</dd></div> }
    });
    let hidden = flag.overrides.map(|umbrella| {
        view! { <div><dt>"Hides"</dt><dd>"the flag of the same key on "<b>{umbrella}</b></dd></div> }
    });
    view! {
        <dl class="facts">
            <div><dt>"Type"</dt><dd>{flag.kind.as_str()}</dd></div>
            {note}{tags}{hidden}
            <div><dt>"Made"</dt><dd><Ago at=flag.created_at now=facts.now/></dd></div>
        </dl>
    }
    .into_any()
}
