//! The login of a person at a terminal: asked for on the device flow, approved in a browser, kept in a folder
//! of this user alone, renewed before it ends. It reaches the person's own developer environments and nothing
//! that the scopes do not name.

mod places;
mod store;
#[cfg(test)]
mod tests;
mod tokens;

pub use places::{Found, Person};
pub use tokens::{CLIENT_ID, SCOPES};

use crate::credentials::Issued;
use crate::wire::{confidential, instance};
use crate::{Error, disk, wire};
use nexus_domain::{Timestamp, timestamp};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use store::Place;
use tokens::{Endpoints, Granted, NoTokens, Requested};

/// A login that is kept on this machine.
#[derive(Debug, Clone)]
pub struct Login {
    place: Place,
    url: Url,
    seal: SecretString,
    /// One for all requests, because making one reads the machine's certificates.
    http: reqwest::Client,
}

/// What stands in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    url: String,
    #[serde(serialize_with = "exposed")]
    access_token: SecretString,
    #[serde(serialize_with = "exposed")]
    refresh_token: SecretString,
    expires_at: Timestamp,
    /// How long the access token lives in all, in seconds.
    lives: u64,
    scope: String,
    /// What copies of snapshots are sealed with, as long as this login is.
    #[serde(serialize_with = "exposed")]
    seal: SecretString,
    /// Endpoints that were found before, by project and service.
    #[serde(default)]
    endpoints: BTreeMap<String, String>,
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

impl Stored {
    fn take(&mut self, granted: Granted) {
        let lives = granted.expires_in.clamp(1, 24 * 3600);
        let micros = i64::try_from(lives).unwrap_or(0).saturating_mul(timestamp::SECOND);
        self.expires_at = disk::now().plus(micros);
        (self.lives, self.scope) = (lives, granted.scope);
        (self.access_token, self.refresh_token) = (granted.access_token, granted.refresh_token);
    }

    /// How long the access token holds; nothing where it should be renewed.
    fn left(&self) -> Option<Duration> {
        let left = self.expires_at.0.saturating_sub(disk::now().0);
        let left = Duration::from_micros(u64::try_from(left).ok()?);
        (left > Duration::from_secs(self.lives) / 3).then_some(left)
    }

    #[cfg(test)]
    fn for_test(url: &str, token: &str, lives: u64) -> Self {
        let mut stored = Self {
            url: url.to_owned(),
            access_token: "".into(),
            refresh_token: "".into(),
            expires_at: Timestamp(0),
            lives: 0,
            scope: String::new(),
            seal: "seal".repeat(8).into(),
            endpoints: BTreeMap::new(),
        };
        stored.take(Granted {
            access_token: format!("access-{token}").into(),
            refresh_token: format!("refresh-{token}").into(),
            expires_in: lives,
            scope: String::new(),
        });
        stored
    }
}

fn http() -> Result<reqwest::Client, Error> {
    wire::http().build().map_err(|error| Error::Invalid(error.to_string()))
}

impl Login {
    /// The login at an address, if there is one in this folder.
    ///
    /// # Errors
    /// Where the address is none, and where what is there is not this user's alone or damaged.
    pub fn open(folder: &Path, url: &str) -> Result<Option<Self>, Error> {
        let url = instance(url)?;
        let place = Place::of(folder, url.as_str());
        let stored = place.read()?.filter(|stored| stored.url == url.as_str());
        let Some(stored) = stored else { return Ok(None) };
        Ok(Some(Self { place, url, seal: stored.seal, http: http()? }))
    }

    pub(crate) fn http(&self) -> reqwest::Client {
        self.http.clone()
    }

    fn endpoints(&self) -> Endpoints {
        Endpoints::new(&self.url, &self.http)
    }

    /// The addresses at which somebody is logged in.
    pub fn addresses(folder: &Path) -> Vec<String> {
        let read = Place::all(folder).into_iter().filter_map(|place| place.read().ok().flatten());
        read.map(|stored| stored.url).collect()
    }

