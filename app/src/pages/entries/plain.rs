//! What the open rows of configs and flags have in common: their versions hold no secret, so a
//! comparison is a link and stands in the page.

use super::{
    Ask, DeletedLine, DeletedList, DiffLines, Finish, History, KeyField, VersionLine, named, started_from,
    version_links,
};
use crate::address::{address, service_params};
use crate::components::icon::{Glyph, Icon};
use crate::components::time::count;
use crate::components::{Dialog, Field, FormError, Hidden, PostForm};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::entry::{DeletedEntry, EntryDiff, EntryVersion};
use std::fmt::Display;

/// The history, with what can be done with old versions: they are compared, restored, destroyed.
pub fn plain_history<T>(
    history: Vec<EntryVersion<T>>,
    active: i64,
    writable: bool,
    now: Timestamp,
) -> AnyView {
    let line = |version: EntryVersion<T>| VersionLine {
        number: version.version,
        active: version.active,
        destroyed: version.destroyed,
        actions: match version.active || version.destroyed {
            true => ().into_any(),
            false => acts(version.version, active, writable),
        },
        description: version.description,
        by: version.created_by,
        at: version.created_at,
    };
    let versions = history.into_iter().map(line).collect();
    view! { <History versions now/> }.into_any()
}

fn acts(number: i64, active: i64, writable: bool) -> AnyView {
    let here = address();
    let change = writable.then(|| version_links(number, active));
    view! {
        <a class="button button-icon" href=move || here.with(&[("compare", Some(&format!("{number}-{active}")))]) data-noscroll
            aria-label=format!("Compare v{number} with the active one") title="Compare with ACTIVE"><Icon glyph=Glyph::Diff/></a>
        {change}
    }
    .into_any()
}

/// The two versions that the address names, beside each other.
#[component]
pub fn Comparison(diff: EntryDiff) -> impl IntoView {
    let here = address();
    let EntryDiff { key, from, to, equal, lines, .. } = diff;
    view! {
        <Dialog title=format!("v{from} and v{to} of {key}") class="dialog-wide" close=here.without(&["compare"])>
            <div class="stack"><DiffLines from to equal lines/></div>
        </Dialog>
    }
    .into_any()
}

/// The versions that `1-2` names.
#[cfg(feature = "ssr")]
pub fn two_numbers(text: &str) -> Option<(i64, i64)> {
    let (from, to) = text.split_once('-')?;
    from.parse().ok().zip(to.parse().ok())
}

/// Tags as they are typed, with commas between them.
#[cfg(feature = "ssr")]
pub fn typed_tags(text: &str) -> Vec<String> {
    text.split(',').map(|tag| tag.trim().to_owned()).collect()
}

/// Key, note and tags: what stands beside the versions.
#[component]
pub fn EditEntry(
    /// The path of the server function.
    action: &'static str,
    /// The field that holds the key until now: `config`, `flag`.
    was: &'static str,
    key: String,
    note: String,
    tags: Vec<String>,
    version: i64,
    now: Timestamp,
) -> impl IntoView {
    let close = address().without(&["form", "from"]);
    view! {
        <PostForm action class="stack detail-form">
            <Which here=service_params()/>
            <Hidden name=was value=key.clone()/>
            <KeyField value=key autofocus=true/>
            <p class="hint">"A rename keeps the history. Programs that ask for the old key stop getting it."</p>
            <Field label="Note" name="note" value=note multiline=true hint="What it is for. Everybody who lists the keys reads it"/>
            <Field label="Tags" name="tags" value=tags.join(", ") hint="Separated by commas"/>
            <Finish started_from=started_from(version) label="Save" cancel=close now
                again=|_| "Save mine all the same".to_owned()/>
        </PostForm>
    }
    .into_any()
}

/// The question before an entry is deleted. The children say what programs get then.
#[component]
pub fn DeleteEntry(
    /// The path of the server function.
    action: &'static str,
    key: String,
    version: i64,
    /// Services that inherit it.
    linked: i64,
    undelete_days: i64,
    now: Timestamp,
    children: Children,
) -> impl IntoView {
    let here = address();
    view! {
        <Ask title=format!("Delete {key}?") action label="Delete" danger=true
            again=|current| format!("Delete it at v{current}") close=here.without(&["confirm"])
            to=here.without(&["confirm", "open", "form", "from"]) fields=named(&key, None)
            started_from=version now>
            {children()}
            {(linked > 0).then(|| view! {
                <p><b>{count(linked, "linked service")}" will lose it"</b>", unless it overrides it."</p>
            })}
            <p>"It can be brought back for "{undelete_days}" days, with its history; then it is gone for good."</p>
        </Ask>
    }
    .into_any()
}

/// What was deleted, with the way to bring it back for those who may.
pub fn deleted_entries<T: Display>(
    deleted: Vec<DeletedEntry<T>>,
    what: &'static str,
    undelete: Option<&'static str>,
    now: Timestamp,
) -> AnyView {
    let line = |entry: DeletedEntry<T>| {
        let key = entry.key.clone();
        let form = undelete.map(|action| {
            view! {
                <PostForm action id=key.clone() class="undelete">
                    <Which here=service_params()/>
                    <Hidden name="key" value=key/>
                    <FormError/>
                    <button type="submit" class="button button-small">"Undelete"</button>
                </PostForm>
            }
        });
        DeletedLine::of(entry, form.into_any())
    };
    let lines = deleted.into_iter().map(line).collect();
    view! { <DeletedList lines what now/> }.into_any()
}
