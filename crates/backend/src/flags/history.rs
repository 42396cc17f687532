//! The history of a flag: looking, comparing, restoring an old version as a new one, destroying one
//! for good.

use super::write::{active, admit};
use super::{FLAGS, open_version, row_of, store_version};
use crate::Result;
use crate::entries::{self, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services;
use nexus_domain::action::Action;
use nexus_domain::entry::EntryDiff;
use nexus_domain::flag::{FlagRow, FlagVersion, FlagVersionDefinition};
use nexus_domain::page::{Asked, Page};
use nexus_domain::service::ServicePath;
use serde_json::json;

/// Every version, newest first, without definitions. Of an inherited flag too.
pub async fn history(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
) -> Result<Vec<FlagVersion>> {
    Ok(versions(nexus, actor, path, key, Asked::everything()).await?.data)
}

/// The same in pages.
pub async fn versions(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    asked: Asked,
) -> Result<Page<FlagVersion>> {
    FLAGS.history(nexus, actor, path, key, asked).await
}

/// One version with its definition.
pub async fn version(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    number: i64,
) -> Result<FlagVersionDefinition> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let (service, entry, inherited) = FLAGS.find(w, &path, &key).await?;
                let row = entries::version(w, entry.id, number).await?;
                let definition = open_version(&row)?;
                Ok(FlagVersionDefinition {
                    key: entry.key,
                    version: number,
                    kind: definition.flag_type(),
                    definition,
                    active: number == entry.active_version,
                    inherited_from: service.umbrella_slug.filter(|_| inherited),
                    description: row.description,
                    created_at: row.created_at,
                    created_by: row.created_by,
                })
            })
        })
        .await
}

/// Compares the definitions of two versions, line by line.
pub async fn diff(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    from: i64,
    to: i64,
) -> Result<EntryDiff> {
    FLAGS.diff(nexus, actor, path, key, [from, to]).await
}

/// Makes a new version with an old definition.
pub async fn restore(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    number: i64,
    expected_version: Option<i64>,
) -> Result<FlagRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::FlagUpdate).await?;
                let entry = entries::own(w, &service, Kind::Flag, &key).await?;
                entry.expect(expected_version)?;
                let definition = open_version(&entries::version(w, entry.id, number).await?)?;
                let stored = active(w, &entry).await?;
                admit(w, &service, &key, &definition, stored.as_ref()).await?;
                let description = format!("Restored from v{number}");
                let version = store_version(w, &entry, &definition, &description).await?;
                entries::finish(w, service.id).await?;
                let details = json!({ "change": "restored", "from_version": number, "version": version,
                    "state": definition.state });
                w.record(Action::FlagUpdate, &service.target().with_name(&key), details).await?;
                row_of(w, &service, &key).await
            })
        })
        .await
}

/// Wipes an old version for good; its number stays burnt.
pub async fn destroy(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    number: i64,
    expected_version: Option<i64>,
) -> Result<()> {
    FLAGS.destroy(nexus, actor, path, key, (number, expected_version)).await
}
