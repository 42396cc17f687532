//! One secret by its key, with a service key: reading it, and with access `read_write` writing and
//! deleting the service's own.

use super::cache::{Unless, matches_etag};
use crate::entries::{self, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::secrets::{self, Value, encode, open_version, store_version};
use crate::services::Resolved;
use crate::work::Work;
use crate::{Denial, Error, Result};
use nexus_domain::action::Action;
use nexus_domain::flag::engine_for;
use nexus_domain::key::EntryKey;
use nexus_domain::secret::{NewSecretVersion, SecretType};
use nexus_domain::service::ServicePath;
use nexus_domain::snapshot::SnapshotSecret;
use nexus_domain::{Code, Refusal, ServiceId};
use serde_json::json;

/// A secret and the strong tag of this very version.
pub struct OneSecret {
    pub etag: String,
    pub secret: SnapshotSecret,
}

/// The service that the key reads, if the key may do this with its secrets.
async fn own_service(w: &mut Work, action: Action) -> Result<Resolved> {
    let reader = w.actor.reader()?;
    reader.expect_secrets()?;
    let (service, is_read) = (reader.service, action == Action::SecretReveal);
    let may = if is_read { reader.secrets } else { reader.writes_secrets };
    let about = super::build::service(w, service).await?;
    if !may {
        let target = format!("{}/{}/{}", about.project, about.environment, about.slug);
        return Err(Error::Denied(Denial::in_project(action.event(), &target)));
    }
    let path = ServicePath { project: about.project, environment: about.environment, service: about.slug };
    let row = crate::services::find(w, &path).await?.ok_or_else(Error::not_found)?;
    Ok(Resolved {
        path,
        id: row.id,
        project_id: row.project_id,
        environment_id: row.environment_id,
        name: row.name,
        kind: row.kind,
        umbrella: row.umbrella,
        umbrella_id: row.umbrella_id,
        umbrella_slug: row.umbrella_slug,
        undelete_days: row.undelete_days,
        engine: engine_for(row.pinned_engine_version.as_deref()),
        sees_metadata: true,
    })
}

/// Reads one secret, own or inherited. Audited before the answer.
pub async fn get(nexus: &Nexus, actor: &Actor, key: &str) -> Result<OneSecret> {
    match get_unless(nexus, actor, key, None).await? {
        Unless::Changed(one) => Ok(one),
        Unless::Known { .. } => Err(Error::Impossible("nobody has said what they have")),
    }
}

/// The same for whoever may have this version already. Then nothing is opened, nothing is shown, and
/// there is nothing to write to the audit log.
pub async fn get_unless(
    nexus: &Nexus,
    actor: &Actor,
    key: &str,
    if_none_match: Option<&str>,
) -> Result<Unless<OneSecret>> {
    let (key, known) = (key.to_owned(), if_none_match.map(str::to_owned));
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = own_service(w, Action::SecretReveal).await?;
                let found = entries::effective(w, &service, Kind::Secret, &key).await?;
                let (entry, inherited) = found.ok_or_else(Error::not_found)?;
                if entry.active_version == 0 {
                    let message = format!("{key} needs a value: nobody has written one yet");
                    return Err(Refusal::new(Code::NotFound, message).with("reason", "needs_value").into());
                }
                let number = entry.active_version;
                let etag = format!("\"{}-{number}\"", entry.id.0.simple());
                if known.is_some_and(|known| matches_etag(&known, &etag)) {
                    w.nothing_to_do();
                    return Ok(Unless::Known { etag });
                }
                let row = entries::version(w, entry.id, number).await?;
                let (kind, bytes) = open_version(w, entry.service_id, entry.id, row).await?;
                let details = json!({ "version": number, "inherited": inherited });
                w.record_event("secret.get_by_key", &service.target().with_name(&key), details).await?;
                let (value, value_base64) = encode(kind, &bytes)?;
                let secret = SnapshotSecret {
                    key: Some(key),
                    kind,
                    value,
                    value_base64,
                    sha256: None,
                    size: None,
                    version: number,
                    inherited,
                };
                Ok(Unless::Changed(OneSecret { etag, secret }))
            })
        })
        .await
}

/// Writes the service's own secret: makes it (`true`) or adds a version. On an inherited key it
/// makes an override.
pub async fn put(nexus: &Nexus, actor: &Actor, key: &str, new: NewSecretVersion) -> Result<(bool, i64)> {
    let key = key.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = own_service(w, Action::SecretUpdate).await?;
                let parsed = EntryKey::parse(&key)?;
                let existing = entries::find(w, service.id, Kind::Secret, &key).await?;
                match &existing {
                    Some(entry) => entry.expect(new.expected_version)?,
                    None => expect_none(w, service.id, &key, new.expected_version).await?,
                }
                let usual =
                    existing.as_ref().and_then(|e| SecretType::parse(&e.kind)).unwrap_or(SecretType::Text);
                let value = Value::read(new.value, new.value_base64, new.kind, usual)?;
                let description = entries::description(new.description)?;
                let created = existing.is_none();
                let entry = match existing {
                    Some(entry) => entry,
                    None => {
                        let kind = value.kind.as_str();
                        entries::insert(w, service.id, Kind::Secret, &parsed, kind, "", &[]).await?
                    }
                };
                let version = store_version(w, &entry, &value, &description).await?;
                entries::finish(w, service.id).await?;
                let action = if created { Action::SecretCreate } else { Action::SecretUpdate };
                let details = json!({ "change": "written by a program", "version": version });
                w.record(action, &service.target().with_name(&key), details).await?;
                Ok((created, version))
            })
        })
        .await
}

/// Refuses a write that started from a version of a secret that the service does not have itself. Who has
/// deleted it, where somebody has, is told like who wrote another one.
async fn expect_none(w: &mut Work, service: ServiceId, key: &str, version: Option<i64>) -> Result<()> {
    if matches!(version, None | Some(0)) {
        return Ok(());
    }
    let deleted = entries::deleted(w, service, Kind::Secret).await?;
    let deleted = deleted.into_iter().find(|row| row.key == key);
    let (by, at) = deleted.map(|row| (row.deleted_by, row.deleted_at)).unzip();
    let message = "There is no such secret of this service, or no more";
    let refusal = Refusal::new(Code::Conflict, message).with("current_version", 0);
    Err(refusal.with("updated_by", json!(by)).with("updated_at", json!(at)).into())
}

/// Deletes the service's own secret. An inherited one is not there to delete.
pub async fn delete(nexus: &Nexus, actor: &Actor, key: &str, expected_version: Option<i64>) -> Result<()> {
    let key = key.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = own_service(w, Action::SecretDelete).await?;
                let entry =
                    entries::find(w, service.id, Kind::Secret, &key).await?.ok_or_else(Error::not_found)?;
                entry.expect(expected_version)?;
                secrets::delete_in(w, &service, &entry).await
            })
        })
        .await
}
