//! Listing flags with their definitions. Reading flags leaves no audit row.

use super::{FLAGS, ListFlags, into_rows, row_of};
use crate::Result;
use crate::entries::{self, FoundKey, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::{services, tiers};
use nexus_domain::action::Action;
use nexus_domain::entry::EntryCounts;
use nexus_domain::flag::{DeletedFlag, FlagRow};
use nexus_domain::page::Page;
use nexus_domain::service::ServicePath;

/// A page of the service's flags, own and inherited, by key.
pub async fn list(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    query: ListFlags,
) -> Result<Page<FlagRow>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::FlagRead).await?;
                let (rows, next_cursor) = entries::page(w, &service, Kind::Flag, &query).await?;
                Ok(Page { data: into_rows(w, &service, rows).await?, next_cursor })
            })
        })
        .await
}

/// The numbers beside the filters.
pub async fn counts(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<EntryCounts> {
    FLAGS.counts(nexus, actor, path).await
}

/// One flag with its definition.
pub async fn row(nexus: &Nexus, actor: &Actor, path: &ServicePath, key: &str) -> Result<FlagRow> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::FlagRead).await?;
                row_of(w, &service, &key).await
            })
        })
        .await
}

/// Flags that were deleted and can still be restored.
pub async fn deleted(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Vec<DeletedFlag>> {
    FLAGS.deleted(nexus, actor, path).await
}

/// Whether rules and rollouts of the service's flags count: whether its project has A/B testing.
pub async fn targeting_active(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<bool> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::FlagRead).await?;
                tiers::ab_testing_active(w, service.project_id).await
            })
        })
        .await
}

/// Keys of flags that hold the text, in order, at most `limit` of them, wherever the person may see them.
pub async fn find(nexus: &Nexus, actor: &Actor, q: &str, limit: usize) -> Result<Vec<FoundKey>> {
    entries::find_keys(nexus, actor, (Kind::Flag, Action::FlagRead), q, limit).await
}
