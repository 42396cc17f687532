//! The server functions of an import of configs: what it would change, and changing it, all of it or
//! nothing.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::import::ImportReport;
#[cfg(feature = "ssr")]
use nexus_domain::service::ServicePath;

/// What an import would do.
#[server(prefix = "/_fn", endpoint = "preview_config_import")]
pub async fn preview_config_import(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    #[server(default)] text: String,
    #[server(default)] format: String,
) -> Result<ImportReport, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let request = crate::pages::entries::import_request(&format, text, true, String::new());
    Ok(nexus_backend::configs::import(&nexus, &actor, &path, request).await?)
}

#[server(prefix = "/_fn", endpoint = "import_configs")]
pub async fn import_configs(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    #[server(default)] text: String,
    #[server(default)] format: String,
    #[server(default)] description: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let request = crate::pages::entries::import_request(&format, text, false, description);
    let report = nexus_backend::configs::import(&nexus, &actor, &path, request).await?;
    Ok(Done::new(crate::pages::entries::imported(&report, "config")))
}
