//! The history of a config: looking, comparing, restoring an old version as a new one, destroying one
//! for good.

use super::{open_version, row_of, rules, store_version};
use crate::entries::{self, Entry, Kind, Side, compare};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::{self, Resolved};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::config::{ConfigRow, ConfigVersion, ConfigVersionValue};
use nexus_domain::entry::EntryDiff;
use nexus_domain::service::ServicePath;
use serde_json::json;

/// The config that the service has under this key, and whether it is inherited.
async fn find(w: &mut Work, path: &ServicePath, key: &str) -> Result<(Resolved, Entry, bool)> {
    let service = services::resolve(w, path, Action::ConfigRead).await?;
    let found = entries::effective(w, &service, Kind::Config, key).await?;
    let (entry, inherited) = found.ok_or_else(Error::not_found)?;
    Ok((service, entry, inherited))
}

/// Every version, newest first, without values. Of an inherited config too.
pub async fn history(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
) -> Result<Vec<ConfigVersion>> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let (_, entry, _) = find(w, &path, &key).await?;
                entries::history(w, &entry).await
            })
        })
        .await
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
                let (service, entry, inherited) = find(w, &path, &key).await?;
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
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let (_, entry, _) = find(w, &path, &key).await?;
                let before = open_version(&entries::version(w, entry.id, from).await?)?;
                let after = open_version(&entries::version(w, entry.id, to).await?)?;
                let [from, to] = [(from, &before), (to, &after)].map(|(version, value)| Side {
                    version,
                    kind: value.kind.as_str(),
                    bytes: value.text().as_bytes(),
                    is_text: true,
                });
                Ok(compare(&key, &from, &to))
            })
        })
        .await
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
pub async fn destroy(nexus: &Nexus, actor: &Actor, path: &ServicePath, key: &str, number: i64) -> Result<()> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ConfigDestroy).await?;
                let entry = entries::own(w, &service, Kind::Config, &key).await?;
                entries::destroy(w, &entry, number).await?;
                let target = service.target().with_name(&key);
                w.record(Action::ConfigDestroy, &target, json!({ "version": number })).await
            })
        })
        .await
}
