//! Configs: entries whose payload is plain and typed, and may name secrets, flags and other configs.
//! What is stored and shown is the text with its references; only a snapshot resolves them.

mod complete;
mod export;
mod history;
mod import;
mod read;
mod rules;
pub(crate) mod schema;
mod write;

pub use crate::entries::ListEntries as ListConfigs;
pub use complete::complete;
pub use export::{collisions_of, export};
pub use history::{destroy, diff, history, restore, version, versions};
pub use import::import;
pub use read::{counts, deleted, find, list, row};
pub(crate) use rules::{Intended, answer_for_link, answer_for_uncovered, foresee, settle};
pub use write::{create, delete, patch, undelete, update};

use crate::entries::{self, Entry, Kind, ListedRow, Payload, Plain, VersionRow};
use crate::services::Resolved;
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::config::{ConfigRow, ConfigValue};
use nexus_domain::scope::Scope;
use std::collections::HashSet;

/// Configs, for what they share with flags.
const CONFIGS: Plain = Plain {
    kind: Kind::Config,
    read: Action::ConfigRead,
    delete: Action::ConfigDelete,
    destroy: Action::ConfigDestroy,
    shown: |row| Ok(open_version(&row)?.text().to_owned()),
};

/// Stores a value as the entry's next version, with what it names, and makes it ACTIVE, if it fits the
/// schema that the entry has.
pub(crate) async fn store_version(
    w: &mut Work,
    entry: &Entry,
    value: &ConfigValue,
    description: &str,
) -> Result<i64> {
    schema::refuse_unfit(w, entry.id, value).await?;
    let bytes = value.text().as_bytes().to_vec();
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let payload = Payload { value_type: value.kind.as_str(), bytes, wrapped_key: None, size };
    let number = entries::add_version(w, entry, payload, description).await?;
    entries::set_references(w, entry.id, &value.references()?).await?;
    Ok(number)
}

/// A stored value.
pub(crate) fn open_version(version: &VersionRow) -> Result<ConfigValue> {
    let payload = version.payload.clone().ok_or(Error::Unreadable("a version without a payload"))?;
    value_of(&version.kind, payload)
}

pub(crate) fn value_of(kind: &str, payload: Vec<u8>) -> Result<ConfigValue> {
    let text = String::from_utf8(payload).map_err(|_| Error::Unreadable("a config that is not UTF-8"))?;
    Ok(ConfigValue::stored(entries::word(kind)?, text))
}

/// Listed rows as they travel, seen from the service.
async fn into_rows(w: &mut Work, service: &Resolved, rows: Vec<ListedRow>) -> Result<Vec<ConfigRow>> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let names = entries::references_of(w, service).await?;
    let mut schemas = schema::of_page(w, service, &first.key, &last.key).await?;
    let tainted = names.tainted();
    let row = |row: ListedRow| {
        let schema = schemas.remove(&(row.service_id, row.key.clone()));
        Ok(ConfigRow { schema, ..into_row(service, row, &names, &tainted)? })
    };
    rows.into_iter().map(row).collect()
}

fn into_row(service: &Resolved, row: ListedRow, names: &Scope, tainted: &HashSet<&str>) -> Result<ConfigRow> {
    let inherited = row.service_id != service.id;
    let needs_value = row.active_version == 0;
    let umbrella = service.umbrella_slug.clone();
    let value = row.payload.and_then(|payload| value_of(&row.kind, payload).ok());
    let references = if needs_value { &[] } else { names.references(&row.key) };
    Ok(ConfigRow {
        kind: entries::word(&row.kind)?,
        unreadable: value.is_none() && !needs_value,
        value: value.map(|value| value.json()),
        version: row.active_version,
        inherited_from: umbrella.clone().filter(|_| inherited),
        overrides: umbrella.filter(|_| !inherited && row.in_umbrella && !needs_value),
        needs_value,
        schema: None,
        references: references.to_vec(),
        tainted: !needs_value && tainted.contains(row.key.as_str()),
        tags: entries::tags_of(&row.tags),
        note: row.note,
        description: row.description.unwrap_or_default(),
        size: row.size.unwrap_or(0),
        created_at: row.created_at,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
        warning: None,
        read_only: row.read_only,
        key: row.key,
    })
}

/// The row of one key, as the list would show it.
async fn row_of(w: &mut Work, service: &Resolved, key: &str) -> Result<ConfigRow> {
    let row = entries::one(w, service, Kind::Config, key).await?;
    into_rows(w, service, vec![row]).await?.pop().ok_or_else(Error::not_found)
}
