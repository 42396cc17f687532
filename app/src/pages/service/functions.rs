//! The server functions of a service's frame, and what a person may do in it.

use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::environment::Environment;
use nexus_domain::service::Service;
use serde::{Deserialize, Serialize};

/// What the person may do with the service. The server asks the gate again at every act; this
/// decides only what is offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// Rename, link, delete.
    pub write: bool,
    pub read_keys: bool,
    pub write_keys: bool,
    pub list_secrets: bool,
    /// Versions, notes, tags and uses of secrets, beside their keys and types.
    pub secret_metadata: bool,
    pub reveal_secrets: bool,
    pub write_secrets: bool,
    pub write_configs: bool,
    pub write_flags: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceData {
    pub service: Service,
    pub environment: Environment,
    /// The environments where the same service is, this one included.
    pub counterparts: Vec<Environment>,
    pub rights: Rights,
    /// Its own and its inherited secrets, for those who may list them.
    pub secrets: Option<i64>,
    /// Its own and its inherited configs.
    pub configs: i64,
    /// Its own and its inherited flags.
    pub flags: i64,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_service")]
pub async fn read_service(
    tenant: String,
    project: String,
    environment: String,
    service: String,
) -> Result<ServiceData, Refused> {
    use nexus_backend::services;
    use nexus_domain::service::{ServiceKind, ServicePath};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let service = services::get(&nexus, &actor, &path).await?;
    let counterparts = services::counterparts(&nexus, &actor, &path).await?;
    let environment = counterparts.iter().find(|it| it.slug == path.environment).cloned();
    let environment = environment.ok_or_else(nexus_domain::Refusal::not_found)?;
    let rights = rights(&nexus, &actor, &path, &environment).await?;
    let secrets = if rights.list_secrets && service.kind == ServiceKind::Backend {
        Some(nexus_backend::secrets::counts(&nexus, &actor, &path).await?.all)
    } else {
        None
    };
    let configs = nexus_backend::configs::counts(&nexus, &actor, &path).await?.all;
    let flags = nexus_backend::flags::counts(&nexus, &actor, &path).await?.all;
    Ok(ServiceData { service, environment, counterparts, rights, secrets, configs, flags, now: nexus.now() })
}

/// What the person may do with the service.
#[cfg(feature = "ssr")]
pub async fn rights_in(
    nexus: &nexus_backend::Nexus,
    actor: &nexus_backend::gate::Actor,
    path: &nexus_domain::service::ServicePath,
) -> Result<Rights, Refused> {
    let counterparts = nexus_backend::services::counterparts(nexus, actor, path).await?;
    let place = counterparts.into_iter().find(|it| it.slug == path.environment);
    rights(nexus, actor, path, &place.ok_or_else(nexus_domain::Refusal::not_found)?).await
}

/// What the person may do in the service's environment.
#[cfg(feature = "ssr")]
pub async fn rights(
    nexus: &nexus_backend::Nexus,
    actor: &nexus_backend::gate::Actor,
    path: &nexus_domain::service::ServicePath,
    environment: &Environment,
) -> Result<Rights, Refused> {
    use nexus_backend::{dev_environments, projects};
    use nexus_domain::environment::{DEVELOP, EnvironmentKind};
    use nexus_domain::role::{Permission as P, Place};
    let role = projects::brief(nexus, actor, &path.project).await?.role;
    let place = if environment.kind == EnvironmentKind::Developer {
        let own = dev_environments::get(nexus, actor, &path.project).await?;
        if own.is_some_and(|own| own.environment.id == environment.id) { Place::Own } else { Place::Foreign }
    } else {
        Place::Shared { develop: environment.slug == DEVELOP }
    };
    let may = |permission| role.allows(permission, place);
    Ok(Rights {
        write: may(P::ServiceWrite),
        read_keys: may(P::KeyRead),
        write_keys: may(P::KeyWrite),
        list_secrets: may(P::SecretList),
        secret_metadata: may(P::SecretMetadata),
        reveal_secrets: may(P::SecretReveal),
        write_secrets: may(P::SecretWrite),
        write_configs: may(P::ConfigWrite),
        write_flags: may(P::FlagWrite),
    })
}
