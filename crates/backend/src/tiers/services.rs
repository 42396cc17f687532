//! Quotas of services: whether there is room for one more in an environment, and which are read-only,
//! because they are over the cap or live in an environment that the tier lacks.

use super::addons::tier_of;
use super::ledger::{Place, Realm, count, place_in, place_of};
use super::quota::{barrier, lacking, limit, refuse_read_only_service};
use crate::Result;
use crate::store::{on, sql};
use crate::work::Work;
use nexus_domain::tier::{Barrier, Quota};
use nexus_domain::{EnvironmentId, ProjectId, ServiceId};
use sqlx::FromRow;
use std::collections::HashMap;
use uuid::Uuid;

/// Refuses to change a service that is over its quota or lives where the tier does not reach.
pub(crate) async fn require_writable_service(w: &mut Work, service: ServiceId) -> Result<()> {
    let place = place_of(w, service).await?;
    refuse_read_only_service(w, &place, service, None).await
}

/// Refuses one more service where the quota is used up or the tier lacks the environment.
pub(crate) async fn take_room_for_service(
    w: &mut Work,
    project: ProjectId,
    environment: EnvironmentId,
) -> Result<()> {
    match barrier_for_service(w, project, environment).await? {
        Some(barrier) => Err(barrier.refusal(barrier.when_making()).into()),
        None => Ok(()),
    }
}

/// Why another service would be refused in this environment, if it would.
pub(super) async fn barrier_for_service(
    w: &mut Work,
    project: ProjectId,
    environment: EnvironmentId,
) -> Result<Option<Barrier>> {
    let place = place_in(w, project, environment).await?;
    if let Some(barrier) = lacking(w, &place)? {
        return Ok(Some(barrier));
    }
    let Some(limit) = limit(w, place.tier, Quota::Services)? else { return Ok(None) };
    let used = count(w, &place, ServiceId(Uuid::max()), None).await?.0;
    Ok((used >= limit).then(|| barrier(w, place.tier, Quota::Services, limit, used + 1)))
}

/// The services of a project that are read-only, each with the reason.
pub(crate) async fn read_only_services(
    w: &mut Work,
    project: ProjectId,
) -> Result<HashMap<ServiceId, String>> {
    let tier = tier_of(w, project).await?;
    let info = w.nexus.settings.catalogue.tier(tier)?;
    if info.services.is_none() && info.environments.is_none() {
        return Ok(HashMap::new());
    }
    let mut seen: HashMap<Realm, i64> = HashMap::new();
    let mut reasons = HashMap::new();
    for (service, place) in oldest_first(w, project).await? {
        let older = seen.entry(place.realm()).or_default();
        let barrier = match lacking(w, &place)? {
            None => limit(w, tier, Quota::Services)?
                .filter(|limit| *older >= *limit)
                .map(|limit| barrier(w, tier, Quota::Services, limit, *older + 1)),
            lacking => lacking,
        };
        *older += 1;
        if let Some(barrier) = barrier {
            reasons.insert(service, barrier.when_changing());
        }
    }
    Ok(reasons)
}

#[derive(FromRow)]
struct Placed {
    id: ServiceId,
    #[sqlx(flatten)]
    place: Place,
}

async fn oldest_first(w: &mut Work, project: ProjectId) -> Result<Vec<(ServiceId, Place)>> {
    let rows: Vec<Placed> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
            "SELECT s.id, p.id AS project_id, p.tier, e.id AS environment_id, e.slug AS environment,
                e.kind AS environment_kind
         FROM projects p JOIN services s ON s.project_id = p.id JOIN environments e ON e.id = s.environment_id
         WHERE p.tenant_id = $1 AND p.id = $2 ORDER BY s.id"
        ))
        .bind(w.actor.tenant)
        .bind(project)
        .fetch_all(c)
        .await
    })?;
    Ok(rows.into_iter().map(|row| (row.id, row.place)).collect())
}
