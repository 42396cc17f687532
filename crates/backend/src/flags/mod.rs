//! Flags: entries whose payload is the definition of a feature flag, as JSON. This folder holds how
//! people make and change them and how programs have them evaluated; the rules of an evaluation are
//! in `nexus_domain::flag`.

mod cache;
mod counts;
mod evaluate;
mod history;
mod read;
mod served;
mod tester;
mod write;

pub use crate::entries::ListEntries as ListFlags;
pub use cache::ReadyFlags;
pub(crate) use cache::{Ready, ready};
pub use counts::{flush, forget_old};
pub use evaluate::{Bulk, OneFlag, bulk, evaluate, flag, one};
pub use history::{destroy, diff, history, restore, version, versions};
pub use read::{counts, deleted, find, list, row, targeting_active};
pub(crate) use served::{Served, ServedFlag, State};
pub use tester::{TestRequest, test};
pub(crate) use write::admit;
pub use write::{create, delete, patch, toggle, undelete, update};

use crate::entries::{self, Entry, Kind, ListedRow, Payload, Plain, VersionRow};
use crate::services::Resolved;
use crate::work::Work;
use crate::{Error, Result, tiers};
pub(crate) use counts::WholeReads;
use counts::{Usage, Use};
use nexus_domain::Timestamp;
use nexus_domain::action::Action;
use nexus_domain::flag::{FlagDefinition, FlagRow, FlagState, FlagType, Percentage, Stale};
use nexus_domain::timestamp::DAY_MICROS;

/// Flags, for what they share with configs.
const FLAGS: Plain = Plain {
    kind: Kind::Flag,
    read: Action::FlagRead,
    delete: Action::FlagDelete,
    destroy: Action::FlagDestroy,
    shown: |row| {
        let definition = open_version(&row)?;
        serde_json::to_string_pretty(&definition).map_err(|_| Error::Impossible("a definition is JSON"))
    },
};

/// A flag that nobody evaluated for so long may be needed by nobody.
const UNUSED_DAYS: i64 = 30;
/// A flag that gives everybody the same for so long may be taken out of the program.
const SETTLED_DAYS: i64 = 90;

/// Stores a checked definition as the entry's next version and makes it ACTIVE.
pub(crate) async fn store_version(
    w: &mut Work,
    entry: &Entry,
    definition: &FlagDefinition,
    description: &str,
) -> Result<i64> {
    entries::add_version(w, entry, payload(definition)?, description).await
}

/// The same for a flag that is switched off, even where the tier has no room for it: a kill switch
/// works in an incident.
async fn store_switched_off(w: &mut Work, entry: &Entry, definition: &FlagDefinition) -> Result<i64> {
    entries::append_version(w, entry, payload(definition)?, "").await
}

fn payload(definition: &FlagDefinition) -> Result<Payload> {
    let bytes = serde_json::to_vec(definition).map_err(|_| Error::Impossible("a definition is JSON"))?;
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    Ok(Payload { value_type: definition.flag_type().as_str(), bytes, wrapped_key: None, size })
}

/// Stores the version of another flag as it is, rules and rollout included. What this program cannot
/// read there it cannot read here either.
pub(crate) async fn store_copy(
    w: &mut Work,
    entry: &Entry,
    version: VersionRow,
    description: &str,
) -> Result<i64> {
    let value_type = entries::word::<FlagType>(&version.kind)?.as_str();
    let bytes = version.payload.ok_or(Error::Impossible("a version without a payload"))?;
    let payload = Payload { value_type, bytes, wrapped_key: None, size: version.size };
    entries::add_version(w, entry, payload, description).await
}

/// A stored definition.
pub(crate) fn open_version(version: &VersionRow) -> Result<FlagDefinition> {
    let payload = version.payload.as_deref().ok_or(Error::Unreadable("a version without a payload"))?;
    definition_of(payload)
}

pub(crate) fn definition_of(payload: &[u8]) -> Result<FlagDefinition> {
    serde_json::from_slice(payload).map_err(|_| Error::Unreadable("a flag that is no definition"))
}

/// Listed rows as they travel, seen from the service.
async fn into_rows(w: &mut Work, service: &Resolved, rows: Vec<ListedRow>) -> Result<Vec<FlagRow>> {
    let targeting = tiers::ab_testing_active(w, service.project_id).await?;
    let usage = counts::usage(w, service).await?;
    let now = w.now;
    rows.into_iter().map(|row| into_row(service, row, targeting, &usage, now)).collect()
}

fn into_row(
    service: &Resolved,
    row: ListedRow,
    targeting: bool,
    usage: &Usage,
    now: Timestamp,
) -> Result<FlagRow> {
    let inherited = row.service_id != service.id;
    let umbrella = service.umbrella_slug.clone();
    let stored = definition_of(row.payload.as_deref().unwrap_or_default()).ok();
    let unreadable = stored.is_none();
    let definition = stored.unwrap_or_default();
    let Use { evaluations, evaluated_at, perhaps } = usage.of(row.service_id, &row.key);
    let stale = stale(&definition, &row, perhaps, now);
    Ok(FlagRow {
        kind: definition.flag_type(),
        enabled: definition.schedule().is_enabled(now),
        targeting_ignored: definition.has_targeting() && !targeting,
        definition,
        unreadable,
        version: row.active_version,
        inherited_from: umbrella.clone().filter(|_| inherited),
        overrides: umbrella.filter(|_| !inherited && row.in_umbrella),
        tags: entries::tags_of(&row.tags),
        note: row.note,
        description: row.description.unwrap_or_default(),
        size: row.size.unwrap_or(0),
        created_at: row.created_at,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
        evaluated_at,
        evaluations,
        stale,
        read_only: row.read_only,
        warning: None,
        key: row.key,
    })
}

/// Why a flag may be ready to be removed; the stronger hint wins.
fn stale(definition: &FlagDefinition, row: &ListedRow, used: bool, now: Timestamp) -> Option<Stale> {
    let older_than = |at: Timestamp, days: i64| at.plus(days * DAY_MICROS) <= now;
    let same_for_all = definition.rules.is_empty()
        && definition.rollout.as_ref().is_none_or(|rollout| {
            rollout.split.is_empty() && rollout.percentage.is_none_or(|share| share == Percentage::ALL)
        });
    if definition.state == FlagState::On && same_for_all && older_than(row.updated_at, SETTLED_DAYS) {
        return Some(Stale::FullyOn);
    }
    (!used && older_than(row.created_at, UNUSED_DAYS)).then_some(Stale::NotEvaluated)
}

/// The row of one key, as the list would show it.
async fn row_of(w: &mut Work, service: &Resolved, key: &str) -> Result<FlagRow> {
    let row = entries::one(w, service, Kind::Flag, key).await?;
    into_rows(w, service, vec![row]).await?.pop().ok_or_else(Error::not_found)
}
