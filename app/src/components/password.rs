//! The question for the password, when the sign-in is older than five minutes and the act needs a
//! fresh one. What asked waits, and goes on by itself after the answer.

use crate::call::{post, spawn};
use crate::components::dialog::Dialog;
use crate::components::form::form_body;
use crate::live::live;
use crate::pages::auth::step_up::StepUp;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use wasm_bindgen::JsCast;

/// The dialog that asks, while somebody waits for the answer.
#[component]
pub fn PasswordDialog() -> impl IntoView {
    let live = live();
    move || live.asking.get().then(|| view! { <Question/> })
}

/// The page that knows every way, and comes back here.
fn other_ways() -> String {
    let location = window().location();
    let here = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    format!("/step-up?next={}", String::from(js_sys::encode_uri_component(&here)))
}

#[component]
fn Question() -> impl IntoView {
    let live = live();
    let wrong = RwSignal::new(String::new());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let form = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok());
        let Some(form) = form else { return };
        let body = form_body(&form, None);
        spawn(async move {
            match post(live, StepUp::PATH, &body).await {
                Ok(_) => live.answer_password(true),
                Err(refusal) => {
                    let at_field = refusal.field("password").map(str::to_owned);
                    let _gone = wrong.try_set(at_field.unwrap_or(refusal.message));
                    form.reset();
                }
            }
        });
    };
    view! {
        <Dialog title="Confirm that it is you" on_close=move |()| live.answer_password(false)>
            <form class="stack" on:submit=submit>
                <p class="dialog-text">"You signed in more than five minutes ago, and this needs a fresh sign-in."</p>
                <div class="field">
                    <label for="step-up-dialog">"Password"</label>
                    <div class="control">
                        <input id="step-up-dialog" name="password" type="password" autocomplete="current-password"
                            autofocus=true aria-describedby="step-up-dialog-error"
                            aria-invalid=move || (!wrong.read().is_empty()).then_some("true")/>
                    </div>
                    <div class="field-error" id="step-up-dialog-error" aria-live="polite">
                        {move || Some(wrong.get()).filter(|text| !text.is_empty()).map(|text| view! { <p>{text}</p> })}
                    </div>
                </div>
                <p class="hint"><a href=other_ways() rel="external">"Confirm in another way"</a></p>
                <div class="actions">
                    <button type="button" class="button" on:click=move |_| live.answer_password(false)>"Cancel"</button>
                    <button type="submit" class="button button-primary">"Continue"</button>
                </div>
            </form>
            {crate::parts::later(crate::parts::PASSKEY_CONFIRM)}
        </Dialog>
    }
    .into_any()
}
