//! Listing configs with their stored values. Reading configs leaves no audit row.

use super::{CONFIGS, ListConfigs, into_rows, row_of};
use crate::Result;
use crate::entries::{self, FoundKey, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services;
use nexus_domain::action::Action;
use nexus_domain::config::{ConfigRow, DeletedConfig};
use nexus_domain::entry::EntryCounts;
use nexus_domain::page::Page;
use nexus_domain::service::ServicePath;

/// A page of the service's configs, own and inherited, by key.
pub async fn list(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    query: ListConfigs,
) -> Result<Page<ConfigRow>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ConfigRead).await?;
                let (rows, next_cursor) = entries::page(w, &service, Kind::Config, &query).await?;
                Ok(Page { data: into_rows(w, &service, rows).await?, next_cursor })
            })
        })
        .await
}

/// The numbers beside the filters.
pub async fn counts(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<EntryCounts> {
    CONFIGS.counts(nexus, actor, path).await
}

/// One config with its stored value.
pub async fn row(nexus: &Nexus, actor: &Actor, path: &ServicePath, key: &str) -> Result<ConfigRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ConfigRead).await?;
                row_of(w, &service, &key).await
            })
        })
        .await
}

/// Keys of configs that hold the text, in order, at most `limit` of them, wherever the person may see them.
pub async fn find(nexus: &Nexus, actor: &Actor, q: &str, limit: usize) -> Result<Vec<FoundKey>> {
    entries::find_keys(nexus, actor, (Kind::Config, Action::ConfigRead), q, limit).await
}

/// Configs that were deleted and can still be restored.
pub async fn deleted(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Vec<DeletedConfig>> {
    CONFIGS.deleted(nexus, actor, path).await
}
