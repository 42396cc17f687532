//! How much of each quota is used up: a line each, with a bar for those who look and the numbers for
//! everybody.

use crate::components::Badge;
use crate::components::badge::Tone;
use crate::components::time::number;
use leptos::prelude::*;
use nexus_domain::tier::{ProjectUsage, Quota, QuotaUse};

pub const fn quota_name(quota: Quota) -> &'static str {
    match quota {
        Quota::Environments => "Environments",
        Quota::Services => "Services",
        Quota::Secrets => "Secrets",
        Quota::Configs => "Configs",
        Quota::Flags => "Flags",
    }
}

#[component]
pub fn Usage(usage: ProjectUsage) -> impl IntoView {
    let over = usage.is_over().then(|| {
        view! {
            <p class="note note-amber">
                "More is there than the tier allows. The newest is read-only: it is read by programs as before, and can be deleted."
            </p>
        }
    });
    let apart = usage
        .developer_environments
        .into_iter()
        .map(|own| {
            view! {
                <h3>"Your developer environment "<code>{own.environment}</code></h3>
                <p class="hint">"It does not count for the project and has the same caps for itself."</p>
                <ul class="quotas">{lines(own.quotas)}</ul>
            }
        })
        .collect_view();
    view! {
        <section class="card panel usage" aria-label="Usage">
            <h2>"Usage"</h2>
            {over}
            <ul class="quotas">{lines(usage.quotas)}</ul>
            {apart}
        </section>
    }
    .into_any()
}

fn lines(quotas: Vec<QuotaUse>) -> Vec<AnyView> {
    quotas.into_iter().map(line).collect()
}

fn line(quota: QuotaUse) -> AnyView {
    let name = quota_name(quota.quota);
    let said = match quota.limit {
        Some(limit) => format!("{} of {}", number(quota.used), number(limit)),
        None => format!("{}, no limit", number(quota.used)),
    };
    let bar = quota.limit.map(|limit| {
        // A bar needs room between its ends.
        let max = limit.max(1).to_string();
        let value = quota.used.min(limit.max(1)).to_string();
        view! { <meter min="0" max=max value=value aria-label=format!("{name}: {said}")></meter> }
    });
    let badge = if quota.over > 0 {
        Some((format!("{} READ-ONLY", number(quota.over)), Tone::Amber))
    } else if quota.is_used_up() && quota.quota != Quota::Environments {
        Some(("USED UP".to_owned(), Tone::Amber))
    } else {
        None
    };
    view! {
        <li>
            <span class="quota-name">{name}</span>
            <span class="quota-bar">{bar}</span>
            <span class="quota-count">{said}</span>
            {badge.map(|(text, tone)| view! { <Badge text tone/> })}
        </li>
    }
    .into_any()
}
