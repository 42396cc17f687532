//! The only answers that hold values. Each is audited, needs a fresh sign-in, and is asked for by
//! the browser's half: no page and no address ever has what they answer.

use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::secret::{SecretDiff, SecretValue};
#[cfg(feature = "ssr")]
use nexus_domain::service::ServicePath;

#[server(prefix = "/_fn", endpoint = "reveal_secret")]
pub async fn reveal_secret(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    #[server(default)] version: Option<i64>,
) -> Result<SecretValue, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    Ok(nexus_backend::secrets::reveal(&nexus, &actor, &path, &key, version).await?)
}

#[server(prefix = "/_fn", endpoint = "compare_secret_versions")]
pub async fn compare_secret_versions(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    from: i64,
    to: i64,
) -> Result<SecretDiff, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    Ok(nexus_backend::secrets::diff(&nexus, &actor, &path, &key, from, to).await?)
}

/// Every text secret, own and inherited, as a text; `.env` without a format.
#[server(prefix = "/_fn", endpoint = "export_secrets")]
pub async fn export_secrets(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    #[server(default)] format: String,
) -> Result<String, Refused> {
    use nexus_domain::export::ExportFormat;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let format = ExportFormat::parse(&format).unwrap_or(ExportFormat::Env);
    Ok(nexus_backend::secrets::export(&nexus, &actor, &path, format).await?)
}
