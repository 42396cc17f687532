//! The form for a new key. Its answer holds the key, so it is no plain form and needs JavaScript.

use super::scopes::words;
use super::{CreateApiKey, ShownKey};
use crate::address::{address, navigator};
use crate::call::{act, spawn};
use crate::components::field::{IN_A_NEW_PAGE, focus_when_shown};
use crate::components::form::form_body;
use crate::components::icon::{Glyph, Icon};
use crate::json;
use crate::live::live;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::role::Scope;
use wasm_bindgen::JsCast;

/// The id of the first field.
const NAME: &str = "api-key-name";

#[component]
pub fn NewKey(
    tenant: Memo<String>,
    environment: StoredValue<String>,
    made: RwSignal<Option<ShownKey>>,
) -> impl IntoView {
    let (live, navigate, here) = (live(), navigator(), address());
    let close = here.without(&["new"]);
    let (refused, pending) = (RwSignal::new(String::new()), RwSignal::new(false));
    let is_secret = RwSignal::new(true);
    let goal = close.clone();
    focus_when_shown(NAME.to_owned());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(form) = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok())
        else {
            return;
        };
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        let (body, navigate, goal) = (form_body(&form, None), navigate.clone(), goal.clone());
        spawn(async move {
            let answer = act(live, CreateApiKey::PATH.to_owned(), body).await;
            let _gone = pending.try_set(false);
            match answer {
                Ok(text) => {
                    let _gone = made.try_set(json::read(&text));
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
        <section class="card inline-form needs-js" aria-label="New API key">
            <form class="stack" on:submit=submit autocomplete="off">
                <input type="hidden" name="tenant" value=tenant/>
                <input type="hidden" name="environment" value=environment.get_value()/>
                <div class="columns">
                    <div class="field">
                        <label for=NAME>"Name"</label>
                        <div class="control"><input id=NAME name="name" aria-required="true" autofocus=IN_A_NEW_PAGE
                            placeholder="deploy pipeline" aria-describedby="api-key-name-hint"/></div>
                        <p class="hint" id="api-key-name-hint">"Where it is used, so that you find it again"</p>
                    </div>
                    <div class="field">
                        <label for="api-key-expires">"Ends on"</label>
                        <div class="control"><input id="api-key-expires" type="date" name="expires" aria-describedby="api-key-expires-hint"/></div>
                        <p class="hint" id="api-key-expires-hint">"At the beginning of that day, UTC. Empty: it does not end by itself"</p>
                    </div>
                </div>
                <fieldset class="field choice">
                    <legend>"Type"</legend>
                    <label class="option"><input type="radio" name="kind" value="secret" checked=true on:change=move |_| is_secret.set(true)/>
                        <span>"Secret"<small>"For programs of your own: the management API, and services of this environment"</small></span></label>
                    <label class="option"><input type="radio" name="kind" value="publishable" on:change=move |_| is_secret.set(false)/>
                        <span>"Publishable"<small>"May stand in a page or an app: reads configs and flags of frontend services, and nothing else"</small></span></label>
                </fieldset>
                {move || is_secret.get().then(|| view! { <Scopes/> })}
                <div class="field">
                    <label for="api-key-networks">"Allowed networks"</label>
                    <div class="control mono"><textarea id="api-key-networks" name="networks" rows="3" spellcheck="false"
                        placeholder="203.0.113.0/24" aria-describedby="api-key-networks-hint"></textarea></div>
                    <p class="hint" id="api-key-networks-hint">"One a line, IPv4 or IPv6. Empty: from everywhere that the tenant allows"</p>
                </div>
                <div class="form-error" role="alert">
                    {move || Some(refused.get()).filter(|text| !text.is_empty()).map(|text| view! { <p>{text}</p> })}
                </div>
                <div class="actions">
                    <a class="button button-quiet" href=close data-noscroll title="Cancel (Esc)" aria-keyshortcuts="Escape">"Cancel"</a>
                    <button type="submit" class="button button-primary" disabled=move || pending.get()>
                        <Icon glyph=Glyph::Key/>"Make the key"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// What the key may do: everything but `admin:all` unless somebody takes something away.
#[component]
fn Scopes() -> impl IntoView {
    let boxes = Scope::ALL
        .iter()
        .map(|scope| {
            view! {
                <label class="api-scope">
                    <input type="checkbox" name="scopes[]" value=scope.as_str() checked=*scope != Scope::AdminAll/>
                    <span>{words(*scope)}<small class="mono">{scope.as_str()}</small></span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field choice">
            <legend>"It may"</legend>
            <div class="api-scopes">{boxes}</div>
        </fieldset>
    }
    .into_any()
}
