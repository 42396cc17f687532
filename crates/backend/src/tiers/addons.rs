//! Add-ons of a project, and whether what they unlock can be used.

use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Error, Result, projects};
use nexus_domain::action::Action;
use nexus_domain::project::Tier;
use nexus_domain::tier::{Addon, Inclusion, ProjectAddon};
use nexus_domain::{Code, ProjectId, Refusal};
use serde_json::json;

/// The tier of a project that is known to exist.
pub(super) async fn tier_of(w: &mut Work, project: ProjectId) -> Result<Tier> {
    let row: Option<(String,)> =
        on!(w.tx, |c| sqlx::query_as(sql!("SELECT tier FROM projects WHERE tenant_id = $1 AND id = $2"))
            .bind(w.actor.tenant)
            .bind(project)
            .fetch_optional(c)
            .await)?;
    let (tier,) = row.ok_or_else(Error::not_found)?;
    Tier::parse(&tier).ok_or(Error::Impossible("an unknown tier"))
}

async fn is_added(w: &mut Work, project: ProjectId, addon: Addon) -> Result<bool> {
    let row: Option<(i64,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT created_at FROM project_addons WHERE tenant_id = $1 AND project_id = $2 AND addon = $3"
    ))
    .bind(w.actor.tenant)
    .bind(project)
    .bind(addon.as_str())
    .fetch_optional(c)
    .await)?;
    Ok(row.is_some())
}

/// An add-on, seen from a project of this tier.
pub(super) async fn state(
    w: &mut Work,
    project: ProjectId,
    tier: Tier,
    addon: Addon,
) -> Result<ProjectAddon> {
    let added = is_added(w, project, addon).await?;
    let catalogue = &w.nexus.settings.catalogue;
    let inclusion = catalogue.tier(tier)?.inclusion(addon);
    let active = match inclusion {
        Inclusion::Included => true,
        Inclusion::Addon => added,
        Inclusion::No => false,
    };
    Ok(ProjectAddon { addon, added, active, inclusion, price_usd: catalogue.price_of(addon) })
}

/// Whether flags of this project may be targeted and rolled out by percentage; where not, they are
/// evaluated without.
pub(crate) async fn ab_testing_active(w: &mut Work, project: ProjectId) -> Result<bool> {
    let tier = tier_of(w, project).await?;
    Ok(state(w, project, tier, Addon::AbTesting).await?.active)
}

/// Refuses to write targeting rules or a percentage where the project lacks A/B testing, and says how
/// to get it.
pub(crate) async fn require_ab_testing(w: &mut Work, project: ProjectId) -> Result<()> {
    let tier = tier_of(w, project).await?;
    let state = state(w, project, tier, Addon::AbTesting).await?;
    if state.active {
        return Ok(());
    }
    let message = match state.inclusion {
        Inclusion::No => without(w, tier, Addon::AbTesting),
        _ => {
            "Targeting and percentages need the A/B testing add-on: a project owner adds it in the project's \
              settings"
                .to_owned()
        }
    };
    Err(Refusal::new(Code::AbAddonNotActive, message).with("addon", Addon::AbTesting.as_str()).into())
}

/// Refuses workload identity where the project lacks it, and says how to get it.
pub(crate) async fn require_workload_identity(w: &mut Work, project: ProjectId) -> Result<()> {
    let tier = tier_of(w, project).await?;
    let state = state(w, project, tier, Addon::Security).await?;
    if state.active {
        return Ok(());
    }
    let message = match state.inclusion {
        Inclusion::No => without(w, tier, Addon::Security),
        _ => "Workload identity needs the Security add-on: a project owner adds it in the project's settings"
            .to_owned(),
    };
    Err(Refusal::new(Code::WifNotAvailable, message).with("addon", Addon::Security.as_str()).into())
}

/// Why a tier does not have what the add-on unlocks, and which does.
fn without(w: &Work, tier: Tier, addon: Addon) -> String {
    let what = match addon {
        Addon::Security => "workload identity",
        Addon::AbTesting => "A/B testing",
    };
    match w.nexus.settings.catalogue.offering(addon) {
        Some(from) => format!("Tier {tier} does not have {what}; tier {from} does"),
        None => format!("No tier of this instance has {what}"),
    }
}

/// Notes that what programs read of the whole project has changed: flags are evaluated by what the
/// project may use.
pub(crate) async fn touch_project(w: &mut Work, project: ProjectId) -> Result<()> {
    let seq = w.seq()?;
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE services SET changed_seq = $3 WHERE tenant_id = $1 AND project_id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(project)
    .bind(seq)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// Adds an add-on to a project; one that is there already stays. A tier that has no use for it
/// refuses it; one that includes it keeps it for a lower tier.
pub async fn add(nexus: &Nexus, actor: &Actor, project: &str, addon: Addon) -> Result<ProjectAddon> {
    let slug = project.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let project = projects::resolve(w, &slug, Action::AddonAdd).await?;
                projects::refuse_confined(w, project.id, &slug, Action::AddonAdd).await?;
                let tier = tier_of(w, project.id).await?;
                let before = state(w, project.id, tier, addon).await?;
                if before.inclusion == Inclusion::No {
                    let message = without(w, tier, addon);
                    return Err(Refusal::taken("addon", message).into());
                }
                if before.added {
                    w.nothing_to_do();
                    return Ok(before);
                }
                on!(w.tx, |c| sqlx::query(sql!(
                    "INSERT INTO project_addons (tenant_id, project_id, addon, created_at, created_by)
                     VALUES ($1, $2, $3, $4, $5)"
                ))
                .bind(w.actor.tenant)
                .bind(project.id)
                .bind(addon.as_str())
                .bind(w.now)
                .bind(w.actor.label())
                .execute(c)
                .await
                .map(|_| ()))?;
                settle(w, &project, &slug, Action::AddonAdd, addon).await
            })
        })
        .await
}

/// Takes an add-on away from a project.
pub async fn remove(nexus: &Nexus, actor: &Actor, project: &str, addon: Addon) -> Result<ProjectAddon> {
    let slug = project.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let project = projects::resolve(w, &slug, Action::AddonRemove).await?;
                projects::refuse_confined(w, project.id, &slug, Action::AddonRemove).await?;
                let removed = on!(w.tx, |c| sqlx::query(sql!(
                    "DELETE FROM project_addons WHERE tenant_id = $1 AND project_id = $2 AND addon = $3"
                ))
                .bind(w.actor.tenant)
                .bind(project.id)
                .bind(addon.as_str())
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
                if removed == 0 {
                    return Err(Error::not_found());
                }
                settle(w, &project, &slug, Action::AddonRemove, addon).await
            })
        })
        .await
}

/// What both changes end with: the revision of every service, the audit row, and the new state.
async fn settle(
    w: &mut Work,
    project: &projects::Resolved,
    slug: &str,
    action: Action,
    addon: Addon,
) -> Result<ProjectAddon> {
    touch_project(w, project.id).await?;
    w.record(action, &Target::in_project(slug, slug), json!({ "addon": addon })).await?;
    let tier = tier_of(w, project.id).await?;
    state(w, project.id, tier, addon).await
}
