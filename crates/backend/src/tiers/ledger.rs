//! Counting: where things are counted together, and what a change has counted already. The tenant's
//! writers come one after the other, so that a number counted in a change stays true until it ends.

use crate::entries::Kind;
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::environment::EnvironmentKind;
use nexus_domain::project::Tier;
use nexus_domain::tier::Quota;
use nexus_domain::{EntryId, EnvironmentId, ProjectId, ServiceId};
use sqlx::FromRow;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What a change has counted, so that it counts nothing twice.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    places: HashMap<ServiceId, Place>,
    pub(super) older: HashMap<ServiceId, i64>,
    pub(super) used: HashMap<(Realm, Quota), i64>,
    /// The oldest entry that is over the cap.
    cuts: HashMap<(Realm, Quota), Option<EntryId>>,
    /// What this change has made itself, and may therefore go on writing.
    pub(super) made: HashSet<EntryId>,
}

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Realm {
    /// The shared environments of a project.
    Shared(ProjectId),
    /// One developer environment of it.
    Developer(ProjectId, EnvironmentId),
}

impl Realm {
    const fn project(self) -> ProjectId {
        match self {
            Self::Shared(project) | Self::Developer(project, _) => project,
        }
    }

    /// The developer environment, or nil.
    const fn environment(self) -> EnvironmentId {
        match self {
            Self::Shared(_) => EnvironmentId(Uuid::nil()),
            Self::Developer(_, environment) => environment,
        }
    }

    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Shared(_))
    }
}

/// An environment as one project sees it.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Place {
    pub project_id: ProjectId,
    #[sqlx(try_from = "String")]
    pub tier: Tier,
    pub environment_id: EnvironmentId,
    pub environment: String,
    #[sqlx(try_from = "String")]
    pub environment_kind: EnvironmentKind,
}

impl Place {
    pub const fn realm(&self) -> Realm {
        match self.environment_kind {
            EnvironmentKind::Developer => Realm::Developer(self.project_id, self.environment_id),
            _ => Realm::Shared(self.project_id),
        }
    }
}

impl Kind {
    pub(crate) const fn quota(self) -> Quota {
        match self {
            Self::Secret => Quota::Secrets,
            Self::Config => Quota::Configs,
            Self::Flag => Quota::Flags,
        }
    }
}

/// Notes that an entry is deleted, so that its room is free for what this change makes next.
pub(crate) fn give_room_back(w: &mut Work, service: ServiceId, kind: &str) {
    let Some(place) = w.ledger.places.get(&service) else { return };
    let quota = [Kind::Secret, Kind::Config, Kind::Flag].into_iter().find(|it| it.as_str() == kind);
    let Some(quota) = quota.map(Kind::quota) else { return };
    let realm = place.realm();
    w.ledger.cuts.remove(&(realm, quota));
    if let Some(used) = w.ledger.used.get_mut(&(realm, quota)) {
        *used -= 1;
    }
}

/// How many there are in the realm of the place.
pub(super) async fn used(w: &mut Work, place: &Place, service: ServiceId, quota: Quota) -> Result<i64> {
    match w.ledger.used.get(&(place.realm(), quota)) {
        Some(used) => Ok(*used),
        None => Ok(stand(w, place, service, Some(quota)).await?.1),
    }
}

/// Counts and remembers: the services that are older than this one, and the entries of a quota.
pub(super) async fn stand(
    w: &mut Work,
    place: &Place,
    service: ServiceId,
    quota: Option<Quota>,
) -> Result<(i64, i64)> {
    let (older, used) = count(w, place, service, quota).await?;
    w.ledger.older.insert(service, older);
    if let Some(quota) = quota {
        w.ledger.used.insert((place.realm(), quota), used);
    }
    Ok((older, used))
}

