//! The server functions of the environments' page.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::environment::{Environment, EnvironmentRoom};
use nexus_domain::project::Losses;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentsData {
    pub environments: Vec<Environment>,
    pub room: EnvironmentRoom,
    /// The engines that an environment may be pinned to.
    pub engines: Vec<String>,
    pub may_manage: bool,
    pub now: Timestamp,
}

/// What the address and the form say where a key is to be made for the new environment.
pub const WITH_KEY: &str = "key";

#[server(prefix = "/_fn", endpoint = "read_environments")]
pub async fn read_environments(tenant: String) -> Result<EnvironmentsData, Refused> {
    use nexus_domain::role::Permission;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(EnvironmentsData {
        environments: nexus_backend::environments::list(&nexus, &actor).await?,
        room: nexus_backend::environments::room(&nexus, &actor).await?,
        engines: nexus_domain::flag::engine_pins(),
        may_manage: crate::server::tenant_allows(&actor, Permission::EnvironmentManage),
        now: nexus.now(),
    })
}

#[server(prefix = "/_fn", endpoint = "create_environment")]
pub async fn create_environment(
    tenant: String,
    slug: String,
    #[server(default)] name: String,
    /// `key` leads on to the form for its first key.
    #[server(default)]
    then: String,
) -> Result<Done, Refused> {
    use nexus_domain::environment::NewEnvironment;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let name = Some(name).filter(|name| !name.trim().is_empty());
    let new = NewEnvironment { slug, name, ..NewEnvironment::default() };
    let environment = nexus_backend::environments::create(&nexus, &actor, new).await?;
    let done = Done::new(format!("Environment {} is there", environment.name));
    Ok(if then == WITH_KEY {
        let keys = crate::components::environment::keys_url(&tenant, &environment.slug);
        done.to(format!("{keys}&new="))
    } else {
        done
    })
}

/// What a form says for "no pin".
pub const UNPINNED: &str = "newest";

/// Changes the name and the pin of an environment.
#[server(prefix = "/_fn", endpoint = "rename_environment")]
pub async fn rename_environment(
    tenant: String,
    environment: String,
    name: String,
    /// `newest` for no pin; the pin stays where this is absent.
    #[server(default)]
    pinned_engine_version: Option<String>,
) -> Result<Done, Refused> {
    use nexus_domain::environment::EnvironmentPatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let pinned_engine_version = pinned_engine_version.map(|pin| Some(pin).filter(|pin| pin != UNPINNED));
    let patch = EnvironmentPatch { name: Some(name), pinned_engine_version };
    nexus_backend::environments::update(&nexus, &actor, &environment, patch).await?;
    Ok(Done::new("Saved"))
}

#[server(prefix = "/_fn", endpoint = "read_environment_losses")]
pub async fn read_environment_losses(tenant: String, environment: String) -> Result<Losses, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::environments::losses(&nexus, &actor, &environment).await?)
}

#[server(prefix = "/_fn", endpoint = "delete_environment")]
pub async fn delete_environment(tenant: String, environment: String, typed: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    crate::pages::losses::confirmed(&typed, &environment)?;
    nexus_backend::environments::delete(&nexus, &actor, &environment).await?;
    Ok(Done::new(format!("Environment {environment} is deleted")))
}
