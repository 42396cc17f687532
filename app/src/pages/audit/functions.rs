//! The server functions of the audit log. The download is a route of its own, because it is a file.

use super::filter::FilterFields;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::audit::{AuditRow, AuditVerdict};
use nexus_domain::page::Page;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditData {
    pub page: Page<AuditRow>,
    /// Slug and name of each project, for the filter of the tenant's log.
    pub projects: Vec<(String, String)>,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_audit")]
pub async fn read_audit(
    tenant: String,
    filter: FilterFields,
    #[server(default)] cursor: Option<String>,
) -> Result<AuditData, Refused> {
    use nexus_domain::page::DEFAULT_LIMIT;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let page = nexus_backend::audit::list(&nexus, &actor, filter.parse()?, cursor, DEFAULT_LIMIT).await?;
    let projects = nexus_backend::projects::briefs(&nexus, &actor).await?;
    let projects = projects.into_iter().map(|project| (project.slug, project.name)).collect();
    Ok(AuditData { page, projects, now: nexus.now() })
}

/// Checks the tenant's whole chain.
#[server(prefix = "/_fn", endpoint = "verify_audit")]
pub async fn verify_audit(tenant: String) -> Result<AuditVerdict, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::audit::verify(&nexus, &actor).await?)
}
