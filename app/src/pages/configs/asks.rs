//! The questions before a config is deleted, restored or one of its versions destroyed, and the list
//! of what was deleted.

use super::{Config, DeleteConfig, DestroyConfigVersion, Facts, RestoreConfigVersion, UndeleteConfig};
use crate::address::{address, query, service_params};
use crate::components::time::count;
use crate::components::{FormError, Hidden, PostForm};
use crate::pages::entries::{Ask, DeletedLine, DeletedList, DestroyVersion, RestoreVersion, named};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::config::DeletedConfig;

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
    let here = address();
    let effect = match &config.overrides {
        Some(umbrella) => view! {
            <p>"It hides the config of the same key on "<b>{umbrella.clone()}</b>". Programs get "<b>"that value"</b>
                " from their next read on."</p>
        }
        .into_any(),
        None => view! { <p>"Programs stop getting it on their next read."</p> }.into_any(),
    };
    view! {
        <Ask title=format!("Delete {}?", config.key) action=DeleteConfig::PATH label="Delete" danger=true
            again=|current| format!("Delete it at v{current}") close=here.without(&["confirm"])
            to=here.without(&["confirm", "open", "form", "from"]) fields=named(&config.key, None)
            started_from=config.version now=facts.now>
            {effect}
            {(facts.linked > 0).then(|| view! {
                <p><b>{count(facts.linked, "linked service")}" will lose it"</b>", unless it overrides it."</p>
            })}
            <p>"It can be brought back for "{facts.undelete_days}" days, with its history; then it is gone for good."</p>
        </Ask>
    }
    .into_any()
}

#[component]
pub fn Deleted(deleted: Vec<DeletedConfig>, facts: Facts) -> impl IntoView {
    let line = |config: DeletedConfig| {
        let key = config.key.clone();
        let form = facts.may_write.then(|| {
            view! {
                <PostForm action=UndeleteConfig::PATH id=key.clone() class="undelete">
                    <Which here=service_params()/>
                    <Hidden name="key" value=key/>
                    <FormError/>
                    <button type="submit" class="button button-small">"Undelete"</button>
                </PostForm>
            }
        });
        DeletedLine::of(config, form.into_any())
    };
    let lines = deleted.into_iter().map(line).collect();
    view! { <DeletedList lines what="config" now=facts.now/> }
}