    /// The address of the instance.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    pub(crate) fn seal(&self) -> Option<SecretString> {
        Some(self.seal.clone())
    }

    /// Ends the login here, and at the server.
    ///
    /// # Errors
    /// Where the server could not be told; it is gone from this machine all the same.
    pub async fn end(self) -> Result<(), Error> {
        let _lock = self.place.lock().await?;
        let stored = self.place.read();
        self.place.forget();
        match stored? {
            Some(stored) => self.endpoints().revoke(&stored.refresh_token).await,
            None => Ok(()),
        }
    }

    /// An access token that holds; `refused` is one that the server does not take any more.
    async fn token(&self, refused: Option<&SecretString>) -> Result<Issued, Error> {
        confidential(&self.url)?;
        if let Some(issued) = self.usable(&self.stored()?, refused) {
            return Ok(issued);
        }
        let _lock = self.place.lock().await?;
        // Somebody else may have renewed it while this one waited.
        let mut stored = self.stored()?;
        if let Some(issued) = self.usable(&stored, refused) {
            return Ok(issued);
        }
        match self.endpoints().refresh(&stored.refresh_token).await {
            Ok(granted) => {
                stored.take(granted);
                self.place.write(&stored)?;
                let lives = Duration::from_secs(stored.lives);
                Ok(Issued { token: stored.access_token, lives })
            }
            Err(NoTokens::Said(error)) if error == "invalid_grant" => {
                self.place.forget();
                Err(self.over())
            }
            Err(NoTokens::Said(error)) => {
                Err(Error::NotLoggedIn(format!("the login is not renewed: {error}")))
            }
            Err(NoTokens::Failed(error)) => Err(error),
        }
    }

    fn usable(&self, stored: &Stored, refused: Option<&SecretString>) -> Option<Issued> {
        let is_refused = refused.is_some_and(|it| it.expose_secret() == stored.access_token.expose_secret());
        let lives = stored.left().filter(|_| !is_refused)?;
        Some(Issued { token: stored.access_token.clone(), lives })
    }

    fn stored(&self) -> Result<Stored, Error> {
        self.place.read()?.ok_or_else(|| self.over())
    }

    fn over(&self) -> Error {
        Error::NotLoggedIn(format!("the login at {} is over: say `nexus login --url {0}`", self.url))
    }
}

/// Renews a login for a client.
pub(crate) struct Refresh {
    login: Login,
    given: Mutex<Option<SecretString>>,
}

impl Refresh {
    pub const fn new(login: Login) -> Self {
        Self { login, given: Mutex::new(None) }
    }

    pub async fn issue(&self, refused: bool) -> Result<Issued, Error> {
        let given = || self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = if refused { given().clone() } else { None };
        let login = self.login.clone();
        // In a task of its own: whoever waits may go away, and a refresh token that was used and whose
        // successor is lost is the end of the login.
        let renewed = tokio::spawn(async move { login.token(refused.as_ref()).await });
        let issued = renewed.await.map_err(|error| Error::Invalid(error.to_string()))??;
        *given() = Some(issued.token.clone());
        Ok(issued)
    }
}

/// A login that waits for a person's decision in the browser.
pub struct Pending {
    place: Place,
    url: Url,
    address: Url,
    complete: Option<Url>,
    http: reqwest::Client,
    endpoints: Endpoints,
    requested: Requested,
}

impl Pending {
    /// Asks for a login that is kept in this folder.
    ///
    /// # Errors
    /// Where the server cannot be reached, has no such logins, or sends the person elsewhere, and where the folder
    /// could not keep the login.
    pub async fn begin(url: &str, folder: &Path) -> Result<Self, Error> {
        let url = instance(url)?;
        confidential(&url)?;
        // A person's decision is not asked for in vain.
        let place = Place::of(folder, url.as_str());
        place.prepare()?;
        let http = http()?;
        let endpoints = Endpoints::new(&url, &http);
        let requested = endpoints.request().await?;
        let address = own_address(&url, &requested.verification_uri)?;
        let complete = requested.verification_uri_complete.as_deref();
        let complete = complete.map(|text| own_address(&url, text)).transpose()?;
        Ok(Self { place, url, address, complete, http, endpoints, requested })
    }

