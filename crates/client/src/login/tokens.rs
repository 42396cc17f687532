//! The requests of a login: the device authorization (RFC 8628), the tokens and their renewal (RFC 6749), and
//! the end (RFC 7009). This program is the public client `nexus-cli`, so it has no secret of its own.

use crate::Error;
use crate::api::below;
use crate::wire::{ANSWER, SMALL, confidential, refused, retry_after, send, unreadable, whole};
use nexus_domain::oauth::problem::ProblemCode;
use reqwest::{Response, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The built-in app.
pub const CLIENT_ID: &str = "nexus-cli";
/// What a developer does at a terminal, in the own developer environment.
pub const SCOPES: &str = "read:projects read:services write:services read:secrets write:secrets read:configs \
                          write:configs read:flags write:flags";

/// A device's request, which a person decides on in the browser.
#[derive(Debug, Deserialize)]
pub(super) struct Requested {
    pub device_code: SecretString,
    pub user_code: String,
    pub verification_uri: String,
    pub verification_uri_complete: Option<String>,
    pub expires_in: u64,
    pub interval: Option<u64>,
}

/// What a person allowed.
#[derive(Debug, Deserialize)]
pub(super) struct Granted {
    pub access_token: SecretString,
    pub refresh_token: SecretString,
    pub expires_in: u64,
    #[serde(default)]
    pub scope: String,
}

/// Why there are no tokens.
#[derive(Debug)]
pub(super) enum NoTokens {
    /// An error of the protocol: `authorization_pending`, `invalid_grant`, …
    Said(String),
    Failed(Error),
}

pub(super) struct Endpoints {
    http: reqwest::Client,
    url: Url,
}

impl Endpoints {
    pub fn new(url: &Url, http: &reqwest::Client) -> Self {
        Self { http: http.clone(), url: url.clone() }
    }

    pub async fn request(&self) -> Result<Requested, Error> {
        let form = [("client_id", CLIENT_ID), ("scope", SCOPES)];
        let asked = self.post("device_authorization", &form).await.map_err(NoTokens::Failed);
        match answer(asked).await {
            Ok(requested) => Ok(requested),
            Err(NoTokens::Failed(error)) => Err(error),
            Err(NoTokens::Said(error)) => {
                Err(Error::NotLoggedIn(format!("the server refuses a login: {error}")))
            }
        }
    }

    pub async fn poll(&self, device_code: &SecretString) -> Result<Granted, NoTokens> {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", CLIENT_ID),
            ("device_code", device_code.expose_secret()),
        ];
        answer(self.post("token", &form).await.map_err(NoTokens::Failed)).await
    }

    pub async fn refresh(&self, refresh_token: &SecretString) -> Result<Granted, NoTokens> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT_ID),
            ("refresh_token", refresh_token.expose_secret()),
        ];
        answer(self.post("token", &form).await.map_err(NoTokens::Failed)).await
    }

    /// Ends the login at the server, with every token of it.
    pub async fn revoke(&self, refresh_token: &SecretString) -> Result<(), Error> {
        let form = [
            ("client_id", CLIENT_ID),
            ("token_type_hint", "refresh_token"),
            ("token", refresh_token.expose_secret()),
        ];
        let response = self.post("revoke", &form).await?;
        if response.status().is_success() {
            return Ok(());
        }
        Err(Error::Unreachable(format!("it answers {}", response.status())))
    }

    async fn post(&self, name: &str, form: &[(&str, &str)]) -> Result<Response, Error> {
        confidential(&self.url)?;
        let url = below(&self.url, &["oauth", name])?;
        send(self.http.post(url).timeout(ANSWER).form(form)).await
    }
}

async fn answer<T: DeserializeOwned>(response: Result<Response, NoTokens>) -> Result<T, NoTokens> {
    #[derive(Deserialize)]
    struct Said {
        error: String,
    }
    let response = response?;
    let (status, wait) = (response.status(), retry_after(response.headers()));
    let body = whole(response, SMALL).await.map_err(NoTokens::Failed)?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| NoTokens::Failed(unreadable(error)));
    }
    // The words of the protocol and no others: a proxy's page may have an error in it too.
    let known = |said: &Said| ProblemCode::parse(&said.error).is_some();
    match serde_json::from_slice::<Said>(&body).ok().filter(known) {
        Some(said) if status.is_client_error() => Err(NoTokens::Said(said.error)),
        _ => Err(NoTokens::Failed(refused(status, wait, &body))),
    }
}

impl Requested {
    /// How long to wait between two questions, and how often there is time to ask.
    pub fn pace(&self) -> (Duration, Duration) {
        let interval = Duration::from_secs(self.interval.unwrap_or(5).clamp(1, 60));
        (interval, Duration::from_secs(self.expires_in.min(3600)))
    }
}
