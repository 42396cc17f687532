//! What every change of an entry does alike, whatever its kind.

use super::{
    Entry, Kind, annotate, check_snapshot_size, delete, note, own, refuse_broken, rename, tags,
    twin_in_other_case,
};
use crate::services::{self, Resolved};
use crate::work::Work;
use crate::{Result, configs};
use nexus_domain::ServiceId;
use nexus_domain::action::Action;
use nexus_domain::entry::EntryPatch;
use nexus_domain::key::EntryKey;
use serde_json::json;

/// What every write of a value ends with: the size of what programs read, and its revision.
pub(crate) async fn finish(w: &mut Work, service: ServiceId) -> Result<()> {
    check_snapshot_size(w, service).await?;
    services::touch(w, service).await
}

/// A word of caution about a key that is being given.
pub(crate) async fn case_warning(
    w: &mut Work,
    service: &Resolved,
    kind: Kind,
    key: &str,
) -> Result<Option<String>> {
    let twin = twin_in_other_case(w, service.id, kind, key).await?;
    Ok(twin.map(|twin| format!("{twin} differs from it only in case; some programs cannot tell them apart")))
}

/// What a patch did.
pub(crate) struct Patched {
    /// The entry's key from now on.
    pub key: String,
    pub changed: bool,
    pub renamed: bool,
}

/// Renames an entry or replaces its note and tags; each leaves a row in the audit log. A key that
/// configs refer to keeps its name.
pub(crate) async fn patch(
    w: &mut Work,
    service: &Resolved,
    kind: Kind,
    action: Action,
    (key, patch): (&str, EntryPatch),
) -> Result<Patched> {
    let entry = own(w, service, kind, key).await?;
    entry.expect(patch.expected_version)?;
    let to = patch.key.filter(|to| to != key).map(|to| EntryKey::parse(&to)).transpose()?;
    let new_note = patch.note.map_or_else(|| Ok(entry.note.clone()), |text| note(&text))?;
    let new_tags = patch.tags.map_or_else(|| Ok(entry.tags()), tags)?;
    let annotated = new_note != entry.note || new_tags != entry.tags();
    if annotated {
        annotate(w, &entry, &new_note, &new_tags).await?;
        let details =
            json!({ "change": "note and tags", "version": entry.active_version, "type": entry.kind });
        w.record(action, &service.target().with_name(key), details).await?;
    }
    let Some(to) = to else {
        if !annotated {
            w.nothing_to_do();
        }
        return Ok(Patched { key: entry.key, changed: annotated, renamed: false });
    };
    rename(w, kind, &entry, &to).await?;
    refuse_broken(w, service, kind, key).await?;
    answer_for_uncovered(w, service, kind, key).await?;
    services::touch(w, service.id).await?;
    let details = json!({ "change": "renamed", "from": key, "version": entry.active_version });
    w.record(action, &service.target().with_name(to.as_str()), details).await?;
    Ok(Patched { key: to.into(), changed: true, renamed: true })
}

/// Deletes a service's entry, so that it can be restored for as long as the project says. One that
/// configs refer to stays.
pub(crate) async fn delete_from(
    w: &mut Work,
    service: &Resolved,
    kind: Kind,
    action: Action,
    entry: &Entry,
) -> Result<()> {
    delete(w, entry, service.undelete_days).await?;
    refuse_broken(w, service, kind, &entry.key).await?;
    answer_for_uncovered(w, service, kind, &entry.key).await?;
    services::touch(w, service.id).await?;
    let days = json!({ "version": entry.active_version, "restorable_days": service.undelete_days });
    w.record(action, &service.target().with_name(&entry.key), days).await
}

/// An own config that goes may let the umbrella's through, and with it what that one leads to.
async fn answer_for_uncovered(w: &mut Work, service: &Resolved, kind: Kind, key: &str) -> Result<()> {
    match kind {
        Kind::Config => configs::answer_for_uncovered(w, service, key).await,
        Kind::Secret | Kind::Flag => Ok(()),
    }
}
