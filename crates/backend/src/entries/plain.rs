//! What configs and flags have in common beyond being entries: their payload is stored as it is, so
//! looking at them is not a reveal and leaves no audit row.

use super::{DeletedRow, VersionRow, delete_from, destroy};
use super::{Entry, Kind, Side, compare, counts, deleted, effective, history, own, version};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::{self, Resolved};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::entry::{DeletedEntry, EntryCounts, EntryDiff, EntryVersion};
use nexus_domain::page::{Asked, Page};
use nexus_domain::service::ServicePath;
use serde_json::json;

/// One of the two kinds, with the acts that the gate is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Plain {
    pub kind: Kind,
    pub read: Action,
    pub delete: Action,
    pub destroy: Action,
    /// A stored version as people compare it.
    pub shown: fn(VersionRow) -> Result<String>,
}

impl Plain {
    /// What the service has under this key, and whether it is inherited.
    pub async fn find(self, w: &mut Work, path: &ServicePath, key: &str) -> Result<(Resolved, Entry, bool)> {
        let service = services::resolve(w, path, self.read).await?;
        let found = effective(w, &service, self.kind, key).await?;
        let (entry, inherited) = found.ok_or_else(Error::not_found)?;
        Ok((service, entry, inherited))
    }

    /// Every version, newest first, without values. Of an inherited one too.
    pub async fn history<T>(
        self,
        nexus: &Nexus,
        actor: &Actor,
        path: &ServicePath,
        key: &str,
        asked: Asked,
    ) -> Result<Page<EntryVersion<T>>>
    where
        T: TryFrom<String> + Send,
    {
        let (path, key) = (path.clone(), key.to_owned());
        nexus
            .read(actor, move |w| {
                Box::pin(async move {
                    let (_, entry, _) = self.find(w, &path, &key).await?;
                    history(w, &entry, &asked).await
                })
            })
            .await
    }

    /// Compares two versions as they are stored, line by line.
    pub async fn diff(
        self,
        nexus: &Nexus,
        actor: &Actor,
        path: &ServicePath,
        key: &str,
        numbers: [i64; 2],
    ) -> Result<EntryDiff> {
        let (path, key) = (path.clone(), key.to_owned());
        nexus
            .read(actor, move |w| {
                Box::pin(async move {
                    let (_, entry, _) = self.find(w, &path, &key).await?;
                    let mut sides = Vec::with_capacity(2);
                    for number in numbers {
                        let row = version(w, entry.id, number).await?;
                        sides.push((number, row.kind.clone(), (self.shown)(row)?));
                    }
                    let sides: Vec<Side<'_>> = sides
                        .iter()
                        .map(|(version, kind, text)| Side {
                            version: *version,
                            kind,
                            bytes: text.as_bytes(),
                            is_text: true,
                        })
                        .collect();
                    let [from, to] = sides.as_slice() else { return Err(Error::Impossible("two sides")) };
                    Ok(compare(&key, from, to))
                })
            })
            .await
    }

    /// Wipes an old version for good; its number stays burnt. Besides its number stands the ACTIVE version
    /// that is expected.
    pub async fn destroy(
        self,
        nexus: &Nexus,
        actor: &Actor,
        path: &ServicePath,
        key: &str,
        (number, expected_version): (i64, Option<i64>),
    ) -> Result<()> {
        let (path, key) = (path.clone(), key.to_owned());
        nexus
            .change(actor, move |w| {
                Box::pin(async move {
                    let service = services::resolve(w, &path, self.destroy).await?;
                    let entry = own(w, &service, self.kind, &key).await?;
                    entry.expect(expected_version)?;
                    destroy(w, &entry, number).await?;
                    let target = service.target().with_name(&key);
                    w.record(self.destroy, &target, json!({ "version": number })).await
                })
            })
            .await
    }

    /// The numbers beside the filters.
    pub async fn counts(self, nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<EntryCounts> {
        let path = path.clone();
        nexus
            .read(actor, move |w| {
                Box::pin(async move {
                    let service = services::resolve(w, &path, self.read).await?;
                    counts(w, &service, self.kind).await
                })
            })
            .await
    }

    /// What was deleted and can still be restored.
    pub async fn deleted<T>(
        self,
        nexus: &Nexus,
        actor: &Actor,
        path: &ServicePath,
    ) -> Result<Vec<DeletedEntry<T>>>
    where
        T: TryFrom<String> + Send,
    {
        let path = path.clone();
        nexus
            .read(actor, move |w| {
                Box::pin(async move {
                    let service = services::resolve(w, &path, self.read).await?;
                    let rows = deleted(w, service.id, self.kind).await?;
                    rows.into_iter().map(DeletedRow::into_wire).collect()
                })
            })
            .await
    }

    /// Deletes one; it can be restored for as long as the project says. One that configs refer to
    /// stays.
    pub async fn delete(
        self,
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
                    let service = services::resolve(w, &path, self.delete).await?;
                    let entry = own(w, &service, self.kind, &key).await?;
                    entry.expect(expected_version)?;
                    delete_from(w, &service, self.kind, self.delete, &entry).await
                })
            })
            .await
    }
}
