//! Where the focus goes after something on the page came or went.

use crate::address::{ServiceParams, query};
use crate::call::{sleep, spawn};
use crate::components::field::typing_in;
use leptos::prelude::*;
use nexus_domain::service::ServicePath;
use wasm_bindgen::JsCast;

/// Puts the focus on what the selector finds, if nothing has it after that many milliseconds: the
/// page was just loaded, or what had it has left the page.
pub fn focus_if_lost(selector: String, after: i32) {
    spawn(async move {
        sleep(after).await;
        if crate::focus::is_lost() {
            focus_soon(selector);
        }
    });
}

/// Puts the focus on what the selector finds, as soon as the page has it: its data may still be on
/// the way. Gives up after half a second, and where somebody went on into another field meanwhile: what
/// is being typed there is not to end up elsewhere.
pub fn focus_soon(selector: String) {
    let before = typing_in();
    spawn(async move {
        for _ in 0..20 {
            sleep(25).await;
            let now = typing_in();
            if now.is_some() && now != before {
                return;
            }
            let found = document().query_selector(&selector).ok().flatten();
            if let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
                // What left the page again cannot take the focus.
                let _gone = element.focus();
                return;
            }
        }
    });
}

/// The link of an entry's row.
pub fn row_of(key: &str) -> String {
    format!("[data-key=\"{key}\"] a")
}

/// What has changed in the address of a list of entries.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moved {
    /// Another service is shown.
    pub service: bool,
    /// Another row is open, or another form in it.
    pub row: bool,
    /// The inline form was closed.
    pub form_closed: bool,
}

/// Follows the address of a list: says what has changed, and puts the focus where the eye is.
pub fn follow(here: ServiceParams, moved: impl Fn(&Moved) + 'static) {
    let [new, open, form, created] = ["new", "open", "form", "created"].map(query);
    Effect::new(move |before: Option<(ServicePath, [Option<String>; 4])>| {
        let (path, now) = (here.path(), [new.get(), open.get(), form.get(), created.get()]);
        let Some((old_path, before)) = before else {
            if let [_, Some(key), None, _] = &now {
                focus_if_lost(row_of(key), 25);
            }
            return (path, now);
        };
        let ([was_new, was_open, was_form, was_created], [new, open, form, created]) = (&before, &now);
        let form_closed = was_new.is_some() && new.is_none();
        let change =
            Moved { service: path != old_path, row: open != was_open || form != was_form, form_closed };
        moved(&change);
        match (created, open) {
            _ if change.service => open.iter().for_each(|key| focus_soon(row_of(key))),
            (Some(key), _) if created != was_created => focus_soon(row_of(key)),
            (_, Some(key)) if open != was_open || (was_form.is_some() && form.is_none()) => {
                focus_soon(row_of(key));
            }
            (_, None) if was_open.is_some() => focus_if_lost("[data-row] a".to_owned(), 400),
            _ if form_closed => focus_soon("[aria-keyshortcuts=n]".to_owned()),
            _ => {}
        }
        (path, now)
    });
}
