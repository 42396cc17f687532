//! What is done with several secrets at once: choosing them, and the bar that appears then. It is
//! chosen in the browser, so it needs JavaScript.

use super::{DeleteSecrets, Facts, desk};
use crate::components::time::count;
use crate::components::{Dialog, FormError, PostForm, Submit};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// The box in the head of the table that chooses every own secret on this page.
#[component]
pub fn ChooseAll(keys: Vec<String>) -> impl IntoView {
    let chosen = desk().chosen;
    let keys = StoredValue::new(keys);
    let all = move || {
        keys.with_value(|keys| !keys.is_empty() && keys.iter().all(|key| chosen.read().contains(key)))
    };
    let change = move |_| chosen.set(if untrack(all) { Vec::new() } else { keys.get_value() });
    view! {
        <th scope="col" class="tick">
            <input type="checkbox" class="needs-js" aria-label="Choose all of this page" prop:checked=all
                on:change=change/>
        </th>
    }
    .into_any()
}

/// The bar for what is chosen.
#[component]
pub fn Chosen(facts: Facts) -> impl IntoView {
    let chosen = desk().chosen;
    let asking = RwSignal::new(false);
    let amount = move || i64::try_from(chosen.read().len()).unwrap_or(i64::MAX);
    let bar = move || {
        (amount() > 0).then(|| {
            view! {
                <div class="chosen" role="region" aria-label="Chosen secrets">
                    <b role="status">{move || count(amount(), "secret")}" chosen"</b>
                    <span class="grow"></span>
                    <button type="button" class="button button-quiet" on:click=move |_| chosen.set(Vec::new())>"Clear"</button>
                    <button type="button" class="button button-danger" on:click=move |_| asking.set(true)>"Delete…"</button>
                </div>
            }
        })
    };
    view! {
        {bar}
        {move || asking.get().then(|| view! { <Question asking facts/> })}
    }
    .into_any()
}

#[component]
fn Question(asking: RwSignal<bool>, facts: Facts) -> impl IntoView {
    let desk = desk();
    let keys = desk.chosen.get_untracked();
    let amount = i64::try_from(keys.len()).unwrap_or(i64::MAX);
    let title = format!("Delete {}?", count(amount, "secret"));
    let names = keys.iter().cloned().map(|key| view! { <li><code>{key}</code></li> }).collect_view();
    let done = move |_| {
        desk.chosen.set(Vec::new());
        asking.set(false);
    };
    view! {
        <Dialog title on_close=move |()| asking.set(false)>
            <PostForm action=DeleteSecrets::PATH class="stack" on_done=done>
                <Which here=desk.here/>
                <input type="hidden" name="keys" value=keys.join(" ")/>
                <div class="dialog-text">
                    <ul class="lost names">{names}</ul>
                    <p>"Programs stop getting them on their next read; where one hides an umbrella’s secret, they get that
                        one. They can be brought back for "{facts.undelete_days}" days."</p>
                    {(facts.linked > 0).then(|| view! {
                        <p><b>{count(facts.linked, "linked service")}" will lose them"</b>", unless it overrides them."</p>
                    })}
                </div>
                <FormError/>
                <div class="actions">
                    <button type="button" class="button" on:click=move |_| asking.set(false)>"Cancel"</button>
                    <Submit label="Delete" danger=true/>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
