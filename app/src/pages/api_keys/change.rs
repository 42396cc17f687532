//! Rotating, revoking, and a signing secret: each a question first. What is shown once is kept in the
//! browser's memory alone.

use super::{MakeSigningSecret, RevokeApiKey, RotateApiKey, ShownKey};
use crate::address::address;
use crate::components::{AskOnce, Confirm, OldValue, ShownOnce};
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
pub fn Rotate(about: About, key: EnvironmentKey, made: RwSignal<Option<ShownKey>>) -> impl IntoView {
    let (keep, id) = (RwSignal::new(true), key.id.to_string());
    let asked = move || RotateApiKey {
        tenant: about.tenant.get_untracked(),
        environment: about.environment.get_value(),
        key: id.clone(),
        grace_hours: if keep.get_untracked() { DEFAULT_GRACE_HOURS } else { 0 },
    };
    view! {
        <AskOnce title=format!("Rotate {}", key.name) close=address().without(&["rotate"]) label="Rotate" asked made>
            <OldValue legend="The old value" keep/>
        </AskOnce>
    }
}

#[component]
pub fn Sign(about: About, key: EnvironmentKey, made: RwSignal<Option<SigningSecret>>) -> impl IntoView {
    let (id, replaces) = (key.id.to_string(), key.signing_secret_made_at.is_some());
    let asked = move || MakeSigningSecret {
        tenant: about.tenant.get_untracked(),
        environment: about.environment.get_value(),
        key: id.clone(),
    };
    let warning = replaces.then(|| {
        view! { <p class="note note-amber">"It has one. Tokens that the old one has signed are refused from then on."</p> }
    });
    let label = if replaces { "Replace it" } else { "Make it" };
    view! {
        <AskOnce title=format!("Signing secret of {}", key.name) close=address().without(&["sign"]) label asked made>
            <p class="dialog-text">"With it your own service signs short-lived tokens that stand for this key, cut down to what each token says. It is shown once."</p>
            {warning}
        </AskOnce>
    }
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
    let address = match key.kind {
        KeyType::Secret => "/api/v1/whoami",
        KeyType::Publishable => "/s/<endpoint of a frontend service>/v1/sync",
    };
    let try_it = format!("curl -H \"Authorization: Bearer {}\" {origin}{address}", key.key);
    let done = Callback::new(move |()| made.set(None));
    view! {
        <ShownOnce what="key" value=key.key hint="Try it:" snippet=try_it done>
            {key.name}", for "<code>{key.environment}</code>". It is shown this once. Nexus keeps no copy; when it is lost, rotate the key."
        </ShownOnce>
    }
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
    let done = Callback::new(move |()| made.set(None));
    view! {
        <ShownOnce what="signing secret" value=secret.signing_secret hint="What a token says; it ends an hour ahead at most:"
            snippet=token done>
            "It is shown this once. When it is lost, make another one."
        </ShownOnce>
    }
}
