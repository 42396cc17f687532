//! The server functions of the API keys' page. Each change says which environment the page is about:
//! what shows all of them changes none.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::environment::Environment;
use nexus_domain::environment_key::{EnvironmentKey, KeyType, SigningSecret};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiKeysData {
    pub environments: Vec<Environment>,
    /// The slug of the one that is shown, or `all`.
    pub chosen: String,
    pub keys: Vec<EnvironmentKey>,
    /// From where the tenant's credentials are taken.
    pub networks: Vec<String>,
    pub origin: String,
    pub now: Timestamp,
}

/// A value of a key, in the one answer that shows it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownKey {
    pub key: String,
    pub environment: String,
    #[serde(rename = "type")]
    pub kind: KeyType,
    pub name: String,
}

#[cfg(feature = "ssr")]
mod here {
    use super::ShownKey;
    use crate::refused::Refused;
    use nexus_backend::Nexus;
    use nexus_backend::gate::Actor;
    use nexus_backend::keys::environment;
    use nexus_domain::environment_key::{ALL_ENVIRONMENTS, EnvironmentKey, MadeEnvironmentKey};
    use nexus_domain::{Code, KeyId, Refusal};

    /// Refuses a change where all environments are shown.
    pub fn expect_one(environment: &str) -> Result<(), Refused> {
        if environment == ALL_ENVIRONMENTS {
            let message = "All environments are shown together to be read; choose one to change something";
            return Err(Refusal::new(Code::Conflict, message).into());
        }
        Ok(())
    }

    /// A key of the environment that the page is about.
    pub async fn key_in(
        nexus: &Nexus,
        actor: &Actor,
        environment: &str,
        key: &str,
    ) -> Result<EnvironmentKey, Refused> {
        expect_one(environment)?;
        let id = key.parse().map(KeyId).map_err(|_| Refusal::not_found())?;
        let found = environment::get(nexus, actor, id).await?;
        if found.environment == environment { Ok(found) } else { Err(Refusal::not_found().into()) }
    }

    pub fn shown(made: MadeEnvironmentKey) -> ShownKey {
        let MadeEnvironmentKey { about, key } = made;
        ShownKey { key, environment: about.environment, kind: about.kind, name: about.name }
    }
}

#[server(prefix = "/_fn", endpoint = "read_api_keys")]
pub async fn read_api_keys(
    tenant: String,
    /// Live when absent.
    #[server(default)]
    environment: Option<String>,
) -> Result<ApiKeysData, Refused> {
    use nexus_backend::{environments, keys, tenants};
    use nexus_domain::{environment::LIVE, environment_key::ALL_ENVIRONMENTS};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let chosen = environment.filter(|slug| !slug.is_empty()).unwrap_or_else(|| LIVE.to_owned());
    let one = Some(chosen.as_str()).filter(|slug| *slug != ALL_ENVIRONMENTS);
    Ok(ApiKeysData {
        keys: keys::environment::list(&nexus, &actor, one).await?,
        environments: environments::list(&nexus, &actor).await?,
        networks: tenants::networks(&nexus, &actor).await?,
        origin: nexus.settings.public_url.clone(),
        now: nexus.now(),
        chosen,
    })
}

/// Makes a key. The only answer that holds it.
#[server(prefix = "/_fn", endpoint = "create_api_key")]
pub async fn create_api_key(
    tenant: String,
    environment: String,
    name: String,
    kind: String,
    #[server(default)] scopes: Vec<String>,
    /// A network a line.
    #[server(default)]
    allowed_cidrs: String,
    /// A day, or nothing.
    #[server(default)]
    expires_at: String,
) -> Result<ShownKey, Refused> {
    use nexus_domain::environment_key::NewEnvironmentKey;
    use nexus_domain::{Refusal, role::Scope};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    here::expect_one(&environment)?;
    let kind = KeyType::parse(&kind).ok_or_else(|| Refusal::invalid("kind", "secret or publishable"))?;
    let known =
        |word: &String| Scope::parse(word).ok_or_else(|| Refusal::invalid("scopes", "An unknown scope"));
    let scopes = scopes.iter().map(known).collect::<Result<Vec<_>, _>>()?;
    let expires_at = match expires_at.trim() {
        "" => None,
        day => Some(Timestamp::parse(day).ok_or_else(|| Refusal::invalid("expires_at", "A day"))?),
    };
    let new = NewEnvironmentKey {
        name,
        environment: Some(environment),
        kind,
        scopes: (kind == KeyType::Secret).then_some(scopes),
        allowed_cidrs: Some(allowed_cidrs.lines().map(str::to_owned).collect()),
        expires_at,
    };
    Ok(here::shown(nexus_backend::keys::environment::create(&nexus, &actor, new).await?))
}

/// Gives a key another value. The only answer that holds it.
#[server(prefix = "/_fn", endpoint = "rotate_api_key")]
pub async fn rotate_api_key(
    tenant: String,
    environment: String,
    key: String,
    grace_hours: i64,
) -> Result<ShownKey, Refused> {
    use nexus_domain::environment_key::RotateEnvironmentKey;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let found = here::key_in(&nexus, &actor, &environment, &key).await?;
    let request = RotateEnvironmentKey { grace_hours: Some(grace_hours) };
    Ok(here::shown(nexus_backend::keys::environment::rotate(&nexus, &actor, found.id, request).await?))
}

/// Gives a key something to sign tokens with. The only answer that holds it.
#[server(prefix = "/_fn", endpoint = "make_signing_secret")]
pub async fn make_signing_secret(
    tenant: String,
    environment: String,
    key: String,
) -> Result<SigningSecret, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let found = here::key_in(&nexus, &actor, &environment, &key).await?;
    Ok(nexus_backend::keys::environment::sign(&nexus, &actor, found.id).await?)
}

#[server(prefix = "/_fn", endpoint = "revoke_api_key")]
pub async fn revoke_api_key(tenant: String, environment: String, key: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let found = here::key_in(&nexus, &actor, &environment, &key).await?;
    nexus_backend::keys::environment::revoke(&nexus, &actor, found.id).await?;
    Ok(Done::new(format!("{} is revoked", found.name)))
}

/// Replaces the list of networks that the tenant's credentials are taken from.
#[server(prefix = "/_fn", endpoint = "set_networks")]
pub async fn set_networks(
    tenant: String,
    #[server(default)] environment: String,
    #[server(default)] allowed_cidrs: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    here::expect_one(&environment)?;
    let lines = allowed_cidrs.lines().map(str::to_owned).collect();
    let networks = nexus_backend::tenants::set_networks(&nexus, &actor, lines).await?;
    Ok(Done::new(match networks.len() {
        0 => "Credentials are taken from everywhere".to_owned(),
        1 => "Credentials are taken from one network".to_owned(),
        many => format!("Credentials are taken from {many} networks"),
    }))
}
