//! Rotating, revoking, and a signing secret: each a question first. What is shown once is kept in the
//! browser's memory alone.

use super::{MakeSigningSecret, RevokeApiKey, RotateApiKey, ShownKey};
use crate::address::{address, navigator};
use crate::call::{invoke, spawn};
use crate::components::{Confirm, Copy, Dialog, Snippet};
use crate::live::live;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::environment_key::{EnvironmentKey, KeyType, SigningSecret};
use nexus_domain::keys::DEFAULT_GRACE_HOURS;

/// What a dialog is about.
#[derive(Clone, Copy)]
pub struct About {
    pub tenant: Memo<String>,
    pub environment: StoredValue<String>,
}

#[component]
fn Refused(text: RwSignal<String>) -> impl IntoView {
    view! {
        <div class="form-error" role="alert">
            {move || Some(text.get()).filter(|text| !text.is_empty()).map(|text| view! { <p>{text}</p> })}
        </div>
    }
    .into_any()
}

#[component]
pub fn Rotate(about: About, key: EnvironmentKey, made: RwSignal<Option<ShownKey>>) -> impl IntoView {
    let (live, navigate, close) = (live(), navigator(), address().without(&["rotate"]));
    let (keep, refused) = (RwSignal::new(true), RwSignal::new(String::new()));
    let goal = close.clone();
    let id = key.id.to_string();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (navigate, goal) = (navigate.clone(), goal.clone());
        let args = RotateApiKey {
            tenant: about.tenant.get_untracked(),
            environment: about.environment.get_value(),
            key: id.clone(),
            grace_hours: if keep.get_untracked() { DEFAULT_GRACE_HOURS } else { 0 },
        };
        spawn(async move {
            match invoke(live, args).await {
                Ok(key) => {
                    let _gone = made.try_set(Some(key));
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
        <Dialog title=format!("Rotate {}", key.name) close=close.clone()>
            <form class="stack" on:submit=submit>
                <fieldset class="field choice">
                    <legend>"The old value"</legend>
                    <label class="option"><input type="radio" name="keep" checked=true on:change=move |_| keep.set(true)/>
                        <span>"Keep 24 h"<small>"Programs go on while you change them over"</small></span></label>
                    <label class="option"><input type="radio" name="keep" on:change=move |_| keep.set(false)/>
                        <span>"Revoke now"<small>"When it may be in wrong hands; programs with it stop at once"</small></span></label>
                </fieldset>
                <Refused text=refused/>
                <div class="actions">
                    <a class="button" href=close data-noscroll>"Cancel"</a>
                    <button type="submit" class="button button-primary needs-js">"Rotate"</button>
                </div>
            </form>
        </Dialog>
    }
    .into_any()
}

#[component]
pub fn Sign(about: About, key: EnvironmentKey, made: RwSignal<Option<SigningSecret>>) -> impl IntoView {
    let (live, navigate, close) = (live(), navigator(), address().without(&["sign"]));
    let refused = RwSignal::new(String::new());
    let goal = close.clone();
    let (id, replaces) = (key.id.to_string(), key.signing_secret_made_at.is_some());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (navigate, goal) = (navigate.clone(), goal.clone());
        let args = MakeSigningSecret {
            tenant: about.tenant.get_untracked(),
            environment: about.environment.get_value(),
            key: id.clone(),
        };
        spawn(async move {
            match invoke(live, args).await {
                Ok(secret) => {
                    let _gone = made.try_set(Some(secret));
                    navigate(&goal, true);
                    live.reload(false);
                }
                Err(refusal) => {
                    let _gone = refused.try_set(refusal.message);
                }
            }
        });
    };
    let warning = replaces.then(|| {
        view! { <p class="note note-amber">"It has one. Tokens that the old one has signed are refused from then on."</p> }
    });
    view! {
        <Dialog title=format!("Signing secret of {}", key.name) close=close.clone()>
            <form class="stack" on:submit=submit>
                <p class="dialog-text">"With it your own service signs short-lived tokens that stand for this key, cut down to what each token says. It is shown once."</p>
                {warning}
                <Refused text=refused/>
                <div class="actions">
                    <a class="button" href=close data-noscroll>"Cancel"</a>
                    <button type="submit" class="button button-primary needs-js">{if replaces { "Replace it" } else { "Make it" }}</button>
                </div>
            </form>
        </Dialog>
    }
    .into_any()
}

#[component]
pub fn Revoke(about: About, key: EnvironmentKey) -> impl IntoView {
    let fields = vec![
        ("tenant", about.tenant.get_untracked()),
        ("environment", about.environment.get_value()),
        ("key", key.id.to_string()),
    ];
    view! {
        <Confirm title=format!("Revoke {}?", key.name) action=RevokeApiKey::PATH label="Revoke" danger=true
            close=address().without(&["revoke"]) fields>
            <p>"Whoever uses "<code>{key.prefix}"…"</code>" gets no answer from the next request on, nor does any token that it has signed. This cannot be undone."</p>
        </Confirm>
    }
    .into_any()
}

/// A new value, once.
#[component]
pub fn Shown(key: ShownKey, origin: String, made: RwSignal<Option<ShownKey>>) -> impl IntoView {
    let try_it = match key.kind {
        KeyType::Secret => format!("curl -H \"Authorization: Bearer {}\" {origin}/api/v1/whoami", key.key),
        KeyType::Publishable => format!(
            "curl -H \"Authorization: Bearer {}\" {origin}/s/<endpoint of a frontend service>/v1/sync",
            key.key
        ),
    };
    view! {
        <Dialog title="Copy the key now" class="dialog-wide" on_close=move |()| made.set(None)>
            <div class="stack">
                <p class="dialog-text">{key.name}", for "<code>{key.environment}</code>". It is shown this once. Nexus keeps no copy; when it is lost, rotate the key."</p>
                <div class="new-key"><code>{key.key.clone()}</code><Copy text=key.key label="Copy the key"/></div>
                <p class="hint">"Try it:"</p>
                <Snippet text=try_it label="Copy the command"/>
                <div class="actions">
                    <button type="button" class="button button-primary" autofocus=true on:click=move |_| made.set(None)>
                        "I have copied it"
                    </button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}

/// A signing secret, once.
#[component]
pub fn ShownSecret(secret: SigningSecret, made: RwSignal<Option<SigningSecret>>) -> impl IntoView {
    let id = secret.id.to_string();
    let token = format!(
        "header  {{\"alg\": \"HS256\", \"kid\": \"{id}\"}}\nclaims  {{\"iss\": \"{id}\", \"aud\": \"{}\", \"iat\": …, \"exp\": …, \
         \"jti\": \"…\",\n         \"permissions\": [\"read:flags\"]}}",
        secret.audience
    );
    view! {
        <Dialog title="Copy the signing secret now" class="dialog-wide" on_close=move |()| made.set(None)>
            <div class="stack">
                <p class="dialog-text">"It is shown this once. When it is lost, make another one."</p>
                <div class="new-key"><code>{secret.signing_secret.clone()}</code><Copy text=secret.signing_secret label="Copy the signing secret"/></div>
                <p class="hint">"What a token says; it ends an hour ahead at most:"</p>
                <Snippet text=token label="Copy what a token says"/>
                <div class="actions">
                    <button type="button" class="button button-primary" autofocus=true on:click=move |_| made.set(None)>
                        "I have copied it"
                    </button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}
