//! The form of a whole definition: state, variants, rules, rollout. Its fields are plain ones that a
//! browser sends by itself. Rows that come, move and go are buttons of the form: at once where there is
//! JavaScript, and by sending the form and getting it back where there is none.

mod fields;
mod preview;
mod rules;
mod serve;
mod variants;

use super::draft::Draft;
use super::new::StateFields;
use super::timeline::Timeline;
use super::{Facts, Flag, Opened, SaveFlag};
use crate::address::{address, service_params};
use crate::components::form::{FormState, form_body, form_state};
use crate::components::{Field, Hidden, PostForm};
use crate::pages::entries::{Finish, Reach, focus_soon, started_from};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Refusal;
use wasm_bindgen::JsCast;

/// What was typed, as long as the form is open: the page may be read again meanwhile.
#[derive(Clone, Copy)]
pub struct Kept(RwSignal<Option<Draft>>);

impl Kept {
    pub fn new() -> Self {
        Self(RwSignal::new(None))
    }

    pub fn forget(self) {
        self.0.set(None);
    }
}

/// The form while it is filled in.
#[derive(Clone, Copy)]
struct Desk {
    form: FormState,
    kept: Kept,
    /// The rows that are on the page.
    shown: RwSignal<Draft>,
    /// What stands in their fields.
    typed: RwSignal<Draft>,
    /// Counts up when the rows are drawn anew.
    round: StoredValue<u32>,
}

impl Desk {
    fn new(stored: Draft) -> Self {
        let form = form_state();
        let kept = use_context().unwrap_or_else(Kept::new);
        let refused = || form.all_typed().map(|fields| Draft::of_fields(&fields));
        let draft = kept.0.get_untracked().or_else(refused).unwrap_or(stored);
        let (shown, typed) = (RwSignal::new(draft.clone()), RwSignal::new(draft));
        Self { form, kept, shown, typed, round: StoredValue::new(0) }
    }

    /// Reads the fields of the form around what an event is about.
    fn read(self, event: &web_sys::Event) {
        let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let form = element.and_then(|element| element.closest("form").ok().flatten());
        if let Some(form) = form.and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok()) {
            let draft = Draft::of_body(&form_body(&form, None));
            self.kept.0.set(Some(draft.clone()));
            self.typed.set(draft);
        }
    }

    /// Something was typed. Another type of variants has other fields.
    fn input(self, event: &web_sys::Event) {
        self.read(event);
        let (kind, before) = (
            self.typed.with_untracked(|it| it.kind.clone()),
            self.shown.with_untracked(|it| it.kind.clone()),
        );
        if kind != before {
            let lacks = self.typed.with_untracked(|it| it.variants.is_empty());
            let act = if lacks && kind != "boolean" { "variant.add" } else { "" };
            self.change(act);
            focus_soon("[name=kind]:checked".to_owned());
        }
    }

    /// A button of the form was pressed.
    fn act(self, event: &web_sys::Event, act: &str) {
        event.prevent_default();
        self.read(event);
        self.change(act);
        focus_soon(self.typed.with_untracked(|draft| goal(draft, act)));
    }

    fn change(self, act: &str) {
        self.typed.update(|draft| draft.apply(act));
        let draft = self.typed.get_untracked();
        self.kept.0.set(Some(draft.clone()));
        self.round.update_value(|round| *round = round.wrapping_add(1));
        self.shown.set(draft);
        // What was refused stood at rows that may be others now; a lost race is about none of them.
        if self.form.refusal.with_untracked(|it| it.as_ref().and_then(Refusal::lost_race).is_none()) {
            self.form.refusal.set(None);
        }
    }
}

