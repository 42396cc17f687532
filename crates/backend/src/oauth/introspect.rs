//! What a token says, for whoever was given it (RFC 7662): an app asks about its own tokens, a key about those
//! of its tenant. Of any other text: `active` is false, whatever the reason.

use super::client::{self, Client};
use super::refresh::{self, TokenRow};
use super::{Answer, Basic, Form, signing};
use crate::Result;
use crate::credentials::{self, Credential};
use crate::nexus::Nexus;
use nexus_domain::credential::{self, Family};
use nexus_domain::environment_key::Introspection;
use nexus_domain::oauth::problem::Problem;
use nexus_domain::oauth::{AppType, CLI_CLIENT_ID, write_scopes};
use nexus_domain::timestamp::SECOND;
use serde_json::json;
use std::net::IpAddr;

/// Who asks.
pub enum Asker<'a> {
    /// A key, which was found out about already.
    Key(&'a Credential),
    /// A confidential app, which proves who it is.
    App { basic: Option<&'a Basic>, ip: IpAddr },
}

/// What a token says, and whom that is said to.
pub async fn introspect(nexus: &Nexus, asker: Asker<'_>, form: &Form) -> Answer<(Introspection, String)> {
    form.refuse_repeated()?;
    match asker {
        Asker::Key(caller) => {
            let token = form.need("token", "token is missing")?;
            Ok((of_key(nexus, caller, token).await?, caller.actor.id().unwrap_or_default().to_string()))
        }
        Asker::App { basic, ip } => {
            let client = client::identify(nexus, form, basic, ip).await?;
            if client.kind != AppType::Confidential {
                return Err(Problem::invalid_client().into());
            }
            let token = form.need("token", "token is missing")?;
            Ok((of_app(nexus, &client, token).await?, client.client_id()))
        }
    }
}

async fn of_key(nexus: &Nexus, caller: &Credential, token: &str) -> Result<Introspection> {
    let is_ours = credential::parse(token)
        .is_some_and(|it| matches!(it.family, Family::OauthAccess | Family::OauthRefresh));
    if !is_ours {
        return credentials::introspect(nexus, caller, token).await;
    }
    let found = refresh::find(nexus, token).await?;
    let found = found.filter(|row| row.holder.tenant_id == caller.actor.tenant);
    Ok(found.map_or_else(Introspection::default, |row| said(nexus, &row)))
}

async fn of_app(nexus: &Nexus, client: &Client, token: &str) -> Result<Introspection> {
    let found = refresh::find(nexus, token).await?.filter(|row| row.app_id == client.id());
    Ok(found.map_or_else(Introspection::default, |row| said(nexus, &row)))
}

fn said(nexus: &Nexus, row: &TokenRow) -> Introspection {
    if row.used_at.is_some() || row.expires_at <= nexus.now() {
        return Introspection::default();
    }
    let origin = &nexus.settings.public_url;
    let client_id = row.app_id.map_or_else(|| CLI_CLIENT_ID.to_owned(), |app| app.to_string());
    Introspection {
        active: true,
        scope: Some(write_scopes(&row.held())),
        client_id: Some(client_id),
        username: Some(row.holder.email.clone()),
        sub: Some(row.holder.user_id.to_string()),
        token_type: (row.kind == "access").then(|| "Bearer".to_owned()),
        iss: Some(origin.clone()),
        aud: Some(origin.clone()),
        iat: Some(row.created_at.0.div_euclid(SECOND)),
        exp: Some(row.expires_at.0.div_euclid(SECOND)),
        ..Introspection::default()
    }
}

/// The answer as a signed text (RFC 9701).
pub fn signed_introspection(nexus: &Nexus, said: &Introspection, audience: &str) -> Result<String> {
    let claims = json!({
        "iss": nexus.settings.public_url,
        "aud": audience,
        "iat": nexus.now().0.div_euclid(SECOND),
        "token_introspection": said,
    });
    signing::sign(nexus, "token-introspection+jwt", &claims)
}
