//! The list of keys, opened by `?`.

use crate::components::dialog::Dialog;
use crate::live::{Overlay, live};
use leptos::prelude::*;

const KEYS: [(&str, &str); 9] = [
    ("Ctrl K", "Go to anything, do anything (⌘K on a Mac)"),
    ("/", "Search the list"),
    ("n", "New"),
    ("j", "Next row"),
    ("k", "Previous row"),
    ("e", "Edit the row"),
    ("Enter", "Open, or send the form"),
    ("Esc", "Close, or cancel"),
    ("?", "This list"),
];

/// The dialog with all keys, while it is open.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let live = live();
    move || {
        (live.overlay.get() == Overlay::Shortcuts).then(|| {
            let keys = KEYS
                .into_iter()
                .map(|(key, what)| view! { <div><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div> })
                .collect_view();
            view! {
                <Dialog title="Keyboard shortcuts" on_close=move |()| live.overlay.set(Overlay::None)>
                    <dl class="shortcuts">{keys}</dl>
                </Dialog>
            }
        })
    }
}
