//! What a context gets from the open flag, and why. It is a question, so the context stands in the
//! address: it can be shared, and works without JavaScript.

use super::explanation::{Explained, Told};
use crate::address::{address, query};
use crate::components::get_form::GetForm;
use leptos::prelude::*;
use nexus_domain::Refusal;

#[component]
pub fn Explain(told: Option<Result<Told, Refusal>>) -> impl IntoView {
    let here = address();
    let close = move || here.without(&["form", "from", "user", "attributes"]);
    let refusal = told.as_ref().and_then(|told| told.as_ref().err().cloned());
    let answer = told.and_then(Result::ok).map(|told| {
        view! { <section class="value-panel" aria-label="Answer"><h2>"Answer"</h2><Explained told/></section> }
    });
    let asks_first = answer.is_none();
    view! {
        <GetForm label="Explain for a context" class="stack detail-form" of=&["user", "attributes"]>
            <ContextFields refusal=refusal.clone() autofocus=asks_first/>
            <div class="actions">
                <a class="button button-quiet" href=close data-noscroll title="Close (Esc)" aria-keyshortcuts="Escape">"Close"</a>
                <button type="submit" class="button button-primary">"Explain"</button>
            </div>
        </GetForm>
        {answer}
    }
    .into_any()
}

/// Whom a flag is evaluated for.
#[component]
pub fn ContextFields(refusal: Option<Refusal>, #[prop(optional)] autofocus: bool) -> impl IntoView {
    let [user, attributes] = ["user", "attributes"].map(query);
    let anywhere = refusal
        .as_ref()
        .filter(|it| ["targetingKey", "attributes", "keys"].iter().all(|field| it.field(field).is_none()));
    let anywhere = anywhere
        .map(|refusal| view! { <div class="form-error" role="alert"><p>{refusal.message.clone()}</p></div> });
    if autofocus {
        crate::components::field::focus_when_shown("context-user".to_owned());
    }
    view! {
        <div class="columns">
            <div class="field">
                <label for="context-user">"Targeting key"</label>
                <div class="control mono"><input id="context-user" name="user" value=user.get_untracked() placeholder="user-1"
                    autocomplete="off" spellcheck="false" autocapitalize="off"/></div>
                <p class="hint">"Who it is: decides percentages and splits"</p>
                {refused_at(refusal.as_ref(), "targetingKey")}
            </div>
            <div class="field">
                <label for="context-attributes">"Attributes"</label>
                <div class="control mono"><textarea id="context-attributes" name="attributes" rows="3" placeholder="plan = pro\nage = 18"
                    autocomplete="off" spellcheck="false" autocapitalize="off">{attributes.get_untracked()}</textarea></div>
                <p class="hint">"One on each line, or a JSON object. It stands in the address"</p>
                {refused_at(refusal.as_ref(), "attributes")}
            </div>
        </div>
        {anywhere}
    }
    .into_any()
}

/// What is wrong with a field of a question.
pub fn refused_at(refusal: Option<&Refusal>, field: &str) -> AnyView {
    let rule = refusal.and_then(|refusal| refusal.field(field)).map(str::to_owned);
    rule.map(|rule| view! { <div class="field-error" role="alert"><p>{rule}</p></div> }).into_any()
}
