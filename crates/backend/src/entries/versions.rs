//! The history of an entry: numbers that are never given twice, and one of them ACTIVE.

use super::Entry;
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result, tiers};
use nexus_domain::entry::EntryVersion;
use nexus_domain::page::{Asked, Page};
use nexus_domain::{Code, EntryId, Refusal, Timestamp};
use sqlx::FromRow;

/// What a version holds: sealed with its wrapped data key, or plain.
pub(crate) struct Payload {
    pub value_type: &'static str,
    pub bytes: Vec<u8>,
    pub wrapped_key: Option<Vec<u8>>,
    /// Bytes of the plain value.
    pub size: i64,
}

/// A version as it is stored. `payload` is absent once it is destroyed.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct VersionRow {
    pub number: i64,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub payload: Option<Vec<u8>>,
    pub wrapped_key: Option<Vec<u8>>,
    pub size: i64,
    pub description: String,
    pub created_at: Timestamp,
    pub created_by: String,
    pub destroyed_at: Option<Timestamp>,
}

impl VersionRow {
    /// As it travels, without its value.
    pub fn into_wire<T: TryFrom<String>>(self, entry: &Entry) -> Result<EntryVersion<T>> {
        Ok(EntryVersion {
            version: self.number,
            kind: super::word(&self.kind)?,
            active: self.number == entry.active_version,
            destroyed: self.destroyed_at.is_some(),
            description: self.description,
            size: self.size,
            created_at: self.created_at,
            created_by: self.created_by,
        })
    }
}

/// Stores the next version and makes it ACTIVE. `number` is `last_version + 1`: the caller needs it
/// before, because it is part of what is sealed.
pub(crate) async fn add_version(
    w: &mut Work,
    entry: &Entry,
    payload: Payload,
    description: &str,
) -> Result<i64> {
    tiers::require_writable(w, entry).await?;
    append_version(w, entry, payload, description).await
}

/// The same where the tier may have no room for the entry.
pub(crate) async fn append_version(
    w: &mut Work,
    entry: &Entry,
    payload: Payload,
    description: &str,
) -> Result<i64> {
    let number = entry.last_version + 1;
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO entry_versions (tenant_id, entry_id, number, type, payload, wrapped_key, size, description,
             created_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    ))
    .bind(w.actor.tenant)
    .bind(entry.id)
    .bind(number)
    .bind(payload.value_type)
    .bind(payload.bytes.as_slice())
    .bind(payload.wrapped_key.as_deref())
    .bind(payload.size)
    .bind(description)
    .bind(w.now)
    .bind(w.actor.label())
    .execute(c)
    .await
    .map(|_| ())
    })?;
    activate(w, entry.id, number, payload.value_type).await?;
    Ok(number)
}

/// Points the entry at its newest version.
async fn activate(w: &mut Work, entry: EntryId, number: i64, value_type: &str) -> Result<()> {
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "UPDATE entries SET active_version = $3, last_version = $3, type = $4, updated_at = $5, updated_by = $6
         WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(entry)
    .bind(number)
    .bind(value_type)
    .bind(w.now)
    .bind(w.actor.label())
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}

/// Every version, newest first, without payloads.
pub(crate) async fn history<T: TryFrom<String>>(
    w: &mut Work,
    entry: &Entry,
    asked: &Asked,
) -> Result<Page<EntryVersion<T>>> {
    let rows: Vec<VersionRow> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT number, type, NULL AS payload, NULL AS wrapped_key, size, description, created_at, created_by,
                destroyed_at
         FROM entry_versions WHERE tenant_id = $1 AND entry_id = $2 AND number < $3 ORDER BY number DESC LIMIT $4"
    ))
    .bind(w.actor.tenant)
    .bind(entry.id)
    .bind(asked.after()?.unwrap_or(i64::MAX))
    .bind(asked.rows())
    .fetch_all(c)
    .await
    })?;
    let Page { data, next_cursor } = asked.page(rows, |row| row.number.to_string());
    let data = data.into_iter().map(|row| row.into_wire(entry)).collect::<Result<_>>()?;
    Ok(Page { data, next_cursor })
}

/// One version with its payload; refused once it is destroyed.
pub(crate) async fn version(w: &mut Work, entry: EntryId, number: i64) -> Result<VersionRow> {
    let row: Option<VersionRow> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT number, type, payload, wrapped_key, size, description, created_at, created_by, destroyed_at
         FROM entry_versions WHERE tenant_id = $1 AND entry_id = $2 AND number = $3"
    ))
    .bind(w.actor.tenant)
    .bind(entry)
    .bind(number)
    .fetch_optional(c)
    .await)?;
    let row = row.ok_or_else(Error::not_found)?;
    if row.destroyed_at.is_some() {
        let message = format!("Version {number} was destroyed; its value is gone for good");
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    Ok(row)
}

/// Wipes the value of an old version; its number stays burnt.
pub(crate) async fn destroy(w: &mut Work, entry: &Entry, number: i64) -> Result<()> {
    if number == entry.active_version {
        return Err(Refusal::new(Code::Conflict, "The ACTIVE version cannot be destroyed").into());
    }
    version(w, entry.id, number).await?;
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE entry_versions SET payload = NULL, wrapped_key = NULL, destroyed_at = $4
         WHERE tenant_id = $1 AND entry_id = $2 AND number = $3"
    ))
    .bind(w.actor.tenant)
    .bind(entry.id)
    .bind(number)
    .bind(w.now)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}
