//! The server functions about a project's tier, its usage and its add-ons.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use nexus_domain::project::Tier;
use nexus_domain::tier::{Addon, OpenedFlags, ProjectUsage, Tiers};
use serde::{Deserialize, Serialize};

/// The tiers of this instance, and what the project uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TiersData {
    pub tiers: Tiers,
    pub usage: ProjectUsage,
    /// What another tier would change, where the page asks about one.
    pub change: Option<TierChange>,
    /// What losing A/B testing would do, where the project has it.
    pub opened: Option<OpenedFlags>,
}

/// What would be another under another tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TierChange {
    pub usage: ProjectUsage,
    /// Add-ons whose features could be used no more.
    pub ends: Vec<Addon>,
}

/// `under` names the tier that the page asks about.
#[server(prefix = "/_fn", endpoint = "read_tiers")]
pub async fn read_tiers(
    tenant: String,
    project: String,
    #[server(default)] under: Option<String>,
) -> Result<TiersData, Refused> {
    use nexus_backend::tiers;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let usage = tiers::usage(&nexus, &actor, &project, None).await?;
    let change = match under.as_deref().and_then(Tier::parse) {
        Some(tier) => Some(change_to(&usage, tiers::usage(&nexus, &actor, &project, Some(tier)).await?)),
        None => None,
    };
    let tests = usage.addons.iter().any(|it| it.addon == Addon::AbTesting && it.active);
    let opened = if tests { Some(tiers::opened_flags(&nexus, &actor, &project).await?) } else { None };
    Ok(TiersData { tiers: tiers::list(&nexus, &actor).await?, usage, change, opened })
}

#[cfg(feature = "ssr")]
fn change_to(now: &ProjectUsage, usage: ProjectUsage) -> TierChange {
    let still = |addon| usage.addons.iter().any(|other| other.addon == addon && other.active);
    let ends = now.addons.iter().filter(|it| it.active && !still(it.addon)).map(|it| it.addon).collect();
    TierChange { usage, ends }
}

#[cfg(feature = "ssr")]
fn tier_named(tier: &str) -> Result<Tier, Refused> {
    Ok(Tier::parse(tier).ok_or_else(|| nexus_domain::Refusal::invalid("tier", "One of the list"))?)
}

#[cfg(feature = "ssr")]
fn addon_named(addon: &str) -> Result<Addon, Refused> {
    Ok(Addon::parse(addon).ok_or_else(|| nexus_domain::Refusal::invalid("addon", "One of the list"))?)
}

#[server(prefix = "/_fn", endpoint = "change_tier")]
pub async fn change_tier(tenant: String, project: String, tier: String) -> Result<Done, Refused> {
    use nexus_domain::project::ProjectPatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let patch = ProjectPatch { tier: Some(tier_named(&tier)?), ..ProjectPatch::default() };
    let project = nexus_backend::projects::update(&nexus, &actor, &project, patch).await?;
    Ok(Done::new(format!("{} is on tier {} now", project.name, project.tier)))
}

#[server(prefix = "/_fn", endpoint = "add_addon")]
pub async fn add_addon(tenant: String, project: String, addon: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let addon = addon_named(&addon)?;
    nexus_backend::tiers::add(&nexus, &actor, &project, addon).await?;
    Ok(Done::new(format!("{} is added", super::addon_name(addon))))
}

#[server(prefix = "/_fn", endpoint = "remove_addon")]
pub async fn remove_addon(tenant: String, project: String, addon: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let addon = addon_named(&addon)?;
    nexus_backend::tiers::remove(&nexus, &actor, &project, addon).await?;
    Ok(Done::new(format!("{} is taken away", super::addon_name(addon))))
}
