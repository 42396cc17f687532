//! The server function of the API log.

use super::filter::RequestFields;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::page::Page;
use nexus_domain::request_log::{LoggedRequests, Quarantine};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiLogData {
    pub page: Page<LoggedRequests>,
    /// Keys of the tenant that are refused somewhere at the moment.
    pub quarantines: Vec<Quarantine>,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_api_log")]
pub async fn read_api_log(
    tenant: String,
    filter: RequestFields,
    #[server(default)] cursor: Option<String>,
) -> Result<ApiLogData, Refused> {
    use nexus_backend::{limits, request_log};
    use nexus_domain::page::DEFAULT_LIMIT;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let page = request_log::list(&nexus, &actor, filter.parse()?, cursor, DEFAULT_LIMIT).await?;
    let quarantines = limits::quarantined(&nexus, &actor).await?;
    Ok(ApiLogData { page, quarantines, now: nexus.now() })
}
