//! The field of a value: masked, with an eye and a generator beside it; several lines where the
//! text has several; a file where the secret is one. Without JavaScript it is a password field.

use super::file::FileControl;
use super::generator::Generator;
use crate::components::field::{IN_A_NEW_PAGE, focus_when_shown, typed_already};
use crate::components::form::form_state;
use crate::components::icon::{Glyph, Icon};
use crate::pages::entries::enter_sends;
use leptos::prelude::*;
use nexus_domain::secret::{MAX_TEXT_BYTES, SecretType};

/// What is being typed or chosen. It lives beside the form, so that the form may be drawn again.
#[derive(Clone, Copy)]
pub struct ValueState {
    pub kind: RwSignal<SecretType>,
    pub text: RwSignal<String>,
    /// Whether the text can be read on the screen.
    pub seen: RwSignal<bool>,
    /// Whether there is room for several lines.
    lines: RwSignal<bool>,
    pub generator: RwSignal<bool>,
    pub file: RwSignal<Option<ChosenFile>>,
    /// What is wrong with the file.
    pub problem: RwSignal<String>,
}

/// A file that was read.
#[derive(Clone)]
pub struct ChosenFile {
    pub name: String,
    pub size: usize,
    pub base64: String,
}

impl ValueState {
    pub fn new() -> Self {
        Self {
            kind: RwSignal::new(SecretType::Text),
            text: RwSignal::new(String::new()),
            seen: RwSignal::new(false),
            lines: RwSignal::new(false),
            generator: RwSignal::new(false),
            file: RwSignal::new(None),
            problem: RwSignal::new(String::new()),
        }
    }

    /// Forgets everything, for the next secret.
    pub fn clear(self) {
        self.kind.set(SecretType::Text);
        self.generator.set(false);
        self.file.set(None);
        self.problem.set(String::new());
        self.text.set(String::new());
        self.mask();
    }

    /// Covers the text again. The tab may be gone by now, and then there is none.
    pub fn mask(self) {
        let several = self.text.try_with_untracked(|text| text.contains('\n')).unwrap_or(false);
        if self.seen.try_set(false).is_none() && self.lines.get_untracked() != several {
            self.lines.set(several);
        }
    }

    pub fn show(self) {
        self.seen.set(true);
        self.lines.set(true);
    }

    fn toggle(self) {
        if self.seen.get_untracked() { self.mask() } else { self.show() }
    }

    /// Takes a text as it is, with room for all of its lines.
    pub fn put(self, text: String) {
        self.lines.set(self.seen.get_untracked() || text.contains('\n'));
        self.text.set(text);
    }
}

/// The field of the value, as `value` or `value_base64`.
#[component]
pub fn ValueField(
    state: ValueState,
    /// The key that gets it; nothing while that is still to be typed.
    about: String,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let form = form_state();
    form.has_field("value");
    form.has_field("value_base64");
    let (id, error_id) = (form.id("value"), form.id("value-error"));
    if let Some(typed) = typed_already(&id, &about).filter(|_| state.text.read_untracked().is_empty()) {
        state.text.set(typed);
    }
    let (in_text, in_base64) = (form.error("value"), form.error("value_base64"));
    let error = Memo::new(move |_| in_text.get().or_else(|| in_base64.get()).or_else(|| problem(state)));
    if autofocus {
        focus_when_shown(id.clone());
    }
    let described_by = error_id.clone();
    let label_for = id.clone();
    let control = move || {
        let (id, error_id, about) = (id.clone(), error_id.clone(), about.clone());
        match state.kind.get() {
            SecretType::Text => view! { <TextControl state about id error_id error autofocus/> }.into_any(),
            SecretType::File => view! { <FileControl state id error_id/> }.into_any(),
        }
    };
    let hint = move || match state.kind.get() {
        SecretType::File => "At most 1 MiB. Encrypted with AES-256-GCM before it is stored",
        SecretType::Text if state.lines.get() => {
            "Shift and Enter begins a new line. Encrypted with AES-256-GCM before it is stored"
        }
        SecretType::Text => "Encrypted with AES-256-GCM before it is stored",
    };
    view! {
        <div class="field">
            <label for=label_for>"Value"</label>
            {control}
            <p class="hint">{hint}</p>
            {move || state.generator.get().then(|| view! { <Generator state/> })}
            {move || at_its_ends(state).then(|| view! {
                <p class="hint hint-amber">"It begins or ends with a space or a line break. They are kept."</p>
            })}
            <div class="field-error" id=described_by aria-live="polite">
                {move || error.get().map(|text| view! { <p>{text}</p> })}
            </div>
        </div>
    }
    .into_any()
}

