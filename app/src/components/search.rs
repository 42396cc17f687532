//! A search field that keeps its text in the address (`?q=`): a GET form without JavaScript, and
//! with it the list changes while one types.

use crate::address::{Address, address, navigator, query};
use crate::components::icon::{Glyph, Icon};
use leptos::prelude::*;

/// A text in lower case, for comparing. The browser knows how; its tables need not be loaded.
pub fn folded(text: &str) -> String {
    #[cfg(feature = "hydrate")]
    return js_sys::JsString::from(text).to_lower_case().into();
    #[cfg(not(feature = "hydrate"))]
    text.to_lowercase()
}

/// The search field of a list; `label` says what is searched. Pressing `/` goes here.
#[component]
pub fn Search(#[prop(into)] label: String) -> impl IntoView {
    let here: Address = address();
    let q = query("q");
    let navigate = navigator();
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let typed = move |event| {
        let text = event_target_value(&event);
        let navigate = navigate.clone();
        if let Some(handle) = waiting.get_value() {
            handle.clear();
        }
        let later = move || {
            let value = (!text.is_empty()).then_some(text.as_str());
            navigate(&untrack(|| here.with(&[("q", value), ("cursor", None)])), true);
        };
        waiting.set_value(set_timeout_with_handle(later, std::time::Duration::from_millis(120)).ok());
    };
    let field = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        let text = q.get().unwrap_or_default();
        // Whoever types is ahead of the address; a link that takes the filter away is not.
        if let Some(field) = field.get()
            && !field.matches(":focus").unwrap_or(false)
        {
            field.set_value(&text);
        }
    });
    let others = move || {
        here.others("q")
            .into_iter()
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect_view()
    };
    view! {
        <form method="get" role="search" class="search" on:submit=|event: web_sys::SubmitEvent| event.prevent_default()>
            {others}
            <div class="control">
                <Icon glyph=Glyph::Search/>
                <input node_ref=field type="search" name="q" value=q.get_untracked() placeholder=label.clone() aria-label=label
                    title="Search (/)" aria-keyshortcuts="/" autocomplete="off" on:input=typed/>
                <kbd aria-hidden="true">"/"</kbd>
            </div>
        </form>
    }
    .into_any()
}
