//! How much of a project's quotas is used up, what another tier would change about that, and whether
//! one more would fit in.

use super::services::barrier_for_service;
use super::{addons, quota};
use crate::entries::Kind;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result, dev_environments, environments, projects, services};
use nexus_domain::action::Action;
use nexus_domain::environment::EnvironmentKind;
use nexus_domain::project::Tier;
use nexus_domain::role::TenantRole;
use nexus_domain::service::ServicePath;
use nexus_domain::tier::{
    Addon, Barrier, DeveloperUse, EnvironmentUse, ProjectUsage, Quota, QuotaUse, Room, TierInfo, Tiers,
};
use nexus_domain::{EnvironmentId, ProjectId};
use sqlx::FromRow;

/// Every tier and add-on of this instance.
pub async fn list(nexus: &Nexus, actor: &Actor) -> Result<Tiers> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::TenantRead)?;
                Ok(w.nexus.settings.catalogue.wire())
            })
        })
        .await
}

/// What the project uses; under another tier where one is named. For everybody in the project, and
/// for finance.
pub async fn usage(nexus: &Nexus, actor: &Actor, project: &str, under: Option<Tier>) -> Result<ProjectUsage> {
    let slug = project.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let (project, tier) = find(w, &slug).await?;
                report(w, project, under.unwrap_or(tier)).await
            })
        })
        .await
}

/// Finance has nothing to do inside projects; how large they are is its business.
pub(super) async fn find(w: &mut Work, slug: &str) -> Result<(ProjectId, Tier)> {
    if w.actor.tenant_role() == Some(TenantRole::Finance) {
        w.authorise(Action::UsageRead)?;
    } else {
        projects::resolve(w, slug, Action::UsageRead).await?;
    }
    let row: Option<(ProjectId, String)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, tier FROM projects WHERE tenant_id = $1 AND slug = $2"
    ))
    .bind(w.actor.tenant)
    .bind(slug)
    .fetch_optional(c)
    .await)?;
    let (id, tier) = row.ok_or_else(Error::not_found)?;
    Ok((id, Tier::parse(&tier).ok_or(Error::Impossible("an unknown tier"))?))
}

/// What one environment holds of a project.
#[derive(Debug, Clone, FromRow)]
struct Counted {
    id: EnvironmentId,
    slug: String,
    #[sqlx(try_from = "String")]
    kind: EnvironmentKind,
    services: i64,
    secrets: i64,
    configs: i64,
    flags: i64,
}

impl Counted {
    const fn of(&self, quota: Quota) -> i64 {
        match quota {
            Quota::Environments => 1,
            Quota::Services => self.services,
            Quota::Secrets => self.secrets,
            Quota::Configs => self.configs,
            Quota::Flags => self.flags,
        }
    }

    fn is_shared(&self) -> bool {
        self.kind != EnvironmentKind::Developer
    }
}

async fn count(w: &mut Work, project: ProjectId) -> Result<Vec<Counted>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT x.id, x.slug, x.kind, COUNT(*) AS services,
                CAST(SUM(held.secrets) AS BIGINT) AS secrets, CAST(SUM(held.configs) AS BIGINT) AS configs,
                CAST(SUM(held.flags) AS BIGINT) AS flags
         FROM (SELECT s.environment_id,
                      (SELECT COUNT(*) FROM entries n WHERE n.service_id = s.id AND n.kind = 'secret'
                         AND n.deleted_at IS NULL) AS secrets,
                      (SELECT COUNT(*) FROM entries n WHERE n.service_id = s.id AND n.kind = 'config'
                         AND n.deleted_at IS NULL) AS configs,
                      (SELECT COUNT(*) FROM entries n WHERE n.service_id = s.id AND n.kind = 'flag'
                         AND n.deleted_at IS NULL) AS flags
               FROM projects p JOIN services s ON s.project_id = p.id
               WHERE p.tenant_id = $1 AND p.id = $2) AS held
         JOIN environments x ON x.id = held.environment_id
         GROUP BY x.id, x.slug, x.kind ORDER BY x.slug"
    ))
    .bind(w.actor.tenant)
    .bind(project)
    .fetch_all(c)
    .await)?)
}

