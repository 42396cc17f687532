//! The kill switch in a flag's row: one press, at once, with the way back in the toast. A form like any
//! other, so it works without JavaScript.

use super::{Flag, ToggleFlag};
use crate::address::service_params;
use crate::components::form::form_state;
use crate::components::time::count;
use crate::components::{FormError, Hidden, PostForm};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

#[component]
pub fn KillSwitch(
    flag: Flag,
    writable: bool,
    /// Services that inherit it.
    linked: i64,
) -> impl IntoView {
    let Flag { key, enabled, version, .. } = flag;
    if !writable {
        let word = if enabled { "on" } else { "off" };
        let class = if enabled { "state-word state-on" } else { "state-word" };
        return view! { <span class=class>{word}</span> }.into_any();
    }
    // Until the page was read again, the switch shows what was accepted.
    let accepted = RwSignal::new(false);
    view! {
        <PostForm action=ToggleFlag::PATH id=key.clone() class="switch-form" on_done=move |_| accepted.set(true)>
            <Which here=service_params()/>
            <Hidden name="key" value=key.clone()/>
            <Hidden name="enabled" value=(!enabled).to_string()/>
            <Hidden name="expected_version" value=version.to_string()/>
            <Knob key enabled linked accepted/>
            <FormError/>
        </PostForm>
    }
    .into_any()
}

#[component]
fn Knob(key: String, enabled: bool, linked: i64, accepted: RwSignal<bool>) -> impl IntoView {
    let form = form_state();
    let is_on = move || enabled != (form.pending.get() || accepted.get());
    let checked = move || if is_on() { "true" } else { "false" };
    let act = if enabled {
        "On now. Press to switch it off for everybody"
    } else {
        "Off now. Press to switch it on"
    };
    let title = match linked {
        0 => act.to_owned(),
        linked => format!("{act}, in {} too", count(linked, "linked service")),
    };
    view! {
        <button type="submit" class="switch" role="switch" aria-checked=checked aria-label=format!("{key} is on") title=title>
            <i></i>
        </button>
    }
    .into_any()
}
