//! Badges: one word with a colour. The word carries the meaning, the colour only repeats it.

use leptos::prelude::*;

/// What a badge means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    Accent,
    Green,
    Amber,
    Red,
    Blue,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "badge",
            Self::Accent => "badge badge-accent",
            Self::Green => "badge badge-green",
            Self::Amber => "badge badge-amber",
            Self::Red => "badge badge-red",
            Self::Blue => "badge badge-blue",
        }
    }
}

/// A badge. Write the text in capitals where the product's words are (`INHERITED`, `YOURS`).
#[component]
pub fn Badge(#[prop(into)] text: String, #[prop(optional)] tone: Tone) -> impl IntoView {
    view! { <span class=tone.class()>{text}</span> }.into_any()
}
