//! The browser's half of passkeys: hands the server's question to `navigator.credentials` and the
//! answer back, both as JSON. It needs a browser that reads and writes that JSON itself, and a page
//! on https or localhost; what is missing is said in words.

use crate::call::{act, spawn};
use crate::components::form::accept;
use crate::done::Done;
use crate::json;
use crate::live::{Live, live};
use js_sys::{Function, JSON, Object, Promise, Reflect};
use leptos::prelude::*;
use nexus_domain::factor::Challenge;
use std::cell::Cell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal};

/// What the browser is asked to do.
#[derive(Clone)]
pub enum Act {
    /// To make a new passkey.
    Create,
    /// To prove that one is there.
    Get,
    /// To offer those that are there among what it fills into a field, and to wait, until it is told
    /// that nobody waits any more.
    Offer(AbortSignal),
}

/// Whether this browser and this host can use passkeys: an address that is no name cannot.
pub fn may_work() -> bool {
    let host = window().location().hostname().unwrap_or_default();
    let is_name = !host.ends_with(|end: char| end.is_ascii_digit() || end == ']');
    is_name && property(&window(), "PublicKeyCredential").is_some()
}

/// Answers a question of the server; what went wrong in words otherwise.
pub async fn answer(act: &Act, question: &Challenge) -> Result<String, String> {
    let (parse, method) = match act {
        Act::Create => ("parseCreationOptionsFromJSON", "create"),
        Act::Get | Act::Offer(_) => ("parseRequestOptionsFromJSON", "get"),
    };
    let Some(class) = property(&window(), "PublicKeyCredential") else {
        return Err("This browser takes no passkeys here; they need https, or localhost".to_owned());
    };
    let Some(parse) = property(&class, parse).and_then(|parse| parse.dyn_into::<Function>().ok()) else {
        return Err("This browser is too old for passkeys here; update it".to_owned());
    };
    let credential =
        ask(&class, &parse, method, act, &question.options).await.map_err(|error| in_words(&error))?;
    let to_json = property(&credential, "toJSON").and_then(|it| it.dyn_into::<Function>().ok());
    let answer = to_json.and_then(|to_json| to_json.call0(&credential).ok());
    let text = answer.and_then(|answer| JSON::stringify(&answer).ok()).map(String::from);
    text.ok_or_else(|| "The browser did not hand on what the passkey said".to_owned())
}

async fn ask(
    class: &JsValue,
    parse: &Function,
    method: &str,
    act: &Act,
    options: &str,
) -> Result<JsValue, JsValue> {
    let options = parse.call1(class, &JSON::parse(options)?)?;
    let argument = Object::new();
    Reflect::set(&argument, &"publicKey".into(), &options)?;
    if let Act::Offer(until) = act {
        Reflect::set(&argument, &"mediation".into(), &"conditional".into())?;
        Reflect::set(&argument, &"signal".into(), until)?;
    }
    let navigator = Reflect::get(&window(), &"navigator".into())?;
    let credentials = Reflect::get(&navigator, &"credentials".into())?;
    let method: Function = Reflect::get(&credentials, &method.into())?.dyn_into()?;
    let promise: Promise = method.call1(&credentials, &argument)?.dyn_into()?;
    JsFuture::from(promise).await
}

fn property(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}

fn in_words(error: &JsValue) -> String {
    let name = property(error, "name").and_then(|name| name.as_string()).unwrap_or_default();
    match name.as_str() {
        "NotAllowedError" | "AbortError" => "No passkey was given: it was cancelled, or took too long",
        "InvalidStateError" => "This device has a passkey of your account already",
        "SecurityError" => "This page is not on the host that passkeys belong to here",
        _ => "The browser could not use a passkey",
    }
    .to_owned()
}

/// Asks the server for a question, the browser for its answer, and sends that with `fields`.
pub async fn ceremony(
    live: Live,
    what: Act,
    ask: &str,
    answer_to: &str,
    fields: &[(&str, String)],
) -> Result<String, String> {
    let question = question(live, ask).await?;
    let said = answer(&what, &question).await?;
    hand_in(live, question, said, answer_to, fields).await
}

async fn question(live: Live, ask: &str) -> Result<Challenge, String> {
    let question = act(live, ask.to_owned(), String::new()).await.map_err(|refusal| refusal.message)?;
    json::read(&question).ok_or_else(|| "The answer of the server cannot be read; reload the page".to_owned())
}

