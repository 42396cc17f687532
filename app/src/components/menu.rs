//! A menu that opens below its button: a `<details>`, so it works without JavaScript. With it, it
//! closes by Esc, by a click beside it, and after a choice.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// A menu. `label` names the button; `button` is what stands on it.
#[component]
pub fn Menu(
    #[prop(into)] label: String,
    /// An extra class for the `<details>`.
    #[prop(optional)]
    class: &'static str,
    button: AnyView,
    children: Children,
) -> impl IntoView {
    let menu = NodeRef::<html::Details>::new();
    let close = move || {
        if let Some(menu) = menu.get_untracked() {
            let _always = menu.remove_attribute("open");
        }
    };
    Effect::new(move |_| {
        let beside = window_event_listener(leptos::ev::click, move |event| {
            let inside = menu.get_untracked().zip(event.target()).is_some_and(|(menu, target)| {
                target.dyn_ref::<web_sys::Node>().is_some_and(|target| menu.contains(Some(target)))
            });
            if !inside {
                close();
            }
        });
        on_cleanup(move || beside.remove());
    });
    let chosen = move |event: web_sys::MouseEvent| {
        let link = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| element.closest("a").ok().flatten());
        if link.is_some() {
            close();
        }
    };
    let escape = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            close();
        }
    };
    view! {
        <details class=format!("menu {class}") node_ref=menu on:keydown=escape>
            <summary aria-label=label>{button}</summary>
            <div class="menu-panel" on:click=chosen>{children()}</div>
        </details>
    }
    .into_any()
}
