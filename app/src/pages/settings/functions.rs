//! The server functions of the tenant's settings.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::environment::Environment;
use nexus_domain::project::{Losses, Tenant};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingsData {
    pub tenant: Tenant,
    pub environments: Vec<Environment>,
    /// The engines that an environment may be pinned to.
    pub engines: Vec<String>,
    pub may_rename: bool,
    pub may_manage: bool,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_settings")]
pub async fn read_settings(tenant: String) -> Result<SettingsData, Refused> {
    use nexus_domain::role::Permission;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(SettingsData {
        tenant: nexus_backend::tenants::get(&nexus, &actor).await?,
        environments: nexus_backend::environments::list(&nexus, &actor).await?,
        engines: nexus_domain::flag::engine_pins(),
        may_rename: crate::server::tenant_allows(&actor, Permission::TenantManage),
        may_manage: crate::server::tenant_allows(&actor, Permission::EnvironmentManage),
        now: nexus.now(),
    })
}

#[server(prefix = "/_fn", endpoint = "rename_tenant")]
pub async fn rename_tenant(tenant: String, name: String) -> Result<Done, Refused> {
    use nexus_domain::project::TenantPatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    nexus_backend::tenants::update(&nexus, &actor, TenantPatch { name: Some(name) }).await?;
    Ok(Done::new("Saved").and_frame())
}

#[server(prefix = "/_fn", endpoint = "create_environment")]
pub async fn create_environment(
    tenant: String,
    slug: String,
    #[server(default)] name: String,
) -> Result<Done, Refused> {
    use nexus_domain::environment::NewEnvironment;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let name = Some(name).filter(|name| !name.trim().is_empty());
    let new = NewEnvironment { slug, name, ..NewEnvironment::default() };
    let environment = nexus_backend::environments::create(&nexus, &actor, new).await?;
    Ok(Done::new(format!("Environment {} is there", environment.name)))
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

#[server(prefix = "/_fn", endpoint = "read_tenant_losses")]
pub async fn read_tenant_losses(tenant: String) -> Result<Losses, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::tenants::losses(&nexus, &actor).await?)
}

/// Leads on to another tenant of the person, or out.
#[server(prefix = "/_fn", endpoint = "delete_tenant")]
pub async fn delete_tenant(tenant: String, typed: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    crate::pages::losses::confirmed(&typed, &tenant)?;
    nexus_backend::tenants::delete(&nexus, &actor).await?;
    let me = nexus_backend::people::seen_by(&nexus, opened).await?;
    here.forget_tenant(me.is_some()).await?;
    let done = Done::new(format!("Tenant {tenant} is deleted"));
    Ok(match me.as_ref().and_then(|me| me.tenants.first()) {
        Some(other) => done.to(crate::address::tenant_url(&other.slug, "projects")).and_frame(),
        None if nexus_backend::people::needs_set_up(&nexus).await? => done.to("/setup"),
        None => done.to("/sign-in"),
    })
}
