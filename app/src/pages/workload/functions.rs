//! The server functions of the identity providers' page.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::page::Page;
use nexus_domain::service::ServicePath;
use nexus_domain::workload::{IdentityProvider, IdentityProviderKind, TokenReport, WorkloadSession};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentityProvidersData {
    pub providers: Vec<IdentityProvider>,
    pub sessions: Page<WorkloadSession>,
    /// The address of this instance.
    pub origin: String,
    pub now: Timestamp,
}

/// A rule that takes a provider's word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderUse {
    pub name: String,
    pub path: ServicePath,
}

#[cfg(feature = "ssr")]
pub(super) mod here {
    use nexus_domain::Refusal;
    use nexus_domain::json::JsonText;
    use nexus_domain::workload::{KeysFrom, TokenAlgorithm, TokenTest};

    /// What a form says of a provider, beside its name.
    pub struct Fields {
        pub keys: Option<KeysFrom>,
        pub jwks_url: Option<String>,
        pub jwks: Option<JsonText>,
        pub audience: Option<String>,
        pub max_lifetime: Option<i64>,
        pub algorithms: Option<Vec<TokenAlgorithm>>,
    }

    /// What stands in a field, if anything does.
    pub fn filled(text: String) -> Option<String> {
        Some(text).filter(|text| !text.trim().is_empty())
    }

    /// What stands in the fields. A form keeps what belongs to the ways that were not chosen, and one of a kind
    /// without tokens has neither keys nor algorithms.
    pub fn read(
        keys: &str,
        jwks_url: String,
        jwks: &str,
        audience: String,
        max_lifetime: &str,
        algorithms: &[String],
    ) -> Result<Fields, Refusal> {
        let known_keys =
            |word| KeysFrom::parse(word).ok_or_else(|| Refusal::invalid("keys", "One of those in the list"));
        let keys = Some(keys).filter(|word| !word.is_empty()).map(known_keys).transpose()?;
        let unreadable = |_| Refusal::invalid("jwks", "This is no JSON; it looks like {\"keys\":[…]}");
        let uploaded = keys == Some(KeysFrom::Uploaded) && !jwks.trim().is_empty();
        let known = |word: &String| {
            TokenAlgorithm::parse(word)
                .ok_or_else(|| Refusal::invalid("algorithms", "One of those in the list"))
        };
        let algorithms = algorithms.iter().map(known).collect::<Result<Vec<_>, _>>()?;
        Ok(Fields {
            jwks_url: filled(jwks_url).filter(|_| keys == Some(KeysFrom::JwksUrl)),
            jwks: uploaded.then(|| serde_json::from_str(jwks)).transpose().map_err(unreadable)?,
            audience: filled(audience),
            max_lifetime: lifetime(max_lifetime)?,
            algorithms: Some(algorithms).filter(|algorithms| keys.is_some() || !algorithms.is_empty()),
            keys,
        })
    }

    /// Seconds, or nothing.
    pub fn lifetime(text: &str) -> Result<Option<i64>, Refusal> {
        let seconds = |text: &str| {
            text.parse().map_err(|_| Refusal::invalid("max_lifetime", "One of those in the list"))
        };
        Some(text.trim()).filter(|text| !text.is_empty()).map(seconds).transpose()
    }

    /// What was pasted: a token, or for AWS a signed request, which is JSON.
    pub fn pasted(text: &str) -> Result<TokenTest, Refusal> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Refusal::invalid("token", "Paste one first"));
        }
        if !text.starts_with('{') {
            return Ok(TokenTest { token: Some(text.to_owned()), request: None });
        }
        let request = serde_json::from_str(text).map_err(|_| {
            let looks =
                "This is no signed request; it looks like {\"url\": …, \"headers\": {…}, \"body\": …}";
            Refusal::invalid("token", looks)
        })?;
        Ok(TokenTest { token: None, request: Some(request) })
    }
}

#[server(prefix = "/_fn", endpoint = "read_identity_providers")]
pub async fn read_identity_providers(
    tenant: String,
    /// Of the list of sessions.
    #[server(default)]
    after: Option<String>,
) -> Result<IdentityProvidersData, Refused> {
    use nexus_backend::workload;
    use nexus_domain::page::DEFAULT_LIMIT;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let asked = workload::ListSessions { environment: None, cursor: after, limit: DEFAULT_LIMIT };
    Ok(IdentityProvidersData {
        providers: workload::providers(&nexus, &actor).await?,
        sessions: workload::sessions(&nexus, &actor, asked).await?,
        origin: nexus.settings.public_url.clone(),
        now: nexus.now(),
    })
}

