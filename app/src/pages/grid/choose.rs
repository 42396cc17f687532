//! What to look at: the service, the kind of entries, a search, gaps or differences. All of it is in
//! the address.

use super::{name_of, named};
use crate::address::{address, has, query};
use crate::components::{Glyph, Icon, Search};
use leptos::prelude::*;
use nexus_domain::grid::{Counterparts, EntryKind};
use nexus_domain::service::ServiceKind;
use wasm_bindgen::JsCast;

/// `chosen` is what the address calls the service, whether or not there is something of it to show; `kind` what
/// is shown of it.
#[component]
pub fn Bar(services: Vec<Counterparts>, chosen: String, kind: Option<EntryKind>) -> impl IntoView {
    let frontend = named(&services, &chosen).is_some_and(|service| service.kind == ServiceKind::Frontend);
    let filters = kind.map(|kind| view! { <Search label="Search keys"/><Filters kind/> });
    view! {
        <div class="bar grid-bar">
            <Services services chosen/>
            <Kinds frontend/>
            {filters}
        </div>
    }
    .into_any()
}

/// A GET form; with JavaScript it goes as soon as something is chosen.
#[component]
fn Services(services: Vec<Counterparts>, chosen: String) -> impl IntoView {
    let here = address();
    let navigate = crate::address::navigator();
    let choose = move |event: web_sys::Event| {
        let select = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlSelectElement>().ok());
        if let Some(select) = select {
            let goal = untrack(|| {
                here.with(&[("service", Some(&select.value())), ("cursor", None), ("edit", None)])
            });
            navigate(&goal, false);
        }
    };
    let options = services
        .iter()
        .map(|service| {
            let selected = name_of(service) == chosen;
            let umbrella = if service.umbrella { ", umbrella" } else { "" };
            let text =
                format!("{} ({}{umbrella}: {})", service.slug, service.kind, service.environments.join(", "));
            view! { <option value=name_of(service) selected=selected>{text}</option> }
        })
        .collect_view();
    // What is not there (any more) is said as it is, and not as if another one were shown.
    let unknown = named(&services, &chosen)
        .is_none()
        .then(|| view! { <option value=chosen.clone() selected=true>{chosen.clone()}</option> });
    let others = move || {
        let kept = here.others("service").into_iter().filter(|(name, _)| name == "kind");
        kept.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()
    };
    view! {
        <form method="get" class="grid-services">
            {others}
            <span class="control control-select">
                <select name="service" aria-label="Service" on:change=choose>{unknown}{options}</select>
            </span>
            <button type="submit" class="button no-js">"Show"</button>
        </form>
    }
    .into_any()
}

#[component]
fn Kinds(frontend: bool) -> impl IntoView {
    let here = address();
    let kind = query("kind");
    let shown = move |kind: Option<&str>| match kind {
        Some("secret") if !frontend => "secret",
        Some("flag") => "flag",
        _ => "config",
    };
    let all = [("config", "Configs"), ("secret", "Secrets"), ("flag", "Flags")];
    let links = all
        .into_iter()
        .filter(|(word, _)| !(frontend && *word == "secret"))
        .map(|(word, label)| {
            let goal =
                [("kind", Some(word)), ("cursor", None), ("edit", None), ("different", None), ("keys", None)];
            let href = move || here.with(&goal);
            let current = move || (shown(kind.read().as_deref()) == word).then_some("true");
            view! { <a href=href aria-current=current data-noscroll>{label}</a> }
        })
        .collect_view();
    view! { <nav class="segments" aria-label="Kind of entries">{links}</nav> }.into_any()
}

/// All, gaps, and differences where they can be known.
#[component]
fn Filters(kind: EntryKind) -> impl IntoView {
    let here = address();
    let (gaps, different) = (has("gaps"), has("different"));
    let now = move || match (gaps.get(), different.get()) {
        (true, _) => "gaps",
        (_, true) => "different",
        _ => "",
    };
    let all = [("", "All"), ("gaps", "Gaps"), ("different", "Different")];
    let links = all
        .into_iter()
        .filter(|(name, _)| kind != EntryKind::Secret || *name != "different")
        .map(|(name, label)| {
            let href = move || {
                let set = |word: &str| (word == name).then_some("");
                here.with(&[("gaps", set("gaps")), ("different", set("different")), ("cursor", None)])
            };
            let current = move || (now() == name).then_some("true");
            view! { <a href=href aria-current=current data-noscroll>{label}</a> }
        })
        .collect_view();
    view! { <nav class="segments" aria-label="Filter the rows">{links}</nav> }.into_any()
}

/// Said when nothing is left to show.
#[component]
pub fn Nothing() -> impl IntoView {
    let here = address();
    view! {
        <p class="none" role="status">
            <Icon glyph=Glyph::Check/>"No key fits. "
            <a class="link" href=move || here.without(&["q", "gaps", "different", "cursor"]) data-noscroll>"Show all"</a>
        </p>
    }
    .into_any()
}
