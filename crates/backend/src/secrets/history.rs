//! The history of a secret: looking, restoring an old version as a new one, destroying one for good.

use super::{open_service, open_version, row_of, store_version};
use crate::entries::{self, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::page::{Asked, Page};
use nexus_domain::secret::{SecretRow, SecretVersion};
use nexus_domain::service::ServicePath;
use serde_json::json;

/// Every version, newest first, without values. Of an inherited secret too.
pub async fn history(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
) -> Result<Vec<SecretVersion>> {
    Ok(versions(nexus, actor, path, key, Asked::everything()).await?.data)
}

/// The same in pages.
pub async fn versions(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    asked: Asked,
) -> Result<Page<SecretVersion>> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretHistory).await?;
                let found = entries::effective(w, &service, Kind::Secret, &key).await?;
                let (entry, _) = found.ok_or_else(Error::not_found)?;
                entries::history(w, &entry, &asked).await
            })
        })
        .await
}

/// Makes a new version with an old value.
pub async fn restore(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    number: i64,
    expected_version: Option<i64>,
) -> Result<SecretRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretUpdate).await?;
                let entry = entries::own(w, &service, Kind::Secret, &key).await?;
                entry.expect(expected_version)?;
                let old = entries::version(w, entry.id, number).await?;
                let (kind, bytes) = open_version(w, service.id, entry.id, old).await?;
                let value = super::Value { kind, bytes };
                let description = format!("Restored from v{number}");
                let version = store_version(w, &entry, &value, &description).await?;
                entries::finish(w, service.id).await?;
                let row_details = json!({ "change": "restored", "from_version": number, "version": version });
                w.record(Action::SecretUpdate, &service.target().with_name(&key), row_details).await?;
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
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretDestroy).await?;
                let entry = entries::own(w, &service, Kind::Secret, &key).await?;
                entry.expect(expected_version)?;
                entries::destroy(w, &entry, number).await?;
                let target = service.target().with_name(&key);
                w.record(Action::SecretDestroy, &target, json!({ "version": number })).await
            })
        })
        .await
}
