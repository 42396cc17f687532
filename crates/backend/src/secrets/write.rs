//! Making, changing, deleting and undeleting secrets.

use super::input::{self, Value};
use super::{details, open_service, row_of, store_version};
use crate::Result;
use crate::entries::{self, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::{self, Resolved};
use crate::work::Work;
use nexus_domain::ServiceId;
use nexus_domain::action::Action;
use nexus_domain::key::EntryKey;
use nexus_domain::secret::{NewSecret, NewSecretVersion, SecretPatch, SecretRow, SecretType};
use nexus_domain::service::ServicePath;
use serde_json::json;

/// Makes a secret with its first version.
pub async fn create(nexus: &Nexus, actor: &Actor, path: &ServicePath, new: NewSecret) -> Result<SecretRow> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretCreate).await?;
                create_in(w, &service, new).await
            })
        })
        .await
}

pub(super) async fn create_in(w: &mut Work, service: &Resolved, new: NewSecret) -> Result<SecretRow> {
    let key = EntryKey::parse(&new.key)?;
    let value = Value::read(new.value, new.value_base64, new.kind, SecretType::Text)?;
    let description = input::description(new.description)?;
    let note = input::note(&new.note.unwrap_or_default())?;
    let tags = input::tags(new.tags.unwrap_or_default())?;
    let entry = entries::insert(w, service.id, Kind::Secret, &key, value.kind.as_str(), &note, &tags).await?;
    store_version(w, &entry, &value, &description).await?;
    finish(w, service.id).await?;
    let row_details = json!({ "version": 1, "type": value.kind });
    w.record(Action::SecretCreate, &service.target().with_name(key.as_str()), row_details).await?;
    let mut row = row_of(w, service, key.as_str()).await?;
    row.warning = case_warning(w, service, key.as_str()).await?;
    Ok(row)
}

async fn case_warning(w: &mut Work, service: &Resolved, key: &str) -> Result<Option<String>> {
    let twin = entries::twin_in_other_case(w, service.id, Kind::Secret, key).await?;
    Ok(twin.map(|twin| format!("{twin} differs from it only in case; some programs cannot tell them apart")))
}

/// What every write of a value ends with: the size of what programs read, and its revision.
pub(crate) async fn finish(w: &mut Work, service: ServiceId) -> Result<()> {
    entries::check_snapshot_size(w, service).await?;
    services::touch(w, service).await
}

/// Adds a version and makes it ACTIVE.
pub async fn add_version(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    new: NewSecretVersion,
) -> Result<SecretRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretUpdate).await?;
                let entry = entries::own(w, &service, Kind::Secret, &key).await?;
                entry.expect(new.expected_version)?;
                let usual = super::type_of(&entry.kind)?;
                let value = Value::read(new.value, new.value_base64, new.kind, usual)?;
                let description = input::description(new.description)?;
                let version = store_version(w, &entry, &value, &description).await?;
                finish(w, service.id).await?;
                let row_details = json!({ "change": "new version", "version": version, "type": value.kind });
                w.record(Action::SecretUpdate, &service.target().with_name(&key), row_details).await?;
                row_of(w, &service, &key).await
            })
        })
        .await
}

/// Renames a secret or replaces its note and tags.
pub async fn patch(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    patch: SecretPatch,
) -> Result<SecretRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretUpdate).await?;
                let entry = entries::own(w, &service, Kind::Secret, &key).await?;
                entry.expect(patch.expected_version)?;
                let to = patch.key.filter(|to| *to != key).map(|to| EntryKey::parse(&to)).transpose()?;
                let note = patch.note.map_or_else(|| Ok(entry.note.clone()), |note| input::note(&note))?;
                let tags = patch.tags.map_or_else(|| Ok(entry.tags()), input::tags)?;
                let annotated = note != entry.note || tags != entry.tags();
                if annotated {
                    entries::annotate(w, &entry, &note, &tags).await?;
                    let target = service.target().with_name(&key);
                    w.record(Action::SecretUpdate, &target, details("note and tags", &entry)).await?;
                }
                let Some(to) = to else {
                    if !annotated {
                        w.nothing_to_do();
                    }
                    return row_of(w, &service, &key).await;
                };
                entries::rename(w, Kind::Secret, &entry, &to).await?;
                services::touch(w, service.id).await?;
                let renamed = json!({ "change": "renamed", "from": key, "version": entry.active_version });
                w.record(Action::SecretUpdate, &service.target().with_name(to.as_str()), renamed).await?;
                let mut row = row_of(w, &service, to.as_str()).await?;
                row.warning = case_warning(w, &service, to.as_str()).await?;
                Ok(row)
            })
        })
        .await
}

/// Deletes a secret; it can be restored for as long as the project says.
pub async fn delete(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    expected_version: Option<i64>,
) -> Result<()> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretDelete).await?;
                let entry = entries::own(w, &service, Kind::Secret, &key).await?;
                entry.expect(expected_version)?;
                delete_in(w, &service, &entry).await
            })
        })
        .await
}

/// Deletes several at once, all or nothing; answers which. What somebody else has deleted meanwhile
/// is left out.
pub async fn delete_several(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    keys: Vec<String>,
) -> Result<Vec<String>> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretDelete).await?;
                let mut deleted = Vec::new();
                for key in keys {
                    if let Some(entry) = entries::find(w, service.id, Kind::Secret, &key).await? {
                        delete_in(w, &service, &entry).await?;
                        deleted.push(key);
                    }
                }
                if deleted.is_empty() {
                    w.nothing_to_do();
                }
                Ok(deleted)
            })
        })
        .await
}

pub(crate) async fn delete_in(w: &mut Work, service: &Resolved, entry: &entries::Entry) -> Result<()> {
    entries::delete(w, entry, service.undelete_days).await?;
    services::touch(w, service.id).await?;
    let days = json!({ "version": entry.active_version, "restorable_days": service.undelete_days });
    w.record(Action::SecretDelete, &service.target().with_name(&entry.key), days).await
}

/// Brings a deleted secret back with its history.
pub async fn undelete(nexus: &Nexus, actor: &Actor, path: &ServicePath, key: &str) -> Result<SecretRow> {
    let rows = undelete_several(nexus, actor, path, vec![key.to_owned()]).await?;
    rows.into_iter().next().ok_or_else(crate::Error::not_found)
}

/// Brings several back, all or nothing.
pub async fn undelete_several(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    keys: Vec<String>,
) -> Result<Vec<SecretRow>> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretUndelete).await?;
                let mut rows = Vec::new();
                for key in &keys {
                    let row = entries::undelete(w, service.id, Kind::Secret, key).await?;
                    let version = json!({ "version": row.active_version });
                    w.record(Action::SecretUndelete, &service.target().with_name(key), version).await?;
                    rows.push(row_of(w, &service, key).await?);
                }
                if rows.is_empty() {
                    w.nothing_to_do();
                } else {
                    finish(w, service.id).await?;
                }
                Ok(rows)
            })
        })
        .await
}
