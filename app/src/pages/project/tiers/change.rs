//! The question before the tier is changed: what would become read-only, and what could be used no
//! more.

use super::usage::quota_name;
use super::{ChangeTier, TierChange, addon_name};
use crate::address::address;
use crate::components::Confirm;
use crate::components::time::number;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::tier::{Addon, OpenedFlags, Quota, QuotaUse};

/// The dialog; it is there while the address asks for it (`?tier=free`).
#[component]
pub fn Question(
    tenant: Memo<String>,
    project: Memo<String>,
    change: TierChange,
    opened: Option<OpenedFlags>,
) -> impl IntoView {
    let word = change.usage.tier.as_str();
    let fields = vec![
        ("tenant", tenant.get_untracked()),
        ("project", project.get_untracked()),
        ("tier", word.to_owned()),
    ];
    view! {
        <Confirm title=format!("Change to tier {}?", word.to_ascii_uppercase()) action=ChangeTier::PATH
            label="Change the tier" close=address().without(&["tier"]) fields>
            <Consequences change opened=opened.unwrap_or_default()/>
        </Confirm>
    }
    .into_any()
}

#[component]
fn Consequences(change: TierChange, opened: OpenedFlags) -> impl IntoView {
    let said = consequences(&change, &opened);
    if said.is_empty() {
        return view! { <p>"Everything that is there fits into it. Nothing becomes read-only."</p> }
            .into_any();
    }
    let lines = said.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    view! {
        <p>"Nothing is deleted, and programs go on reading everything. But this follows:"</p>
        <ul class="lost">{lines}</ul>
        <p>"What is read-only can be deleted. A higher tier makes it writable again. Other people’s developer environments
            have the same caps."</p>
    }
    .into_any()
}

/// What follows from the change, a sentence each.
fn consequences(change: &TierChange, opened: &OpenedFlags) -> Vec<String> {
    let usage = &change.usage;
    let mut said = Vec::new();
    for environment in usage.environments.iter().filter(|it| !it.allowed) {
        let slug = &environment.environment;
        said.push(format!("Everything in {slug} becomes read-only: the tier does not have this environment"));
    }
    said.extend(usage.quotas.iter().filter_map(|quota| newest(quota, "")));
    for own in &usage.developer_environments {
        let place = format!(" in {}", own.environment);
        said.extend(own.quotas.iter().filter_map(|quota| newest(quota, &place)));
    }
    for addon in &change.ends {
        said.push(format!("{} ends", addon_name(*addon)));
        said.extend(Some(opens(opened)).filter(|_| *addon == Addon::AbTesting).flatten());
    }
    said
}

/// What the end of A/B testing does, and to whom.
pub(super) fn opens(opened: &OpenedFlags) -> Option<String> {
    let OpenedFlags { flags, named } = opened;
    if *flags == 0 {
        return None;
    }
    let counted = match flags {
        1 => "1 flag that is on loses its rules and rollout: everybody gets its on variant".to_owned(),
        _ => format!(
            "{} flags that are on lose their rules and rollouts: everybody gets their on variant",
            number(*flags)
        ),
    };
    let more = flags.saturating_sub(i64::try_from(named.len()).unwrap_or(i64::MAX));
    Some(match (named.is_empty(), more) {
        (true, _) => counted,
        (false, 0) => format!("{counted} ({})", named.join(", ")),
        (false, more) => format!("{counted} ({} and {} more)", named.join(", "), number(more)),
    })
}

fn newest(quota: &QuotaUse, place: &str) -> Option<String> {
    if quota.over == 0 || quota.quota == Quota::Environments {
        return None;
    }
    let (name, over) = (quota_name(quota.quota).to_lowercase(), number(quota.over));
    Some(format!("The newest {over} of {} {name}{place} become read-only", number(quota.used)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::project::Tier;
    use nexus_domain::tier::{DeveloperUse, EnvironmentUse, ProjectUsage};

    #[test]
    fn what_follows_is_said_in_words() {
        let over = QuotaUse::of(Quota::Secrets, 22, Some(20));
        let usage = ProjectUsage {
            tier: Tier::Free,
            quotas: vec![
                QuotaUse { quota: Quota::Environments, used: 2, limit: Some(1), over: 1 },
                QuotaUse::of(Quota::Services, 2, Some(3)),
                over,
            ],
            environments: vec![EnvironmentUse { environment: "live".into(), services: 1, allowed: false }],
            developer_environments: vec![DeveloperUse { environment: "dev_ana".into(), quotas: vec![over] }],
            addons: Vec::new(),
        };
        let named = vec!["live/api/beta".to_owned(), "live/api/sale".to_owned()];
        let opened = OpenedFlags { flags: 7, named };
        let said = consequences(&TierChange { usage, ends: vec![Addon::AbTesting] }, &opened);
        assert_eq!(
            said,
            [
                "Everything in live becomes read-only: the tier does not have this environment",
                "The newest 2 of 22 secrets become read-only",
                "The newest 2 of 22 secrets in dev_ana become read-only",
                "A/B testing ends",
                "7 flags that are on lose their rules and rollouts: everybody gets their on variant (live/api/beta, \
                 live/api/sale and 5 more)",
            ]
        );
    }
}