    /// The address of the instance that is logged in to.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// What the person compares with what the browser shows.
    pub fn code(&self) -> String {
        self.requested.user_code.chars().filter(char::is_ascii_graphic).take(32).collect()
    }

    /// Where the person types the code.
    pub fn address(&self) -> &str {
        self.address.as_str()
    }

    /// The same with the code in it.
    pub fn complete_address(&self) -> &str {
        self.complete.as_ref().unwrap_or(&self.address).as_str()
    }

    /// Waits for the decision, and keeps the login.
    ///
    /// # Errors
    /// Where the person refused, nobody decided in time, or the login cannot be kept.
    pub async fn finish(self) -> Result<Login, Error> {
        let granted = self.granted(tokio::time::sleep).await?;
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|_| Error::Invalid("this machine has no random numbers".into()))?;
        let seal = SecretString::from(hex::encode(random));
        let place = self.place;
        let mut stored = Stored {
            url: self.url.to_string(),
            access_token: "".into(),
            refresh_token: "".into(),
            expires_at: Timestamp(0),
            lives: 0,
            scope: String::new(),
            seal: seal.clone(),
            endpoints: BTreeMap::new(),
        };
        stored.take(granted);
        let _lock = place.lock().await?;
        let before = place.read().ok().flatten();
        place.write(&stored)?;
        if let Some(before) = before {
            // Nobody has its tokens any more, so it should not live on; where it cannot be ended it ends by itself.
            let _ended = self.endpoints.revoke(&before.refresh_token).await;
        }
        Ok(Login { place, url: self.url, seal, http: self.http })
    }

    /// Asks again and again, as slowly as it is told.
    async fn granted<F: Future<Output = ()>>(&self, sleep: impl Fn(Duration) -> F) -> Result<Granted, Error> {
        let (mut pause, mut left) = self.requested.pace();
        while let Some(after) = left.checked_sub(pause) {
            sleep(pause).await;
            left = after;
            match self.endpoints.poll(&self.requested.device_code).await {
                Ok(granted) => return Ok(granted),
                Err(NoTokens::Said(error)) => match error.as_str() {
                    "authorization_pending" => {}
                    "slow_down" => pause = pause.saturating_add(Duration::from_secs(5)),
                    "access_denied" => {
                        return Err(Error::NotLoggedIn("the login was refused in the browser".into()));
                    }
                    "expired_token" => break,
                    _ => return Err(Error::NotLoggedIn(format!("the server ends the login: {error}"))),
                },
                // It may be away for a moment: RFC 8628 asks for growing pauses.
                Err(NoTokens::Failed(error)) if error.passes() => {
                    pause = pause.saturating_mul(2).min(Duration::from_secs(60));
                }
                Err(NoTokens::Failed(error)) => return Err(error),
            }
        }
        Err(Error::NotLoggedIn("nobody decided in time; say `nexus login` again".into()))
    }
}

/// Where a person decides, which is at the instance that is logged in to and nowhere else: a server that hands on the
/// questions and answers of another one would be given the login there.
fn own_address(instance: &Url, text: &str) -> Result<Url, Error> {
    let address: Url =
        text.parse().map_err(|_| Error::Unreachable("it names no address to log in at".into()))?;
    let plain = address.username().is_empty() && address.password().is_none();
    if plain && address.origin() == instance.origin() {
        return Ok(address);
    }
    Err(Error::NotLoggedIn(format!(
        "{instance} sends you to {} to log in, which is another address; nothing was allowed. Name the address that \
         you know Nexus by",
        address.origin().ascii_serialization()
    )))
}
