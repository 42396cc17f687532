//! The fields of rows. Their names have numbers in them, and what is refused is told under the name that
//! the field has in the definition.

use super::Desk;
use crate::components::icon::{Glyph, Icon};
use leptos::prelude::*;

/// What is wrong with a part of the definition.
#[component]
pub fn At(desk: Desk, #[prop(into)] field: String) -> impl IntoView {
    desk.form.has_field(field.clone());
    let id = desk.form.id(&format!("{field}-error"));
    let error = desk.form.error(field);
    view! {
        <div class="field-error" id=id aria-live="polite">{move || error.get().map(|text| view! { <p>{text}</p> })}</div>
    }
    .into_any()
}

/// A line of text in a row.
#[component]
pub fn Line(
    desk: Desk,
    #[prop(into)] label: String,
    name: String,
    value: String,
    /// What it is called in the definition.
    field: String,
    #[prop(optional)] placeholder: &'static str,
    /// Whether several lines may be typed.
    #[prop(optional)]
    area: bool,
    /// Whether the label is only for those who do not see the row.
    #[prop(optional)]
    bare: bool,
) -> impl IntoView {
    let id = desk.form.id(&name);
    let error = desk.form.error(field.clone());
    let error_id = desk.form.id(&format!("{field}-error"));
    let invalid = move || error.read().is_some().then_some("true");
    let input = if area {
        view! {
            <textarea id=id.clone() name=name rows="2" placeholder=placeholder autocomplete="off" spellcheck="false"
                autocapitalize="off" aria-invalid=invalid aria-describedby=error_id>{value}</textarea>
        }
        .into_any()
    } else {
        view! {
            <input id=id.clone() name=name value=value placeholder=placeholder autocomplete="off" spellcheck="false"
                autocapitalize="off" aria-invalid=invalid aria-describedby=error_id/>
        }
        .into_any()
    };
    view! {
        <div class="field">
            <label for=id class=if bare { "visually-hidden" } else { "field-label" }>{label}</label>
            <div class="control mono">{input}</div>
            <At desk field/>
        </div>
    }
    .into_any()
}

/// One of a list in a row. The texts may follow what is typed.
#[component]
pub fn Select(
    desk: Desk,
    #[prop(into)] label: String,
    name: String,
    options: Vec<(String, Signal<String>)>,
    value: String,
    field: String,
    #[prop(optional)] bare: bool,
) -> impl IntoView {
    let id = desk.form.id(&name);
    let error = desk.form.error(field.clone());
    let options = options
        .into_iter()
        .map(|(option, text)| {
            let selected = option == value;
            view! { <option value=option selected=selected>{move || text.get()}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id.clone() class=if bare { "visually-hidden" } else { "field-label" }>{label}</label>
            <div class="control control-select">
                <select id=id name=name aria-invalid=move || error.read().is_some().then_some("true")>{options}</select>
            </div>
            <At desk field/>
        </div>
    }
    .into_any()
}

/// A button that changes the rows.
#[component]
pub fn Act(desk: Desk, #[prop(into)] act: String, children: Children) -> impl IntoView {
    let name = act.clone();
    let press = move |event: web_sys::MouseEvent| desk.act(&event, &name);
    view! {
        <button type="submit" name="act" value=act class="button button-small" on:click=press>{children()}</button>
    }
    .into_any()
}

/// The same with nothing but an icon on it.
#[component]
pub fn IconAct(
    desk: Desk,
    #[prop(into)] act: String,
    #[prop(into)] label: String,
    glyph: Glyph,
) -> impl IntoView {
    let name = act.clone();
    let press = move |event: web_sys::MouseEvent| desk.act(&event, &name);
    view! {
        <button type="submit" name="act" value=act class="button button-icon" title=label.clone() aria-label=label on:click=press>
            <Icon glyph/>
        </button>
    }
    .into_any()
}
