//! What the form would do if it were saved: the shares of a thousand made-up users. They come from the
//! server when nobody has typed for a moment; those of the stored definition are in the page.

use super::Desk;
use crate::call::{post, sleep, spawn};
use crate::components::form::form_body;
use crate::components::time::number;
use crate::json;
use crate::live::live;
use crate::pages::flags::functions::{PreviewFlag, USERS};
use leptos::html;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use wasm_bindgen::JsCast;

/// The width of the bars.
const WIDTH: i64 = 240;
const MOMENT_MS: i32 = 150;

#[component]
pub fn Preview(desk: Desk, shares: Option<Vec<(String, i64)>>) -> impl IntoView {
    let live = live();
    let shares = RwSignal::new(shares);
    let place = NodeRef::<html::Section>::new();
    Effect::new(move |before: Option<()>| {
        let asked = desk.typed.get();
        if before.is_none() && shares.with_untracked(Option::is_some) {
            return;
        }
        spawn(async move {
            sleep(MOMENT_MS).await;
            let is_last = || desk.typed.try_with_untracked(|typed| *typed == asked) == Some(true);
            let form =
                place.try_get_untracked().flatten().and_then(|place| place.closest("form").ok().flatten());
            let form = form.and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok());
            if let Some(form) = form.filter(|_| is_last()) {
                let answer = post(live, PreviewFlag::PATH, &form_body(&form, None)).await;
                if is_last() {
                    let _gone = shares.try_set(answer.ok().and_then(|text| json::read(&text)));
                }
            }
        });
    });
    let rows = move || match shares.get() {
        None => view! { <p class="hint">"It comes back once nothing is wrong with the form."</p> }.into_any(),
        Some(shares) => {
            let lines = shares.into_iter().map(line).collect_view();
            view! { <ul class="shares">{lines}</ul> }.into_any()
        }
    };
    let has_conditions = Memo::new(move |_| {
        desk.typed
            .with(|draft| draft.rules.iter().any(|rule| !rule.parts.is_empty() || !rule.nested.is_empty()))
    });
    view! {
        <section node_ref=place class="preview-shares" aria-label="Preview">
            <p class="field-label">"Of "{number(i64::from(USERS))}" made-up users, while it is on"</p>
            <div role="status">{rows}</div>
            {move || has_conditions.get().then(|| view! {
                <p class="hint">"Made-up users have no attributes, so rules that ask for some do not match."</p>
            })}
        </section>
    }
    .into_any()
}

fn line((name, count): (String, i64)) -> AnyView {
    let width = count * WIDTH / i64::from(USERS);
    view! {
        <li class="share-line">
            <span class="mono">{name}</span>
            <svg class="share-bar" viewBox=format!("0 0 {WIDTH} 8") preserveAspectRatio="none" aria-hidden="true">
                <rect class="share-rest" x="0" y="0" width=WIDTH height="8"></rect>
                <rect class="share-part" x="0" y="0" width=width height="8"></rect>
            </svg>
            <span>{number(count)}</span>
        </li>
    }
    .into_any()
}
