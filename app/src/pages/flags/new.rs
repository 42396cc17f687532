//! The inline form for a new flag, and the fields of a state with its schedule.

use super::{CreateFlag, Facts};
use crate::address::{query, service_params};
use crate::components::{Choice, Field, FormActions, FormError, PostForm};
use crate::pages::entries::{KeyField, NoRoom, Reach};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// The inline form on top of the list, while the address asks for it: `?new`, or `?new=KEY` where an
/// inherited flag is to be overridden.
#[component]
pub fn NewForm(facts: Facts) -> impl IntoView {
    let new = query("new");
    move || new.get().filter(|_| facts.may_write).map(|key| view! { <New key facts/> })
}

#[component]
fn New(key: String, facts: Facts) -> impl IntoView {
    let at = service_params();
    let named = !key.is_empty();
    let title = if named { format!("Override {key}") } else { "New flag".to_owned() };
    view! {
        <section class="card inline-form" aria-label=title>
            <PostForm action=CreateFlag::PATH class="stack">
                <Which here=at/>
                <NoRoom kind="flag"/>
                <div class="columns">
                    <KeyField value=key autofocus=!named example="new-checkout"/>
                    <Field label="Description" name="description" placeholder="Why this flag?"
                        hint="Optional. It stands in the history, beside the version"/>
                </div>
                <StateFields state="off" starts_at=String::new() ends_at=String::new()/>
                <Field label="Note" name="note" placeholder="What it switches, and who may be asked"
                    hint="Optional. Everybody who lists the flags reads it"/>
                <Reach linked=facts.linked/>
                <FormError/>
                <FormActions shown_by="new" label="Create" key="⏎"/>
            </PostForm>
        </section>
    }
    .into_any()
}

/// Off, on, or scheduled; the two moments are shown while it is scheduled.
#[component]
pub fn StateFields(#[prop(into)] state: String, starts_at: String, ends_at: String) -> impl IntoView {
    let options = vec![("off", "off"), ("on", "on"), ("scheduled", "scheduled")];
    view! {
        <div class="flag-state">
            <Choice label="State" name="state" options value=state/>
            <div class="columns flag-times">
                <Field label="On from (UTC)" name="starts_at" kind="datetime-local" value=starts_at hint="Empty: from now on"/>
                <Field label="Off again from (UTC)" name="ends_at" kind="datetime-local" value=ends_at hint="Empty: never"/>
            </div>
        </div>
    }
    .into_any()
}
