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
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What the browser is asked to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// To make a new passkey.
    Create,
    /// To prove that one is there.
    Get,
}

/// Whether this browser and this host can use passkeys: an address that is no name cannot.
pub fn may_work() -> bool {
    let host = window().location().hostname().unwrap_or_default();
    let is_name = !host.ends_with(|end: char| end.is_ascii_digit() || end == ']');
    is_name && property(&window(), "PublicKeyCredential").is_some()
}

/// Answers a question of the server; what went wrong in words otherwise.
pub async fn answer(act: Act, question: &Challenge) -> Result<String, String> {
    let (parse, method) = match act {
        Act::Create => ("parseCreationOptionsFromJSON", "create"),
        Act::Get => ("parseRequestOptionsFromJSON", "get"),
    };
    let Some(class) = property(&window(), "PublicKeyCredential") else {
        return Err("This browser takes no passkeys here; they need https, or localhost".to_owned());
    };
    let Some(parse) = property(&class, parse).and_then(|parse| parse.dyn_into::<Function>().ok()) else {
        return Err("This browser is too old for passkeys here; update it".to_owned());
    };
    let credential =
        ask(&class, &parse, method, &question.options).await.map_err(|error| in_words(&error))?;
    let to_json = property(&credential, "toJSON").and_then(|it| it.dyn_into::<Function>().ok());
    let answer = to_json.and_then(|to_json| to_json.call0(&credential).ok());
    let text = answer.and_then(|answer| JSON::stringify(&answer).ok()).map(String::from);
    text.ok_or_else(|| "The browser did not hand on what the passkey said".to_owned())
}

async fn ask(class: &JsValue, parse: &Function, method: &str, options: &str) -> Result<JsValue, JsValue> {
    let options = parse.call1(class, &JSON::parse(options)?)?;
    let argument = Object::new();
    Reflect::set(&argument, &"publicKey".into(), &options)?;
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
    let question = act(live, ask.to_owned(), String::new()).await.map_err(|refusal| refusal.message)?;
    let question: Challenge = json::read(&question)
        .ok_or_else(|| "The answer of the server cannot be read; reload the page".to_owned())?;
    let said = answer(what, &question).await?;
    let mut body: Vec<(&str, String)> = vec![("token", question.token), ("answer", said)];
    body.extend(fields.iter().cloned());
    let body = serde_qs::to_string(&body.into_iter().collect::<std::collections::BTreeMap<_, _>>());
    act(live, answer_to.to_owned(), body.unwrap_or_default()).await.map_err(|refusal| {
        refusal.details.values().find_map(|rule| rule.as_str().map(str::to_owned)).unwrap_or(refusal.message)
    })
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
) -> impl IntoView {
    let live = live();
    let navigate = crate::address::navigator();
    let (wrong, busy) = (RwSignal::new(String::new()), RwSignal::new(false));
    let press = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let (navigate, next) = (navigate.clone(), next.get_untracked());
        spawn(async move {
            let said = ceremony(live, Act::Get, ask, answer, &[("next", next)]).await;
            let _gone = busy.try_set(false);
            match said {
                Ok(text) => {
                    let _gone = wrong.try_set(String::new());
                    match on_done {
                        Some(on_done) => {
                            on_done.try_run(());
                        }
                        None => accept(live, &json::read::<Done>(&text).unwrap_or_default(), "", &navigate),
                    }
                }
                Err(words) => {
                    let _gone = wrong.try_set(words);
                }
            }
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