pub(super) async fn count(
    w: &mut Work,
    place: &Place,
    service: ServiceId,
    quota: Option<Quota>,
) -> Result<(i64, i64)> {
    let realm = place.realm();
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT (SELECT COUNT(*) FROM projects p JOIN services o ON o.project_id = p.id
                 JOIN environments x ON x.id = o.environment_id
                 WHERE p.tenant_id = $1 AND p.id = $2 AND (x.id = $3 OR ($4 AND x.project_id IS NULL))
                   AND o.id < $5),
                (SELECT COUNT(*) FROM projects p JOIN services o ON o.project_id = p.id
                 JOIN environments x ON x.id = o.environment_id
                 JOIN entries n ON n.service_id = o.id AND n.kind = $6 AND n.deleted_at IS NULL
                 WHERE p.tenant_id = $1 AND p.id = $2 AND (x.id = $3 OR ($4 AND x.project_id IS NULL)))"
    ))
    .bind(w.actor.tenant)
    .bind(realm.project())
    .bind(realm.environment())
    .bind(realm.is_shared())
    .bind(service)
    .bind(kind_word(quota))
    .fetch_one(c)
    .await)?)
}

/// The oldest entry that is over the cap.
pub(super) async fn cut(w: &mut Work, place: &Place, quota: Quota, limit: i64) -> Result<Option<EntryId>> {
    let realm = place.realm();
    if let Some(cut) = w.ledger.cuts.get(&(realm, quota)) {
        return Ok(*cut);
    }
    let row: Option<(EntryId,)> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
            "SELECT n.id FROM projects p JOIN services o ON o.project_id = p.id
         JOIN environments x ON x.id = o.environment_id
         JOIN entries n ON n.service_id = o.id AND n.kind = $5 AND n.deleted_at IS NULL
         WHERE p.tenant_id = $1 AND p.id = $2 AND (x.id = $3 OR ($4 AND x.project_id IS NULL))
         ORDER BY n.id LIMIT 1 OFFSET $6"
        ))
        .bind(w.actor.tenant)
        .bind(realm.project())
        .bind(realm.environment())
        .bind(realm.is_shared())
        .bind(kind_word(Some(quota)))
        .bind(limit)
        .fetch_optional(c)
        .await
    })?;
    let cut = row.map(|(id,)| id);
    w.ledger.cuts.insert((realm, quota), cut);
    Ok(cut)
}

/// The kind of entries that a quota counts.
fn kind_word(quota: Option<Quota>) -> &'static str {
    let kinds = [Kind::Secret, Kind::Config, Kind::Flag];
    kinds.into_iter().find(|kind| Some(kind.quota()) == quota).map_or("", Kind::as_str)
}

pub(super) async fn kind_of(w: &mut Work, entry: EntryId) -> Result<Kind> {
    let (word,): (String,) =
        on!(w.tx, |c| sqlx::query_as(sql!("SELECT kind FROM entries WHERE tenant_id = $1 AND id = $2"))
            .bind(w.actor.tenant)
            .bind(entry)
            .fetch_one(c)
            .await)?;
    let kinds = [Kind::Secret, Kind::Config, Kind::Flag];
    kinds.into_iter().find(|kind| kind.as_str() == word).ok_or(Error::Impossible("an unknown kind of entry"))
}

/// Where a service lives.
pub(super) async fn place_of(w: &mut Work, service: ServiceId) -> Result<Place> {
    if let Some(place) = w.ledger.places.get(&service) {
        return Ok(place.clone());
    }
    let place: Place = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT p.id AS project_id, p.tier, e.id AS environment_id, e.slug AS environment, e.kind AS environment_kind
         FROM services s JOIN projects p ON p.id = s.project_id JOIN environments e ON e.id = s.environment_id
         WHERE s.tenant_id = $1 AND s.id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .fetch_one(c)
    .await
    })?;
    w.ledger.places.insert(service, place.clone());
    Ok(place)
}

/// Where a service is about to live.
pub(super) async fn place_in(w: &mut Work, project: ProjectId, environment: EnvironmentId) -> Result<Place> {
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT p.id AS project_id, p.tier, e.id AS environment_id, e.slug AS environment, e.kind AS environment_kind
         FROM projects p JOIN environments e ON e.tenant_id = p.tenant_id
         WHERE p.tenant_id = $1 AND p.id = $2 AND e.id = $3"
    ))
    .bind(w.actor.tenant)
    .bind(project)
    .bind(environment)
    .fetch_one(c)
    .await
    })?)
}
