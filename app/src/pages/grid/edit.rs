//! What a cell changes in place: the value of a config, and the kill switch of a flag. Both start
//! from the version that the person saw.

use super::{Facts, SwitchGridFlag};
use crate::address::{address, query};
use crate::components::{Field, FormError, Hidden, PostForm};
use crate::pages::configs::AddConfigVersion;
use crate::pages::entries::Finish;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::grid::GridCell;

/// The hidden fields that say where the entry is.
#[component]
fn Where(facts: Facts, environment: String, key: String) -> impl IntoView {
    view! {
        <Hidden name="tenant" value=facts.tenant/>
        <Hidden name="project" value=facts.project/>
        <Hidden name="environment" value=environment/>
        <Hidden name="service" value=facts.slug.get_value()/>
        <Hidden name="key" value=key/>
    }
    .into_any()
}

/// Another value for a config. The address keeps the version that the change started from.
#[component]
pub fn EditForm(key: String, environment: String, cell: GridCell, facts: Facts) -> impl IntoView {
    let close = address().without(&["edit", "in", "base"]);
    let base = query("base").get_untracked().and_then(|base| base.parse().ok());
    let text = cell.text.unwrap_or_default();
    let long = text.len() > 40 || text.contains('\n');
    let label = format!("Value in {environment}");
    let about = format!("{environment}/{key}");
    view! {
        <PostForm action=AddConfigVersion::PATH id=environment.clone() to=close.clone() class="stack grid-form">
            <Where facts environment key/>
            <Hidden name="kind" value=cell.kind/>
            <Field label name="value" value=text mono=true multiline=long autofocus=true about=about.clone()/>
            <Field label="Description" name="description" about placeholder="Why this version?"/>
            <Finish started_from=base.unwrap_or(cell.version) label="Save" key="⏎" cancel=close now=facts.now
                again=|current| format!("Save mine as v{}", current + 1)/>
        </PostForm>
    }
    .into_any()
}

/// The kill switch of a flag in one environment.
#[component]
pub fn Switch(key: String, environment: String, enabled: bool, version: i64, facts: Facts) -> impl IntoView {
    let word = if enabled { "Switch off" } else { "Switch on" };
    let label = format!("{word} {key} in {environment}");
    let id = format!("{environment}-{key}");
    view! {
        <PostForm action=SwitchGridFlag::PATH id class="grid-switch">
            <Where facts environment key/>
            <Hidden name="enabled" value=(!enabled).to_string()/>
            <Hidden name="expected_version" value=version.to_string()/>
            <button type="submit" class="button button-small" aria-label=label>{word}</button>
            <FormError/>
        </PostForm>
    }
    .into_any()
}
