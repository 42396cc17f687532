//! The open row: the value, what it names, what can be done, and the history.

use super::asks::Asks;
use super::forms::{EditForm, VersionForm};
use super::{Config, Facts, Opened};
use crate::address::query;
use crate::components::{Ago, Copy};
use crate::pages::entries::{Comparison, EntryButtons, Inherited, Why, plain_history};
use leptos::prelude::*;
use nexus_domain::template::ReferenceKind;

#[component]
pub fn Detail(config: Config, opened: Opened, facts: Facts) -> impl IntoView {
    let writable = config.inherited_from.is_none() && facts.may_write;
    let changeable = writable && config.read_only.is_none();
    let label = format!("Details of {}", config.key);
    let acts = if writable {
        view! { <Acts config=config.clone() facts/> }.into_any()
    } else {
        let (umbrella, key) = (config.inherited_from.clone(), config.key.clone());
        view! { <Inherited umbrella key tab="configs" may_write=facts.may_write/> }.into_any()
    };
    let has_versions = !config.needs_value();
    view! {
        <div class="detail" role="region" aria-label=label>
            <div class="detail-main">
                <ValuePanel config=config.clone()/>
                {acts}
                <About config=config.clone() facts/>
                <Why kind=ReferenceKind::Config key=config.key.clone() now=facts.now/>
            </div>
            {has_versions.then(|| plain_history(opened.history, config.version, changeable, facts.now))}
        </div>
        {opened.diff.map(|diff| view! { <Comparison diff/> })}
    }
    .into_any()
}

#[component]
fn ValuePanel(config: Config) -> impl IntoView {
    let body = if config.needs_value() {
        view! { <p class="hint">"It has none yet. Until the first one is saved programs do not get this key."</p> }
            .into_any()
    } else {
        view! {
            <div class="value">
                <pre class="value-text" tabindex="0" role="group" aria-label="The value">{config.text.clone()}</pre>
                <Copy text=config.text label="Copy the value"/>
            </div>
        }
        .into_any()
    };
    let secret = config.tainted.then(|| {
        view! { <p class="hint hint-amber">"Programs get it with a secret in it, so only with a key that may read secrets."</p> }
    });
    view! {
        <section class="value-panel" aria-label="Value">
            <h2>"Value "<small class="muted">{config.kind.as_str()}</small></h2>
            {body}
            {secret}
        </section>
    }
    .into_any()
}

#[component]
fn Acts(config: Config, facts: Facts) -> impl IntoView {
    let form = query("form");
    let config = StoredValue::new(config);
    let changeable = config.with_value(|config| config.read_only.is_none());
    let part = move || match form.read().as_deref().filter(|_| changeable) {
        Some("version") => view! { <VersionForm config=config.get_value() facts/> }.into_any(),
        Some("edit") => view! { <EditForm config=config.get_value() facts/> }.into_any(),
        _ => view! {
            <EntryButtons version=config.with_value(|config| config.version)
                read_only=config.with_value(|config| config.read_only.clone())/>
        }
        .into_any(),
    };
    view! { {part} <Asks config=config.get_value() facts/> }.into_any()
}

/// Note, tags, and what its value names.
#[component]
fn About(config: Config, facts: Facts) -> impl IntoView {
    let note = (!config.note.is_empty())
        .then(|| view! { <div><dt>"Note"</dt><dd class="lines-kept">{config.note}</dd></div> });
    let chips = |words: Vec<String>| {
        words.into_iter().map(|word| view! { <span class="tag">{word}</span> }).collect_view()
    };
    let tags =
        (!config.tags.is_empty()).then(|| view! { <div><dt>"Tags"</dt><dd>{chips(config.tags)}</dd></div> });
    let names = (!config.references.is_empty())
        .then(|| view! { <div><dt>"Refers to"</dt><dd>{chips(config.references)}</dd></div> });
    let schema = config.schema.map(|schema| {
        view! {
            <div><dt>"JSON Schema"</dt><dd><details class="fold"><summary>"Every value fits one"</summary>
                <pre class="value-text" tabindex="0" role="group" aria-label="The JSON Schema">{schema}</pre></details></dd></div>
        }
    });
    let hidden = config.overrides.map(|umbrella| {
        view! { <div><dt>"Hides"</dt><dd>"the config of the same key on "<b>{umbrella}</b></dd></div> }
    });
    view! {
        <dl class="facts">
            {names}{schema}{note}{tags}{hidden}
            <div><dt>"Made"</dt><dd><Ago at=config.created_at now=facts.now/></dd></div>
        </dl>
    }
    .into_any()
}
