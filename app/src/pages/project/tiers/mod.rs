//! A project's tier, what it uses of its quotas, and its add-ons, on its settings page. Changing the
//! tier is a question first, which says what would become read-only.

mod change;
mod functions;
mod usage;

pub use functions::*;

use crate::address::{address, query};
use crate::components::badge::Tone;
use crate::components::time::number;
use crate::components::{Badge, FormError, Hidden, PostForm, Submit};
use crate::page::tab;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::project::Tier;
use nexus_domain::tier::{Addon, Inclusion, ProjectAddon, TierInfo};

/// Usage for everybody; tier and add-ons for those who may change them.
#[component]
pub fn TierSections(tenant: Memo<String>, project: Memo<String>, may_change: bool) -> impl IntoView {
    let asked = query("tier");
    tab(
        move || ReadTiers {
            tenant: tenant.get(),
            project: project.get(),
            under: asked.get().filter(|_| may_change),
        },
        move |TiersData { tiers, usage, change, opened }| {
            let (current, addons) = (usage.tier, usage.addons.clone());
            let changes = may_change.then(|| {
                let loss = opened.as_ref().and_then(change::opens);
                view! {
                    <Picker tiers=tiers.data current/>
                    <Addons tenant project addons tier=current loss/>
                    {change.map(|change| view! { <change::Question tenant project change opened/> })}
                }
            });
            view! { <usage::Usage usage/>{changes} }.into_any()
        },
    )
}

pub const fn addon_name(addon: Addon) -> &'static str {
    match addon {
        Addon::Security => "Security",
        Addon::AbTesting => "A/B testing",
    }
}

const fn unlocks(addon: Addon) -> &'static str {
    match addon {
        Addon::Security => "Workload identity: programs sign in as what they are, without a key to keep.",
        Addon::AbTesting => "Targeting rules and percentage rollouts of flags.",
    }
}

/// What each tier has, and a link to change to it.
#[component]
fn Picker(tiers: Vec<TierInfo>, current: Tier) -> impl IntoView {
    let rows =
        tiers.into_iter().map(|info| view! { <Row current=info.tier == current info/> }).collect_view();
    view! {
        <section class="card panel" aria-label="Tier">
            <h2>"Tier"</h2>
            <p>"Decides which environments the project may use and how much fits into it. A lower tier deletes
                nothing: what does not fit becomes read-only."</p>
            <div class="tiers-scroll">
                <table class="table tiers">
                    <thead><tr>
                        <th scope="col">"Tier"</th><th scope="col">"Environments"</th><th scope="col">"Services"</th>
                        <th scope="col">"Secrets"</th><th scope="col">"Configs"</th><th scope="col">"Flags"</th>
                        <th scope="col">"Audit log"</th><th scope="col">"Workload identity"</th>
                        <th scope="col">"A/B testing"</th><th scope="col">"Per month"</th>
                        <th scope="col"><span class="visually-hidden">"Change"</span></th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Row(info: TierInfo, current: bool) -> impl IntoView {
    let here = address();
    let name = info.tier.as_str();
    let environments = info.environments.as_ref().map_or_else(|| "all".to_owned(), |slugs| slugs.join(", "));
    let limit = |limit: Option<i64>| limit.map_or_else(|| "no limit".to_owned(), number);
    let act = if current {
        view! { <Badge text="CURRENT" tone=Tone::Green/> }.into_any()
    } else {
        view! {
            <a class="button button-small" href=move || here.with(&[("tier", Some(name))]) data-noscroll
                aria-label=format!("Change to tier {name}")>"Change…"</a>
        }
        .into_any()
    };
    view! {
        <tr data-row>
            <td class="strong">{name.to_ascii_uppercase()}</td>
            <td data-label="Environments">{environments}</td>
            <td data-label="Services">{limit(info.services)}</td>
            <td data-label="Secrets">{limit(info.secrets)}</td>
            <td data-label="Configs">{limit(info.configs)}</td>
            <td data-label="Flags">{limit(info.flags)}</td>
            <td data-label="Audit log">{number(info.audit_days)}" days"</td>
            <td data-label="Workload identity">{included(info.workload_identity)}</td>
            <td data-label="A/B testing">{included(info.ab_testing)}</td>
            <td data-label="Per month">{number(info.price_usd)}" USD"</td>
            <td class="row-actions">{act}</td>
        </tr>
    }
    .into_any()
}

const fn included(inclusion: Inclusion) -> &'static str {
    match inclusion {
        Inclusion::No => "no",
        Inclusion::Addon => "add-on",
        Inclusion::Included => "included",
    }
}

#[component]
fn Addons(
    tenant: Memo<String>,
    project: Memo<String>,
    addons: Vec<ProjectAddon>,
    tier: Tier,
    /// What the end of A/B testing would do.
    loss: Option<String>,
) -> impl IntoView {
    let line = |state: ProjectAddon| {
        let loss = loss.clone().filter(|_| state.addon == Addon::AbTesting && state.added);
        view! { <AddonLine tenant project state tier loss/> }
    };
    let lines = addons.into_iter().map(line).collect_view();
    view! {
        <section class="card panel" aria-label="Add-ons">
            <h2>"Add-ons"</h2>
            <ul class="lines">{lines}</ul>
        </section>
    }
    .into_any()
}

#[component]
fn AddonLine(
    tenant: Memo<String>,
    project: Memo<String>,
    state: ProjectAddon,
    tier: Tier,
    loss: Option<String>,
) -> impl IntoView {
    let name = addon_name(state.addon);
    let badge = match (state.inclusion, state.active) {
        (Inclusion::Included, _) => Some(("INCLUDED", Tone::Green)),
        (_, true) => Some(("ACTIVE", Tone::Green)),
        (_, false) if state.added => Some(("NOT ON THIS TIER", Tone::Amber)),
        _ => None,
    };
    let form = if state.added {
        let action = RemoveAddon::PATH;
        view! { <Switch tenant project addon=state.addon action label="Remove"/> }.into_any()
    } else {
        match state.inclusion {
            Inclusion::Addon => {
                view! { <Switch tenant project addon=state.addon action=AddAddon::PATH label="Add"/> }
                    .into_any()
            }
            Inclusion::Included => ().into_any(),
            Inclusion::No => {
                view! { <span class="faint">"Tier "{tier.as_str()}" cannot have it."</span> }.into_any()
            }
        }
    };
    view! {
        <li class="addon">
            <div>
                <span class="strong">{name}</span>
                {badge.map(|(text, tone)| view! { <Badge text tone/> })}
                <p class="hint">{unlocks(state.addon)}" "{number(state.price_usd)}" USD per month."</p>
                {loss.map(|loss| view! { <p class="hint">"Without it "{loss}"."</p> })}
            </div>
            {form}
        </li>
    }
    .into_any()
}

/// One button that adds or removes an add-on.
#[component]
fn Switch(
    tenant: Memo<String>,
    project: Memo<String>,
    addon: Addon,
    action: &'static str,
    label: &'static str,
) -> impl IntoView {
    let word = addon.as_str();
    view! {
        <PostForm action id=word>
            <Hidden name="tenant" value=tenant/>
            <Hidden name="project" value=project/>
            <Hidden name="addon" value=word/>
            <FormError/>
            <Submit label=format!("{label} {}", addon_name(addon))/>
        </PostForm>
    }
    .into_any()
}
