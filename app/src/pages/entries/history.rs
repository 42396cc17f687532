//! The history of an entry: a line for each version, the newest first.

use crate::address::{address, has};
use crate::components::badge::Tone;
use crate::components::{Ago, Badge};
use leptos::prelude::*;
use nexus_domain::Timestamp;

/// One version.
pub struct VersionLine {
    pub number: i64,
    pub active: bool,
    /// Its value is gone for good.
    pub destroyed: bool,
    pub description: String,
    pub by: String,
    pub at: Timestamp,
    /// What can be done with it.
    pub actions: AnyView,
}

/// How many versions are shown before somebody asks for all of them.
const SHOWN: usize = 20;

/// The versions, and what follows them (the children).
#[component]
pub fn History(
    mut versions: Vec<VersionLine>,
    now: Timestamp,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let here = address();
    let amount = versions.len();
    let all = amount <= SHOWN || has("versions").get_untracked();
    if !all {
        versions.truncate(SHOWN);
    }
    let lines = versions.into_iter().map(|version| line(version, now)).collect_view();
    let more = (!all).then(|| {
        view! {
            <a class="link history-more" href=move || here.with(&[("versions", Some("all"))]) data-noscroll>
                "All "{amount.to_string()}" versions"</a>
        }
    });
    view! {
        <section class="history" aria-label="History">
            <h2>"History"</h2>
            <ol class="versions">{lines}</ol>
            {more}
            {children.map(|children| children())}
        </section>
    }
    .into_any()
}

fn line(version: VersionLine, now: Timestamp) -> AnyView {
    let VersionLine { number, active, destroyed, description, by, at, actions } = version;
    let state = if active {
        view! { <Badge text="ACTIVE" tone=Tone::Green/> }.into_any()
    } else if destroyed {
        view! { <Badge text="DESTROYED"/> }.into_any()
    } else {
        ().into_any()
    };
    let said = if description.is_empty() {
        view! { <p class="faint">"No description"</p> }.into_any()
    } else {
        view! { <p class="wrap">{description}</p> }.into_any()
    };
    view! {
        <li>
            <span class="mono version-number">"v"{number}</span>
            <div class="version-text">{said}<p class="version-by">{by}" · "<Ago at now/></p></div>
            <div class="version-actions">{state}{actions}</div>
        </li>
    }
    .into_any()
}
