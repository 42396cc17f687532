//! What can be done with an open entry and with its old versions: links, because what they open
//! stands in the address; and the questions about old versions.

use super::{Ask, Reach};
use crate::address::{address, service_params, service_url};
use crate::components::Confirm;
use crate::components::icon::{Glyph, Icon};
use crate::pages::service::settings::which;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::service::ServicePath;

/// A new version, a change of what stands beside it, and deletion; for who may write an own entry.
/// One that is read-only can only be deleted.
#[component]
pub fn EntryButtons(
    /// 0 while it needs a value.
    version: i64,
    /// Why it cannot be changed, if it cannot.
    read_only: Option<String>,
    /// The words for making a new version.
    #[prop(default = "New version")]
    new: &'static str,
    /// More of what can be done.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let here = address();
    let new = if version == 0 { "Give it a value" } else { new };
    let delete = view! {
        <span class="grow"></span>
        <a class="button button-quiet button-red" href=move || here.with(&[("confirm", Some("delete"))]) data-noscroll>
            "Delete…"</a>
    };
    if let Some(why) = read_only {
        return view! {
            <p class="note note-amber">{why}</p>
            <div class="bar detail-bar">
                <span class="button button-off" aria-disabled="true">{new}</span>
                <span class="button button-off" aria-disabled="true">"Rename, note, tags"</span>
                {children.map(|children| children())}
                {delete}
            </div>
        }
        .into_any();
    }
    let from = version.to_string();
    let open = move |form: &'static str| {
        let from = from.clone();
        move || here.with(&[("form", Some(form)), ("from", Some(&from)), ("created", None)])
    };
    view! {
        <div class="bar detail-bar">
            <a class="button" href=open("version") data-noscroll>{new}</a>
            <a class="button" href=open("edit") data-noscroll>"Rename, note, tags"</a>
            {children.map(|children| children())}
            {delete}
        </div>
    }
    .into_any()
}

/// An inherited entry is changed where it lives, or hidden by one of the service's own.
#[component]
pub fn Inherited(
    umbrella: Option<String>,
    key: String,
    /// The tab of the umbrella where it is.
    tab: &'static str,
    may_write: bool,
) -> impl IntoView {
    let Some(umbrella) = umbrella else { return ().into_any() };
    let (here, at) = (address(), service_params());
    let path = ServicePath { service: umbrella, ..at.path_now() };
    let link = service_url(&at.tenant.get_untracked(), &path, &format!("{tab}?open={key}"));
    view! {
        <div class="bar detail-bar">
            <a class="button" href=link><Icon glyph=Glyph::Open/>"Open umbrella"</a>
            {may_write.then(|| view! {
                <a class="button" href=move || here.with(&[("new", Some(&key)), ("open", None)]) data-noscroll>
                    <Icon glyph=Glyph::Umbrella/>"Override here"</a>
            })}
        </div>
    }
    .into_any()
}

/// The ways to restore and to destroy an old version.
pub fn version_links(number: i64, active: i64) -> AnyView {
    let here = address();
    let ask = move |what: &'static str| {
        move || here.with(&[("confirm", Some(what)), ("version", Some(&number.to_string()))])
    };
    view! {
        <a class="button button-icon" href=ask("restore") data-noscroll aria-label=format!("Restore v{number}")
            title=format!("Restore: makes v{} with this value", active + 1)><Icon glyph=Glyph::Up/></a>
        <a class="button button-icon" href=ask("destroy") data-noscroll aria-label=format!("Destroy v{number}")
            title="Destroy for good"><Icon glyph=Glyph::Trash/></a>
    }
    .into_any()
}

/// The fields that name an entry of the service, and maybe one of its versions.
pub fn named(key: &str, version: Option<i64>) -> Vec<(&'static str, String)> {
    let mut fields = which(service_params());
    fields.push(("key", key.to_owned()));
    fields.extend(version.map(|version| ("version", version.to_string())));
    fields
}

/// The question before an old version becomes a new one.
#[component]
pub fn RestoreVersion(
    key: String,
    number: i64,
    /// The ACTIVE version.
    active: i64,
    /// The path of the server function.
    action: &'static str,
    linked: i64,
    now: Timestamp,
) -> impl IntoView {
    let close = address().without(&["confirm", "version"]);
    let fields = named(&key, Some(number));
    view! {
        <Ask title=format!("Restore v{number}?") action label="Restore"
            again=|current| format!("Restore as v{}", current + 1) close=close.clone() to=close fields
            started_from=active now>
            <p>"A new version "<b>"v"{active + 1}</b>" of "<code>{key}</code>" will be made with the value of v"
                {number}". The ones before it stay in the history."</p>
            <Reach linked/>
        </Ask>
    }
    .into_any()
}

/// The question before an old version is wiped.
#[component]
pub fn DestroyVersion(
    key: String,
    number: i64,
    /// The path of the server function.
    action: &'static str,
) -> impl IntoView {
    let fields = named(&key, Some(number));
    view! {
        <Confirm title=format!("Destroy v{number} for good?") action label="Destroy" danger=true
            close=address().without(&["confirm", "version"]) fields typed=format!("v{number}")>
            <p>"The value of v"{number}" of "<code>{key}</code>" is wiped. It can be neither restored nor compared
                any more, and its number is not used again. Backups that were made before still hold it."</p>
        </Confirm>
    }
    .into_any()
}