/// What gets the focus after an act.
fn goal(draft: &Draft, act: &str) -> String {
    let words: Vec<&str> = act.split('.').collect();
    let last = |count: usize| count.saturating_sub(1);
    match words.as_slice() {
        ["variant", "add"] => format!("[name='variants[{}][name]']", last(draft.variants.len())),
        ["variant", ..] => "[value='variant.add']".to_owned(),
        ["rule", "add"] => format!("[name='rules[{}][id]']", last(draft.rules.len())),
        ["rule", at, "part", "add"] => {
            let parts =
                at.parse().ok().and_then(|at: usize| draft.rules.get(at)).map_or(0, |rule| rule.parts.len());
            format!("[name='rules[{at}][parts][{}][attribute]']", last(parts))
        }
        ["rule", at, "part", ..] => format!("[value='rule.{at}.part.add']"),
        ["rule", at, "up"] => {
            format!("[value='rule.{}.up']", at.parse::<usize>().map_or(0, |at| at.saturating_sub(1)))
        }
        ["rule", at, "down"] => format!("[value='rule.{}.down']", at.parse::<usize>().map_or(0, |at| at + 1)),
        _ => "[value='rule.add']".to_owned(),
    }
}

#[component]
pub fn Editor(flag: Flag, opened: Opened, facts: Facts) -> impl IntoView {
    let close = address().without(&["form", "from"]);
    let words = (!facts.targeting)
        .then(|| super::detail::served(opened.rules.clone(), opened.otherwise.clone(), true));
    view! {
        <PostForm action=SaveFlag::PATH to=close.clone() class="stack detail-form">
            // Enter presses the first button of a form, and that is not to be one that moves a rule.
            <button type="submit" class="visually-hidden" tabindex="-1" aria-hidden="true">"Save"</button>
            <Which here=service_params()/>
            <Hidden name="key" value=flag.key/>
            <p class="note no-js">
                "Without JavaScript the form is sent for every row that comes or goes, and the preview shows what is stored."
            </p>
            <Fields opened words facts/>
            <Field label="Description" name="description" placeholder="Why this version?"/>
            <Reach linked=facts.linked/>
            <Finish started_from=started_from(flag.version) label="Save" key="⏎" cancel=close now=facts.now
                again=|current| format!("Save mine as v{}", current + 1)/>
        </PostForm>
    }
    .into_any()
}

#[component]
fn Fields(opened: Opened, words: Option<AnyView>, facts: Facts) -> impl IntoView {
    let Opened { draft, shares, .. } = opened;
    let desk = Desk::new(draft);
    let at_first = desk.shown.get_untracked();
    let moments = Memo::new(move |_| desk.typed.with(|draft| (draft.is_scheduled(), draft.moments())));
    let timeline = move || {
        let (scheduled, [starts_at, ends_at]) = moments.get();
        scheduled.then(|| view! { <Timeline starts_at ends_at now=facts.now/> })
    };
    let targeting = facts.targeting;
    let rows = move || {
        let draft = desk.shown.get();
        let variants = view! { <variants::Variants desk draft=draft.clone()/> };
        let rules =
            targeting.then(|| view! { <rules::Rules desk draft=draft.clone()/><serve::Rollout desk draft/> });
        // The fields of the rows before are not to be taken over with what was typed into them, so each
        // round is another kind of element.
        match desk.round.get_value() % 2 {
            0 => view! { <div class="stack">{variants}{rules}</div> }.into_any(),
            _ => view! { <section class="stack">{variants}{rules}</section> }.into_any(),
        }
    };
    let without = words.map(|words| {
        view! {
            <input type="hidden" name="keep_targeting" value="true"/>
            <p class="note">"Rules and percentages need A/B testing, which this project does not have: a project owner
                changes that in the project’s settings. What is stored is kept, read-only."</p>
            {words}
        }
    });
    view! {
        <div class="stack" on:input=move |event| desk.input(&event)>
            <StateFields state=at_first.state starts_at=at_first.starts_at ends_at=at_first.ends_at/>
            {timeline}
            {rows}
            {without}
            {targeting.then(|| view! { <preview::Preview desk shares/> })}
        </div>
    }
    .into_any()
}
