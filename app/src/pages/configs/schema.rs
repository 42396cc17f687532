//! The field of a JSON Schema, folded away until there is one: only json has it, and most have none.

use crate::components::form::form_state;
use crate::components::{Field, Hidden};
use crate::live::live;
use leptos::prelude::*;
use nexus_domain::config::ConfigType;

#[component]
pub fn SchemaField(kind: RwSignal<ConfigType>, #[prop(optional)] value: String) -> impl IntoView {
    let hydrated = live().hydrated;
    // Without JavaScript nobody sees which type is chosen, so that the field stays.
    let hidden = move || hydrated.get() && kind.get() != ConfigType::Json;
    let refused = form_state().error("schema");
    let has_one = !value.is_empty();
    let open = move || has_one || refused.read().is_some();
    view! {
        <details class="fold" hidden=hidden open=open>
            <summary>"JSON Schema"</summary>
            <Hidden name="with_schema" value="true"/>
            <Field label="JSON Schema" name="schema" value=value mono=true multiline=true
                hint="Optional, 2020-12. Every value has to fit it; references count as strings"/>
        </details>
    }
    .into_any()
}
