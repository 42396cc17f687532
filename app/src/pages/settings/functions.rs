//! The server functions of the tenant's settings.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::project::{Losses, Tenant};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingsData {
    pub tenant: Tenant,
    pub may_rename: bool,
}

#[server(prefix = "/_fn", endpoint = "read_settings")]
pub async fn read_settings(tenant: String) -> Result<SettingsData, Refused> {
    use nexus_domain::role::Permission;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(SettingsData {
        tenant: nexus_backend::tenants::get(&nexus, &actor).await?,
        may_rename: crate::server::tenant_allows(&actor, Permission::TenantManage),
    })
}

#[server(prefix = "/_fn", endpoint = "rename_tenant")]
pub async fn rename_tenant(tenant: String, name: String) -> Result<Done, Refused> {
    use nexus_domain::project::TenantPatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    nexus_backend::tenants::update(&nexus, &actor, TenantPatch { name: Some(name) }).await?;
    Ok(Done::new("Saved").and_frame())
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
