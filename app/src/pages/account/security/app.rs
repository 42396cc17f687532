//! The authenticator app: set up with a QR code, taken into use by its first code, removed.

use super::{ActivateTotp, BeginTotp, Made, RemoveTotp};
use crate::address::{address, query};
use crate::call::{invoke, spawn};
use crate::components::badge::Tone;
use crate::components::{Ago, Badge, Confirm, Copy};
use crate::live::live;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::factor::NewTotp;

/// What `?confirm=` says when the app is to go; passkeys say their id.
const APP: &str = "app";

#[component]
pub fn AppPanel(since: Option<Timestamp>, now: Timestamp, made: Made) -> impl IntoView {
    let here = address();
    let confirm = query("confirm");
    let new = RwSignal::new(None::<NewTotp>);
    let state = since.map(|since| {
        view! {
            <p><Badge text="ON" tone=Tone::Green/>" since "<Ago at=since now/>". Signing in asks for a code."</p>
        }
    });
    let remove = since.map(|_| {
        view! {
            <a class="button" data-noscroll href=move || here.with(&[("confirm", Some(APP))])>"Remove the app…"</a>
        }
    });
    let label = if since.is_some() { "Use another app" } else { "Set up an app" };
    let asked = move || {
        (since.is_some() && confirm.read().as_deref() == Some(APP)).then(|| {
        view! {
            <Confirm title="Remove the authenticator app?" action=RemoveTotp::PATH label="Remove the app" danger=true
                close=here.without(&["confirm"])>
                <p>"Signing in asks for its codes no more. Without another second factor your recovery codes go too."</p>
            </Confirm>
        }
    })
    };
    view! {
        <section class="card panel" aria-label="Authenticator app">
            <h2>"Authenticator app"</h2>
            <p>"An app on your phone shows six digits that change every half minute."</p>
            {state}
            {move || match new.get() {
                Some(totp) => view! { <SetUp totp new made/> }.into_any(),
                None => view! { <Begin label new/> }.into_any(),
            }}
            {remove}
        </section>
        {asked}
    }
    .into_any()
}

#[component]
fn Begin(label: &'static str, new: RwSignal<Option<NewTotp>>) -> impl IntoView {
    let live = live();
    let begin = move |_| {
        spawn(async move {
            match invoke(live, BeginTotp {}).await {
                Ok(totp) => {
                    let _gone = new.try_set(Some(totp));
                }
                Err(refusal) => live.say(refusal.message),
            }
        });
    };
    view! {
        <div class="actions">
            <button type="button" class="button button-primary needs-js" on:click=begin>{label}</button>
        </div>
    }
    .into_any()
}

#[component]
fn SetUp(totp: NewTotp, new: RwSignal<Option<NewTotp>>, made: Made) -> impl IntoView {
    let live = live();
    let (code, wrong) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let args = ActivateTotp { code: code.get_untracked() };
        spawn(async move {
            match invoke(live, args).await {
                Ok(codes) => {
                    let _gone = (made.0.try_set(Some(codes)), new.try_set(None));
                    live.say("The authenticator app is set up");
                    live.reload(false);
                }
                Err(refusal) => {
                    let words = refusal.field("code").map(str::to_owned);
                    let _gone = wrong.try_set(words.unwrap_or(refusal.message));
                }
            }
        });
    };
    let size = totp.qr_size;
    view! {
        <div class="totp-new">
            <svg class="qr" viewBox=format!("0 0 {size} {size}") role="img" aria-label="QR code for your authenticator app">
                <path d=totp.qr_path/>
            </svg>
            <div class="stack">
                <p>"Scan it with the app. On this device "<a href=totp.link rel="external">"open the app"</a>", or type the key:"</p>
                <div class="new-key"><code>{totp.secret.clone()}</code><Copy text=totp.secret label="Copy the key"/></div>
                <form class="stack" on:submit=submit autocomplete="off">
                    <div class="field">
                        <label for="totp-code">"Code that the app shows now"</label>
                        <div class="control mono">
                            <input id="totp-code" name="code" inputmode="numeric" autocomplete="one-time-code" aria-required="true"
                                aria-describedby="totp-code-error"
                                aria-invalid=move || (!wrong.read().is_empty()).then_some("true")
                                on:input=move |event| code.set(event_target_value(&event))/>
                        </div>
                        <div class="field-error" id="totp-code-error" aria-live="polite">
                            {move || Some(wrong.get()).filter(|text| !text.is_empty()).map(|text| view! { <p>{text}</p> })}
                        </div>
                    </div>
                    <div class="actions">
                        <button type="submit" class="button button-primary">"Turn it on"</button>
                        <button type="button" class="button button-quiet" on:click=move |_| new.set(None)>"Cancel"</button>
                    </div>
                </form>
            </div>
        </div>
    }
    .into_any()
}
