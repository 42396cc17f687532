//! Which app asks, and whether it proved who it is: a confidential one by its secret, in the header
//! (`client_secret_basic`) or in the form (`client_secret_post`); a public one says its id and has nothing to
//! prove it by. Every reason that an app is not taken for who it says gives one answer.

use super::{Answer, Form, stored_scopes};
use crate::Result;
use crate::credentials::mac_of_text;
use crate::nexus::Nexus;
use crate::store::{single, sql};
use nexus_domain::oauth::problem::Problem;
use nexus_domain::oauth::{AppShown, AppType, CLI_CLIENT_ID, CLI_DEFAULT_SCOPES, CLI_NAME, CLI_SCOPES};
use nexus_domain::role::Scopes;
use nexus_domain::{OauthAppId, TenantId, Timestamp};
use sqlx::FromRow;
use std::net::IpAddr;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// What stood in `Authorization: Basic …`, decoded.
pub struct Basic {
    pub id: String,
    pub secret: String,
}

/// An app that is known and not disabled.
pub(super) struct Client {
    /// None for the built-in command-line app, which is of no tenant.
    pub app: Option<(TenantId, OauthAppId)>,
    pub shown: AppShown,
    pub kind: AppType,
    pub redirect_uris: Vec<String>,
    /// What it may ask for.
    pub scopes: Scopes,
    /// What it gets that asks for nothing, where it need not ask.
    pub default_scopes: Option<Scopes>,
    pub device_flow: bool,
    secrets: Vec<(Vec<u8>, Option<Timestamp>)>,
}

impl Client {
    fn command_line() -> Self {
        Self {
            app: None,
            shown: AppShown::command_line(),
            kind: AppType::Public,
            redirect_uris: Vec::new(),
            scopes: Scopes(CLI_SCOPES.to_vec()),
            default_scopes: Some(Scopes(CLI_DEFAULT_SCOPES.to_vec())),
            device_flow: true,
            secrets: Vec::new(),
        }
    }

    pub fn id(&self) -> Option<OauthAppId> {
        self.app.map(|(_, app)| app)
    }

    pub fn client_id(&self) -> String {
        self.id().map_or_else(|| CLI_CLIENT_ID.to_owned(), |app| app.to_string())
    }

    pub fn name(&self) -> &str {
        if self.app.is_none() { CLI_NAME } else { &self.shown.name }
    }
}

#[derive(FromRow)]
struct Row {
    tenant_id: TenantId,
    id: OauthAppId,
    name: String,
    #[sqlx(try_from = "String", rename = "type")]
    kind: AppType,
    redirect_uris: String,
    scopes: String,
    homepage: Option<String>,
    logo: Option<Vec<u8>>,
    device_flow: bool,
    secret_mac: Option<Vec<u8>>,
    old_secret_mac: Option<Vec<u8>>,
    old_secret_expires_at: Option<Timestamp>,
    created_by: String,
}

/// The app with this id, if it is enabled.
pub(super) async fn find(nexus: &Nexus, client_id: &str) -> Result<Option<Client>> {
    if client_id == CLI_CLIENT_ID {
        return Ok(Some(Client::command_line()));
    }
    // In the one spelling that apps are told.
    let Some(id) = Uuid::try_parse(client_id).ok().filter(|id| id.to_string() == client_id) else {
        return Ok(None);
    };
    let row: Option<Row> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT tenant_id, id, name, type, redirect_uris, scopes, homepage, logo, device_flow, secret_mac,
                old_secret_mac, old_secret_expires_at, created_by
         FROM oauth_apps WHERE id = $1 AND enabled"
    ))
    .bind(id)
    .fetch_optional(pool)
    .await)?;
    Ok(row.map(|row| Client {
        app: Some((row.tenant_id, row.id)),
        shown: AppShown {
            name: row.name,
            owner: Some(row.created_by),
            homepage: row.homepage,
            logo: row.logo.as_deref().and_then(super::registration::data_address),
            built_in: false,
        },
        kind: row.kind,
        redirect_uris: serde_json::from_str(&row.redirect_uris).unwrap_or_default(),
        scopes: stored_scopes(&row.scopes),
        default_scopes: None,
        device_flow: row.device_flow,
        secrets: row
            .secret_mac
            .map(|mac| (mac, None))
            .into_iter()
            .chain(row.old_secret_mac.map(|mac| (mac, row.old_secret_expires_at)))
            .collect(),
    }))
}

/// The app that asks, after it proved who it is. Counted as a failed attempt until that is taken back.
pub(super) async fn identify(
    nexus: &Nexus,
    form: &Form,
    basic: Option<&Basic>,
    ip: IpAddr,
) -> Answer<Client> {
    let (id, secret) = match (basic, form.get("client_id"), form.get("client_secret")) {
        (Some(_), _, Some(_)) => {
            return Err(Problem::invalid_request("An app proves who it is in one way, not in two").into());
        }
        (Some(basic), Some(named), None) if basic.id != named => {
            return Err(Problem::invalid_request("client_id and the header name two apps").into());
        }
        (Some(basic), _, None) => {
            (basic.id.as_str(), Some(basic.secret.as_str()).filter(|it| !it.is_empty()))
        }
        (None, Some(named), secret) => (named, secret),
        (None, None, _) => return Err(Problem::invalid_client().into()),
    };
    let begun = nexus.now();
    // By its address too, or anybody could keep an app from its tokens.
    let account: String = format!("oauth {ip} {}", id.chars().take(64).collect::<String>());
    nexus.limits.attempt(ip, &account, begun).await?;
    let found = find(nexus, id).await?;
    let proved = proves(nexus, found.as_ref(), secret)?;
    let Some(client) = found.filter(|_| proved) else { return Err(Problem::invalid_client().into()) };
    nexus.limits.succeeded(ip, &account, begun, nexus.now()).await?;
    Ok(client)
}

/// Whether the secret is one of the app's; the same work for an app that is not there.
fn proves(nexus: &Nexus, client: Option<&Client>, secret: Option<&str>) -> Result<bool> {
    let mac = secret.map(|secret| mac_of_text(nexus, secret)).transpose()?.flatten();
    let nobodys = [(vec![0_u8; 32], None)];
    let secrets = client.map_or(nobodys.as_slice(), |client| &client.secrets);
    let now = nexus.now();
    let given = mac.unwrap_or([0; 32]);
    let matches = secrets.iter().fold(false, |found, (stored, until)| {
        let same = bool::from(stored.as_slice().ct_eq(given.as_slice()));
        found | (same && until.is_none_or(|until| until > now))
    });
    Ok(match client.map(|client| client.kind) {
        Some(AppType::Confidential) => mac.is_some() && matches,
        Some(AppType::Public) => secret.is_none(),
        None => false,
    })
}
