//! The import dialog of secrets and configs: paste or choose a `.env`, JSON or YAML text, see what it
//! would change, and write all of it or nothing. The preview holds keys and reasons, never values.

use super::Reach;
use super::file::read_text;
use crate::address::{ServiceParams, address, has};
use crate::call::spawn;
use crate::components::badge::Tone;
use crate::components::form::form_state;
use crate::components::time::number;
use crate::components::{Badge, Choice, Dialog, Field, FormError, PostForm, Submit};
use crate::live::{Live, live};
use crate::pages::service::settings::Which;
use futures::future::LocalBoxFuture;
use leptos::prelude::*;
use nexus_domain::Refusal;
use nexus_domain::import::{ImportFormat, ImportItem, ImportReport, ImportState};
use nexus_domain::service::ServicePath;
use wasm_bindgen::JsCast;

/// What is to be previewed, and where.
pub struct Draft {
    pub tenant: String,
    pub path: ServicePath,
    pub format: String,
    pub text: String,
}

/// What secrets and configs do differently.
#[derive(Clone, Copy)]
pub struct Importing {
    pub title: &'static str,
    /// The path of the server function that imports.
    pub action: &'static str,
    pub preview: fn(Live, Draft) -> LocalBoxFuture<'static, Result<ImportReport, Refusal>>,
    /// What a preview costs.
    pub hint: &'static str,
}

/// The text in the dialog, how to read it, and what it would change. It outlives the dialog's page.
#[derive(Clone, Copy)]
pub struct ImportDesk {
    text: RwSignal<String>,
    format: RwSignal<String>,
    report: RwSignal<Option<ImportReport>>,
}

impl Default for ImportDesk {
    fn default() -> Self {
        let format = RwSignal::new(ImportFormat::Auto.as_str().to_owned());
        Self { text: RwSignal::new(String::new()), format, report: RwSignal::new(None) }
    }
}

impl ImportDesk {
    pub fn clear(self) {
        self.text.set(String::new());
        self.format.set(ImportFormat::Auto.as_str().to_owned());
        self.report.set(None);
    }
}

/// The dialog, while the address asks for it.
#[component]
pub fn Import(
    importing: Importing,
    desk: ImportDesk,
    here: ServiceParams,
    may_write: bool,
    linked: i64,
) -> impl IntoView {
    let asked = has("import");
    move || (asked.get() && may_write).then(|| view! { <Form importing desk at=here linked/> })
}

#[component]
fn Form(importing: Importing, desk: ImportDesk, at: ServiceParams, linked: i64) -> impl IntoView {
    let close = address().without(&["import"]);
    view! {
        <Dialog title=importing.title class="dialog-wide" close=close.clone() on_close=move |()| desk.clear()>
            <PostForm action=importing.action to=close.clone() class="stack" on_done=move |_| desk.clear()>
                <Which here=at/>
                <TextField importing desk at/>
                {move || desk.report.get().map(|report| view! { <Preview report/> })}
                <Field label="Description" name="description" placeholder="Moved from the old vault"
                    hint="Optional. It stands beside every version that is written"/>
                <Reach linked/>
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

/// Where the text goes, how it is read, and the buttons that read a file and ask for the preview.
#[component]
fn TextField(importing: Importing, desk: ImportDesk, at: ServiceParams) -> impl IntoView {
    let (live, form) = (live(), form_state());
    form.has_field("text");
    let (id, error_id) = (form.id("text"), form.id("text-error"));
    let error = form.error("text");
    let preview = move || {
        let draft = Draft {
            tenant: at.tenant.get_untracked(),
            path: at.path_now(),
            format: desk.format.get_untracked(),
            text: desk.text.get_untracked(),
        };
        spawn(async move {
            let (report, refusal) = match (importing.preview)(live, draft).await {
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
    let formats = vec![("auto", "Recognise it"), ("env", ".env"), ("json", "JSON"), ("yaml", "YAML")];
    let choose = Callback::new(move |format: String| {
        desk.format.set(format);
        if !desk.text.with_untracked(String::is_empty) {
            preview();
        }
    });
    view! {
        <div class="field">
            <label for=id.clone()>"Text"</label>
            <div class="control mono">
                <textarea id=id name="text" rows="8" spellcheck="false" autocomplete="off" autofocus=true
                    placeholder="DATABASE_URL=postgres://…" aria-describedby=error_id.clone()
                    aria-invalid=move || error.read().is_some().then_some("true") prop:value=desk.text on:input=typed
                    on:paste=pasted></textarea>
            </div>
            <p class="hint">"A .env text, a JSON object or a YAML mapping, at most 1 MiB and 1,000 keys. All of it is written, or nothing."</p>
            <div class="field-error" id=error_id aria-live="polite">
                {move || error.get().map(|text| view! { <p>{text}</p> })}
            </div>
            <div class="import-buttons needs-js">
                <label class="button button-small">
                    "Choose a file"
                    <input type="file" class="visually-hidden" accept=".env,.json,.yaml,.yml,.txt,text/plain,application/json,application/yaml" on:change=chosen/>
                </label>
                <button type="button" class="button button-small" on:click=move |_| preview()>"Preview"</button>
                <span class="hint">{importing.hint}</span>
            </div>
        </div>
        <Choice label="Format" name="format" options=formats value=desk.format.get_untracked() on_change=choose/>
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
    let format = format_name(report.format);
    let items = report.items.into_iter().map(item).collect_view();
    view! {
        <section class="preview" aria-label="Preview">
            <p role="status">"Read as "{format}": "<b>{summary}</b></p>
            {invalid.then(|| view! { <p class="note note-red">"Nothing is written while a key is invalid."</p> })}
            <ul class="preview-items" tabindex="0" aria-label="Keys">{items}</ul>
        </section>
    }
    .into_any()
}

const fn format_name(format: ImportFormat) -> &'static str {
    match format {
        ImportFormat::Json => "JSON",
        ImportFormat::Yaml => "YAML",
        ImportFormat::Env | ImportFormat::Auto => ".env",
    }
}

fn item(item: ImportItem) -> AnyView {
    let (tone, word) = match item.state {
        ImportState::New => (Tone::Green, "NEW"),
        ImportState::Changed => (Tone::Amber, "CHANGED"),
        ImportState::Unchanged => (Tone::Plain, "UNCHANGED"),
        ImportState::Invalid => (Tone::Red, "INVALID"),
    };
    let class = if item.state == ImportState::Invalid { "preview-wrong" } else { "preview-remark" };
    view! {
        <li>
            <span class="preview-line">{item.line}</span>
            <span class="preview-key"><code>{item.key}</code>{item.reason.map(|reason| view! { <small class=class>{reason}</small> })}</span>
            <Badge text=word tone/>
        </li>
    }
    .into_any()
}
