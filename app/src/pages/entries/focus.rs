//! Where the focus goes after something on the page came or went.

use crate::call::{sleep, spawn};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Puts the focus on what the selector finds, if nothing has it after that many milliseconds: the
/// page was just loaded, or what had it has left the page.
pub fn focus_if_lost(selector: String, after: i32) {
    spawn(async move {
        sleep(after).await;
        if document().query_selector("body:not(:has(:focus))").ok().flatten().is_some() {
            focus_soon(selector);
        }
    });
}

/// Puts the focus on what the selector finds, as soon as the page has it: its data may still be on
/// the way. Gives up after half a second.
pub fn focus_soon(selector: String) {
    spawn(async move {
        for _ in 0..20 {
            sleep(25).await;
            let found = document().query_selector(&selector).ok().flatten();
            if let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
                // What left the page again cannot take the focus.
                let _gone = element.focus();
                return;
            }
        }
    });
}
