//! Forms that ask: what they hold goes into the address, so that the answer can be shared and needs no
//! JavaScript. What else stands in the address stays.

use crate::address::{address, navigator};
use crate::components::form::form_body;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

#[component]
pub fn GetForm(
    #[prop(into)] label: String,
    class: &'static str,
    /// The names of its fields; the rest of the query is sent along.
    of: &'static [&'static str],
    children: Children,
) -> impl IntoView {
    let (here, navigate) = (address(), navigator());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let form = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok());
        if let Some(form) = form {
            let path = window().location().pathname().unwrap_or_default();
            navigate(&format!("{path}?{}", form_body(&form, None)), true);
        }
    };
    let others = move || {
        let mut kept = here.others("");
        kept.retain(|(name, _)| !of.contains(&name.as_str()));
        let hidden = |(name, value)| view! { <input type="hidden" name=name value=value/> };
        kept.into_iter().map(hidden).collect_view()
    };
    view! {
        <form method="get" class=class role="search" aria-label=label on:submit=submit autocomplete="off">
            {others}
            {children()}
        </form>
    }
    .into_any()
}
