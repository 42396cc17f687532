//! Making, changing, deleting and undeleting configs.

use super::{CONFIGS, open_version, row_of, rules, schema, store_version};
use crate::entries::{self, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::{self, Resolved};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::config::{ConfigPatch, ConfigRow, ConfigType, ConfigValue, NewConfig, NewConfigVersion};
use nexus_domain::entry::EntryPatch;
use nexus_domain::json::JsonText;
use nexus_domain::key::EntryKey;
use nexus_domain::service::ServicePath;
use serde_json::json;

fn read(kind: Option<ConfigType>, value: Option<JsonText>) -> Result<ConfigValue> {
    let value = value.ok_or_else(|| Error::invalid("value", "A value is needed"))?;
    Ok(ConfigValue::read(kind, &value)?)
}

/// Makes a config with its first version.
pub async fn create(nexus: &Nexus, actor: &Actor, path: &ServicePath, new: NewConfig) -> Result<ConfigRow> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ConfigCreate).await?;
                create_in(w, &service, new).await
            })
        })
        .await
}

async fn create_in(w: &mut Work, service: &Resolved, new: NewConfig) -> Result<ConfigRow> {
    let key = EntryKey::parse(&new.key)?;
    let value = read(new.kind, new.value)?;
    let description = entries::description(new.description)?;
    let note = entries::note(&new.note.unwrap_or_default())?;
    let tags = entries::tags(new.tags.unwrap_or_default())?;
    let kind = value.kind.as_str();
    let entry = entries::insert(w, service.id, Kind::Config, &key, kind, &note, &tags).await?;
    if new.schema.is_some() {
        schema::set(w, entry.id, new.schema.as_ref()).await?;
    }
    store_version(w, &entry, &value, &description).await?;
    rules::settle(w, service, &[key.as_str()]).await?;
    entries::finish(w, service.id).await?;
    let details = json!({ "version": 1, "type": value.kind });
    w.record(Action::ConfigCreate, &service.target().with_name(key.as_str()), details).await?;
    let mut row = row_of(w, service, key.as_str()).await?;
    row.warning = entries::case_warning(w, service, Kind::Config, key.as_str()).await?;
    Ok(row)
}

/// Adds a version and makes it ACTIVE.
pub async fn update(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    new: NewConfigVersion,
) -> Result<ConfigRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ConfigUpdate).await?;
                let entry = entries::own(w, &service, Kind::Config, &key).await?;
                entry.expect(new.expected_version)?;
                let kind = new.kind.map_or_else(|| entries::word(&entry.kind), Ok)?;
                let value = read(Some(kind), new.value)?;
                let description = entries::description(new.description)?;
                let schema = match new.schema {
                    Some(new) => {
                        schema::set(w, entry.id, new.as_ref()).await?.then(|| schema_word(new.as_ref()))
                    }
                    None => None,
                };
                let version = store_version(w, &entry, &value, &description).await?;
                let mut details = json!({ "change": "new version", "version": version, "type": value.kind });
                if let (Some(details), Some(schema)) = (details.as_object_mut(), schema) {
                    details.insert("schema".into(), schema.into());
                }
                rules::settle(w, &service, &[&key]).await?;
                entries::finish(w, service.id).await?;
                w.record(Action::ConfigUpdate, &service.target().with_name(&key), details).await?;
                row_of(w, &service, &key).await
            })
        })
        .await
}

/// What the audit log says of a schema; never what stands in it.
const fn schema_word(schema: Option<&JsonText>) -> &'static str {
    if schema.is_some() { "set" } else { "taken away" }
}

/// Renames a config or replaces its note, tags and schema.
pub async fn patch(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    patch: impl Into<ConfigPatch>,
) -> Result<ConfigRow> {
    let (path, key) = (path.clone(), key.to_owned());
    let ConfigPatch { key: to, note, tags, schema, expected_version } = patch.into();
    let patch = EntryPatch { key: to, note, tags, expected_version };
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ConfigUpdate).await?;
                let has_schema = match schema {
                    Some(schema) => patch_schema(w, &service, &key, schema, expected_version).await?,
                    None => false,
                };
                let change = (key.as_str(), patch);
                let patched = entries::patch(w, &service, Kind::Config, Action::ConfigUpdate, change).await?;
                if patched.renamed {
                    rules::settle(w, &service, &[&patched.key]).await?;
                } else if patched.changed || has_schema {
                    rules::leave_in_place(w, &service, &key).await?;
                }
                let mut row = row_of(w, &service, &patched.key).await?;
                if patched.renamed {
                    row.warning = entries::case_warning(w, &service, Kind::Config, &patched.key).await?;
                }
                Ok(row)
            })
        })
        .await
}

/// Gives a config another schema, which its present value has to fit. Says whether that was new.
async fn patch_schema(
    w: &mut Work,
    service: &Resolved,
    key: &str,
    schema: Option<JsonText>,
    expected_version: Option<i64>,
) -> Result<bool> {
    let entry = entries::own(w, service, Kind::Config, key).await?;
    entry.expect(expected_version)?;
    if !schema::set(w, entry.id, schema.as_ref()).await? {
        return Ok(false);
    }
    if entry.active_version > 0 {
        let version = entries::version(w, entry.id, entry.active_version).await?;
        schema::refuse_unfit(w, entry.id, &open_version(&version)?).await?;
    }
    let word = schema_word(schema.as_ref());
    let details = json!({ "change": "schema", "schema": word, "version": entry.active_version });
    w.record(Action::ConfigUpdate, &service.target().with_name(key), details).await?;
    Ok(true)
}

/// Deletes a config; it can be restored for as long as the project says. One that others refer to
/// stays.
pub async fn delete(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    expected_version: Option<i64>,
) -> Result<()> {
    CONFIGS.delete(nexus, actor, path, key, expected_version).await
}

/// Brings a deleted config back with its history, if what it refers to is still there.
pub async fn undelete(nexus: &Nexus, actor: &Actor, path: &ServicePath, key: &str) -> Result<ConfigRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ConfigUndelete).await?;
                let row = entries::undelete(w, service.id, Kind::Config, &key).await?;
                rules::settle(w, &service, &[&key]).await?;
                entries::finish(w, service.id).await?;
                let details = json!({ "version": row.active_version });
                w.record(Action::ConfigUndelete, &service.target().with_name(&key), details).await?;
                row_of(w, &service, &key).await
            })
        })
        .await
}
