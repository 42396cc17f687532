//! The inline form on top of the list. The address opens it (`?new`), and names the key where an
//! inherited secret is to be overridden (`?new=KEY`).

use super::value::ValueField;
use super::{CreateSecret, Facts, desk};
use crate::address::query;
use crate::components::{Choice, Field, FormActions, FormError, PostForm};
use crate::pages::entries::{KeyField, NoRoom, Reach};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::secret::SecretType;

/// The form, while the address asks for it.
#[component]
pub fn NewSecret(facts: Facts) -> impl IntoView {
    let new = query("new");
    move || new.get().filter(|_| facts.may_write).map(|key| view! { <Form key facts/> })
}

#[component]
fn Form(key: String, facts: Facts) -> impl IntoView {
    let desk = desk();
    let state = desk.new;
    let named = !key.is_empty();
    let kind = Callback::new(move |kind: String| {
        state.kind.set(SecretType::parse(&kind).unwrap_or(SecretType::Text));
        state.generator.set(false);
    });
    let options = vec![("text", "text"), ("file", "file")];
    let chosen = state.kind.get_untracked().as_str();
    let title = if named { format!("Override {key}") } else { "New secret".to_owned() };
    view! {
        <section class="card inline-form" aria-label=title>
            <PostForm action=CreateSecret::PATH class="stack" on_done=move |_| state.clear()>
                <Which here=desk.here/>
                <NoRoom kind="secret"/>
                <div class="columns">
                    <KeyField value=key.clone() autofocus=!named/>
                    <ValueField state about=key autofocus=named/>
                    <Field label="Description" name="description" placeholder="Why this value? Rotated after Q2 audit"
                        hint="Optional. It stands in the history, beside the version"/>
                    <Choice label="Type" name="kind" options value=chosen on_change=kind/>
                </div>
                <Reach linked=facts.linked/>
                <FormError/>
                <FormActions shown_by="new" label="Create" key="⏎"/>
            </PostForm>
        </section>
    }
    .into_any()
}
