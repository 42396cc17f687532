//! Dialogs. Those that are part of the address (`?confirm=delete`) are on the page that the server
//! sends and close by a link; in the browser they become modal, keep the focus inside and give it
//! back.

use crate::address::navigator;
use crate::call::on_this_thread;
use crate::components::field::Field;
use crate::components::form::{FormError, PostForm, Submit};
use crate::components::icon::{Glyph, Icon};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// A dialog. It closes by going to `close` where that is given, and always calls `on_close`.
#[component]
pub fn Dialog(
    #[prop(into)] title: String,
    /// The address without the dialog.
    #[prop(optional, into)]
    close: String,
    #[prop(optional, into)] on_close: Option<Callback<()>>,
    /// An extra class: `dialog-wide`, `dialog-palette`.
    #[prop(optional)]
    class: &'static str,
    /// Whether the title is only for those who do not see it.
    #[prop(optional)]
    bare: bool,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let navigate = navigator();
    let goal = StoredValue::new(close.clone());
    let name = title.clone();
    become_modal(dialog);
    let leave = Callback::new(move |()| {
        let goal = goal.get_value();
        if !goal.is_empty() {
            navigate(&goal, true);
        }
        if let Some(on_close) = on_close {
            on_close.run(());
        }
    });
    let cancelled = move |event: web_sys::Event| {
        event.prevent_default();
        leave.run(());
    };
    let beside = move |event: web_sys::MouseEvent| {
        // A click on the dialog element itself, and not on what is in it, is one on the backdrop.
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlDialogElement>().ok());
        if target.is_some() {
            leave.run(());
        }
    };
    let closer = if close.is_empty() {
        view! {
            <button type="button" class="button button-icon" title="Close (Esc)" aria-label="Close"
                on:click=move |_| leave.run(())><Icon glyph=Glyph::Close/></button>
        }
        .into_any()
    } else {
        view! {
            <a class="button button-icon" href=close data-noscroll title="Close (Esc)" aria-label="Close">
                <Icon glyph=Glyph::Close/>
            </a>
        }
        .into_any()
    };
    view! {
        <div class="scrim"></div>
        <dialog open class=format!("dialog {class}") aria-label=name node_ref=dialog
            on:cancel=cancelled on:click=beside>
            <div class="dialog-body">
                {(!bare).then(|| view! { <header class="dialog-head"><h2>{title}</h2>{closer}</header> })}
                {children()}
            </div>
        </dialog>
    }
    .into_any()
}

/// Makes the dialog modal once it is in the page, and gives the focus back when it goes.
fn become_modal(dialog: NodeRef<html::Dialog>) {
    // What stays on one thread has no place on the server, where a page is made on several.
    if !cfg!(feature = "hydrate") {
        return;
    }
    let before = on_this_thread(std::cell::RefCell::new(None::<web_sys::HtmlElement>));
    let before = std::sync::Arc::new(before);
    let kept = std::sync::Arc::clone(&before);
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        let focused = document().active_element().and_then(|element| element.dyn_into().ok());
        kept.replace(focused);
        dialog.close();
        // Only a dialog that is open already, or not in the page, cannot be shown.
        let _shown = dialog.show_modal();
    });
    on_cleanup(move || {
        if let Some(element) = std::cell::RefCell::take(&before) {
            // Behind a modal dialog nothing takes the focus, and this one is still there.
            let element = on_this_thread(element);
            request_animation_frame(move || {
                let _hidden = element.focus();
            });
        }
    });
}

/// A question before something is done: what will happen (the children), and maybe a word to type
/// where it cannot be undone.
#[component]
pub fn Confirm(
    #[prop(into)] title: String,
    /// The path of the server function.
    action: &'static str,
    /// The word on the button.
    label: &'static str,
    /// The address without the dialog.
    #[prop(into)]
    close: String,
    /// Hidden fields.
    #[prop(optional)]
    fields: Vec<(&'static str, String)>,
    /// What has to be typed, as the field `typed`.
    #[prop(optional, into)]
    typed: Option<String>,
    #[prop(optional)] danger: bool,
    children: Children,
) -> impl IntoView {
    let hidden = fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    // Made inside of the form, which it has to know.
    let word = move || {
        typed.map(|word| {
            view! { <Field label=format!("Type {word} to confirm") name="typed" mono=true autofocus=true/> }
                .into_any()
        })
    };
    view! {
        <Dialog title close=close.clone()>
            <PostForm action to=close.clone() class="stack">
                {hidden}
                <div class="dialog-text">{children()}</div>
                {word()}
                <FormError/>
                <div class="actions">
                    <a class="button" href=close data-noscroll>"Cancel"</a>
                    <Submit label danger/>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
