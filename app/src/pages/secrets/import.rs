//! The import dialog: paste or choose a `.env` or JSON text, see what it would change, and write all
//! of it or nothing. The preview holds keys and reasons, never values.

use super::file::read_text;
use super::{Facts, ImportSecrets, PreviewImport, desk};
use crate::address::{address, has};
use crate::call::{invoke, spawn};
use crate::components::badge::Tone;
use crate::components::form::form_state;
use crate::components::time::number;
use crate::components::{Badge, Dialog, Field, FormError, PostForm, Submit};
use crate::live::live;
use crate::pages::entries::Reach;
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Refusal;
use nexus_domain::import::{ImportItem, ImportReport, ImportState};
use wasm_bindgen::JsCast;

/// The dialog, while the address asks for it.
#[component]
pub fn Import(facts: Facts) -> impl IntoView {
    let asked = has("import");
    move || (asked.get() && facts.may_write).then(|| view! { <Form facts/> })
}

#[component]
fn Form(facts: Facts) -> impl IntoView {
    let desk = desk();
    let here = address();
    let close = here.without(&["import"]);
    let clear = move || {
        desk.text.set(String::new());
        desk.report.set(None);
    };
    view! {
        <Dialog title="Import secrets" class="dialog-wide" close=close.clone() on_close=move |()| clear()>
            <PostForm action=ImportSecrets::PATH to=close.clone() class="stack" on_done=move |_| clear()>
                <Which here=desk.here/>
                <TextField/>
                {move || desk.report.get().map(|report| view! { <Preview report/> })}
                <Field label="Description" name="description" placeholder="Moved from the old vault"
                    hint="Optional. It stands beside every version that is written"/>
                <Reach linked=facts.linked/>
                <FormError/>
                <div class="actions">
                    <a class="button button-quiet" href=close data-noscroll>"Cancel"</a>
                    <Submit label="Import"/>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}

/// Where the text goes, and the buttons that read a file and ask for the preview.
#[component]
fn TextField() -> impl IntoView {
    let (desk, live, form) = (desk(), live(), form_state());
    form.has_field("text");
    let (id, error_id) = (form.id("text"), form.id("text-error"));
    let error = form.error("text");
    let preview = move || {
        let (tenant, project, environment, service) = desk.place();
        let args = PreviewImport { tenant, project, environment, service, text: desk.text.get_untracked() };
        spawn(async move {
            let (report, refusal) = match invoke(live, args).await {
                Ok(report) => (Some(report), None),
                Err(refusal) => (None, Some(refusal)),
            };
            let _gone = desk.report.try_set(report);
            let _gone = form.refusal.try_set(refusal);
        });
    };
    let typed = move |event| {
        desk.text.set(event_target_value(&event));
        desk.report.set(None);
    };
    let chosen = move |event: web_sys::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let files = input.and_then(|input| input.files());
        spawn(async move {
            match read_text(files).await {
                Ok(text) => {
                    let _gone = desk.text.try_set(text);
                    preview();
                }
                Err(problem) => {
                    let _gone = form.refusal.try_set(Some(Refusal::invalid("text", problem)));
                }
            }
        });
    };
    // The text is in the field only after the event.
    let pasted = move |_| request_animation_frame(preview);
    view! {
        <div class="field">
            <label for=id.clone()>"Text"</label>
            <div class="control mono">
                <textarea id=id name="text" rows="8" spellcheck="false" autocomplete="off" autofocus=true
                    placeholder="DATABASE_URL=postgres://…" aria-describedby=error_id.clone()
                    aria-invalid=move || error.read().is_some().then_some("true") prop:value=desk.text on:input=typed
                    on:paste=pasted></textarea>
            </div>
            <p class="hint">"A .env text or a JSON object, at most 1 MiB and 1,000 keys. All of it is written, or nothing."</p>
            <div class="field-error" id=error_id aria-live="polite">
                {move || error.get().map(|text| view! { <p>{text}</p> })}
            </div>
            <div class="import-buttons needs-js">
                <label class="button button-small">
                    "Choose a file"
                    <input type="file" class="visually-hidden" accept=".env,.json,.txt,text/plain,application/json" on:change=chosen/>
                </label>
                <button type="button" class="button button-small" on:click=move |_| preview()>"Preview"</button>
                <span class="hint">"Comparing with what is here reads the present values, and is in the audit log."</span>
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Preview(report: ImportReport) -> impl IntoView {
    let amounts = [
        (report.new, "new"),
        (report.changed, "changed"),
        (report.unchanged, "unchanged"),
        (report.invalid, "invalid"),
    ];
    let summary = amounts
        .into_iter()
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, what)| {
            let mut text = number(amount);
            text.push(' ');
            text.push_str(what);
            text
        })
        .collect::<Vec<_>>()
        .join(" · ");
    let invalid = report.invalid > 0;
    let items = report.items.into_iter().map(item).collect_view();
    view! {
        <section class="preview" aria-label="Preview">
            <p role="status"><b>{summary}</b></p>
            {invalid.then(|| view! { <p class="note note-red">"Nothing is written while a key is invalid."</p> })}
            <ul class="preview-items" tabindex="0" aria-label="Keys">{items}</ul>
        </section>
    }
    .into_any()
}

fn item(item: ImportItem) -> AnyView {
    let (tone, word) = match item.state {
        ImportState::New => (Tone::Green, "NEW"),
        ImportState::Changed => (Tone::Amber, "CHANGED"),
        ImportState::Unchanged => (Tone::Plain, "UNCHANGED"),
        ImportState::Invalid => (Tone::Red, "INVALID"),
    };
    view! {
        <li>
            <span class="preview-line">{item.line}</span>
            <span class="preview-key"><code>{item.key}</code>{item.reason.map(|reason| view! { <small>{reason}</small> })}</span>
            <Badge text=word tone/>
        </li>
    }
    .into_any()
}
