//! What is made on a person's word and shown once: keys, signing secrets, links. The question is a dialog; its
//! answer holds a credential, so it is no plain form, and what was made is kept in the browser's memory alone.

use crate::address::navigator;
use crate::call::{invoke, spawn};
use crate::components::{Copy, Dialog, Snippet};
use crate::live::live;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The question. `asked` is what the server is asked when it is answered with yes; what the server made goes
/// to `made`, and the dialog away.
#[component]
pub fn AskOnce<F>(
    #[prop(into)] title: String,
    /// The address without the dialog.
    close: String,
    #[prop(into)] label: String,
    asked: impl Fn() -> F + Send + 'static,
    made: RwSignal<Option<F::Output>>,
    children: Children,
) -> impl IntoView
where
    F: ServerFn<Error = Refused> + Serialize + 'static,
    F::Output: DeserializeOwned + Send + Sync + 'static,
{
    let (live, navigate, refused) = (live(), navigator(), RwSignal::new(String::new()));
    let goal = close.clone();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (navigate, goal, args) = (navigate.clone(), goal.clone(), asked());
        spawn(async move {
            match invoke(live, args).await {
                Ok(value) => {
                    let _gone = made.try_set(Some(value));
                    navigate(&goal, true);
                    live.reload(false);
                }
                Err(refusal) => {
                    let _gone = refused.try_set(refusal.message);
                }
            }
        });
    };
    view! {
        <Dialog title close=close.clone()>
            <form class="stack" on:submit=submit>
                {children()}
                <div class="form-error" role="alert">
                    {move || Some(refused.get()).filter(|text| !text.is_empty()).map(|text| view! { <p>{text}</p> })}
                </div>
                <div class="actions">
                    <a class="button" href=close data-noscroll>"Cancel"</a>
                    <button type="submit" class="button button-primary needs-js">{label}</button>
                </div>
            </form>
        </Dialog>
    }
    .into_any()
}

/// What becomes of the value that a new one replaces: true keeps it for a day.
#[component]
pub fn OldValue(#[prop(into)] legend: String, keep: RwSignal<bool>) -> impl IntoView {
    view! {
        <fieldset class="field choice">
            <legend>{legend}</legend>
            <label class="option"><input type="radio" name="keep" checked=true on:change=move |_| keep.set(true)/>
                <span>"Keep 24 h"<small>"Programs go on while you change them over"</small></span></label>
            <label class="option"><input type="radio" name="keep" on:change=move |_| keep.set(false)/>
                <span>"Revoke now"<small>"When it may be in wrong hands; programs with it stop at once"</small></span></label>
        </fieldset>
    }
    .into_any()
}

/// The answer: what was made, to be copied, and how to try it. `what` names it in a sentence: `key`.
#[component]
pub fn ShownOnce(
    what: &'static str,
    value: String,
    /// Said before a text that can be copied too.
    #[prop(optional, into)]
    hint: String,
    #[prop(optional, into)] snippet: String,
    done: Callback<()>,
    children: Children,
) -> impl IntoView {
    let snippet = (!snippet.is_empty()).then(|| {
        view! { <p class="hint">{hint}</p><Snippet text=snippet label="Copy the example"/> }
    });
    view! {
        <Dialog title=format!("Copy the {what} now") class="dialog-wide" on_close=move |()| done.run(())>
            <div class="stack">
                <div class="dialog-text"><p>{children()}</p></div>
                <div class="new-key"><code>{value.clone()}</code><Copy text=value label=format!("Copy the {what}")/></div>
                {snippet}
                <div class="actions">
                    <button type="button" class="button button-primary" autofocus=true on:click=move |_| done.run(())>
                        "I have copied it"
                    </button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}