/// What can be said to be wrong before anything is sent.
fn problem(state: ValueState) -> Option<String> {
    if state.kind.get() == SecretType::File {
        return Some(state.problem.get()).filter(|text| !text.is_empty());
    }
    let size = state.text.read().len();
    (size > MAX_TEXT_BYTES).then(|| {
        let size = crate::components::time::number(i64::try_from(size).unwrap_or(i64::MAX));
        format!("A text is at most 64 KiB; this has {size} bytes. Store it as a file")
    })
}

fn at_its_ends(state: ValueState) -> bool {
    state.kind.get() == SecretType::Text && state.text.with(|text| text.trim() != text)
}

#[component]
fn TextControl(
    state: ValueState,
    about: String,
    id: String,
    error_id: String,
    error: Memo<Option<String>>,
    autofocus: bool,
) -> impl IntoView {
    let invalid = move || error.read().is_some().then_some("true");
    let typed = move |event| state.text.set(event_target_value(&event));
    let buttons = view! {
        <button type="button" class="button button-icon needs-js" on:click=move |_| state.toggle()
            aria-pressed=move || if state.seen.get() { "true" } else { "false" } aria-label="Show the value"
            title=move || if state.seen.get() { "Hide the value" } else { "Show the value" }>
            {move || view! { <Icon glyph=if state.seen.get() { Glyph::EyeOff } else { Glyph::Eye }/> }}
        </button>
        <button type="button" class="button button-icon needs-js" aria-label="Generate a value" title="Generate a value"
            aria-expanded=move || if state.generator.get() { "true" } else { "false" }
            on:click=move |_| state.generator.update(|open| *open = !*open)><Icon glyph=Glyph::Dice/></button>
    };
    let field = move || {
        let (id, error_id, about) = (id.clone(), error_id.clone(), about.clone());
        if state.lines.get() {
            view! {
                <textarea id=id name="value" data-about=about rows=move || rows(&state.text.read()) spellcheck="false" autocomplete="off"
                    class:masked=move || !state.seen.get() aria-required="true" aria-invalid=invalid
                    aria-describedby=error_id prop:value=state.text on:input=typed on:keydown=enter_sends></textarea>
            }
            .into_any()
        } else {
            let goal = id.clone();
            let pasted = move |event| paste_lines(state, &event, &goal);
            view! {
                <input id=id name="value" data-about=about type="password" autocomplete="new-password" spellcheck="false"
                    autocapitalize="off" data-1p-ignore="" data-lpignore="true" data-bwignore="" autofocus=autofocus && IN_A_NEW_PAGE aria-required="true" aria-invalid=invalid
                    aria-describedby=error_id prop:value=state.text on:input=typed on:paste=pasted/>
            }
            .into_any()
        }
    };
    view! { <div class="control mono value-control">{field}{buttons}</div> }.into_any()
}

fn rows(text: &str) -> String {
    (text.lines().count().clamp(1, 12)).to_string()
}

/// A password field drops line breaks, so a text that has some goes where they fit.
fn paste_lines(state: ValueState, event: &web_sys::ClipboardEvent, id: &str) {
    let text = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok()).unwrap_or_default();
    if !text.trim_end().contains('\n') {
        return;
    }
    event.prevent_default();
    state.put(text.replace("\r\n", "\n"));
    super::super::entries::focus_soon(format!("#{id}"));
}
