//! What a person shows beside the password: codes of an authenticator app, passkeys, recovery codes.
//! What is shown once comes in the answer to a POST and is in no page, so setting up needs JavaScript;
//! looking, showing a code and removing do not.

mod app;
mod functions;
mod passkeys;
mod recovery;

pub use functions::*;

use crate::components::{Field, FormError, PostForm, Submit};
use crate::page::tab;
use crate::pages::auth::passkey::{AskOwnPasskey, StepUpWithPasskey};
use crate::passkey::PasskeyButton;
use app::AppPanel;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::factor::{Factors, RecoveryCodes};
use passkeys::PasskeysPanel;
use recovery::{RecoveryPanel, ShownOnce};

/// What was just made and is shown this once.
#[derive(Clone, Copy)]
struct Made(RwSignal<Option<RecoveryCodes>>);

#[component]
pub fn SecurityTab() -> impl IntoView {
    let made = Made(RwSignal::new(None));
    view! {
        {tab(|| ReadSecurity {}, move |data| view! { <Panels data made/> }.into_any())}
        {move || made.0.get().filter(|codes| !codes.0.is_empty()).map(|codes| view! { <ShownOnce codes made/> })}
    }
}

#[component]
fn Panels(data: Security, made: Made) -> impl IntoView {
    let Security { factors, shown, required_by, now } = data;
    let has_one = factors.has_second_factor();
    let required = (!required_by.is_empty() && !has_one).then(|| {
        view! {
            <p class="note note-amber" role="status">
                {format!("{} requires a second factor. Set one up here to get in.", required_by.join(", "))}
            </p>
        }
    });
    let show = (has_one && !shown).then(|| view! { <Show factors=factors.clone()/> });
    view! {
        {required}
        {show}
        <p class="note no-js">"What is shown once is never stored in a page, so setting up a second factor needs JavaScript."</p>
        <AppPanel since=factors.totp_since now made/>
        <PasskeysPanel passkeys=factors.passkeys.clone() unavailable=factors.no_passkeys.clone() now made/>
        {has_one.then(|| view! { <RecoveryPanel left=factors.recovery_codes_left made/> })}
    }
    .into_any()
}

/// A session that was opened before there was a second factor, or by a way around it.
#[component]
fn Show(factors: Factors) -> impl IntoView {
    let passkey = factors.passkeys_work().then(|| {
        let next = Signal::stored("/account/security".to_owned());
        view! { <PasskeyButton label="Use a passkey" ask=AskOwnPasskey::PATH answer=StepUpWithPasskey::PATH next/> }
    });
    view! {
        <section class="card panel" aria-label="Show your second factor">
            <h2>"Show your second factor"</h2>
            <p>"This session was opened without it. Before anything changes here, and where a tenant requires it, show it once."</p>
            <PostForm action=ShowSecondFactor::PATH class="stack">
                <Field label="Code" name="code" mono=true required=true autocomplete="one-time-code"
                    hint="Six digits from your authenticator app, or one of your recovery codes"/>
                <FormError/>
                <div class="actions"><Submit label="Show it"/></div>
            </PostForm>
            {passkey}
        </section>
    }
    .into_any()
}
