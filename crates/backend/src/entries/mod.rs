//! Entries: what secrets, configs and flags have in common. A key that is unique per service and
//! kind, a history of numbered versions of which one is ACTIVE, and inheritance from an umbrella.
//!
//! Functions here work inside a use case that has passed the gate. They know neither what a payload
//! means nor whether it is sealed.

mod change;
mod compare;
mod effective;
mod export;
mod find;
mod import;
mod input;
mod list;
mod plain;
mod references;
mod referrers;
mod size;
mod versions;

pub(crate) use change::{case_warning, delete_from, finish, patch};
pub(crate) use compare::{Side, compare};
pub(crate) use effective::{EffectiveRow, all_effective, without_value};
pub use export::write_texts;
pub(crate) use export::{Exported, Value as ExportedValue, write as export_text};
pub use find::FoundKey;
pub(crate) use find::find_keys;
pub use import::read_texts;
pub(crate) use import::{
    Given, Pair, Pairs, Step, pairs, point_out_collisions, refuse_invalid, report, rule_of,
};
pub(crate) use input::{description, note, tags};
pub use list::ListEntries;
pub(crate) use list::{Keys, ListQuery, ListedRow, counts, every_key, like_pattern, list, one, page};
pub(crate) use plain::Plain;
pub(crate) use references::{heirs, own_keys, references_of, refuse_broken, scope, set_references};
pub(crate) use referrers::referrers;
pub(crate) use size::check_snapshot_size;
pub(crate) use versions::{Payload, VersionRow, add_version, append_version, destroy, history, version};

use crate::services;
use crate::store::{on, sql};
use crate::tiers;
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::entry::DeletedEntry;
use nexus_domain::key::EntryKey;
use nexus_domain::refusal::LostRace;
use nexus_domain::{Code, EntryId, Refusal, ServiceId, Timestamp, timestamp};
use sqlx::FromRow;
use uuid::Uuid;

/// Which of the three an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Secret,
    Config,
    Flag,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Config => "config",
            Self::Flag => "flag",
        }
    }
}

/// An entry that is not deleted.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Entry {
    pub id: EntryId,
    pub service_id: ServiceId,
    pub key: String,
    #[sqlx(rename = "type")]
    pub kind: String,
    /// 0 while it needs a value.
    pub active_version: i64,
    pub last_version: i64,
    pub note: String,
    pub tags: String,
    pub updated_at: Timestamp,
    pub updated_by: String,
}

impl Entry {
    pub fn tags(&self) -> Vec<String> {
        tags_of(&self.tags)
    }

    /// Refuses an edit that started from another version than the present one.
    pub fn expect(&self, version: Option<i64>) -> Result<()> {
        match version {
            Some(version) if version != self.active_version => Err(Refusal::from(LostRace {
                current_version: self.active_version,
                updated_by: self.updated_by.clone(),
                updated_at: self.updated_at,
            })
            .into()),
            _ => Ok(()),
        }
    }
}

/// Tags as they are stored: one a line, so that a search finds their text and nothing else. No tag
/// holds a line end.
fn stored_tags(tags: &[String]) -> String {
    tags.join("\n")
}

/// Stored tags, taken apart.
pub(crate) fn tags_of(stored: &str) -> Vec<String> {
    stored.lines().map(str::to_owned).collect()
}

/// The entry with this key on this very service.
pub(crate) async fn find(w: &mut Work, service: ServiceId, kind: Kind, key: &str) -> Result<Option<Entry>> {
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT id, service_id, key, type, active_version, last_version, note, tags, updated_at, updated_by
         FROM entries WHERE tenant_id = $1 AND service_id = $2 AND kind = $3 AND key = $4 AND deleted_at IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(kind.as_str())
    .bind(key)
    .fetch_optional(c)
    .await
    })?)
}

