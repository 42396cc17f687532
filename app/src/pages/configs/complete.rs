//! Completing references while one types: braces in a value open a list of the keys that may stand
//! there. The list belongs to the text field (combobox pattern): the focus stays where one types, arrow
//! keys choose, Enter and Tab take, Esc closes. Without JavaScript the field is a field.

use crate::address::service_params;
use crate::call::{invoke, sleep, spawn};
use crate::components::Badge;
use crate::components::badge::Tone;
use crate::live::live;
use crate::refused::Refused;
use leptos::html::Textarea;
use leptos::prelude::*;
use nexus_domain::completion::{
    Completion, CompletionSource, Completions, typed_reference, whole_references,
};
use nexus_domain::config::ConfigType;
use nexus_domain::service::ServicePath;

/// How long to wait for the next key before asking.
const MOMENT_MS: i32 = 80;
/// How long before somebody is told that a name leads nowhere.
const PAUSE_MS: i32 = 600;

/// What comes before the words that were typed; a form cannot tell an empty text from none.
const BRACES: &str = "{{";

/// Keys that begin like what was typed, and which of the names are not there (one word each).
#[server(prefix = "/_fn", endpoint = "complete_reference")]
pub async fn complete_reference(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    #[server(default)] typed: Option<String>,
    #[server(default)] named: Option<String>,
) -> Result<Completions, Refused> {
    use nexus_domain::template::Reference;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let named = named.unwrap_or_default();
    let named = named.split_whitespace().filter_map(|name| Reference::try_from(name.to_owned()).ok());
    let (typed, named) = (typed.as_deref().and_then(|typed| typed.strip_prefix(BRACES)), named.collect());
    Ok(nexus_backend::configs::complete(&nexus, &actor, &path, typed, named).await?)
}

/// What is being typed: where it begins and ends in the field, and what there is of it.
#[derive(Clone, PartialEq, Eq)]
struct Typing {
    from: u32,
    to: u32,
    begun: String,
}

/// The list of one text field.
#[derive(Clone, Copy)]
pub struct Completer {
    pub field: NodeRef<Textarea>,
    text: RwSignal<String>,
    list_id: StoredValue<String>,
    typing: RwSignal<Option<Typing>>,
    choices: RwSignal<Vec<Completion>>,
    chosen: RwSignal<usize>,
    missing: RwSignal<Vec<String>>,
}

impl Completer {
    pub fn new(list_id: String, kind: RwSignal<ConfigType>, text: RwSignal<String>) -> Self {
        let completer = Self {
            field: NodeRef::new(),
            text,
            list_id: StoredValue::new(list_id),
            typing: RwSignal::new(None),
            choices: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(0),
            missing: RwSignal::new(Vec::new()),
        };
        let at = service_params();
        let ask = move |typed: Option<String>, named: Option<String>| {
            let ServicePath { project, environment, service } = at.path_now();
            let tenant = at.tenant.get_untracked();
            CompleteReference { tenant, project, environment, service, typed, named }
        };
        let live = live();
        let is_template = move || matches!(kind.get(), ConfigType::String | ConfigType::Json);
        Effect::new(move |_| {
            let Some(typing) = completer.typing.get().filter(|_| is_template()) else {
                return completer.choices.set(Vec::new());
            };
            spawn(async move {
                sleep(MOMENT_MS).await;
                let is_last = || completer.is_typing(&typing);
                let asked = ask(Some(format!("{BRACES}{}", typing.begun)), None);
                if is_last()
                    && let Ok(found) = invoke(live, asked).await
                    && is_last()
                {
                    let _gone = (completer.chosen.try_set(0), completer.choices.try_set(found.choices));
                }
            });
        });
        Effect::new(move |_| {
            let text = completer.text.get();
            let named = if is_template() { whole_references(&text) } else { Vec::new() };
            if named.is_empty() {
                return completer.missing.set(Vec::new());
            }
            let named: Vec<String> = named.iter().map(ToString::to_string).collect();
            spawn(async move {
                sleep(PAUSE_MS).await;
                let is_last = || completer.text.try_with_untracked(|now| *now == text) == Some(true);
                if is_last()
                    && let Ok(found) = invoke(live, ask(None, Some(named.join(" ")))).await
                    && is_last()
                {
                    let missing = found.missing.iter().map(ToString::to_string).collect();
                    let _gone = completer.missing.try_set(missing);
                }
            });
        });
        completer
    }

    fn is_typing(self, typing: &Typing) -> bool {
        self.typing.try_with_untracked(|now| now.as_ref() == Some(typing)) == Some(true)
    }

    fn is_open(self) -> bool {
        !self.choices.read_untracked().is_empty()
    }

    pub fn close(self) {
        self.typing.set(None);
    }

    /// The id of the list while it is there.
    pub fn list(self) -> Option<String> {
        (!self.choices.read().is_empty()).then(|| self.list_id.get_value())
    }

