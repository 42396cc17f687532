//! The questions before a flag is deleted, restored or one of its versions destroyed.

use super::{DeleteFlag, DestroyFlagVersion, Facts, Flag, RestoreFlagVersion};
use crate::address::query;
use crate::pages::entries::{DeleteEntry, DestroyVersion, RestoreVersion};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// The dialog that the address asks for.
#[component]
pub fn Asks(flag: Flag, facts: Facts) -> impl IntoView {
    let [confirm, version] = ["confirm", "version"].map(query);
    let flag = StoredValue::new(flag);
    move || {
        let flag = flag.get_value();
        let number = version.get().and_then(|number| number.parse::<i64>().ok());
        match (confirm.read().as_deref(), number) {
            (Some("delete"), _) => view! { <Delete flag facts/> }.into_any(),
            (Some("restore"), Some(number)) => view! {
                <RestoreVersion key=flag.key number active=flag.version action=RestoreFlagVersion::PATH
                    linked=facts.linked now=facts.now/>
            }
            .into_any(),
            (Some("destroy"), Some(number)) => {
                view! { <DestroyVersion key=flag.key number action=DestroyFlagVersion::PATH/> }.into_any()
            }
            _ => ().into_any(),
        }
    }
}

#[component]
fn Delete(flag: Flag, facts: Facts) -> impl IntoView {
    let effect = match &flag.overrides {
        Some(umbrella) => view! {
            <p>"It hides the flag of the same key on "<b>{umbrella.clone()}</b>". Programs get "<b>"that one"</b>
                " from their next read on."</p>
        }
        .into_any(),
        None => view! { <p>"Programs that ask for it get their own default from then on."</p> }.into_any(),
    };
    view! {
        <DeleteEntry action=DeleteFlag::PATH key=flag.key version=flag.version linked=facts.linked
            undelete_days=facts.undelete_days now=facts.now>{effect}</DeleteEntry>
    }
    .into_any()
}