#[server(prefix = "/_fn", endpoint = "create_identity_provider")]
pub async fn create_identity_provider(
    tenant: String,
    kind: IdentityProviderKind,
    name: String,
    #[server(default)] issuer: String,
    #[server(default)] keys: String,
    #[server(default)] jwks_url: String,
    /// A JSON Web Key Set.
    #[server(default)]
    jwks: String,
    #[server(default)] audience: String,
    /// Seconds.
    #[server(default)]
    max_lifetime: String,
    #[server(default)] algorithms: Vec<String>,
) -> Result<Done, Refused> {
    use nexus_backend::workload;
    use nexus_domain::workload::NewIdentityProvider;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let fields = here::read(&keys, jwks_url, &jwks, audience, &max_lifetime, &algorithms)?;
    let new = NewIdentityProvider {
        issuer: here::filled(issuer),
        keys: fields.keys,
        jwks_url: fields.jwks_url,
        jwks: fields.jwks,
        audience: fields.audience,
        max_lifetime: fields.max_lifetime,
        algorithms: fields.algorithms,
        ..NewIdentityProvider::usual(name, kind)
    };
    let provider = workload::add_provider(&nexus, &actor, new).await?;
    let to = crate::address::tenant_url(&tenant, &format!("identity-providers?open={}", provider.id));
    Ok(Done::new(format!("{} is there; put its audience onto the platform", provider.name)).to(to))
}

#[server(prefix = "/_fn", endpoint = "change_identity_provider")]
pub async fn change_identity_provider(
    tenant: String,
    provider: String,
    name: String,
    #[server(default)] keys: String,
    /// Where they came from when the form was opened.
    #[server(default)]
    keys_before: String,
    #[server(default)] jwks_url: String,
    /// Those before stay where this is empty.
    #[server(default)]
    jwks: String,
    #[server(default)] audience: String,
    #[server(default)] max_lifetime: String,
    #[server(default)] algorithms: Vec<String>,
) -> Result<Done, Refused> {
    use nexus_backend::workload;
    use nexus_domain::workload::{IdentityProviderPatch, KeysFrom};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let fields = here::read(&keys, jwks_url, &jwks, audience, &max_lifetime, &algorithms)?;
    // The uploaded ones stay where nobody uploads others.
    let uploaded = KeysFrom::Uploaded.as_str();
    let stays = keys == uploaded && keys_before == uploaded && fields.jwks.is_none();
    let patch = IdentityProviderPatch {
        name: Some(name),
        keys: fields.keys.filter(|_| !stays),
        jwks_url: fields.jwks_url,
        jwks: fields.jwks,
        audience: fields.audience,
        max_lifetime: fields.max_lifetime,
        algorithms: fields.algorithms,
    };
    let provider =
        workload::change_provider(&nexus, &actor, workload::provider_id(&provider)?, patch).await?;
    Ok(Done::new(format!("{} is changed", provider.name)))
}

/// The rules that go with a provider, for the dialog that asks.
#[server(prefix = "/_fn", endpoint = "read_provider_uses")]
pub async fn read_provider_uses(tenant: String, provider: String) -> Result<Vec<ProviderUse>, Refused> {
    use nexus_backend::workload;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let uses = workload::uses(&nexus, &actor, workload::provider_id(&provider)?).await?;
    Ok(uses.into_iter().map(|(name, path)| ProviderUse { name, path }).collect())
}

#[server(prefix = "/_fn", endpoint = "delete_identity_provider")]
pub async fn delete_identity_provider(tenant: String, provider: String) -> Result<Done, Refused> {
    use nexus_backend::workload;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    workload::remove_provider(&nexus, &actor, workload::provider_id(&provider)?).await?;
    Ok(Done::new("The identity provider is deleted"))
}

/// Tries out a token of a program, or a signed request.
#[server(prefix = "/_fn", endpoint = "test_identity_provider")]
pub async fn test_identity_provider(
    tenant: String,
    provider: String,
    #[server(default)] token: String,
) -> Result<TokenReport, Refused> {
    use nexus_backend::workload;
    let asking = crate::server::here()?;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let id = workload::provider_id(&provider)?;
    Ok(workload::test_provider(&nexus, &actor, id, here::pasted(&token)?, asking.ip).await?)
}

#[server(prefix = "/_fn", endpoint = "end_tenant_workload_session")]
pub async fn end_tenant_workload_session(tenant: String, session: String) -> Result<Done, Refused> {
    use nexus_backend::workload;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    workload::end_session(&nexus, &actor, workload::session_id(&session)?).await?;
    Ok(Done::new("The session is over"))
}

#[server(prefix = "/_fn", endpoint = "end_tenant_workload_sessions")]
pub async fn end_tenant_workload_sessions(tenant: String) -> Result<Done, Refused> {
    use nexus_backend::workload;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let ended = workload::end_sessions(&nexus, &actor).await?;
    Ok(Done::new(super::identity_functions::here::over(ended)))
}
