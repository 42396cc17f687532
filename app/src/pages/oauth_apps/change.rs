//! Rotating the secret of an app, switching it, deleting it; and what is shown once.

use super::{DeleteOauthApp, RotateOauthSecret, ShownApp, SwitchOauthApp};
use crate::address::address;
use crate::components::icon::{Glyph, Icon};
use crate::components::time::count;
use crate::components::{AskOnce, Confirm, Dialog, Hidden, OldValue, PostForm, ShownOnce, Snippet};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::keys::DEFAULT_GRACE_HOURS;
use nexus_domain::oauth::OauthApp;

#[component]
pub fn Rotate(tenant: Memo<String>, app: OauthApp, made: RwSignal<Option<ShownApp>>) -> impl IntoView {
    let (keep, id) = (RwSignal::new(true), app.id.to_string());
    let asked = move || RotateOauthSecret {
        tenant: tenant.get_untracked(),
        id: id.clone(),
        grace_hours: if keep.get_untracked() { DEFAULT_GRACE_HOURS } else { 0 },
    };
    view! {
        <AskOnce title=format!("Rotate the secret of {}", app.name) close=address().without(&["rotate"]) label="Rotate" asked made>
            <OldValue legend="The old secret" keep/>
        </AskOnce>
    }
}

/// What becomes of those who let it in.
fn losses(app: &OauthApp) -> String {
    match app.grants {
        0 => "Nobody has let it in.".to_owned(),
        grants => {
            format!("{} let it in; all of that ends from the next request on.", count(grants, "member"))
        }
    }
}

#[component]
pub fn Disable(tenant: Memo<String>, app: OauthApp) -> impl IntoView {
    let fields =
        vec![("tenant", tenant.get_untracked()), ("id", app.id.to_string()), ("enabled", "false".to_owned())];
    view! {
        <Confirm title=format!("Disable {}?", app.name) action=SwitchOauthApp::PATH label="Disable" danger=true
            close=address().without(&["disable"]) fields>
            <p>{losses(&app)}" When it is enabled again, it has to ask them again."</p>
        </Confirm>
    }
    .into_any()
}

/// Enabling gives nobody anything, so it asks nothing.
#[component]
pub fn Enable(tenant: Memo<String>, id: String) -> impl IntoView {
    view! {
        <PostForm action=SwitchOauthApp::PATH id=id.clone() class="menu-form">
            <Hidden name="tenant" value=tenant/>
            <Hidden name="id" value=Signal::stored(id)/>
            <Hidden name="enabled" value=Signal::stored("true".to_owned())/>
            <button type="submit" class="menu-button"><Icon glyph=Glyph::Check/>"Enable"</button>
        </PostForm>
    }
    .into_any()
}

#[component]
pub fn Delete(tenant: Memo<String>, app: OauthApp) -> impl IntoView {
    let fields = vec![("tenant", tenant.get_untracked()), ("id", app.id.to_string())];
    view! {
        <Confirm title=format!("Delete {}?", app.name) action=DeleteOauthApp::PATH label="Delete" danger=true
            close=address().without(&["delete"]) fields>
            <p>{losses(&app)}" Its client id never works again. This cannot be undone."</p>
        </Confirm>
    }
    .into_any()
}

/// What a new app was given, once.
#[component]
pub fn Shown(app: ShownApp, made: RwSignal<Option<ShownApp>>) -> impl IntoView {
    let done = Callback::new(move |()| made.set(None));
    let ShownApp { name, client_id, client_secret } = app;
    match client_secret {
        Some(secret) => view! {
            <ShownOnce what="client secret" value=secret hint="Its client id, which is no secret:" snippet=client_id done>
                {name}". It is shown this once. Nexus keeps no copy; when it is lost, rotate it."
            </ShownOnce>
        }
        .into_any(),
        None => view! {
            <Dialog title=format!("{name} is registered") on_close=move |()| done.run(())>
                <div class="stack">
                    <p class="dialog-text">"A public app has no secret: PKCE protects its codes. This is its client id:"</p>
                    <Snippet text=client_id label="Copy the client id"/>
                    <div class="actions">
                        <button type="button" class="button button-primary" autofocus=true on:click=move |_| done.run(())>"Done"</button>
                    </div>
                </div>
            </Dialog>
        }
        .into_any(),
    }
}
