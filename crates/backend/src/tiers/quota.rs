//! Enforcing quotas of entries: whether there is room for one more, and whether what exists may still
//! be changed. A quota counts what is not deleted in the project's shared environments; a developer
//! environment has the same caps for itself. What is over a cap are the newest, by their ids.

use super::ledger::{Place, cut, kind_of, place_of, stand, used};
use crate::Result;
use crate::entries::{Entry, Kind, ListedRow};
use crate::work::Work;
use nexus_domain::project::Tier;
use nexus_domain::tier::{Barrier, Quota, Room};
use nexus_domain::{EntryId, ServiceId};

/// Refuses one more entry where the quota is used up or the service is read-only; otherwise counts
/// it. Asked before it is made or comes back.
pub(crate) async fn take_room(w: &mut Work, service: ServiceId, kind: Kind) -> Result<()> {
    let place = place_of(w, service).await?;
    let quota = kind.quota();
    refuse_read_only_service(w, &place, service, Some(quota)).await?;
    if let Some(barrier) = full(w, &place, service, quota).await? {
        return Err(barrier.refusal(barrier.when_making()).into());
    }
    if let Some(used) = w.ledger.used.get_mut(&(place.realm(), quota)) {
        *used += 1;
    }
    Ok(())
}

/// Notes that this change has made the entry, so that writing its first version is not judged again.
pub(crate) fn note_made(w: &mut Work, entry: EntryId) {
    w.ledger.made.insert(entry);
}

/// Refuses to change an entry that is over its quota, or in a service that is read-only.
pub(crate) async fn require_writable(w: &mut Work, entry: &Entry) -> Result<()> {
    if w.ledger.made.contains(&entry.id) {
        return Ok(());
    }
    let kind = kind_of(w, entry.id).await?;
    match read_only(w, entry.service_id, kind.quota()).await?.barrier(entry.id) {
        Some(barrier) => Err(barrier.refusal(barrier.when_changing()).into()),
        None => Ok(()),
    }
}

/// Says of each listed entry of the service itself why it is read-only, if it is.
pub(crate) async fn mark(w: &mut Work, service: ServiceId, kind: Kind, rows: &mut [ListedRow]) -> Result<()> {
    if !rows.iter().any(|row| row.service_id == service) {
        return Ok(());
    }
    let rule = read_only(w, service, kind.quota()).await?;
    for row in rows.iter_mut().filter(|row| row.service_id == service) {
        row.read_only = rule.barrier(row.id).map(Barrier::when_changing);
    }
    Ok(())
}

/// Whether another entry of this kind would be taken in this service.
pub(super) async fn room(w: &mut Work, service: ServiceId, kind: Kind) -> Result<Room> {
    let place = place_of(w, service).await?;
    let quota = kind.quota();
    let closed = service_barrier(w, &place, service, Some(quota)).await?;
    let full = full(w, &place, service, quota).await?;
    let obstacle = match (&closed, &full) {
        (Some(closed), _) => Some(closed.when_changing()),
        (None, Some(full)) => Some(full.when_making()),
        (None, None) => None,
    };
    Ok(Room { environment: None, obstacle, lifted_by: closed.or(full).and_then(|barrier| barrier.lifted_by) })
}

/// The quota, where it is used up.
async fn full(w: &mut Work, place: &Place, service: ServiceId, quota: Quota) -> Result<Option<Barrier>> {
    let Some(limit) = limit(w, place.tier, quota)? else { return Ok(None) };
    let used = used(w, place, service, quota).await?;
    Ok((used >= limit).then(|| barrier(w, place.tier, quota, limit, used + 1)))
}

/// What is read-only in a service.
struct ReadOnly {
    /// Everything, and why.
    whole: Option<Barrier>,
    /// Entries from this id on, and why.
    from: Option<(EntryId, Barrier)>,
}

impl ReadOnly {
    fn barrier(&self, entry: EntryId) -> Option<&Barrier> {
        let newest = self.from.as_ref().filter(|(first, _)| entry >= *first).map(|(_, barrier)| barrier);
        self.whole.as_ref().or(newest)
    }
}

async fn read_only(w: &mut Work, service: ServiceId, quota: Quota) -> Result<ReadOnly> {
    let place = place_of(w, service).await?;
    let whole = service_barrier(w, &place, service, Some(quota)).await?;
    let Some(limit) = limit(w, place.tier, quota)? else { return Ok(ReadOnly { whole, from: None }) };
    let used = used(w, &place, service, quota).await?;
    if used <= limit {
        return Ok(ReadOnly { whole, from: None });
    }
    let first = cut(w, &place, quota, limit).await?;
    let barrier = barrier(w, place.tier, quota, limit, used);
    Ok(ReadOnly { whole, from: first.map(|first| (first, barrier)) })
}

pub(super) async fn refuse_read_only_service(
    w: &mut Work,
    place: &Place,
    service: ServiceId,
    quota: Option<Quota>,
) -> Result<()> {
    match service_barrier(w, place, service, quota).await? {
        Some(barrier) => Err(barrier.refusal(barrier.when_changing()).into()),
        None => Ok(()),
    }
}

/// Why the service itself is read-only, if it is. `quota` is what will be asked next, so that both
/// are counted by one statement.
async fn service_barrier(
    w: &mut Work,
    place: &Place,
    service: ServiceId,
    quota: Option<Quota>,
) -> Result<Option<Barrier>> {
    if let Some(barrier) = lacking(w, place)? {
        return Ok(Some(barrier));
    }
    let Some(limit) = limit(w, place.tier, Quota::Services)? else { return Ok(None) };
    let older = match w.ledger.older.get(&service) {
        Some(older) => *older,
        None => stand(w, place, service, quota).await?.0,
    };
    Ok((older >= limit).then(|| barrier(w, place.tier, Quota::Services, limit, older + 1)))
}

/// The environment, where the tier lacks it.
pub(super) fn lacking(w: &Work, place: &Place) -> Result<Option<Barrier>> {
    Ok(if place.realm().is_shared() { environment_barrier(w, place.tier, &place.environment)? } else { None })
}

/// Why a project of this tier may not use a shared environment, if it may not.
fn environment_barrier(w: &Work, tier: Tier, environment: &str) -> Result<Option<Barrier>> {
    let catalogue = &w.nexus.settings.catalogue;
    let info = catalogue.tier(tier)?;
    Ok((!info.has_environment(environment)).then(|| Barrier {
        quota: Quota::Environments,
        limit: info.limit(Quota::Environments).unwrap_or(0),
        tier,
        lifted_by: catalogue.with_environment(environment),
        environment: Some(environment.to_owned()),
    }))
}

pub(super) fn barrier(w: &Work, tier: Tier, quota: Quota, limit: i64, needed: i64) -> Barrier {
    let lifted_by = w.nexus.settings.catalogue.lifting(quota, needed);
    Barrier { quota, limit, tier, lifted_by, environment: None }
}

pub(super) fn limit(w: &Work, tier: Tier, quota: Quota) -> Result<Option<i64>> {
    Ok(w.nexus.settings.catalogue.tier(tier)?.limit(quota))
}
