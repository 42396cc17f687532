//! The server functions of the services list and of one's own developer environment.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::environment::{DevEnvironment, DevImport, Environment};
use nexus_domain::project::Losses;
use nexus_domain::service::ServiceGroup;
use nexus_domain::tier::Room;
use nexus_domain::{ServiceId, Timestamp};
#[cfg(feature = "ssr")]
use nexus_domain::{
    environment::DEVELOP,
    role::{Permission, Place, ProjectRole},
    service::{Service, ServiceKind},
};
use serde::{Deserialize, Serialize};
#[cfg(feature = "ssr")]
use std::collections::HashMap;

/// How much a service holds, as its tabs count it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Amounts {
    pub service: ServiceId,
    /// For those who may list them, of services that have some.
    pub secrets: Option<i64>,
    pub configs: i64,
    pub flags: i64,
}

/// What the services list shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServicesData {
    pub groups: Vec<ServiceGroup>,
    pub amounts: Vec<Amounts>,
    /// The person's own developer environment in this project.
    pub dev: Option<DevEnvironment>,
    /// Whether the role allows one.
    pub may_have_dev: bool,
    /// Where the person may make services, live first.
    pub environments: Vec<Environment>,
    /// Whether one more service fits into each.
    pub rooms: Vec<Room>,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_services")]
pub async fn read_services(tenant: String, project: String, dev_envs: bool) -> Result<ServicesData, Refused> {
    use nexus_backend::services::ListServices;
    use nexus_backend::{dev_environments, environments, projects, services};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let role = projects::brief(&nexus, &actor, &project).await?.role;
    let wanted = ListServices { environment: None, dev_envs, q: String::new() };
    let groups = services::list(&nexus, &actor, &project, wanted).await?;
    let may_have_dev = role.allows(Permission::DevEnvironment, Place::Own);
    let dev = if may_have_dev { dev_environments::get(&nexus, &actor, &project).await? } else { None };
    let mut open = Vec::new();
    if role.allows(Permission::ServiceWrite, crate::pages::project::SHARED) {
        open = environments::list(&nexus, &actor).await?;
    }
    open.extend(dev.iter().map(|dev| dev.environment.clone()));
    let rooms = match open.is_empty() {
        true => Vec::new(),
        false => nexus_backend::tiers::rooms_for_service(&nexus, &actor, &project).await?,
    };
    let holds = services::holds(&nexus, &actor, &project).await?;
    let amounts = groups.iter().flat_map(|group| amounts(role, group, &holds)).collect();
    Ok(ServicesData { groups, amounts, dev, may_have_dev, environments: open, rooms, now: nexus.now() })
}

#[cfg(feature = "ssr")]
fn amounts(
    role: ProjectRole,
    group: &ServiceGroup,
    holds: &HashMap<ServiceId, nexus_backend::services::Holds>,
) -> Vec<Amounts> {
    let place = match group.yours {
        true => Place::Own,
        false => Place::Shared { develop: group.environment.slug == DEVELOP },
    };
    let lists = role.allows(Permission::SecretList, place);
    let of = |service: &Service| {
        let held = holds.get(&service.id).copied().unwrap_or_default();
        let secrets = (lists && service.kind == ServiceKind::Backend).then_some(held.secrets);
        Amounts { service: service.id, secrets, configs: held.configs, flags: held.flags }
    };
    group.services.iter().map(of).collect()
}

#[server(prefix = "/_fn", endpoint = "create_service")]
pub async fn create_service(
    tenant: String,
    project: String,
    name: String,
    #[server(default)] slug: String,
    #[server(default)] kind: String,
    #[server(default)] environment: String,
    #[server(default)] umbrella: bool,
) -> Result<Done, Refused> {
    use nexus_domain::Refusal;
    use nexus_domain::service::{NewService, ServiceKind};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let kind = ServiceKind::parse(&kind).ok_or_else(|| Refusal::invalid("kind", "backend or frontend"))?;
    let optional = |text: String| Some(text).filter(|text| !text.is_empty());
    let new = NewService { name, slug: optional(slug), kind, environment: optional(environment), umbrella };
    let service = nexus_backend::services::create(&nexus, &actor, &project, new).await?;
    let to = super::url(&tenant, &service);
    Ok(Done::new(format!("{} is there", service.name)).to(to))
}

#[server(prefix = "/_fn", endpoint = "create_dev_environment")]
pub async fn create_dev_environment(tenant: String, project: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let dev = nexus_backend::dev_environments::create(&nexus, &actor, &project).await?;
    Ok(Done::new(format!("{} is yours", dev.environment.slug)))
}

#[server(prefix = "/_fn", endpoint = "import_develop")]
pub async fn import_develop(tenant: String, project: String, on_conflict: String) -> Result<Done, Refused> {
    use nexus_domain::{Refusal, environment::OnConflict};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let on_conflict =
        OnConflict::parse(&on_conflict).ok_or_else(|| Refusal::invalid("on_conflict", "One of the list"))?;
    let import = nexus_backend::dev_environments::import(&nexus, &actor, &project, on_conflict).await?;
    Ok(Done::new(imported(&import)))
}

/// What an import did, in one sentence.
pub fn imported(import: &DevImport) -> String {
    use crate::components::time::count;
    let parts = [
        (import.services_created, "new service"),
        (import.secrets_created, "new secret"),
        (import.secrets_updated, "updated secret"),
        (import.secrets_skipped, "skipped secret"),
        (import.configs_copied, "config"),
        (import.configs_skipped, "skipped config"),
        (import.flags_copied, "flag"),
        (import.flags_skipped, "skipped flag"),
    ];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, what)| count(amount, what))
        .collect();
    let mut text = if said.is_empty() {
        "develop is imported; nothing was new".to_owned()
    } else {
        format!("develop is imported: {}", said.join(", "))
    };
    if import.needs_value > 0 {
        text.push_str(&format!("; {} without a value", count(import.needs_value, "secret")));
    }
    text
}

#[server(prefix = "/_fn", endpoint = "read_dev_losses")]
pub async fn read_dev_losses(tenant: String, project: String) -> Result<Losses, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::dev_environments::losses(&nexus, &actor, &project).await?)
}

#[server(prefix = "/_fn", endpoint = "delete_dev_environment")]
pub async fn delete_dev_environment(tenant: String, project: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    nexus_backend::dev_environments::delete(&nexus, &actor, &project).await?;
    Ok(Done::new("Your developer environment is deleted"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_says_what_it_did() {
        let import =
            DevImport { services_created: 2, secrets_created: 1, needs_value: 1, ..DevImport::default() };
        assert_eq!(
            imported(&import),
            "develop is imported: 2 new services, 1 new secret; 1 secret without a value"
        );
        assert_eq!(imported(&DevImport::default()), "develop is imported; nothing was new");
    }
}
