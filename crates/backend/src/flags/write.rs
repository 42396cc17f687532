//! Making, changing, switching, deleting and undeleting flags.

use super::{FLAGS, open_version, row_of, store_switched_off, store_version};
use crate::entries::{self, Entry, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::{self, Resolved};
use crate::work::Work;
use crate::{Error, Result, tiers};
use nexus_domain::action::Action;
use nexus_domain::flag::{
    Compiled, FlagDefinition, FlagPatch, FlagRow, FlagState, NewFlag, NewFlagVersion, Toggle,
};
use nexus_domain::key::EntryKey;
use nexus_domain::service::ServicePath;
use nexus_domain::{Code, Refusal, Timestamp};
use serde_json::{Value, json};

/// Lets a definition be written under this key: it makes sense, and its rules are the stored ones
/// or the project has A/B testing. Without it stored rules are read-only, so that they cannot go
/// either: nobody could bring them back.
pub(crate) async fn admit(
    w: &mut Work,
    service: &Resolved,
    key: &str,
    definition: &FlagDefinition,
    stored: Option<&FlagDefinition>,
) -> Result<()> {
    Compiled::new(key, definition)?;
    let none = FlagDefinition::default();
    let stored = stored.unwrap_or(&none);
    if stored.rules != definition.rules || stored.rollout != definition.rollout {
        tiers::require_ab_testing(w, service.project_id).await?;
    }
    Ok(())
}

/// The definition that is ACTIVE; nothing where it cannot be read, so that another one can replace it.
pub(super) async fn active(w: &mut Work, entry: &Entry) -> Result<Option<FlagDefinition>> {
    match open_version(&entries::version(w, entry.id, entry.active_version).await?) {
        Err(Error::Unreadable(_)) => Ok(None),
        opened => opened.map(Some),
    }
}

fn unreadable() -> Error {
    let message = "What is stored of this flag cannot be read: write a whole definition, restore a version, \
                   or switch it off";
    Refusal::new(Code::Conflict, message).with("reason", "unreadable").into()
}

/// Stores a version of the service's own flag and writes down what was done.
async fn write(
    w: &mut Work,
    service: &Resolved,
    entry: &Entry,
    definition: &FlagDefinition,
    (action, change, description): (Action, &str, &str),
) -> Result<()> {
    let version = match (action, definition.state) {
        (Action::FlagToggle, FlagState::Off) => store_switched_off(w, entry, definition).await?,
        _ => store_version(w, entry, definition, description).await?,
    };
    entries::finish(w, service.id).await?;
    let details = json!({ "change": change, "version": version, "state": definition.state });
    w.record(action, &service.target().with_name(&entry.key), details).await
}

/// Makes a flag with its first version.
pub async fn create(nexus: &Nexus, actor: &Actor, path: &ServicePath, new: NewFlag) -> Result<FlagRow> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::FlagCreate).await?;
                create_in(w, &service, new).await
            })
        })
        .await
}

async fn create_in(w: &mut Work, service: &Resolved, new: NewFlag) -> Result<FlagRow> {
    let key = EntryKey::parse(&new.key)?;
    admit(w, service, key.as_str(), &new.definition, None).await?;
    let description = entries::description(new.description)?;
    let note = entries::note(&new.note.unwrap_or_default())?;
    let tags = entries::tags(new.tags.unwrap_or_default())?;
    let kind = new.definition.flag_type().as_str();
    let entry = entries::insert(w, service.id, Kind::Flag, &key, kind, &note, &tags).await?;
    write(w, service, &entry, &new.definition, (Action::FlagCreate, "created", &description)).await?;
    let mut row = row_of(w, service, key.as_str()).await?;
    row.warning = entries::case_warning(w, service, Kind::Flag, key.as_str()).await?;
    Ok(row)
}

