//! What the tab shows: a page of the list, the numbers beside the filters, the open secret.

use crate::pages::service::Rights;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::export::Collision;
use nexus_domain::secret::{DeletedSecret, SecretCounts, SecretRow, SecretUse, SecretVersion};
use nexus_domain::service::Service;
use serde::{Deserialize, Serialize};

/// How many secrets stand on one page of the list.
#[cfg(feature = "ssr")]
const PAGE: i64 = 100;

/// The tab's data. There is no value in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecretsData {
    pub rows: Vec<SecretRow>,
    pub next_cursor: Option<String>,
    pub counts: SecretCounts,
    /// What the open row shows.
    pub open: Option<Opened>,
    /// The key that was to be opened and is not there.
    pub missing: Option<String>,
    /// What can be restored, where that was asked for.
    pub deleted: Option<Vec<DeletedSecret>>,
    /// The keys that would be one environment variable, where an export was asked for.
    pub collisions: Option<Vec<Collision>>,
    pub service: Service,
    pub rights: Rights,
    /// How long a deletion can be taken back.
    pub undelete_days: i64,
    pub now: Timestamp,
}

/// The history of the open secret, and what reads it, for those who see more than its key and type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub key: String,
    pub history: Vec<SecretVersion>,
    pub uses: Option<SecretUse>,
}

#[server(prefix = "/_fn", endpoint = "read_secrets")]
pub async fn read_secrets(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    #[server(default)] source: Option<String>,
    #[server(default)] q: Option<String>,
    #[server(default)] cursor: Option<String>,
    #[server(default)] open: Option<String>,
    #[server(default)] created: Option<String>,
    #[server(default)] deleted: bool,
    #[server(default)] export: bool,
) -> Result<SecretsData, Refused> {
    use nexus_backend::secrets::ListSecrets;
    use nexus_backend::{projects, secrets, services};
    use nexus_domain::secret::SourceFilter;
    use nexus_domain::service::ServicePath;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let source = source.as_deref().and_then(SourceFilter::parse).unwrap_or(SourceFilter::All);
    let wanted = ListSecrets { source, q: q.unwrap_or_default(), cursor, limit: PAGE };
    let page = secrets::list(&nexus, &actor, &path, wanted).await?;
    let service = services::get(&nexus, &actor, &path).await?;
    let rights = crate::pages::service::rights_in(&nexus, &actor, &path).await?;
    let mut data = SecretsData {
        rows: page.data,
        next_cursor: page.next_cursor,
        counts: secrets::counts(&nexus, &actor, &path).await?,
        open: None,
        missing: None,
        deleted: None,
        collisions: None,
        service,
        rights,
        undelete_days: projects::brief(&nexus, &actor, &path.project).await?.undelete_days,
        now: nexus.now(),
    };
    if export && rights.reveal_secrets {
        data.collisions = Some(secrets::collisions_of(&nexus, &actor, &path).await?);
    }
    if deleted {
        data.deleted = Some(secrets::deleted(&nexus, &actor, &path).await?);
        return Ok(data);
    }
    for key in created.iter().chain(&open) {
        pin(&nexus, &actor, &path, key, &mut data.rows).await?;
    }
    let Some(key) = open else { return Ok(data) };
    if !data.rows.iter().any(|row| row.key == key) {
        data.missing = Some(key);
    } else if rights.secret_metadata {
        let history = secrets::history(&nexus, &actor, &path, &key).await?;
        let uses = secrets::uses(&nexus, &actor, &path, &key).await?;
        data.open = Some(Opened { key, history, uses: Some(uses) });
    } else {
        data.open = Some(Opened { key, history: Vec::new(), uses: None });
    }
    Ok(data)
}

/// Puts a secret that stands on another page of the list, or that the filter leaves out, on top:
/// whoever follows a link to it, or has just made it, finds it.
#[cfg(feature = "ssr")]
async fn pin(
    nexus: &nexus_backend::Nexus,
    actor: &nexus_backend::gate::Actor,
    path: &nexus_domain::service::ServicePath,
    key: &str,
    rows: &mut Vec<SecretRow>,
) -> Result<(), Refused> {
    if rows.iter().any(|row| row.key == key) {
        return Ok(());
    }
    match nexus_backend::secrets::row(nexus, actor, path, key).await {
        Ok(row) => rows.insert(0, row),
        Err(error) if error.refusal().code == nexus_domain::Code::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
