//! Forms that change something. Without JavaScript they post and the page comes back; with it the
//! same request is made in the background, what was refused stands at its field, and what was
//! typed stays. One component for every server function.

use crate::address::{address, navigator};
use crate::call::{act, on_this_thread, spawn};
use crate::done::{Done, FORM_ID, FORM_TO, RefusedForm};
use crate::json;
use crate::live::{Live, live};
use crate::refused::no_connection;
use leptos::context::Provider;
use leptos::prelude::*;
use nexus_domain::{Code, Refusal};
use wasm_bindgen::{JsCast, JsValue};

/// What a form's fields and buttons know of it.
#[derive(Clone, Copy)]
pub struct FormState {
    /// In front of the ids of its fields.
    key: StoredValue<String>,
    pub refusal: RwSignal<Option<Refusal>>,
    pub pending: RwSignal<bool>,
    /// Whether it came back from the question for the password, to be sent once more.
    waits: RwSignal<bool>,
    kept: StoredValue<Option<RefusedForm>>,
    fields: StoredValue<Vec<String>>,
}

impl FormState {
    fn new(live: Live, action: &str, id: &str) -> Self {
        let kept = live.refused(action, id);
        let refusal = kept.as_ref().map(|form| form.refusal.clone());
        let waits = refusal.as_ref().is_some_and(|refusal| refusal.code == Code::StepUpRequired);
        let refusal = refusal.filter(|_| !waits);
        let name = action.rsplit('/').next().unwrap_or_default();
        Self {
            key: StoredValue::new(format!("{name}{id}")),
            refusal: RwSignal::new(refusal),
            pending: RwSignal::new(false),
            waits: RwSignal::new(waits),
            kept: StoredValue::new(kept),
            fields: StoredValue::new(Vec::new()),
        }
    }

    /// The id of a field's element.
    pub fn id(self, field: &str) -> String {
        self.key.with_value(|key| format!("{key}-{field}"))
    }

    /// What was typed into a field before the page came back.
    pub fn typed(self, field: &str) -> Option<String> {
        self.kept.with_value(|kept| kept.as_ref().and_then(|form| form.typed(field)).map(str::to_owned))
    }

    /// All that was typed before the page came back, where it came back.
    pub fn all_typed(self) -> Option<Vec<(String, String)>> {
        self.kept.with_value(|kept| kept.as_ref().map(|form| form.typed.clone()))
    }

    /// Called by each field, so that its error is shown there and nowhere else.
    pub fn has_field(self, name: impl Into<String>) {
        self.fields.update_value(|fields| fields.push(name.into()));
    }

    /// What is wrong with a field, in words.
    pub fn error(self, field: impl Into<String>) -> Memo<Option<String>> {
        let field = field.into();
        Memo::new(move |_| {
            self.refusal.read().as_ref().and_then(|refusal| refusal.field(&field).map(str::to_owned))
        })
    }

    /// What is wrong and stands at no field.
    fn general_error(self) -> Option<String> {
        let refusal = self.refusal.get()?;
        let at_a_field = self.fields.with_value(|fields| fields.iter().any(|f| refusal.field(f).is_some()));
        (!at_a_field).then_some(refusal.message)
    }
}

/// The form around this component.
pub fn form_state() -> FormState {
    use_context().unwrap_or_else(|| FormState::new(live(), "", ""))
}

/// A form that posts to a server function, for example `<PostForm action=CreateProject::PATH>`.
#[component]
pub fn PostForm(
    #[prop(into)] action: String,
    /// Tells forms of one action on one page apart.
    #[prop(optional, into)]
    id: String,
    /// Where to go when it was accepted, unless the function says so itself.
    #[prop(optional, into)]
    to: String,
    #[prop(optional)] class: &'static str,
    /// Called after the form was accepted.
    #[prop(optional, into)]
    on_done: Option<Callback<Done>>,
    /// Where the function answers with something to show, and not with what was done: called with its JSON.
    #[prop(optional, into)]
    on_answer: Option<Callback<String>>,
    children: Children,
) -> impl IntoView {
    let live = live();
    let state = FormState::new(live, &action, &id);
    let navigate = navigator();
    // That the server could not be reached is no news any more once it can be.
    Effect::new(move |_| {
        if !live.offline.get() {
            // A form that its own answer has taken off the page has no refusal any more.
            let _gone = state.refusal.try_maybe_update(|refusal| {
                (refusal.take_if(|refusal| *refusal == no_connection()).is_some(), ())
            });
        }
    });
    let url = action.clone();
    let goal = to.clone();
    let submit = move |event: web_sys::SubmitEvent| {
        if event.default_prevented() {
            return;
        }
        event.prevent_default();
        let Some(form) = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok())
        else {
            return;
        };
        if state.pending.get_untracked() {
            return;
        }
        let body = form_body(&form, event.submitter());
        live.sent.set_value(key_in(&form));
        let (url, goal, navigate) = (url.clone(), goal.clone(), navigate.clone());
        state.pending.set(true);
        state.waits.set(false);
        spawn(async move {
            let answer = act(live, url, body).await;
            let _gone = state.pending.try_set(false);
            match answer {
                Ok(text) if on_answer.is_some() => {
                    let _gone = state.refusal.try_set(None);
                    form.reset();
                    if let Some(on_answer) = on_answer {
                        on_answer.try_run(text);
                    }
                }
                Ok(text) => {
                    let done: Done = json::read(&text).unwrap_or_default();
                    let _gone = state.refusal.try_set(None);
                    form.reset();
                    accept(live, &done, &goal, &navigate);
                    if let Some(on_done) = on_done {
                        on_done.try_run(done);
                    }
                }
                Err(refusal) => {
                    let _gone = state.refusal.try_set(Some(refusal));
                    focus_first_error(form);
                }
            }
        });
    };
    let hidden = [(FORM_ID, id), (FORM_TO, to)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    view! {
        <form method="post" action=action class=class on:submit=submit autocomplete="off">
            {hidden}
            <Provider value=state>{children()}</Provider>
        </form>
    }
    .into_any()
}

