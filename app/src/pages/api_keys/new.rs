//! The form for a new key. Its answer holds the key, so it is no plain form and needs JavaScript.

use super::{CreateApiKey, ShownKey};
use crate::address::{address, navigator};
use crate::components::scopes::ScopeBoxes;
use crate::components::{Field, FormActions, FormError, Hidden, PostForm};
use crate::json;
use crate::live::live;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::role::{Scope, Scopes};

#[component]
pub fn NewKey(
    tenant: Memo<String>,
    environment: StoredValue<String>,
    made: RwSignal<Option<ShownKey>>,
) -> impl IntoView {
    let (live, navigate, here) = (live(), navigator(), address());
    let close = here.without(&["new"]);
    let is_secret = RwSignal::new(true);
    let on_answer = Callback::new(move |text: String| {
        let _gone = made.try_set(json::read(&text));
        navigate(&close, true);
        live.reload(false);
    });
    let everything = || Scopes::all_but_admin().0;
    view! {
        <section class="card inline-form needs-js" aria-label="New API key">
            <PostForm action=CreateApiKey::PATH class="stack" on_answer>
                <Hidden name="tenant" value=tenant/>
                <Hidden name="environment" value=Signal::stored(environment.get_value())/>
                <div class="columns">
                    <Field label="Name" name="name" required=true autofocus=true placeholder="deploy pipeline"
                        hint="Where it is used, so that you find it again"/>
                    <Field label="Ends on" name="expires_at" kind="date"
                        hint="At the beginning of that day, UTC. Empty: it does not end by itself"/>
                </div>
                <fieldset class="field choice">
                    <legend>"Type"</legend>
                    <label class="option"><input type="radio" name="kind" value="secret" checked=true on:change=move |_| is_secret.set(true)/>
                        <span>"Secret"<small>"For programs of your own: the management API, and services of this environment"</small></span></label>
                    <label class="option"><input type="radio" name="kind" value="publishable" on:change=move |_| is_secret.set(false)/>
                        <span>"Publishable"<small>"May stand in a page or an app: reads configs and flags of frontend services, and nothing else"</small></span></label>
                </fieldset>
                {move || is_secret.get().then(|| view! {
                    <ScopeBoxes legend="It may" offered=Scope::ALL.to_vec() checked=everything()/>
                })}
                <Field label="Allowed networks" name="allowed_cidrs" multiline=true mono=true placeholder="203.0.113.0/24"
                    hint="One a line, IPv4 or IPv6. Empty: from everywhere that the tenant allows"/>
                <FormError/>
                <FormActions shown_by="new" label="Make the key"/>
            </PostForm>
        </section>
    }
    .into_any()
}
