//! Making, changing, deleting and undeleting secrets.

use super::input::Value;
use super::{open_service, row_of, store_version};
use crate::Result;
use crate::entries::{self, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::Resolved;
use crate::work::Work;
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
    let description = entries::description(new.description)?;
    let note = entries::note(&new.note.unwrap_or_default())?;
    let tags = entries::tags(new.tags.unwrap_or_default())?;
    let entry = entries::insert(w, service.id, Kind::Secret, &key, value.kind.as_str(), &note, &tags).await?;
    store_version(w, &entry, &value, &description).await?;
    entries::finish(w, service.id).await?;
    let row_details = json!({ "version": 1, "type": value.kind });
    w.record(Action::SecretCreate, &service.target().with_name(key.as_str()), row_details).await?;
    let mut row = row_of(w, service, key.as_str()).await?;
    row.warning = entries::case_warning(w, service, Kind::Secret, key.as_str()).await?;
    Ok(row)
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
                let usual = entries::word(&entry.kind)?;
                let value = Value::read(new.value, new.value_base64, new.kind, usual)?;
                let description = entries::description(new.description)?;
                let version = store_version(w, &entry, &value, &description).await?;
                entries::finish(w, service.id).await?;
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
                let change = (key.as_str(), patch);
                let patched = entries::patch(w, &service, Kind::Secret, Action::SecretUpdate, change).await?;
                let mut row = row_of(w, &service, &patched.key).await?;
                if patched.renamed {
                    row.warning = entries::case_warning(w, &service, Kind::Secret, &patched.key).await?;
                }
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
    entries::delete_from(w, service, Kind::Secret, Action::SecretDelete, entry).await
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
                    entries::finish(w, service.id).await?;
                }
                Ok(rows)
            })
        })
        .await
}