/// Says what was done, goes where it says, and reads the page again.
pub fn accept(live: Live, done: &Done, goal: &str, navigate: &impl Fn(&str, bool)) {
    if !done.notice.is_empty() {
        live.toast(done.clone());
    }
    if let Some(elsewhere) = &done.leave {
        // Where the browser refuses to navigate, the page stays as it is.
        let _refused = window().location().set_href(elsewhere);
        return;
    }
    let to = done.to.as_deref().unwrap_or(goal);
    let here = window().location().pathname().unwrap_or_default();
    let same_page = to.is_empty() || to.split('?').next() == Some(here.as_str());
    if !to.is_empty() {
        navigate(to, same_page);
    }
    // Another page reads its own data. This one waits a moment, so that a dialog that has just been
    // closed does not read again what is gone.
    let frame = done.frame;
    let read_again = move || match same_page {
        true => live.reload(frame),
        false if frame => live.reload_frame(),
        false => {}
    };
    set_timeout(read_again, std::time::Duration::ZERO);
}

/// A form's fields as a request body, with the button that sent it.
pub fn form_body(form: &web_sys::HtmlFormElement, submitter: Option<web_sys::HtmlElement>) -> String {
    let Ok(data) = web_sys::FormData::new_with_form(form) else { return String::new() };
    if let Some(button) = submitter.and_then(|button| button.dyn_into::<web_sys::HtmlButtonElement>().ok())
        && !button.name().is_empty()
    {
        // A name that is a string is always taken.
        let _taken = data.append_with_str(&button.name(), &button.value());
    }
    web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data)
        .ok()
        .map(|params| String::from(params.to_string()))
        .unwrap_or_default()
}

/// What the form is about: the `data-key` of a row. Of several (`KEY@version`) it is the first one.
fn key_in(form: &web_sys::HtmlFormElement) -> String {
    let Ok(data) = web_sys::FormData::new_with_form(form) else { return String::new() };
    let one = ["key", "slug", "email"].into_iter().find_map(|name| data.get(name).as_string());
    let first = || Some(data.get("keys").as_string()?.split(['@', ' ']).next()?.to_owned());
    // What a selector would take for its own signs is the key of no row.
    one.or_else(first).filter(|key| !key.contains(['"', '\\', '\n'])).unwrap_or_default()
}

/// Puts the focus on the first field that was refused, once the page shows it.
fn focus_first_error(form: web_sys::HtmlFormElement) {
    let form = on_this_thread(form);
    request_animation_frame(move || {
        let field = form.query_selector("[aria-invalid=true]").ok().flatten();
        if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
            // A field that is hidden cannot take the focus, and that is fine.
            let _hidden: Result<(), JsValue> = field.focus();
        }
    });
}

/// What was refused and stands at no field. Put it before the buttons.
#[component]
pub fn FormError() -> impl IntoView {
    let state = form_state();
    view! {
        {move || state.waits.get().then(|| view! {
            <p class="note note-amber" role="status">"Nothing was done yet. Send this once more."</p>
        })}
        <div class="form-error" role="alert">
            {move || state.general_error().map(|text| view! { <p>{text}</p> })}
        </div>
    }
    .into_any()
}

/// The button that sends the form.
#[component]
pub fn Submit(
    #[prop(into)] label: String,
    #[prop(optional)] danger: bool,
    /// A key that is shown on the button, for example `⏎`.
    #[prop(optional)]
    key: &'static str,
) -> impl IntoView {
    let state = form_state();
    let class = if danger { "button button-danger" } else { "button button-primary" };
    view! {
        <button
            type="submit"
            class=class
            aria-disabled=move || state.pending.get().then_some("true")
            aria-busy=move || state.pending.get().then_some("true")
        >
            {label}
            {(!key.is_empty()).then(|| view! { <span class="button-key" aria-hidden="true">{key}</span> })}
        </button>
    }
    .into_any()
}

/// The last row of a form that a parameter of the address shows: Cancel leads to the page without it.
#[component]
pub fn FormActions(
    shown_by: &'static str,
    #[prop(into)] label: String,
    /// A key that is shown on the button.
    #[prop(optional)]
    key: &'static str,
) -> impl IntoView {
    let here = address();
    view! {
        <div class="actions">
            <a class="button button-quiet" href=move || here.without(&[shown_by]) data-noscroll
                title="Cancel (Esc)" aria-keyshortcuts="Escape">"Cancel"</a>
            <Submit label key/>
        </div>
    }
    .into_any()
}
