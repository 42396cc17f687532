//! The server functions of the page of OAuth apps.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::oauth::OauthApp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OauthAppsData {
    pub apps: Vec<OauthApp>,
    pub origin: String,
    pub now: Timestamp,
}

/// What an app was given, in the one answer that shows it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownApp {
    pub name: String,
    pub client_id: String,
    /// A public app has none.
    pub client_secret: Option<String>,
}

#[cfg(feature = "ssr")]
mod here {
    use super::ShownApp;
    use crate::refused::Refused;
    use nexus_domain::oauth::MadeOauthApp;
    use nexus_domain::role::Scope;
    use nexus_domain::{OauthAppId, Refusal};

    pub fn id(text: &str) -> Result<OauthAppId, Refused> {
        Ok(text.parse().map(OauthAppId).map_err(|_| Refusal::not_found())?)
    }

    pub fn scopes(words: &[String]) -> Result<Vec<Scope>, Refused> {
        let known =
            |word: &String| Scope::parse(word).ok_or_else(|| Refusal::invalid("scopes", "An unknown scope"));
        Ok(words.iter().map(known).collect::<Result<_, _>>()?)
    }

    /// A line each; empty ones are none.
    pub fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    pub fn shown(made: MadeOauthApp) -> ShownApp {
        let MadeOauthApp { about, client_secret } = made;
        ShownApp { name: about.name, client_id: about.client_id, client_secret }
    }
}

#[server(prefix = "/_fn", endpoint = "read_oauth_apps")]
pub async fn read_oauth_apps(tenant: String) -> Result<OauthAppsData, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let apps = nexus_backend::oauth::apps::list(&nexus, &actor).await?;
    Ok(OauthAppsData { apps, origin: nexus.settings.public_url.clone(), now: nexus.now() })
}

/// Registers an app. The only answer that holds its secret.
#[server(prefix = "/_fn", endpoint = "create_oauth_app")]
pub async fn create_oauth_app(
    tenant: String,
    name: String,
    kind: String,
    /// One a line.
    #[server(default)]
    redirect_uris: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] homepage: String,
    #[server(default)] logo_base64: String,
    #[server(default)] device_flow: bool,
) -> Result<ShownApp, Refused> {
    use nexus_domain::Refusal;
    use nexus_domain::oauth::{AppType, NewOauthApp};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let kind = AppType::parse(&kind).ok_or_else(|| Refusal::invalid("kind", "confidential or public"))?;
    let new = NewOauthApp {
        name,
        kind,
        redirect_uris: here::lines(&redirect_uris),
        scopes: here::scopes(&scopes)?,
        homepage: Some(homepage),
        logo_base64: Some(logo_base64),
        device_flow,
    };
    Ok(here::shown(nexus_backend::oauth::apps::create(&nexus, &actor, new).await?))
}

/// Changes an app. What it may ask for less from now on is gone from every grant.
#[server(prefix = "/_fn", endpoint = "update_oauth_app")]
pub async fn update_oauth_app(
    tenant: String,
    id: String,
    name: String,
    #[server(default)] redirect_uris: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] homepage: String,
    /// Empty keeps the one that it has.
    #[server(default)]
    logo_base64: String,
    #[server(default)] remove_logo: bool,
    #[server(default)] device_flow: bool,
) -> Result<Done, Refused> {
    use nexus_domain::oauth::OauthAppPatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let patch = OauthAppPatch {
        name: Some(name),
        redirect_uris: Some(here::lines(&redirect_uris)),
        scopes: Some(here::scopes(&scopes)?),
        homepage: Some(homepage),
        logo_base64: (remove_logo || !logo_base64.is_empty()).then_some(logo_base64),
        device_flow: Some(device_flow),
        enabled: None,
    };
    let app = nexus_backend::oauth::apps::update(&nexus, &actor, here::id(&id)?, patch).await?;
    Ok(Done::new(format!("{} is saved", app.name)))
}

/// Switches an app on or off. Off ends what people have let it do.
#[server(prefix = "/_fn", endpoint = "switch_oauth_app")]
pub async fn switch_oauth_app(tenant: String, id: String, enabled: bool) -> Result<Done, Refused> {
    use nexus_domain::oauth::OauthAppPatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let patch = OauthAppPatch { enabled: Some(enabled), ..OauthAppPatch::default() };
    let app = nexus_backend::oauth::apps::update(&nexus, &actor, here::id(&id)?, patch).await?;
    Ok(Done::new(format!("{} is {}", app.name, if enabled { "enabled" } else { "disabled" })))
}

/// Gives an app another secret. The only answer that holds it.
#[server(prefix = "/_fn", endpoint = "rotate_oauth_secret")]
pub async fn rotate_oauth_secret(tenant: String, id: String, grace_hours: i64) -> Result<ShownApp, Refused> {
    use nexus_domain::oauth::RotateOauthSecret;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let request = RotateOauthSecret { grace_hours: Some(grace_hours) };
    let id = here::id(&id)?;
    Ok(here::shown(nexus_backend::oauth::apps::rotate_secret(&nexus, &actor, id, request).await?))
}

#[server(prefix = "/_fn", endpoint = "delete_oauth_app")]
pub async fn delete_oauth_app(tenant: String, id: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    nexus_backend::oauth::apps::delete(&nexus, &actor, here::id(&id)?).await?;
    Ok(Done::new("The app is deleted"))
}