/// Gives a flag another definition: adds a version and makes it ACTIVE.
pub async fn update(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    new: NewFlagVersion,
) -> Result<FlagRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::FlagUpdate).await?;
                let entry = entries::own(w, &service, Kind::Flag, &key).await?;
                entry.expect(new.expected_version)?;
                let stored = active(w, &entry).await?;
                admit(w, &service, &key, &new.definition, stored.as_ref()).await?;
                let description = entries::description(new.description)?;
                let done = (Action::FlagUpdate, "new version", description.as_str());
                write(w, &service, &entry, &new.definition, done).await?;
                row_of(w, &service, &key).await
            })
        })
        .await
}

/// Changes some fields: of the definition (a new version), or its key, note and tags.
pub async fn patch(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    patch: FlagPatch,
) -> Result<FlagRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::FlagUpdate).await?;
                patch_in(w, &service, &key, patch).await
            })
        })
        .await
}

async fn patch_in(w: &mut Work, service: &Resolved, key: &str, patch: FlagPatch) -> Result<FlagRow> {
    let entry = entries::own(w, service, Kind::Flag, key).await?;
    entry.expect(patch.entry.expected_version)?;
    let mut entry_patch = patch.entry;
    let changes_definition = !patch.changes.is_empty();
    if changes_definition {
        let stored = active(w, &entry).await?.ok_or_else(unreadable)?;
        let definition = stored.merged(patch.changes)?;
        admit(w, service, key, &definition, Some(&stored)).await?;
        let description = entries::description(patch.description)?;
        write(w, service, &entry, &definition, (Action::FlagUpdate, "new version", &description)).await?;
        // The version that was expected is not the ACTIVE one any more, and was checked.
        entry_patch.expected_version = None;
        if entry_patch == nexus_domain::entry::EntryPatch::default() {
            return row_of(w, service, key).await;
        }
    }
    let patched = entries::patch(w, service, Kind::Flag, Action::FlagUpdate, (key, entry_patch)).await?;
    let mut row = row_of(w, service, &patched.key).await?;
    if patched.renamed {
        row.warning = entries::case_warning(w, service, Kind::Flag, &patched.key).await?;
    }
    Ok(row)
}

/// The kill switch: turns a flag off, or on for good.
pub async fn toggle(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    toggle: Toggle,
) -> Result<FlagRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::FlagToggle).await?;
                let entry = entries::own(w, &service, Kind::Flag, &key).await?;
                entry.expect(toggle.expected_version)?;
                let stored = active(w, &entry).await?;
                let (on, switched) = switched(stored.as_ref(), toggle.enabled, w.now)?;
                if stored.as_ref() == Some(&switched) {
                    w.nothing_to_do();
                } else {
                    let word = if on { "switched on" } else { "switched off" };
                    write(w, &service, &entry, &switched, (Action::FlagToggle, word, "")).await?;
                }
                row_of(w, &service, &key).await
            })
        })
        .await
}

/// What a flag becomes by its switch. One that cannot be read becomes a plain one that is off.
fn switched(
    stored: Option<&FlagDefinition>,
    wanted: Option<bool>,
    now: Timestamp,
) -> Result<(bool, FlagDefinition)> {
    match stored {
        Some(stored) => {
            let on = wanted.unwrap_or(!stored.schedule().is_enabled(now));
            Ok((on, stored.clone().switched(on)))
        }
        None if wanted == Some(false) => Ok((false, FlagDefinition::default())),
        None => Err(unreadable()),
    }
}

/// Deletes a flag; it can be restored for as long as the project says. One that configs refer to
/// stays.
pub async fn delete(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    expected_version: Option<i64>,
) -> Result<()> {
    FLAGS.delete(nexus, actor, path, key, expected_version).await
}

/// Brings a deleted flag back with its history.
pub async fn undelete(nexus: &Nexus, actor: &Actor, path: &ServicePath, key: &str) -> Result<FlagRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::FlagUndelete).await?;
                let row = entries::undelete(w, service.id, Kind::Flag, &key).await?;
                entries::finish(w, service.id).await?;
                let details: Value = json!({ "version": row.active_version });
                w.record(Action::FlagUndelete, &service.target().with_name(&key), details).await?;
                row_of(w, &service, &key).await
            })
        })
        .await
}