async fn hand_in(
    live: Live,
    question: Challenge,
    said: String,
    answer_to: &str,
    fields: &[(&str, String)],
) -> Result<String, String> {
    let mut body: Vec<(&str, String)> = vec![("token", question.token), ("answer", said)];
    body.extend(fields.iter().cloned());
    let body = serde_qs::to_string(&body.into_iter().collect::<std::collections::BTreeMap<_, _>>());
    act(live, answer_to.to_owned(), body.unwrap_or_default()).await.map_err(|refusal| {
        refusal.details.values().find_map(|rule| rule.as_str().map(str::to_owned)).unwrap_or(refusal.message)
    })
}

/// Whether the browser can offer passkeys among what it fills into a field.
async fn may_offer() -> bool {
    let Some(class) = property(&window(), "PublicKeyCredential") else { return false };
    let ask = property(&class, "isConditionalMediationAvailable").and_then(|ask| ask.dyn_into().ok());
    let promise = ask.and_then(|ask: Function| ask.call0(&class).ok()).and_then(|it| it.dyn_into().ok());
    let Some(promise) = promise.map(|promise: Promise| JsFuture::from(promise)) else { return false };
    promise.await.is_ok_and(|answer| answer.is_truthy())
}

thread_local! {
    /// The offer that stands. A browser answers one question at a time, so that a page withdraws its offer
    /// before it asks, and when it is left.
    static OFFER: Cell<Option<AbortController>> = const { Cell::new(None) };
}

fn withdraw() {
    if let Some(controller) = OFFER.take() {
        controller.abort();
    }
}

/// Offers passkeys among what the browser fills in. Only a passkey that was chosen and did not do is worth a
/// word: whoever wanted none did not ask for one.
async fn offer_passkeys(
    live: Live,
    ask: &str,
    answer_to: &str,
    fields: &[(&str, String)],
) -> Option<Result<String, String>> {
    let controller = AbortController::new().ok()?;
    let until = controller.signal();
    OFFER.set(Some(controller));
    may_offer().await.then_some(())?;
    let question = question(live, ask).await.ok()?;
    let said = answer(&Act::Offer(until), &question).await.ok()?;
    Some(hand_in(live, question, said, answer_to, fields).await)
}

/// A button that asks for a passkey, and then does what the server says. `ask` and `answer` are paths
/// of server functions.
#[component]
pub fn PasskeyButton(
    #[prop(into)] label: String,
    ask: &'static str,
    answer: &'static str,
    /// The page to go to in the end, as the field `next`.
    #[prop(optional, into)]
    next: Signal<String>,
    /// Called in place of following the answer.
    #[prop(optional, into)]
    on_done: Option<Callback<()>>,
    /// Offers passkeys in the field for the address too, before anybody presses.
    #[prop(optional)]
    offered: bool,
) -> impl IntoView {
    let live = live();
    let navigate = crate::address::navigator();
    let (wrong, busy) = (RwSignal::new(String::new()), RwSignal::new(false));
    let finish = move |said: Result<String, String>| {
        let _gone = wrong.try_set(said.as_ref().err().cloned().unwrap_or_default());
        let Ok(text) = said else { return };
        match on_done {
            Some(on_done) => {
                on_done.try_run(());
            }
            None => accept(live, &json::read::<Done>(&text).unwrap_or_default(), "", &navigate),
        }
    };
    if offered {
        let finish = finish.clone();
        Effect::new(move |_| {
            let (finish, next) = (finish.clone(), next.get_untracked());
            spawn(async move {
                if let Some(said) = offer_passkeys(live, ask, answer, &[("next", next)]).await {
                    finish(said);
                }
            });
        });
        on_cleanup(withdraw);
    }
    let press = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        withdraw();
        let (finish, next) = (finish.clone(), next.get_untracked());
        spawn(async move {
            let said = ceremony(live, Act::Get, ask, answer, &[("next", next)]).await;
            let _gone = busy.try_set(false);
            finish(said);
        });
    };
    view! {
        <div class="passkey-button">
            <button type="button" class="button needs-js" on:click=press
                aria-busy=move || busy.get().then_some("true") aria-disabled=move || busy.get().then_some("true")>
                <crate::components::Icon glyph=crate::components::Glyph::Key/>{label}
            </button>
            <div class="field-error" role="alert">
                {move || Some(wrong.get()).filter(|text| !text.is_empty()).map(|text| view! { <p>{text}</p> })}
            </div>
        </div>
    }
    .into_any()
}
