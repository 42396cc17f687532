//! The forms: a new config, a new version, and what stands beside the value. The last two started
//! from a version that the address keeps (`from`), so a page that was read again meanwhile does not
//! hide that somebody else was first.

use super::schema::SchemaField;
use super::value::ValueField;
use super::{AddConfigVersion, Config, CreateConfig, EditConfig, Facts};
use crate::address::{address, query, service_params};
use crate::components::{Choice, Field, FormActions, FormError, Hidden, PostForm};
use crate::pages::entries::{EditEntry, Finish, KeyField, NoRoom, Reach, started_from};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::config::ConfigType;

/// The inline form on top of the list, while the address asks for it: `?new`, or `?new=KEY` where an
/// inherited config is to be overridden.
#[component]
pub fn NewForm(facts: Facts) -> impl IntoView {
    let new = query("new");
    move || new.get().filter(|_| facts.may_write).map(|key| view! { <New key facts/> })
}

#[component]
fn New(key: String, facts: Facts) -> impl IntoView {
    let at = service_params();
    let kind = RwSignal::new(ConfigType::String);
    let named = !key.is_empty();
    let title = if named { format!("Override {key}") } else { "New config".to_owned() };
    let options = vec![("string", "string"), ("number", "number"), ("boolean", "boolean"), ("json", "json")];
    let choose = Callback::new(move |word: String| {
        kind.set(ConfigType::parse(&word).unwrap_or(ConfigType::String));
    });
    view! {
        <section class="card inline-form" aria-label=title>
            <PostForm action=CreateConfig::PATH class="stack">
                <Which here=at/>
                <NoRoom kind="config"/>
                <div class="columns">
                    <KeyField value=key.clone() autofocus=!named example="max_connections"/>
                    <Choice label="Type" name="kind" options value="string" on_change=choose/>
                    <ValueField kind about=key value=String::new() autofocus=named/>
                    <SchemaField kind/>
                    <Field label="Description" name="description" placeholder="Why this value?"
                        hint="Optional. It stands in the history, beside the version"/>
                </div>
                <Reach linked=facts.linked/>
                <FormError/>
                <FormActions shown_by="new" label="Create" key="⏎"/>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
pub fn VersionForm(config: Config, facts: Facts) -> impl IntoView {
    let here = address();
    let close = here.without(&["form", "from"]);
    let kind = RwSignal::new(config.kind);
    view! {
        <PostForm action=AddConfigVersion::PATH to=close.clone() class="stack detail-form">
            <Which here=service_params()/>
            <Hidden name="key" value=config.key.clone()/>
            <Hidden name="kind" value=config.kind.as_str()/>
            <ValueField kind about=config.key value=config.text autofocus=true/>
            {(config.kind == ConfigType::Json)
                .then(|| view! { <SchemaField kind value=config.schema.unwrap_or_default()/> })}
            <Field label="Description" name="description" placeholder="Why this version?"/>
            <Reach linked=facts.linked/>
            <Finish started_from=started_from(config.version) label="Save" key="⏎" cancel=close now=facts.now
                again=|current| format!("Save mine as v{}", current + 1)/>
        </PostForm>
    }
    .into_any()
}

#[component]
pub fn EditForm(config: Config, facts: Facts) -> impl IntoView {
    let Config { key, note, tags, version, .. } = config;
    view! { <EditEntry action=EditConfig::PATH was="config" key note tags version now=facts.now/> }
}
