//! The server functions of a service's Identities tab.

use super::claims::ClaimDraft;
use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::page::Page;
#[cfg(feature = "ssr")]
use nexus_domain::service::ServicePath;
use nexus_domain::workload::{Identity, IdentityProviderKind, TokenReport, WorkloadSession};
use nexus_domain::{IdentityProviderId, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentitiesData {
    pub identities: Vec<Identity>,
    /// Whose word a rule can take.
    pub providers: Vec<ProviderChoice>,
    pub sessions: Page<WorkloadSession>,
    /// Why no rule can be made, if none can: the tier lacks it.
    pub unavailable: Option<String>,
    pub may_write: bool,
    pub may_manage_providers: bool,
    pub endpoint: String,
    pub now: Timestamp,
}

/// A provider as those see it who make rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderChoice {
    pub id: IdentityProviderId,
    pub name: String,
    pub kind: IdentityProviderKind,
    pub audience: String,
}

#[cfg(feature = "ssr")]
pub(super) mod here {
    use crate::pages::workload::claims::field_of;
    use crate::refused::Refused;
    use nexus_domain::Refusal;
    use nexus_domain::workload::PinAdvice;
    use serde_json::Value;

    pub fn access(text: &str) -> Result<nexus_domain::keys::Access, Refusal> {
        nexus_domain::keys::Access::parse(text)
            .ok_or_else(|| Refusal::invalid("access", "read or read_write"))
    }

    /// How many sessions are over, in words.
    pub fn over(ended: i64) -> String {
        match ended {
            1 => "One session is over".to_owned(),
            ended => format!("{ended} sessions are over"),
        }
    }

    /// What is wrong with the claims of a rule, said at the field of each.
    pub fn at_claims(error: nexus_backend::Error) -> Refused {
        let mut refusal = Refused::from(error).0;
        let mut said = false;
        for list in ["missing", "refused"] {
            let advice = refusal.details.remove(list).unwrap_or(Value::Null);
            for PinAdvice { claim, rule } in
                serde_json::from_value::<Vec<PinAdvice>>(advice).unwrap_or_default()
            {
                let rule = if list == "missing" { format!("Has to be pinned: {rule}") } else { rule };
                refusal.details.insert(field_of(&claim), Value::String(rule));
                said |= list == "missing";
            }
        }
        if said {
            refusal.details.remove("claims");
        }
        Refused(refusal)
    }
}

#[server(prefix = "/_fn", endpoint = "read_identities")]
pub async fn read_identities(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    /// Of the list of sessions.
    #[server(default)]
    after: Option<String>,
) -> Result<IdentitiesData, Refused> {
    use nexus_backend::workload;
    use nexus_domain::page::DEFAULT_LIMIT;
    use nexus_domain::role::Permission;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let found = workload::rules(&nexus, &actor, &path).await?;
    let choices = workload::providers_for(&nexus, &actor, &path).await?;
    let choice = |provider: nexus_domain::workload::IdentityProvider| ProviderChoice {
        id: provider.id,
        name: provider.name,
        kind: provider.kind,
        audience: provider.audience,
    };
    Ok(IdentitiesData {
        identities: found,
        providers: choices.into_iter().map(choice).collect(),
        sessions: workload::sessions_of(&nexus, &actor, &path, after, DEFAULT_LIMIT).await?,
        unavailable: workload::unavailable(&nexus, &actor, &path).await?,
        may_write: crate::pages::service::rights_in(&nexus, &actor, &path).await?.write_keys,
        may_manage_providers: crate::server::tenant_allows(&actor, Permission::IdentityProviderManage),
        endpoint: nexus_backend::services::get(&nexus, &actor, &path).await?.endpoint.unwrap_or_default(),
        now: nexus.now(),
    })
}

#[server(prefix = "/_fn", endpoint = "create_identity")]
pub async fn create_identity(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    provider: String,
    name: String,
    #[server(default)] claims: Vec<ClaimDraft>,
    access: String,
    /// Seconds; as the provider says where it is empty.
    #[server(default)]
    max_lifetime: String,
) -> Result<Done, Refused> {
    use nexus_backend::workload;
    use nexus_domain::workload::NewIdentity;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let new = NewIdentity {
        name,
        provider: workload::provider_id(&provider)?,
        claims: super::claims::of_rows(claims)?,
        access: Some(here::access(&access)?),
        max_lifetime: super::functions::here::lifetime(&max_lifetime)?,
    };
    let identity = workload::add_rule(&nexus, &actor, &path, new).await.map_err(here::at_claims)?;
    Ok(Done::new(format!("{} may come in", identity.name)))
}

#[server(prefix = "/_fn", endpoint = "change_identity")]
pub async fn change_identity(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    identity: String,
    name: String,
    #[server(default)] claims: Vec<ClaimDraft>,
    access: String,
    #[server(default)] max_lifetime: String,
) -> Result<Done, Refused> {
    use nexus_backend::workload;
    use nexus_domain::workload::IdentityPatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let patch = IdentityPatch {
        name: Some(name),
        claims: Some(super::claims::of_rows(claims)?),
        access: Some(here::access(&access)?),
        max_lifetime: Some(super::functions::here::lifetime(&max_lifetime)?),
    };
    let id = workload::rule_id(&identity)?;
    let identity = workload::change_rule(&nexus, &actor, &path, id, patch).await.map_err(here::at_claims)?;
    Ok(Done::new(format!("{} is changed", identity.name)))
}

#[server(prefix = "/_fn", endpoint = "delete_identity")]
pub async fn delete_identity(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    identity: String,
) -> Result<Done, Refused> {
    use nexus_backend::workload;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    workload::remove_rule(&nexus, &actor, &path, workload::rule_id(&identity)?).await?;
    Ok(Done::new("The identity is deleted"))
}

/// Tries out a token of a program, or a signed request, against a rule of the service.
#[server(prefix = "/_fn", endpoint = "test_identity")]
pub async fn test_identity(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    identity: String,
    #[server(default)] token: String,
) -> Result<TokenReport, Refused> {
    use nexus_backend::workload;
    let asking = crate::server::here()?;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let (id, test) = (workload::rule_id(&identity)?, super::functions::here::pasted(&token)?);
    Ok(workload::test_rule(&nexus, &actor, &path, id, test, asking.ip).await?)
}

#[server(prefix = "/_fn", endpoint = "end_workload_session")]
pub async fn end_workload_session(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    session: String,
) -> Result<Done, Refused> {
    use nexus_backend::workload;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    workload::end_session_of(&nexus, &actor, &path, workload::session_id(&session)?).await?;
    Ok(Done::new("The session is over"))
}

#[server(prefix = "/_fn", endpoint = "end_workload_sessions")]
pub async fn end_workload_sessions(
    tenant: String,
    project: String,
    environment: String,
    service: String,
) -> Result<Done, Refused> {
    use nexus_backend::workload;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let ended = workload::end_sessions_of(&nexus, &actor, &path).await?;
    Ok(Done::new(here::over(ended)))
}
