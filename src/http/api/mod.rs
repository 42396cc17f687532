//! The management API, `/api/v1`: one folder entry per noun, each handler one use case.

mod audit;
mod dev_environments;
mod environments;
mod keys;
mod projects;
mod secrets;
mod services;
mod versions;
mod whoami;

use nexus_backend::Nexus;
use nexus_domain::service::ServicePath;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::authorization::ManagementKey;
use super::error::ApiError;

pub(super) type Api<T> = Result<T, ApiError>;

/// Every route of the management API, relative to `/api/v1`.
pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new()
        .merge(whoami::router())
        .merge(projects::router())
        .merge(environments::router())
        .merge(services::router())
        .merge(keys::router())
        .merge(secrets::router())
        .merge(versions::router())
        .merge(dev_environments::router())
        .merge(audit::router())
}

/// The environment that a path is looked up in.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct InEnvironment {
    /// Another environment than the key's own; takes `admin:all`.
    pub environment: Option<String>,
}

impl InEnvironment {
    /// The full path of a service named in the address.
    fn path(&self, key: &ManagementKey, project: String, service: String) -> Api<ServicePath> {
        let environment = key.environment(self.environment.as_deref())?;
        Ok(ServicePath { project, environment, service })
    }
}
