//! The focus is never left on nothing. What had it may leave the page: the link that opened a form, the button of an
//! answered form, a row that was read again. One rule for all of them, beside what a page does for itself.

use crate::call::{sleep, spawn};
use crate::live::Live;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// How often it is looked whether the focus is lost, and for how long: what a page shows next may be on its way.
const PAUSE_MS: i32 = 100;
const LOOKS: u32 = 25;
/// So many times in a row nothing has it before it is put somewhere: a page that knows better comes first.
const LOST: u32 = 6;

/// Where it goes, by order: what was refused, the row of what was just sent, and of these the first that is there: the
/// form that was opened, the row that is open, what was found, the page.
const REFUSED: &str = "main [aria-invalid=true]";
const OTHERS: [&str; 4] = [
    "main :is(.detail-form, .totp-new) :is(input:not([type=hidden]), textarea)",
    "main .open a",
    "main [data-result]",
    "main",
];

/// Whether nothing has the focus.
pub fn is_lost() -> bool {
    document().query_selector("body:not(:has(:focus))").ok().flatten().is_some()
}

/// Looks after the focus for a while: something was answered, or another address is shown.
pub fn keep(live: Live) {
    let round = live.next_look();
    spawn(async move {
        let mut lost = 0;
        for _ in 0..LOOKS {
            sleep(PAUSE_MS).await;
            if !live.is_look(round) {
                return;
            }
            lost = if is_lost() { lost + 1 } else { 0 };
            if lost == LOST {
                find(live);
            }
        }
    });
}

fn find(live: Live) {
    let sent = format!("main [data-key=\"{}\"] :is(a, button)", live.sent.get_value());
    for goal in [REFUSED, &sent].into_iter().chain(OTHERS) {
        let found = document().query_selector(goal).ok().flatten();
        if let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
            // What is hidden cannot take it; the next one may.
            if element.focus().is_ok() && !is_lost() {
                return;
            }
        }
    }
}