async fn report(w: &mut Work, project: ProjectId, tier: Tier) -> Result<ProjectUsage> {
    let info = w.nexus.settings.catalogue.tier(tier)?.clone();
    let counted = count(w, project).await?;
    let shared: Vec<&Counted> = counted.iter().filter(|it| it.is_shared()).collect();
    let mut quotas = vec![environments_used(&info, &shared)];
    quotas.extend(uses(&info, &shared));
    let mut addons = Vec::new();
    for addon in Addon::ALL {
        addons.push(addons::state(w, project, tier, *addon).await?);
    }
    // A key of one environment learns nothing about which others exist.
    let reached = shared.iter().filter(|it| w.actor.reaches(it.id));
    let environments = reached.map(|it| EnvironmentUse {
        allowed: info.has_environment(&it.slug),
        environment: it.slug.clone(),
        services: it.services,
    });
    Ok(ProjectUsage {
        tier,
        quotas,
        environments: environments.collect(),
        developer_environments: own_developer_environment(w, project, &info, &counted).await?,
        addons,
    })
}

/// Environments in use, and how many of them the tier lacks.
fn environments_used(info: &TierInfo, shared: &[&Counted]) -> QuotaUse {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    QuotaUse {
        quota: Quota::Environments,
        used: number(shared.len()),
        limit: info.limit(Quota::Environments),
        over: number(shared.iter().filter(|it| !info.has_environment(&it.slug)).count()),
    }
}

fn uses(info: &TierInfo, counted: &[&Counted]) -> impl Iterator<Item = QuotaUse> {
    Quota::COUNTED.into_iter().map(|quota| {
        let used = counted.iter().map(|it| it.of(quota)).sum();
        QuotaUse::of(quota, used, info.limit(quota))
    })
}

/// What is in somebody else's is theirs alone.
async fn own_developer_environment(
    w: &mut Work,
    project: ProjectId,
    info: &TierInfo,
    counted: &[Counted],
) -> Result<Vec<DeveloperUse>> {
    let Some(user) = w.actor.user() else { return Ok(Vec::new()) };
    let rows = dev_environments::all(w, project).await?;
    let own = rows.into_iter().filter(|row| row.owner_id == Some(user));
    Ok(own
        .map(|row| {
            let here: Vec<&Counted> = counted.iter().filter(|it| it.id == row.id).collect();
            DeveloperUse { environment: row.slug, quotas: uses(info, &here).collect() }
        })
        .collect())
}

/// Whether one more entry fits into the service; said before a form is filled in.
pub async fn room_for_entry(nexus: &Nexus, actor: &Actor, path: &ServicePath, kind: Kind) -> Result<Room> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ServiceRead).await?;
                quota::room(w, service.id, kind).await
            })
        })
        .await
}

/// Whether one more service fits into each environment that the actor might make it in.
pub async fn rooms_for_service(nexus: &Nexus, actor: &Actor, project: &str) -> Result<Vec<Room>> {
    let slug = project.to_owned();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let project = projects::resolve(w, &slug, Action::ServiceRead).await?;
                let mut rows = environments::shared(w).await?;
                let user = w.actor.user();
                let own = dev_environments::all(w, project.id).await?.into_iter();
                rows.extend(own.filter(|row| user.is_some() && row.owner_id == user));
                let mut rooms = Vec::new();
                rows.retain(|row| w.actor.reaches(row.id));
                for row in rows {
                    let barrier = barrier_for_service(w, project.id, row.id).await?;
                    rooms.push(Room {
                        environment: Some(row.slug),
                        obstacle: barrier.as_ref().map(Barrier::when_making),
                        lifted_by: barrier.and_then(|barrier| barrier.lifted_by),
                    });
                }
                Ok(rooms)
            })
        })
        .await
}
