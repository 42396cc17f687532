//! What the forms and dialogs that change an entry have in common, besides their end.

use crate::address::query;
use crate::components::time::count;
use leptos::prelude::*;
use nexus_domain::entry::{DiffLine, DiffOp};
use wasm_bindgen::JsCast;

/// The version that a form started from: the address keeps it.
pub fn started_from(version: i64) -> i64 {
    query("from").get_untracked().and_then(|from| from.parse().ok()).unwrap_or(version)
}

/// How far a change on an umbrella reaches; nothing on other services.
#[component]
pub fn Reach(linked: i64) -> impl IntoView {
    (linked > 0).then(|| {
        let services = count(linked, "linked service");
        view! { <p class="hint hint-amber">{services}" will read the new value."</p> }.into_any()
    })
}

/// A notice, and what to watch out for.
#[cfg(feature = "ssr")]
pub fn with_warning(notice: String, warning: Option<String>) -> String {
    match warning {
        None => notice,
        Some(warning) => format!("{notice}. Watch out: {warning}"),
    }
}

/// Two versions beside each other: lines that came and went, with a sign and not only a colour.
#[component]
pub fn DiffLines(from: i64, to: i64, equal: bool, lines: Vec<DiffLine>) -> impl IntoView {
    if equal {
        return view! { <p class="note note-green">"The two are equal."</p> }.into_any();
    }
    let lines = lines.into_iter().map(diff_line).collect_view();
    view! {
        <p class="hint">"− only in v"{from}", + only in v"{to}</p>
        <ol class="diff" tabindex="0" aria-label="Lines">{lines}</ol>
    }
    .into_any()
}

fn diff_line(line: DiffLine) -> AnyView {
    let (class, sign, said) = match line.op {
        DiffOp::Same => ("diff-same", " ", ""),
        DiffOp::Added => ("diff-added", "+", "added: "),
        DiffOp::Removed => ("diff-removed", "−", "removed: "),
    };
    view! {
        <li class=class><span class="diff-sign" aria-hidden="true">{sign}</span>
            <span class="visually-hidden">{said}</span><code>{line.text}</code></li>
    }
    .into_any()
}

/// Enter sends a value of one line; in one of several, and with Shift, it begins a new line. With
/// Ctrl or ⌘ it always sends.
pub fn enter_sends(event: web_sys::KeyboardEvent) {
    let command = event.ctrl_key() || event.meta_key();
    if event.key() != "Enter" || event.is_composing() || event.shift_key() {
        return;
    }
    if !command && event_target_value(&event).contains('\n') {
        return;
    }
    event.prevent_default();
    let area = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let form = area.and_then(|area| area.closest("form").ok().flatten());
    if let Some(form) = form.and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok()) {
        // A form without a button to send it cannot be sent.
        let _sent = form.request_submit();
    }
}
