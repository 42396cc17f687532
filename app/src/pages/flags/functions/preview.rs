//! What the form of a definition would do if it were saved. The engine is on the server: in the browser
//! it would weigh more than the rest of the tab.

use crate::pages::flags::draft::{RuleDraft, ServeDraft, VariantDraft};
use crate::refused::Refused;
use leptos::prelude::*;

/// The users of the sample.
pub const USERS: u32 = 1_000;

/// How many of a thousand made-up users get which variant while the flag is on, in the order of the
/// variants. Changes nothing.
#[server(prefix = "/_fn", endpoint = "preview_flag")]
pub async fn preview_flag(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    #[server(default)] state: String,
    #[server(default)] starts_at: String,
    #[server(default)] ends_at: String,
    #[server(default)] kind: String,
    #[server(default)] variants: Vec<VariantDraft>,
    #[server(default)] on_variant: String,
    #[server(default)] off_variant: String,
    #[server(default)] rules: Vec<RuleDraft>,
    #[server(default)] rollout: ServeDraft,
) -> Result<Vec<(String, i64)>, Refused> {
    use crate::pages::flags::draft::Draft;
    use nexus_domain::service::ServicePath;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    // Whoever may not see the flags does not get to try one.
    nexus_backend::flags::targeting_active(&nexus, &actor, &path).await?;
    let draft = Draft { state, starts_at, ends_at, kind, variants, on_variant, off_variant, rules, rollout };
    Ok(shares(&key, &draft)?)
}

/// How many get which variant once the flag is on.
#[cfg(feature = "ssr")]
pub fn shares(
    key: &str,
    draft: &crate::pages::flags::draft::Draft,
) -> Result<Vec<(String, i64)>, nexus_domain::Refusal> {
    use nexus_domain::flag::{Compiled, FlagState, Targeting, numbered_users, share_of_sample};
    let mut definition = draft.definition()?;
    (definition.state, definition.starts_at, definition.ends_at) = (FlagState::On, None, None);
    let flag = Compiled::new(key, &definition)?;
    let now = nexus_domain::Timestamp(0);
    let share = share_of_sample(&flag, numbered_users(USERS), now, Targeting::Active);
    let count = |name: String| {
        let count = share.variants.get(&name).copied().unwrap_or_default();
        (name, i64::try_from(count).unwrap_or(i64::MAX))
    };
    Ok(draft.names().into_iter().map(count).collect())
}

#[cfg(feature = "ssr")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::flags::draft::Draft;
    use nexus_domain::flag::FlagDefinition;

    #[test]
    fn a_quarter_shows_as_about_a_quarter_also_while_the_flag_is_off() {
        let definition = FlagDefinition::parse(r#"{"state":"off","rollout":{"percentage":25}}"#);
        let draft = Draft::of(&definition.expect("a definition"));
        let counts: Vec<i64> =
            shares("new-checkout", &draft).expect("shares").iter().map(|it| it.1).collect();
        assert!(
            matches!(counts.as_slice(), [on, off] if (200..300).contains(on) && on + off == 1000),
            "{counts:?}"
        );
    }

    #[test]
    fn a_form_with_a_mistake_has_no_preview() {
        let mut draft = Draft::of(&FlagDefinition::default());
        draft.rollout.what = String::new();
        draft.rollout.percentage = "many".to_owned();
        assert!(shares("a", &draft).is_err());
    }
}