    /// The id of the chosen key.
    pub fn active(self) -> Option<String> {
        self.list().map(|list| format!("{list}-{}", self.chosen.get()))
    }

    /// Looks at what stands before the caret, after a key or a click.
    pub fn follow(self) {
        let Some(field) = self.field.get_untracked() else { return };
        let caret = field.selection_start().ok().flatten().unwrap_or(0);
        let before: Vec<u16> =
            field.value().encode_utf16().take(usize::try_from(caret).unwrap_or(0)).collect();
        let before = String::from_utf16_lossy(&before);
        let typing = typed_reference(&before).map(|(from, begun)| {
            let ahead = before.get(from..).map_or(0, |begun| begun.encode_utf16().count());
            Typing {
                from: caret.saturating_sub(u32::try_from(ahead).unwrap_or(0)),
                to: caret,
                begun: begun.to_owned(),
            }
        });
        if self.typing.with_untracked(|now| *now != typing) {
            self.typing.set(typing);
        }
    }

    /// Whether a key was for the list.
    pub fn takes(self, event: &web_sys::KeyboardEvent) -> bool {
        if !self.is_open() || event.is_composing() {
            return false;
        }
        let last = self.choices.read_untracked().len().saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => self.chosen.update(|at| *at = if *at >= last { 0 } else { *at + 1 }),
            "ArrowUp" => self.chosen.update(|at| *at = if *at == 0 { last } else { *at - 1 }),
            "Enter" | "Tab" if !event.shift_key() => self.take(self.chosen.get_untracked()),
            "Escape" => self.close(),
            _ => return false,
        }
        event.prevent_default();
        // Esc closes the list and not the form around it.
        event.stop_propagation();
        self.scroll();
        true
    }

    /// Keeps the chosen key in sight.
    fn scroll(self) {
        let Some(id) = untrack(move || self.active()) else { return };
        request_animation_frame(move || {
            if let Some(option) = document().get_element_by_id(&id) {
                option.scroll_into_view_with_bool(false);
            }
        });
    }

    /// Writes a key where its beginning stands.
    fn take(self, at: usize) {
        let (choice, typing) = (self.choices.read_untracked().get(at).cloned(), self.typing.get_untracked());
        let (Some(field), Some(choice), Some(typing)) = (self.field.get_untracked(), choice, typing) else {
            return;
        };
        let behind: Vec<u16> =
            field.value().encode_utf16().skip(usize::try_from(typing.to).unwrap_or(0)).take(2).collect();
        let closed = String::from_utf16_lossy(&behind) == "}}";
        let end = if closed { "" } else { "}}" };
        let whole = format!("{}:{}{end}", choice.kind, choice.key);
        let caret = typing.from + u32::try_from(whole.len()).unwrap_or(0) + if closed { 2 } else { 0 };
        // A field that left the page meanwhile takes nothing.
        let _gone = (
            field.set_range_text_with_start_and_end(&whole, typing.from, typing.to),
            field.set_selection_range(caret, caret),
            field.focus(),
        );
        self.text.set(field.value());
        self.close();
    }

    /// The list itself.
    pub fn view(self) -> AnyView {
        let options = move || {
            let list = self.list_id.get_value();
            let option =
                move |(at, choice): (usize, Completion)| self.option(format!("{list}-{at}"), at, choice);
            self.choices.get().into_iter().enumerate().map(option).collect_view()
        };
        let list = move || {
            self.list().map(|id| {
                view! { <ul class="complete" id=id role="listbox" aria-label="Keys to refer to">{options}</ul> }
            })
        };
        view! { {list} }.into_any()
    }

    fn option(self, id: String, at: usize, choice: Completion) -> AnyView {
        let selected = move || if self.chosen.get() == at { "true" } else { "false" };
        let inherited = choice.source == CompletionSource::Inherited;
        let barred =
            (!choice.may_refer).then(|| view! { <Badge text="YOU MAY NOT REVEAL IT" tone=Tone::Amber/> });
        // The focus stays in the field.
        let keep = |event: web_sys::MouseEvent| event.prevent_default();
        view! {
            <li id=id role="option" aria-selected=selected on:mousedown=keep on:click=move |_| self.take(at)>
                <small>{choice.kind.as_str()}</small><code>{choice.key}</code>
                {inherited.then(|| view! { <Badge text="INHERITED" tone=Tone::Blue/> })}{barred}
            </li>
        }
        .into_any()
    }

    /// Names that lead nowhere, said quietly: the server refuses them when the form is sent.
    pub fn missing_view(self) -> AnyView {
        let said = move || {
            let missing = self.missing.get();
            (!missing.is_empty()).then(|| {
                let names = missing.join(", ");
                view! { <p class="hint hint-amber">"There is no "{names}" here yet."</p> }
            })
        };
        view! { <div role="status">{said}</div> }.into_any()
    }
}