/// The service's own entry, or an error that says where an inherited one is changed.
pub(crate) async fn own(w: &mut Work, service: &services::Resolved, kind: Kind, key: &str) -> Result<Entry> {
    if let Some(entry) = find(w, service.id, kind, key).await? {
        return Ok(entry);
    }
    if let (Some(umbrella), Some(slug)) = (service.umbrella_id, &service.umbrella_slug)
        && find(w, umbrella, kind, key).await?.is_some()
    {
        let message = format!("{key} is inherited from {slug}: change it there, or override it here");
        return Err(Refusal::new(Code::NotFound, message).into());
    }
    Err(Error::not_found())
}

/// What the service has under this key: its own entry where that has a value, else the umbrella's.
/// The flag says whether it is inherited.
pub(crate) async fn effective(
    w: &mut Work,
    service: &services::Resolved,
    kind: Kind,
    key: &str,
) -> Result<Option<(Entry, bool)>> {
    let own = find(w, service.id, kind, key).await?;
    if let Some(entry) = own.clone().filter(|entry| entry.active_version > 0) {
        return Ok(Some((entry, false)));
    }
    if let Some(umbrella) = service.umbrella_id
        && let Some(entry) = find(w, umbrella, kind, key).await?.filter(|entry| entry.active_version > 0)
    {
        return Ok(Some((entry, true)));
    }
    Ok(own.map(|entry| (entry, false)))
}

/// A stored word, for example the type of an entry.
pub(crate) fn word<T: TryFrom<String>>(stored: &str) -> Result<T> {
    T::try_from(stored.to_owned()).map_err(|_| Error::Impossible("an unknown type of entry"))
}

/// Another key of the service that differs from this one only in case.
pub(crate) async fn twin_in_other_case(
    w: &mut Work,
    service: ServiceId,
    kind: Kind,
    key: &str,
) -> Result<Option<String>> {
    let row: Option<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT key FROM entries WHERE tenant_id = $1 AND service_id = $2 AND kind = $3 AND deleted_at IS NULL
           AND LOWER(key) = LOWER($4) AND key <> $4 ORDER BY key LIMIT 1"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(kind.as_str())
    .bind(key)
    .fetch_optional(c)
    .await)?;
    Ok(row.map(|(key,)| key))
}

/// Makes an entry without a version; it needs a value until its first one is added. Refused where the
/// quota is used up.
pub(crate) async fn insert(
    w: &mut Work,
    service: ServiceId,
    kind: Kind,
    key: &EntryKey,
    value_type: &str,
    note: &str,
    tags: &[String],
) -> Result<Entry> {
    tiers::take_room(w, service, kind).await?;
    let entry = Entry {
        id: EntryId(Uuid::now_v7()),
        service_id: service,
        key: key.as_str().to_owned(),
        kind: value_type.to_owned(),
        active_version: 0,
        last_version: 0,
        note: note.to_owned(),
        tags: stored_tags(tags),
        updated_at: w.now,
        updated_by: w.actor.label().to_owned(),
    };
    let inserted = on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO entries (tenant_id, id, service_id, kind, key, type, active_version, last_version, note, tags,
             created_at, updated_at, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8, $9, $9, $10)
         ON CONFLICT DO NOTHING"
    ))
    .bind(w.actor.tenant)
    .bind(entry.id)
    .bind(service)
    .bind(kind.as_str())
    .bind(entry.key.as_str())
    .bind(value_type)
    .bind(note)
    .bind(entry.tags.as_str())
    .bind(w.now)
    .bind(entry.updated_by.as_str())
    .execute(c)
    .await
    .map(|done| done.rows_affected())
    })?;
    if inserted == 0 {
        return Err(taken());
    }
    tiers::note_made(w, entry.id);
    Ok(entry)
}

fn taken() -> Error {
    Refusal::taken("key", "This key exists already in this service").into()
}

