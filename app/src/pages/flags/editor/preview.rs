//! What the form would do if it were saved: the shares of a thousand made-up users. The browser works it
//! out while one types, with the engine that the server has.

use super::Desk;
use crate::components::time::number;
use crate::pages::flags::draft::Draft;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::flag::{Compiled, FlagState, Targeting, numbered_users, share_of_sample};

const USERS: u32 = 1_000;
/// The width of the bars.
const WIDTH: u64 = 240;

/// How many get which variant once the flag is on; nothing while something is wrong with the form.
fn shares(key: &str, draft: &Draft) -> Option<Vec<(String, u64)>> {
    let mut definition = draft.definition().ok()?;
    (definition.state, definition.starts_at, definition.ends_at) = (FlagState::On, None, None);
    let flag = Compiled::new(key, &definition).ok()?;
    let share = share_of_sample(&flag, numbered_users(USERS), Timestamp(0), Targeting::Active);
    let count = |name: String| {
        let count = share.variants.get(&name).copied().unwrap_or_default();
        (name, count)
    };
    Some(draft.names().into_iter().map(count).collect())
}

#[component]
pub fn Preview(key: String, desk: Desk) -> impl IntoView {
    let key = StoredValue::new(key);
    let found = Memo::new(move |_| key.with_value(|key| desk.typed.with(|draft| shares(key, draft))));
    let has_conditions = Memo::new(move |_| {
        desk.typed
            .with(|draft| draft.rules.iter().any(|rule| !rule.parts.is_empty() || !rule.nested.is_empty()))
    });
    let rows = move || match found.get() {
        None => view! { <p class="hint">"It comes back once nothing is wrong with the form."</p> }.into_any(),
        Some(shares) => {
            let lines = shares.into_iter().map(line).collect_view();
            view! { <ul class="shares">{lines}</ul> }.into_any()
        }
    };
    let users = number(i64::from(USERS));
    view! {
        <section class="preview-shares" aria-label="Preview">
            <p class="field-label">"Of "{users}" made-up users, while it is on"</p>
            <div role="status">{rows}</div>
            {move || has_conditions.get().then(|| view! {
                <p class="hint">"Made-up users have no attributes, so rules that ask for some do not match."</p>
            })}
        </section>
    }
    .into_any()
}

fn line((name, count): (String, u64)) -> AnyView {
    let width = count * WIDTH / u64::from(USERS);
    view! {
        <li class="share-line">
            <span class="mono">{name}</span>
            <svg class="share-bar" viewBox=format!("0 0 {WIDTH} 8") preserveAspectRatio="none" aria-hidden="true">
                <rect class="share-rest" x="0" y="0" width=WIDTH height="8"></rect>
                <rect class="share-part" x="0" y="0" width=width height="8"></rect>
            </svg>
            <span>{count}</span>
        </li>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use nexus_domain::flag::FlagDefinition;

    #[test]
    fn a_quarter_shows_as_about_a_quarter_also_while_the_flag_is_off() {
        let definition =
            FlagDefinition::parse(r#"{"state":"off","rollout":{"percentage":25}}"#).expect("a definition");
        let shares = shares("new-checkout", &Draft::of(&definition)).expect("shares");
        let counts: Vec<u64> = shares.iter().map(|(_, count)| *count).collect();
        assert!(
            matches!(counts.as_slice(), [on, off] if (200..300).contains(on) && on + off == 1000),
            "{shares:?}"
        );
    }

    #[test]
    fn a_form_with_a_mistake_has_no_preview() {
        let mut draft = Draft::of(&FlagDefinition::default());
        draft.rollout.what = String::new();
        draft.rollout.percentage = "many".to_owned();
        assert_eq!(shares("a", &draft), None);
    }
}
