//! Secrets: entries whose payload is sealed. Writing, reading, revealing and comparing them, each
//! behind the gate and in the audit log. Only backend services have secrets.

mod compare;
mod export;
mod find;
mod history;
mod import;
mod input;
mod read;
mod seal;
mod write;

pub use crate::entries::FoundKey;
pub use crate::entries::ListEntries as ListSecrets;
pub use compare::diff;
pub use export::{collisions_of, export};
pub use find::find;
pub use history::{destroy, history, restore, versions};
pub use import::import;
pub use read::{counts, deleted, list, reveal, row, uses, version};
pub use write::{add_version, create, delete, delete_several, patch, undelete, undelete_several};

pub(crate) use input::Value;
pub(crate) use read::{encode, is_noted, note_list};
pub(crate) use seal::{open_version, store_version};
pub(crate) use write::delete_in;

use crate::Result;
use crate::entries::{self, Kind, ListedRow};
use crate::services::{self, Resolved};
use crate::work::Work;
use nexus_domain::action::Action;
use nexus_domain::secret::SecretRow;
use nexus_domain::service::ServicePath;

/// Finds a backend service and asks the gate for an act on its secrets.
async fn open_service(w: &mut Work, path: &ServicePath, action: Action) -> Result<Resolved> {
    let service = services::resolve(w, path, action).await?;
    service.refuse_frontend()?;
    Ok(service)
}

/// A listed row as it travels, seen from the service.
fn into_row(service: &Resolved, row: ListedRow) -> Result<SecretRow> {
    let inherited = row.service_id != service.id;
    let needs_value = row.active_version == 0;
    let umbrella = service.umbrella_slug.clone();
    let row = if service.sees_metadata { row } else { keys_and_types(row) };
    Ok(SecretRow {
        kind: entries::word(&row.kind)?,
        version: row.active_version,
        inherited_from: umbrella.clone().filter(|_| inherited),
        overrides: umbrella.filter(|_| !inherited && row.in_umbrella && !needs_value),
        needs_value,
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

/// All that a developer learns of a secret in `develop`, besides where it comes from and when it changed.
fn keys_and_types(row: ListedRow) -> ListedRow {
    let nothing = String::new;
    ListedRow {
        note: nothing(),
        tags: nothing(),
        updated_by: nothing(),
        description: None,
        size: None,
        ..row
    }
}

/// The row of one key, as the list would show it.
async fn row_of(w: &mut Work, service: &Resolved, key: &str) -> Result<SecretRow> {
    let row = entries::one(w, service, Kind::Secret, key).await?;
    into_row(service, row)
}
