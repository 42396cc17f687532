//! The history of a config: looking, comparing, restoring an old version as a new one, destroying one
//! for good.

use super::{CONFIGS, open_version, row_of, rules, store_version};
use crate::Result;
use crate::entries::{self, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services;
use nexus_domain::action::Action;
use nexus_domain::config::{ConfigRow, ConfigVersion, ConfigVersionValue};
use nexus_domain::entry::EntryDiff;
use nexus_domain::page::{Asked, Page};
use nexus_domain::service::ServicePath;
use serde_json::json;

/// Every version, newest first, without values. Of an inherited config too.
pub async fn history(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
) -> Result<Vec<ConfigVersion>> {
    Ok(versions(nexus, actor, path, key, Asked::everything()).await?.data)
}

/// The same in pages.
pub async fn versions(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    asked: Asked,
) -> Result<Page<ConfigVersion>> {
    CONFIGS.history(nexus, actor, path, key, asked).await
}

/// One version with its stored value.
pub async fn version(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    number: i64,
) -> Result<ConfigVersionValue> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let (service, entry, inherited) = CONFIGS.find(w, &path, &key).await?;
                let row = entries::version(w, entry.id, number).await?;
                let value = open_version(&row)?;
                Ok(ConfigVersionValue {
                    key: entry.key,
                    version: number,
                    kind: value.kind,
                    value: value.json(),
                    active: number == entry.active_version,
                    inherited_from: service.umbrella_slug.filter(|_| inherited),
                    references: value.references()?,
                    description: row.description,
                    created_at: row.created_at,
                    created_by: row.created_by,
                })
            })
        })
        .await
}

/// Compares the stored values of two versions, line by line.
pub async fn diff(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    from: i64,
    to: i64,
) -> Result<EntryDiff> {
    CONFIGS.diff(nexus, actor, path, key, [from, to]).await
}

/// Makes a new version with an old value, if what that one refers to is still there.
pub async fn restore(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    number: i64,
    expected_version: Option<i64>,
) -> Result<ConfigRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ConfigUpdate).await?;
                let entry = entries::own(w, &service, Kind::Config, &key).await?;
                entry.expect(expected_version)?;
                let value = open_version(&entries::version(w, entry.id, number).await?)?;
                let description = format!("Restored from v{number}");
                let version = store_version(w, &entry, &value, &description).await?;
                rules::settle(w, &service, &[&key]).await?;
                entries::finish(w, service.id).await?;
                let details = json!({ "change": "restored", "from_version": number, "version": version });
                w.record(Action::ConfigUpdate, &service.target().with_name(&key), details).await?;
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
    CONFIGS.destroy(nexus, actor, path, key, (number, expected_version)).await
}
