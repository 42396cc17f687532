//! A proof for a session. Before a token leaves this program it is read once: one that is meant for somebody
//! else (a cloud's own token service, say) would let whoever receives it act as this program there, so it is
//! not sent.

use super::{Source, WorkloadIdentity, audiences_of};
use crate::Error;
use crate::api::below;
use crate::credentials::Issued;
use crate::wire::{ANSWER, SMALL, confidential, printable, read, send};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nexus_domain::Code;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// How long nothing is asked after a refusal.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Exchange {
    identity: WorkloadIdentity,
    base: Url,
    http: reqwest::Client,
    /// Until when nothing is asked, and why: a rule that does not fit now does not fit at once afterwards, and
    /// failed attempts are counted.
    refused_until: Mutex<Option<(Instant, String)>>,
}

#[derive(Deserialize)]
struct Session {
    access_token: SecretString,
    expires_in: u64,
}

impl Exchange {
    pub fn new(identity: WorkloadIdentity, base: &Url, http: reqwest::Client) -> Result<Self, Error> {
        confidential(base)?;
        // A session is of one service, and only its endpoint says of which.
        let mut path = base.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).rev();
        if !(path.next().is_some() && path.next() == Some("s")) {
            return Err(Error::Invalid(
                "workload identity needs the service's endpoint, https://…/s/…, as it stands on the service's page".into(),
            ));
        }
        Ok(Self { identity, base: base.clone(), http, refused_until: Mutex::new(None) })
    }

    /// Asks the platform, and then Nexus.
    pub async fn issue(&self) -> Result<Issued, Error> {
        self.expect_patience()?;
        let body = Zeroizing::new(self.proof().await?.to_string());
        let url = below(&self.base, &["v1", "auth", "token-exchange"])?;
        let request = self.http.post(url).timeout(ANSWER).header("content-type", "application/json");
        let session: Session = read(send(request.body(body.to_string())).await?, SMALL)
            .await
            .map_err(|error| self.refused(error))?;
        if session.expires_in == 0 {
            return Err(Error::Unreachable("it gives a session that is over".into()));
        }
        Ok(Issued { token: session.access_token, lives: Duration::from_secs(session.expires_in) })
    }

    fn expect_patience(&self) -> Result<(), Error> {
        let refused = self.refused_until.lock().unwrap_or_else(PoisonError::into_inner);
        match refused.as_ref() {
            Some((until, problem)) if Instant::now() < *until => {
                Err(Error::IdentityRefused { platform: self.identity.platform, problem: problem.clone() })
            }
            _ => Ok(()),
        }
    }

    async fn proof(&self) -> Result<Value, Error> {
        let identity = &self.identity;
        let provider = identity.named()?;
        if let Source::AwsIam(chain) = &identity.source {
            let request = chain.sign(identity, &self.server()).await?;
            return Ok(json!({ "provider": provider, "request": request }));
        }
        let token = identity.token(&self.base).await?;
        let token = token.ok_or_else(|| identity.trouble("it gives no token"))?;
        self.is_for_nexus(&token)?;
        Ok(json!({ "provider": provider, "token": token.expose_secret() }))
    }

    /// The server that a signed question is meant for: the host of the audience, with its port.
    fn server(&self) -> String {
        let address = self.identity.audience.as_deref().unwrap_or(self.base.as_str());
        let after = address.split_once("://").map_or(address, |(_, rest)| rest);
        after.split(['/', '?', '#']).next().unwrap_or_default().to_owned()
    }

    /// Refuses a token that is not meant for Nexus alone: where it is meant for others too, whoever receives it
    /// could act as this program there.
    fn is_for_nexus(&self, token: &SecretString) -> Result<(), Error> {
        let audiences = audiences(token.expose_secret())
            .ok_or_else(|| self.identity.trouble("what it gives is no signed token"))?;
        let ours = audiences_of(&self.base);
        let fits = |audience: &String| match self.identity.wanted_audience(&self.base) {
            Ok(wanted) => *audience == wanted,
            // Only the kind is known, so any provider of this instance may be meant.
            Err(_) => !ours.is_empty() && audience.starts_with(&ours),
        };
        if matches!(audiences.as_slice(), [only] if fits(only)) {
            return Ok(());
        }
        let wanted = self.identity.wanted_audience(&self.base).unwrap_or_else(|_| format!("{ours}…"));
        Err(self.identity.trouble(format!(
            "the token is meant for {}, not for {wanted} alone; it was not sent. Ask the platform for one with that \
             audience and no other, or set NEXUS_AUDIENCE to what Nexus expects",
            printable(&audiences.join(", ").chars().take(200).collect::<String>())
        )))
    }

    /// What a refusal of the exchange means here.
    fn refused(&self, error: Error) -> Error {
        let platform = self.identity.platform;
        let problem = match error {
            Error::Unauthorized(_) => {
                "no rule of this service lets it in; why, stands in the tenant's audit log, and the service's page tries a token out"
                    .to_owned()
            }
            Error::Refused(refusal) if matches!(refusal.code.status(), 400 | 403 | 404) => {
                match refusal.code {
                    Code::NotFound => "there is no such service or provider".to_owned(),
                    _ => refusal.message,
                }
            }
            other => return other,
        };
        let until = Instant::now().checked_add(PATIENCE);
        *self.refused_until.lock().unwrap_or_else(PoisonError::into_inner) =
            until.map(|it| (it, problem.clone()));
        Error::IdentityRefused { platform, problem }
    }
}

/// Whom a token is meant for, as it says itself. Nothing of it is checked here, nor believed: Nexus does that.
fn audiences(token: &str) -> Option<Vec<String>> {
    let payload = token.split('.').nth(1).filter(|_| token.split('.').count() == 3)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    match claims.get("aud")? {
        Value::String(one) => Some(vec![one.clone()]),
        // Not only the texts among them: what is no text may mean something to somebody else.
        Value::Array(several) => several.iter().map(|it| it.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}
