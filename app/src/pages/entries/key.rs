//! The field of a key: it says what a key may look like, and says so again while one types.

use crate::components::Field;
use crate::components::form::form_state;
use leptos::prelude::*;
use nexus_domain::Refusal;
use nexus_domain::key::{KEY_RULE, broken_rule};

/// The field `key` of a form.
#[component]
pub fn KeyField(
    #[prop(optional, into)] value: String,
    #[prop(optional)] autofocus: bool,
    #[prop(default = "database_password")] example: &'static str,
) -> impl IntoView {
    let form = form_state();
    let check = Callback::new(move |text: String| {
        form.refusal.set(broken_so_far(&text).map(|rule| Refusal::invalid("key", rule)));
    });
    view! {
        <Field label="Key" name="key" value mono=true required=true autofocus hint=KEY_RULE
            placeholder=example on_input=check/>
    }
    .into_any()
}

/// The rule that a key breaks whatever may still be typed behind it.
fn broken_so_far(text: &str) -> Option<String> {
    if text.is_empty() { None } else { broken_rule(&format!("{text}a")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_being_typed_is_not_scolded_for_its_end() {
        for fine in ["", "a", "database_", "stripe."] {
            assert_eq!(broken_so_far(fine), None, "{fine:?}");
        }
        for broken in ["9", "_", "a b", "a/"] {
            assert!(broken_so_far(broken).is_some(), "{broken:?}");
        }
    }
}
