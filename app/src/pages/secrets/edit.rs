//! The two forms of an open secret: a new version, and what stands beside the value. Both started
//! from a version that the address keeps (`from`), so a page that was read again meanwhile does
//! not hide that somebody else was first.

use super::referring::Referring;
use super::value::ValueField;
use super::{AddSecretVersion, EditSecret, Facts, desk};
use crate::address::address;
use crate::components::{Field, Hidden, PostForm};
use crate::pages::entries::{Finish, KeyField, Reach, started_from};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::secret::{ReferringConfig, SecretRow};

#[component]
pub fn VersionForm(row: SecretRow, facts: Facts) -> impl IntoView {
    let desk = desk();
    let here = address();
    let state = desk.version;
    if state.kind.get_untracked() != row.kind {
        state.kind.set(row.kind);
    }
    let close = here.without(&["form", "from"]);
    let started_from = started_from(row.version);
    view! {
        <PostForm action=AddSecretVersion::PATH to=close.clone() class="stack detail-form" on_done=move |_| state.clear()>
            <Which here=desk.here/>
            <Hidden name="key" value=row.key.clone()/>
            <Hidden name="kind" value=row.kind.as_str()/>
            <ValueField state about=row.key autofocus=true/>
            <Field label="Description" name="description" placeholder="Why this version? Rotated after Q2 audit"/>
            <Reach linked=facts.linked/>
            <Finish started_from label="Save" key="⏎" cancel=close now=facts.now
                again=|current| format!("Save mine as v{}", current + 1)/>
        </PostForm>
    }
    .into_any()
}

#[component]
pub fn EditForm(row: SecretRow, referred_by: Vec<ReferringConfig>, facts: Facts) -> impl IntoView {
    let here = address();
    let started_from = started_from(row.version);
    let close = here.without(&["form", "from"]);
    let rename = match referred_by.is_empty() || row.overrides.is_some() {
        true => view! { <p class="hint">"A rename keeps the history. Programs that ask for the old key stop getting it."</p> }.into_any(),
        false => view! {
            <p class="hint hint-amber">"It keeps its key as long as configs refer to it: "<Referring configs=referred_by/>"."</p>
        }
        .into_any(),
    };
    view! {
        <PostForm action=EditSecret::PATH class="stack detail-form">
            <Which here=desk().here/>
            <Hidden name="secret" value=row.key.clone()/>
            <KeyField value=row.key autofocus=true/>
            {rename}
            <Field label="Note" name="note" value=row.note multiline=true
                hint="What it is for, who gives out a new one. Everybody who lists the keys reads it"/>
            <Field label="Tags" name="tags" value=row.tags.join(", ") hint="Separated by commas"/>
            <Finish started_from label="Save" cancel=close now=facts.now again=|_| "Save mine all the same".to_owned()/>
        </PostForm>
    }
    .into_any()
}
