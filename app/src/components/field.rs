//! Fields of a form: label, control, hint and error, tied together for those who do not see them.
//! They know the form around them, so a refusal finds its field by name.

use crate::components::form::form_state;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// The attribute is for pages that are loaded. In one that is there already a browser refuses it (and says so in its
/// console), because something has the focus by then: `focus_when_shown` moves it.
pub const IN_A_NEW_PAGE: bool = cfg!(feature = "ssr");

/// A line of text (or several), with its label, hint and error.
#[component]
pub fn Field(
    #[prop(into)] label: String,
    name: &'static str,
    /// The `type` of the input; `text` unless said otherwise.
    #[prop(default = "text")]
    kind: &'static str,
    /// What stands in it at first. What was typed before the page came back wins.
    #[prop(optional, into)]
    value: String,
    #[prop(optional, into)] placeholder: Signal<String>,
    #[prop(optional, into)] hint: String,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] required: bool,
    /// Monospace, for keys, slugs and values.
    #[prop(optional)]
    mono: bool,
    #[prop(optional)] multiline: bool,
    #[prop(optional)] autofocus: bool,
    /// What it is about, where the page may be read again while somebody types: the text stays.
    #[prop(optional, into)]
    about: String,
    #[prop(optional, into)] on_input: Option<Callback<String>>,
    /// Buttons inside the control, after the text.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let form = form_state();
    form.has_field(name);
    let (id, hint_id, error_id) =
        (form.id(name), form.id(&format!("{name}-hint")), form.id(&format!("{name}-error")));
    let value = form.typed(name).filter(|_| kind != "password").unwrap_or(value);
    let about = (!about.is_empty()).then_some(about);
    let value = about.as_deref().and_then(|about| typed_already(&id, about)).unwrap_or(value);
    let error = form.error(name);
    let describes = [(!hint.is_empty()).then(|| hint_id.clone()), Some(error_id.clone())];
    let described_by = describes.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let invalid = move || error.read().is_some().then_some("true");
    let typed = move |event| {
        if let Some(on_input) = on_input {
            on_input.run(event_target_value(&event));
        }
    };
    if autofocus {
        focus_when_shown(id.clone());
    }
    let class = if mono { "control mono" } else { "control" };
    let required = required.then_some("true");
    let input = if multiline {
        view! {
            <textarea id=id.clone() name=name data-about=about rows="6" placeholder=placeholder autocomplete=autocomplete
                autofocus=autofocus && IN_A_NEW_PAGE spellcheck="false" aria-required=required aria-invalid=invalid
                aria-describedby=described_by on:input=typed>{value}</textarea>
        }
        .into_any()
    } else {
        view! {
            <input id=id.clone() name=name data-about=about type=kind value=value placeholder=placeholder autocomplete=autocomplete
                autofocus=autofocus && IN_A_NEW_PAGE spellcheck="false" autocapitalize="off" aria-required=required
                aria-invalid=invalid aria-describedby=described_by on:input=typed/>
        }
        .into_any()
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class=class>{input} {children.map(|children| children())}</div>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{hint}</p> })}
            <div class="field-error" id=error_id aria-live="polite">
                {move || error.get().map(|text| view! { <p>{text}</p> })}
            </div>
        </div>
    }
    .into_any()
}

/// The attribute works for pages that the server sends; what appears later needs this.
/// Once for each element: when a page's data is read again, the focus stays where it is by then. And never away from
/// a field in which somebody is typing already, while the script of the page was still on its way: the rest of a
/// password would go where it can be read.
pub fn focus_when_shown(id: String) {
    Effect::new(move |_| {
        let id = id.clone();
        request_animation_frame(move || {
            let field = document().get_element_by_id(&id);
            if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok())
                && !field.has_attribute(FOCUSED)
            {
                // An element takes any attribute.
                let _always = field.set_attribute(FOCUSED, "");
                if typing_in().is_none() {
                    // A field that is gone by now needs no focus.
                    let _gone = field.focus();
                }
            }
        });
    });
}

/// The field in which somebody may be typing.
pub fn typing_in() -> Option<web_sys::Element> {
    const TEXT: &str = ":is(input:not([type=radio], [type=checkbox]), textarea, select):focus";
    document().query_selector(TEXT).ok().flatten()
}

/// The attribute that says what a field is about, for [`typed_already`].
pub const ABOUT: &str = "data-about";

/// What stands in the field with this id already, typed before the script took over or before what the
/// page shows was read again: a field that is drawn anew would lose it. `about` tells it from the same
/// field of another entry, which has the same id.
pub fn typed_already(id: &str, about: &str) -> Option<String> {
    if !cfg!(feature = "hydrate") {
        return None;
    }
    let element = document().get_element_by_id(id)?;
    if element.get_attribute(ABOUT).as_deref() != Some(about) {
        return None;
    }
    match element.dyn_ref::<web_sys::HtmlTextAreaElement>() {
        Some(area) => Some(area.value()),
        None => element.dyn_ref::<web_sys::HtmlInputElement>().map(web_sys::HtmlInputElement::value),
    }
}

/// Marks a field that had the focus when it appeared.
const FOCUSED: &str = "data-focused";

/// One of a list, as a select.
#[component]
pub fn Pick(
    #[prop(into)] label: String,
    name: &'static str,
    /// Value and text of each.
    options: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
) -> impl IntoView {
    let form = form_state();
    form.has_field(name);
    let (id, hint_id, error_id) =
        (form.id(name), form.id(&format!("{name}-hint")), form.id(&format!("{name}-error")));
    let value = form.typed(name).unwrap_or(value);
    let error = form.error(name);
    let described_by = if hint.is_empty() { error_id.clone() } else { format!("{hint_id} {error_id}") };
    let options = options
        .into_iter()
        .map(|(option, text)| {
            let selected = option == value;
            view! { <option value=option selected=selected>{text}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <div class="control control-select">
                <select id=id name=name aria-describedby=described_by
                    aria-invalid=move || error.read().is_some().then_some("true")>{options}</select>
            </div>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{hint}</p> })}
            <div class="field-error" id=error_id aria-live="polite">
                {move || error.get().map(|text| view! { <p>{text}</p> })}
            </div>
        </div>
    }
    .into_any()
}

/// One of few, side by side.
#[component]
pub fn Choice(
    #[prop(into)] label: String,
    name: &'static str,
    /// Value and text of each.
    options: Vec<(&'static str, &'static str)>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] on_change: Option<Callback<String>>,
) -> impl IntoView {
    let form = form_state();
    form.has_field(name);
    let value = form.typed(name).unwrap_or(value);
    let error = form.error(name);
    let options = options
        .into_iter()
        .map(|(option, text)| {
            let checked = option == value;
            let changed = move |_| {
                if let Some(on_change) = on_change {
                    on_change.run(option.to_owned());
                }
            };
            view! {
                <label>
                    <input type="radio" name=name value=option checked=checked on:change=changed/>
                    <span>{text}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field choice">
            <legend>{label}</legend>
            <div class="segments">{options}</div>
            {(!hint.is_empty()).then(|| view! { <p class="hint">{hint}</p> })}
            <div class="field-error" aria-live="polite">
                {move || error.get().map(|text| view! { <p>{text}</p> })}
            </div>
        </fieldset>
    }
    .into_any()
}

/// A value that travels with the form.
#[component]
pub fn Hidden(name: &'static str, #[prop(into)] value: Signal<String>) -> impl IntoView {
    view! { <input type="hidden" name=name value=value/> }.into_any()
}
