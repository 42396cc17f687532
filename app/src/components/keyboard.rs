//! The keyboard: single keys act on what the page marks with `aria-keyshortcuts`, so a page gains
//! a shortcut by writing it down where a reader with a screen reader finds it too.
//!
//! `/` puts the focus into the search field, `n` and `e` press what carries them (`e` within the
//! row that has the focus first), `j` and `k` walk through rows (`data-row`), `Esc` presses what
//! carries `Escape`, `?` and Ctrl K open the two overlays.

use crate::live::{Live, Overlay, live};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// Listens from now on.
pub fn listen() {
    let live = live();
    Effect::new(move |_| {
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            if pressed(live, &event) {
                event.prevent_default();
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// Whether the key meant something here.
fn pressed(live: Live, event: &KeyboardEvent) -> bool {
    let key = event.key();
    let command = event.ctrl_key() || event.meta_key();
    if command && key.eq_ignore_ascii_case("k") {
        let open = live.overlay.get_untracked() == Overlay::Palette;
        live.overlay.set(if open { Overlay::None } else { Overlay::Palette });
        return true;
    }
    if command
        || event.alt_key()
        || live.overlay.get_untracked() != Overlay::None
        || find("dialog:modal").is_some()
    {
        return false;
    }
    if key == "Escape" {
        return press("[aria-keyshortcuts~=Escape]");
    }
    if is_typing(event) {
        return false;
    }
    match key.as_str() {
        "/" => find("[aria-keyshortcuts='/']").is_some_and(|field| focus(&field)),
        "?" => {
            live.overlay.set(Overlay::Shortcuts);
            true
        }
        "n" => press("[aria-keyshortcuts~=n]"),
        "e" => {
            press("[data-row]:focus-within [aria-keyshortcuts~=e]") || press("main [aria-keyshortcuts~=e]")
        }
        "j" => walk(1),
        "k" => walk(-1),
        _ => false,
    }
}

fn is_typing(event: &KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "TEXTAREA" | "SELECT")
            || (element.tag_name() == "INPUT"
                && !matches!(element.get_attribute("type").as_deref(), Some("radio" | "checkbox")))
    })
}

fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

fn press(selector: &str) -> bool {
    let element = find(selector).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    element.map(|element| element.click()).is_some()
}

fn focus(element: &Element) -> bool {
    element.dyn_ref::<HtmlElement>().is_some_and(|element| element.focus().is_ok())
}

/// Moves the focus to the next or previous row: to its first link or button.
fn walk(step: i32) -> bool {
    let Ok(rows) = document().query_selector_all("[data-row]") else { return false };
    let count = i32::try_from(rows.length()).unwrap_or(0);
    if count == 0 {
        return false;
    }
    let row = |index: i32| {
        let node = u32::try_from(index).ok().and_then(|index| rows.item(index));
        node.and_then(|node| node.dyn_into::<Element>().ok())
    };
    let current =
        (0..count).find(|index| row(*index).is_some_and(|it| it.matches(":focus-within").unwrap_or(false)));
    let next =
        current.map_or(if step > 0 { 0 } else { count - 1 }, |index| (index + step).clamp(0, count - 1));
    let target = row(next).and_then(|it| it.query_selector("a, button").ok().flatten());
    target.is_some_and(|target| focus(&target))
}
