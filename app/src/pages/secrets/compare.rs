//! Two versions side by side: lines that came and went, with a sign and not only a colour. It shows
//! both values, so it is a reveal and goes like one.

use super::desk;
use super::file::size_words;
use crate::components::Dialog;
use crate::pages::entries::DiffLines;
use leptos::prelude::*;
use nexus_domain::secret::SecretDiff;

/// The dialog with the comparison, while there is one.
#[component]
pub fn Comparison() -> impl IntoView {
    let desk = desk();
    move || desk.compared.get().map(|diff| view! { <Shown diff/> })
}

#[component]
fn Shown(diff: SecretDiff) -> impl IntoView {
    let desk = desk();
    let SecretDiff { key, from, to, equal, from_size, to_size, lines } = diff;
    let title = format!("v{from} and v{to} of {key}");
    let body = if !equal && lines.is_empty() {
        view! {
            <p class="note">"The two differ: v"{from}" has "{size_words(from_size)}", v"{to}" has "{size_words(to_size)}"."</p>
        }
        .into_any()
    } else {
        view! { <DiffLines from to equal lines/> }.into_any()
    };
    view! {
        <Dialog title class="dialog-wide" on_close=move |()| desk.hide()>
            <div class="stack">
                {body}
                <p class="hint">"Closes by itself in "{move || desk.left.get()}" s. The comparison is in the audit log."</p>
            </div>
        </Dialog>
    }
    .into_any()
}

/// Two selects, for versions of which neither is ACTIVE.
#[component]
pub fn ChooseTwo(key: StoredValue<String>, readable: Vec<i64>) -> impl IntoView {
    let desk = desk();
    let newest = readable.first().copied().unwrap_or(0);
    let from = RwSignal::new(readable.get(1).copied().unwrap_or(newest));
    let to = RwSignal::new(newest);
    let select = |label: &'static str, chosen: RwSignal<i64>| {
        let options = readable
            .iter()
            .map(|number| {
                let selected = *number == chosen.get_untracked();
                view! { <option value=number.to_string() selected=selected>"v"{*number}</option> }
            })
            .collect_view();
        view! {
            <span class="control"><select aria-label=label
                on:change=move |event| chosen.set(event_target_value(&event).parse().unwrap_or(newest))>{options}</select></span>
        }
        .into_any()
    };
    view! {
        <div class="choose-two needs-js">
            {select("Compare", from)}<span>"with"</span>{select("With", to)}
            <button type="button" class="button button-small"
                on:click=move |_| desk.compare(key.get_value(), from.get_untracked(), to.get_untracked())>"Compare"</button>
        </div>
    }
    .into_any()
}
