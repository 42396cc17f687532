//! Copying: a button that puts a text on the clipboard and says so. It needs the browser's half,
//! and is not shown without it.

use crate::call::{sleep, spawn};
use crate::components::icon::{Glyph, Icon};
use crate::live::live;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// A button that copies `text`. `label` says what: "Copy the endpoint".
#[component]
pub fn Copy(#[prop(into)] text: Signal<String>, #[prop(into)] label: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    let live = live();
    let copy = move |_| {
        let text = text.get_untracked();
        spawn(async move {
            if !to_clipboard(&text).await {
                live.say("The browser allows copying on https pages only; select the text instead");
                return;
            }
            let _gone = copied.try_set(true);
            sleep(1600).await;
            let _gone = copied.try_set(false);
        });
    };
    view! {
        <button type="button" class="button button-icon needs-js" class:copied=move || copied.get()
            title=label.clone() aria-label=label on:click=copy>
            {move || view! { <Icon glyph=if copied.get() { Glyph::Check } else { Glyph::Copy }/> }}
            <span class="visually-hidden" role="status">{move || copied.get().then_some("Copied")}</span>
        </button>
    }
    .into_any()
}

/// Lines to copy as they stand: a command, a piece of code.
#[component]
pub fn Snippet(#[prop(into)] text: String, #[prop(into)] label: String) -> impl IntoView {
    let copied = text.clone();
    view! {
        <div class="snippet">
            <pre tabindex="0"><code>{text}</code></pre>
            <Copy text=copied label/>
        </div>
    }
    .into_any()
}

/// Puts a text on the clipboard; false where the browser does not allow it.
pub async fn to_clipboard(text: &str) -> bool {
    let navigator = js_sys::Reflect::get(&window(), &JsValue::from_str("navigator"));
    let clipboard = navigator.and_then(|it| js_sys::Reflect::get(&it, &JsValue::from_str("clipboard")));
    let Ok(clipboard) = clipboard else { return false };
    let write = js_sys::Reflect::get(&clipboard, &JsValue::from_str("writeText"));
    let Some(write) = write.ok().and_then(|write| write.dyn_into::<js_sys::Function>().ok()) else {
        return false;
    };
    let Ok(promise) = write.call1(&clipboard, &JsValue::from_str(text)) else { return false };
    JsFuture::from(promise.unchecked_into::<js_sys::Promise>()).await.is_ok()
}
