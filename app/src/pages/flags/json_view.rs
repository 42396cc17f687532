//! The whole definition as JSON: to read, to copy, to change. While one types, the server is asked what
//! is wrong with it; without JavaScript it says so when the form is sent.

use super::{CheckFlag, Facts, Flag, SaveFlagJson};
use crate::address::{address, service_params};
use crate::call::{invoke, sleep, spawn};
use crate::components::field::{focus_when_shown, typed_already};
use crate::components::form::form_state;
use crate::components::{Copy, Field, Hidden, PostForm};
use crate::live::live;
use crate::pages::configs::{broken_json, pretty_json};
use crate::pages::entries::{Finish, Reach, enter_sends, started_from};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// After so long without a key the definition is checked.
const MOMENT_MS: i32 = 300;

#[component]
pub fn JsonView(flag: Flag, json: String, writable: bool, facts: Facts) -> impl IntoView {
    let close = address().without(&["form", "from"]);
    if !writable {
        return view! {
            <section class="value-panel" aria-label="Definition">
                <h2>"Definition"</h2>
                <div class="value">
                    <pre class="value-text" tabindex="0" role="group" aria-label="The definition">{json.clone()}</pre>
                    <Copy text=json label="Copy the definition"/>
                </div>
            </section>
            <div class="actions"><a class="button button-quiet" href=close data-noscroll aria-keyshortcuts="Escape">"Close"</a></div>
        }
        .into_any();
    }
    view! {
        <PostForm action=SaveFlagJson::PATH to=close.clone() class="stack detail-form">
            <Which here=service_params()/>
            <Hidden name="key" value=flag.key.clone()/>
            <Definition about=flag.key json/>
            <Field label="Description" name="description" placeholder="Why this version?"/>
            <Reach linked=facts.linked/>
            <Finish started_from=started_from(flag.version) label="Save" cancel=close now=facts.now
                again=|current| format!("Save mine as v{}", current + 1)/>
        </PostForm>
    }
    .into_any()
}

#[component]
fn Definition(about: String, json: String) -> impl IntoView {
    let (form, live, here) = (form_state(), live(), service_params());
    let id = form.id("definition");
    let at_first = form.typed("definition").unwrap_or(json);
    let text = RwSignal::new(typed_already(&id, &about).unwrap_or_else(|| at_first.clone()));
    let problems = RwSignal::new(Vec::<(String, String)>::new());
    focus_when_shown(id.clone());
    let typed = move |event| {
        text.set(event_target_value(&event));
        let asked = text.get_untracked();
        spawn(async move {
            sleep(MOMENT_MS).await;
            let is_last = || text.try_with_untracked(|text| *text == asked) == Some(true);
            if !is_last() || broken_json(&asked).is_some() {
                return;
            }
            let tenant = here.tenant.get_untracked();
            let found = invoke(live, CheckFlag { tenant, definition: asked.clone() }).await;
            if let (Ok(found), true) = (found, is_last()) {
                let _gone = problems.try_set(found);
            }
        });
    };
    let broken = Memo::new(move |_| broken_json(&text.read()));
    let refused = move || {
        let refusal = form.refusal.get().filter(|it| it.lost_race().is_none());
        let details = refusal.map(|it| it.details).unwrap_or_default();
        details
            .into_iter()
            .filter_map(|(field, rule)| Some((field, rule.as_str()?.to_owned())))
            .collect::<Vec<_>>()
    };
    let shown = Memo::new(move |_| match broken.get() {
        Some(broken) => vec![("definition".to_owned(), broken)],
        None if problems.read().is_empty() => refused(),
        None => problems.get(),
    });
    form.has_field("definition");
    let format = move |_| {
        if let Some(pretty) = pretty_json(&text.get_untracked()) {
            text.set(pretty);
        }
    };
    let lines = move || {
        shown
            .get()
            .into_iter()
            .map(|(field, rule)| view! { <p><code>{field}</code>": "{rule}</p> })
            .collect_view()
    };
    let error_id = form.id("definition-error");
    view! {
        <div class="field">
            <label for=id.clone()>"Definition"</label>
            <div class="control mono">
                <textarea id=id name="definition" data-about=about class="definition" rows="14" autocomplete="off" spellcheck="false" autocapitalize="off"
                    prop:value=text aria-invalid=move || (!shown.read().is_empty()).then_some("true")
                    aria-describedby=error_id.clone() on:input=typed on:keydown=enter_sends>{at_first}</textarea>
            </div>
            <div class="bar json-bar">
                <p class="hint grow">"State, variants, rules and rollout of this flag; nothing else is kept of it"</p>
                <button type="button" class="button button-small needs-js" on:click=format>"Format"</button>
                <Copy text=text label="Copy the definition"/>
            </div>
            <div class="field-error" id=error_id aria-live="polite">{lines}</div>
        </div>
    }
    .into_any()
}
