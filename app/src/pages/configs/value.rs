//! The field of a value: text, which the chosen type gives its meaning. The browser formats JSON and
//! says where it breaks while one types; the server has the last word, and without JavaScript the
//! only one.

use super::complete::Completer;
use crate::components::field::{IN_A_NEW_PAGE, focus_when_shown, typed_already};
use crate::components::form::form_state;
use crate::pages::entries::enter_sends;
use leptos::prelude::*;
use nexus_domain::config::ConfigType;

#[component]
pub fn ValueField(
    kind: RwSignal<ConfigType>,
    /// The key that gets it; nothing while that is still to be typed.
    about: String,
    value: String,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let form = form_state();
    form.has_field("value");
    let (id, error_id) = (form.id("value"), form.id("value-error"));
    let at_first = form.typed("value").unwrap_or(value);
    let text = RwSignal::new(typed_already(&id, &about).unwrap_or_else(|| at_first.clone()));
    let refused = form.error("value");
    let broken = Memo::new(move |_| match kind.get() {
        ConfigType::Json => broken_json(&text.read()),
        _ => None,
    });
    let error = Memo::new(move |_| refused.get().or_else(|| broken.get()));
    if autofocus {
        focus_when_shown(id.clone());
    }
    let hint = move || match kind.get() {
        ConfigType::String => {
            "Text, and {{secret:KEY}}, {{config:KEY}} or {{flag:KEY}} where their values belong"
        }
        ConfigType::Number => "8080, 0.25 or 1e6; it keeps the digits that you write",
        ConfigType::Boolean => "true or false",
        ConfigType::Json => "An object, an array or any other JSON; references stand in its strings",
    };
    let format = move || {
        (kind.get() == ConfigType::Json).then(|| {
            let format = move |_| {
                let pretty = pretty_json(&text.get_untracked());
                if let Some(pretty) = pretty {
                    text.set(pretty);
                }
            };
            view! { <button type="button" class="button button-small needs-js" on:click=format>"Format"</button> }
        })
    };
    let completer = Completer::new(form.id("value-keys"), kind, text);
    let typed = move |event| {
        text.set(event_target_value(&event));
        completer.follow();
    };
    let pressed = move |event: web_sys::KeyboardEvent| {
        if !completer.takes(&event) {
            enter_sends(event);
        }
    };
    let rows = move || if kind.get() == ConfigType::Json || text.read().contains('\n') { "8" } else { "1" };
    view! {
        <div class="field">
            <label for=id.clone()>"Value"</label>
            <div class="control mono">
                <textarea node_ref=completer.field id=id.clone() name="value" data-about=about rows=rows autofocus=autofocus && IN_A_NEW_PAGE autocomplete="off"
                    spellcheck="false" autocapitalize="off" prop:value=text
                    aria-invalid=move || error.read().is_some().then_some("true") aria-describedby=error_id.clone()
                    aria-autocomplete="list" aria-controls=move || completer.list()
                    aria-activedescendant=move || completer.active() on:input=typed on:keydown=pressed
                    on:click=move |_| completer.follow() on:blur=move |_| completer.close()>{at_first}</textarea>
            </div>
            {completer.view()}
            <p class="hint">{hint}</p>
            {completer.missing_view()}
            {format}
            <div class="field-error" id=error_id aria-live="polite">
                {move || error.get().map(|text| view! { <p>{text}</p> })}
            </div>
        </div>
    }
    .into_any()
}

/// Where the browser's parser stops, in its words. Nothing while there is no text.
pub fn broken_json(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return None;
    }
    parsed(text).err().map(|said| format!("Not JSON yet: {said}"))
}

/// The same with line breaks; nothing where it is no JSON.
pub fn pretty_json(text: &str) -> Option<String> {
    let value = parsed(text).ok()?;
    let indented =
        js_sys::JSON::stringify_with_replacer_and_space(&value, &wasm_bindgen::JsValue::NULL, &2.into());
    indented.ok().map(String::from)
}

/// In the browser; the server checks what is sent.
fn parsed(text: &str) -> Result<wasm_bindgen::JsValue, String> {
    if !cfg!(feature = "hydrate") {
        return Ok(wasm_bindgen::JsValue::NULL);
    }
    js_sys::JSON::parse(text).map_err(|error| {
        let message = js_sys::Reflect::get(&error, &"message".into()).ok();
        message.and_then(|message| message.as_string()).unwrap_or_default()
    })
}
