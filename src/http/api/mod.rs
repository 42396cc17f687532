//! The management API, `/api/v1`: one folder entry per noun, each handler one use case.

mod audit;
mod config_versions;
mod configs;
mod dev_environments;
mod environment_keys;
mod environments;
mod flag_versions;
mod flags;
mod identities;
mod identity_providers;
mod invitations;
mod keys;
mod logs;
mod members;
mod oauth_apps;
mod project_members;
mod projects;
mod promotion;
mod secrets;
mod services;
mod tiers;
mod transfer;
mod versions;
mod whoami;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use nexus_backend::entries::ListEntries;
use nexus_backend::{Nexus, why};
use nexus_domain::entry::SourceFilter;
use nexus_domain::page::{self, Asked};
use nexus_domain::service::ServicePath;
use nexus_domain::template::ReferenceKind;
use nexus_domain::why::ValueExplanation;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

pub(super) use members::Search as MemberSearch;

use super::authorization::ManagementKey;
use super::body::Params;
use super::error::ApiError;

pub(super) type Api<T> = Result<T, ApiError>;

/// Every route of the management API, relative to `/api/v1`.
pub(super) fn router() -> OpenApiRouter<Nexus> {
    OpenApiRouter::new()
        .merge(whoami::router())
        .merge(projects::router())
        .merge(tiers::router())
        .merge(members::router())
        .merge(project_members::router())
        .merge(environments::router())
        .merge(services::router())
        .merge(promotion::router())
        .merge(keys::router())
        .merge(environment_keys::router())
        .merge(oauth_apps::router())
        .merge(identity_providers::router())
        .merge(identities::router())
        .merge(secrets::router())
        .merge(versions::router())
        .merge(configs::router())
        .merge(config_versions::router())
        .merge(flags::router())
        .merge(flag_versions::router())
        .merge(transfer::router())
        .merge(dev_environments::router())
        .merge(invitations::router())
        .merge(audit::router())
        .merge(logs::router())
}

/// The environment that a path is looked up in.
#[derive(Debug, Default, Deserialize, IntoParams)]
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

/// Which page of a list to answer.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// 1 to 200, 50 when absent.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The page that the query asks for.
struct Paged(Asked);

impl<S: Send + Sync> FromRequestParts<S> for Paged {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Params(Paging { limit, cursor }) = Params::from_request_parts(parts, state).await?;
        Ok(Self(Asked::new(limit, cursor.as_deref())?))
    }
}

/// How one entry is looked at.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Look {
    /// Another environment than the key's own; takes `admin:all`.
    environment: Option<String>,
    /// Adds why it has its value: `explanation`.
    #[serde(default)]
    #[param(default = false)]
    explain: bool,
}

impl Look {
    fn in_environment(&self) -> InEnvironment {
        InEnvironment { environment: self.environment.clone() }
    }

    /// Why the key has its value, where that was asked for.
    async fn explanation(
        &self,
        nexus: &Nexus,
        key: &ManagementKey,
        path: &ServicePath,
        kind: ReferenceKind,
        name: &str,
    ) -> Api<Option<ValueExplanation>> {
        match self.explain {
            true => Ok(Some(why::explain(nexus, &key.0, path, kind, name).await?)),
            false => Ok(None),
        }
    }
}

/// Which entries of a service to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    environment: Option<String>,
    /// `all` when absent.
    #[param(inline)]
    source: Option<SourceFilter>,
    /// Narrows by key, note and tags.
    #[serde(default)]
    q: String,
    /// 1 to 200, 50 when absent.
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Filter {
    fn read(self) -> Api<(InEnvironment, ListEntries)> {
        let source = self.source.unwrap_or(SourceFilter::All);
        let limit = page::limit(self.limit)?;
        let query = ListEntries { source, q: self.q, cursor: self.cursor, limit };
        Ok((InEnvironment { environment: self.environment }, query))
    }
}

/// What a deletion says besides what to delete.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Deletion {
    pub environment: Option<String>,
    /// Refuse with 409 when the ACTIVE version is another one by now.
    pub expected_version: Option<i64>,
}