/// Gives an entry another key; its history stays.
pub(crate) async fn rename(w: &mut Work, kind: Kind, entry: &Entry, to: &EntryKey) -> Result<()> {
    if find(w, entry.service_id, kind, to.as_str()).await?.is_some() {
        return Err(taken());
    }
    tiers::require_writable(w, entry).await?;
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE entries SET key = $3, updated_at = $4, updated_by = $5 WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(entry.id)
    .bind(to.as_str())
    .bind(w.now)
    .bind(w.actor.label())
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// Replaces note and tags.
pub(crate) async fn annotate(w: &mut Work, entry: &Entry, note: &str, tags: &[String]) -> Result<()> {
    tiers::require_writable(w, entry).await?;
    let tags = stored_tags(tags);
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "UPDATE entries SET note = $3, tags = $4, updated_at = $5, updated_by = $6 WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(entry.id)
    .bind(note)
    .bind(tags.as_str())
    .bind(w.now)
    .bind(w.actor.label())
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}

/// Deletes an entry so that it can be restored for `days`; its key is free at once.
pub(crate) async fn delete(w: &mut Work, entry: &Entry, days: i64) -> Result<()> {
    let (kind,): (String,) = on!(w.tx, |c| sqlx::query_as(sql!(
        "UPDATE entries SET deleted_at = $3, deleted_by = $4, final_at = $5 WHERE tenant_id = $1 AND id = $2
         RETURNING kind"
    ))
    .bind(w.actor.tenant)
    .bind(entry.id)
    .bind(w.now)
    .bind(w.actor.label())
    .bind(w.now.plus(days * timestamp::DAY_MICROS))
    .fetch_one(c)
    .await)?;
    tiers::give_room_back(w, entry.service_id, &kind);
    Ok(())
}

/// A deleted entry whose time is not over.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct DeletedRow {
    pub id: EntryId,
    pub key: String,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub active_version: i64,
    pub deleted_at: Timestamp,
    pub deleted_by: String,
    pub final_at: Timestamp,
}

impl DeletedRow {
    /// As it travels.
    pub fn into_wire<T: TryFrom<String>>(self) -> Result<DeletedEntry<T>> {
        Ok(DeletedEntry {
            kind: word(&self.kind)?,
            key: self.key,
            version: self.active_version,
            deleted_at: self.deleted_at,
            deleted_by: self.deleted_by,
            final_at: self.final_at,
        })
    }
}

/// What can still be restored, newest deletion first; of very many the newest thousand.
pub(crate) async fn deleted(w: &mut Work, service: ServiceId, kind: Kind) -> Result<Vec<DeletedRow>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, key, type, active_version, deleted_at, deleted_by, final_at FROM entries
         WHERE tenant_id = $1 AND service_id = $2 AND kind = $3 AND deleted_at IS NOT NULL AND final_at > $4
         ORDER BY deleted_at DESC, id DESC LIMIT 1000"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(kind.as_str())
    .bind(w.now)
    .fetch_all(c)
    .await)?)
}

/// Brings the newest deleted entry of this key back. Its key may be taken by a new one by now, and the
/// quota used up.
pub(crate) async fn undelete(w: &mut Work, service: ServiceId, kind: Kind, key: &str) -> Result<DeletedRow> {
    let row: Option<DeletedRow> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, key, type, active_version, deleted_at, deleted_by, final_at FROM entries
         WHERE tenant_id = $1 AND service_id = $2 AND kind = $3 AND deleted_at IS NOT NULL AND final_at > $4
           AND key = $5
         ORDER BY deleted_at DESC, id DESC LIMIT 1"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(kind.as_str())
    .bind(w.now)
    .bind(key)
    .fetch_optional(c)
    .await)?;
    let row = row.ok_or_else(Error::not_found)?;
    if find(w, service, kind, key).await?.is_some() {
        let rule = "A new one has this key by now; rename or delete it first";
        return Err(Refusal::taken("key", rule).into());
    }
    tiers::take_room(w, service, kind).await?;
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "UPDATE entries SET deleted_at = NULL, deleted_by = NULL, final_at = NULL WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(row.id)
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(row)
}

/// Makes deletions final whose time is over: rows and sealed values go.
pub async fn purge(nexus: &crate::Nexus) -> Result<()> {
    let now = nexus.now();
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!(
                    "DELETE FROM entries WHERE final_at IS NOT NULL AND final_at <= $1"
                ))
                .bind(now)
                .execute(c)
                .await
                .map(|_| ()))?;
                Ok(())
            })
        })
        .await
}
