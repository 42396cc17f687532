//! The questions before a config is deleted, restored or one of its versions destroyed.

use super::{Config, DeleteConfig, DestroyConfigVersion, Facts, RestoreConfigVersion};
use crate::address::query;
use crate::pages::entries::{DeleteEntry, DestroyVersion, RestoreVersion};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// The dialog that the address asks for.
#[component]
pub fn Asks(config: Config, facts: Facts) -> impl IntoView {
    let [confirm, version] = ["confirm", "version"].map(query);
    let config = StoredValue::new(config);
    move || {
        let config = config.get_value();
        let number = version.get().and_then(|number| number.parse::<i64>().ok());
        match (confirm.read().as_deref(), number) {
            (Some("delete"), _) => view! { <Delete config facts/> }.into_any(),
            (Some("restore"), Some(number)) => view! {
                <RestoreVersion key=config.key number active=config.version action=RestoreConfigVersion::PATH
                    linked=facts.linked now=facts.now/>
            }
            .into_any(),
            (Some("destroy"), Some(number)) => {
                view! { <DestroyVersion key=config.key number action=DestroyConfigVersion::PATH/> }.into_any()
            }
            _ => ().into_any(),
        }
    }
}

#[component]
fn Delete(config: Config, facts: Facts) -> impl IntoView {
    let effect = match &config.overrides {
        Some(umbrella) => view! {
            <p>"It hides the config of the same key on "<b>{umbrella.clone()}</b>". Programs get "<b>"that value"</b>
                " from their next read on."</p>
        }
        .into_any(),
        None => view! { <p>"Programs stop getting it on their next read."</p> }.into_any(),
    };
    view! {
        <DeleteEntry action=DeleteConfig::PATH key=config.key version=config.version linked=facts.linked
            undelete_days=facts.undelete_days now=facts.now>{effect}</DeleteEntry>
    }
    .into_any()
}
