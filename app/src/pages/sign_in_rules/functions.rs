//! The server functions of a tenant's sign-in.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::sign_in::{MailDomain, Provider, ProviderKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignInRules {
    pub providers: Vec<Provider>,
    pub domains: Vec<MailDomain>,
    /// Slug and name of each, for the roles that go with joining.
    pub projects: Vec<(String, String)>,
    pub requires_provider: bool,
    /// Whether this session was opened by a provider of the tenant.
    pub came_by_own: bool,
    /// What the provider has to be told.
    pub redirect_uri: String,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_sign_in_rules")]
pub async fn read_sign_in_rules(tenant: String) -> Result<SignInRules, Refused> {
    use nexus_backend::people::Means;
    use nexus_backend::{projects, sign_in};
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let actor = here.member(opened, &tenant).await?;
    let nexus = here.nexus;
    let providers = sign_in::providers(&nexus, &actor).await?;
    let came_by = |provider: &Provider| opened.proof.means == Means::Provider(provider.id);
    let projects = projects::list(&nexus, &actor, "").await?;
    Ok(SignInRules {
        came_by_own: providers.iter().any(came_by),
        providers,
        domains: sign_in::domains(&nexus, &actor).await?,
        projects: projects.into_iter().map(|project| (project.slug, project.name)).collect(),
        requires_provider: sign_in::rules(&nexus, &actor).await?.provider,
        redirect_uri: sign_in::redirect_uri(&nexus),
        now: nexus.now(),
    })
}

#[server(prefix = "/_fn", endpoint = "add_provider")]
pub async fn add_provider(
    tenant: String,
    kind: ProviderKind,
    name: String,
    #[server(default)] issuer: String,
    client_id: String,
    client_secret: String,
) -> Result<Done, Refused> {
    use nexus_backend::sign_in::NewProvider;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let new = NewProvider { name, kind, issuer, client_id, client_secret: client_secret.into() };
    let provider = nexus_backend::sign_in::add_provider(&nexus, &actor, new).await?;
    Ok(Done::new(format!("{} is there; try it before you require it", provider.name)))
}

#[server(prefix = "/_fn", endpoint = "change_provider")]
pub async fn change_provider(
    tenant: String,
    provider: String,
    name: String,
    client_id: String,
    /// The one before stays where this is empty.
    #[server(default)]
    client_secret: String,
) -> Result<Done, Refused> {
    use nexus_backend::sign_in::{ProviderPatch, parse_id};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let client_secret = Some(client_secret).filter(|secret| !secret.is_empty()).map(Into::into);
    let patch = ProviderPatch { name: Some(name), client_id: Some(client_id), client_secret, enabled: None };
    nexus_backend::sign_in::change_provider(&nexus, &actor, parse_id(&provider)?, patch).await?;
    Ok(Done::new("Saved"))
}

#[server(prefix = "/_fn", endpoint = "enable_provider")]
pub async fn enable_provider(tenant: String, provider: String, enabled: bool) -> Result<Done, Refused> {
    use nexus_backend::sign_in::{ProviderPatch, parse_id};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let patch = ProviderPatch { enabled: Some(enabled), ..ProviderPatch::default() };
    let provider =
        nexus_backend::sign_in::change_provider(&nexus, &actor, parse_id(&provider)?, patch).await?;
    let state = if enabled { "enabled" } else { "disabled; sessions that it opened are over" };
    Ok(Done::new(format!("{} is {state}", provider.name)))
}

#[server(prefix = "/_fn", endpoint = "remove_provider")]
pub async fn remove_provider(tenant: String, provider: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let id = nexus_backend::sign_in::parse_id(&provider)?;
    nexus_backend::sign_in::remove_provider(&nexus, &actor, id).await?;
    Ok(Done::new("The provider is removed"))
}

/// Asks a provider what it is.
#[server(prefix = "/_fn", endpoint = "test_provider")]
pub async fn test_provider(tenant: String, issuer: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let found = nexus_backend::sign_in::test_provider(&nexus, &actor, &issuer, here.ip).await?;
    Ok(Done::new(format!("It answers, and signs with {} keys", found.keys)))
}

#[server(prefix = "/_fn", endpoint = "require_provider")]
pub async fn require_provider(tenant: String, required: bool) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    nexus_backend::sign_in::require_provider(&nexus, &actor, opened, required).await?;
    Ok(Done::new(if required {
        "Members have to sign in with the provider now"
    } else {
        "Members may sign in as they like"
    }))
}

#[server(prefix = "/_fn", endpoint = "add_mail_domain")]
pub async fn add_mail_domain(tenant: String, domain: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let added = nexus_backend::sign_in::add_domain(&nexus, &actor, &domain).await?;
    Ok(Done::new(format!("Publish the record of {}, then prove it", added.domain)))
}

#[server(prefix = "/_fn", endpoint = "prove_mail_domain")]
pub async fn prove_mail_domain(tenant: String, domain: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let proved = nexus_backend::sign_in::prove_domain(&nexus, &actor, &domain, here.ip).await?;
    Ok(Done::new(format!("{} is proved", proved.domain)))
}

/// Says what people of a domain become; nobody joins where `joins_as` is empty.
#[server(prefix = "/_fn", endpoint = "set_domain_rule")]
pub async fn set_domain_rule(
    tenant: String,
    domain: String,
    #[server(default)] joins_as: String,
    /// Role by project; empty for none.
    #[server(default)]
    roles: BTreeMap<String, String>,
) -> Result<Done, Refused> {
    use nexus_backend::sign_in::DomainRule;
    use nexus_domain::Refusal;
    use nexus_domain::role::{ProjectRole, TenantRole};
    use nexus_domain::sign_in::ProjectGrant;
    let unknown = |field: &str| Refusal::invalid(field, "One of the roles in the list");
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let joins_as = match joins_as.as_str() {
        "" => None,
        role => Some(TenantRole::parse(role).ok_or_else(|| unknown("joins_as"))?),
    };
    let given = roles.into_iter().filter(|(_, role)| !role.is_empty());
    let projects = given
        .map(|(project, role)| {
            Ok(ProjectGrant { project, role: ProjectRole::parse(&role).ok_or_else(|| unknown("roles"))? })
        })
        .collect::<Result<Vec<_>, Refusal>>()?;
    nexus_backend::sign_in::set_domain_rule(&nexus, &actor, &domain, DomainRule { joins_as, projects })
        .await?;
    Ok(Done::new("Saved"))
}

#[server(prefix = "/_fn", endpoint = "remove_mail_domain")]
pub async fn remove_mail_domain(tenant: String, domain: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    nexus_backend::sign_in::remove_domain(&nexus, &actor, &domain).await?;
    Ok(Done::new("The domain is removed; who joined by it stays"))
}
