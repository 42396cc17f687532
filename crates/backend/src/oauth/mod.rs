//! Nexus as an OAuth 2.0 authorization server (RFC 6749 with what RFC 9700 asks of it): the apps of a tenant,
//! the question that a person is asked, and the tokens that an app is given for the answer.
//!
//! A grant is of one person, one tenant and one app. Everything that was given out for it hangs on its row
//! and ends with it: by the person, by the app's owners, with the membership, and when a refresh token or a
//! code is seen twice. What a token may do is read anew with the tenant's change number: the person's role
//! now, cut down to scopes.

pub mod apps;
pub mod authorize;
mod client;
pub mod device;
mod exchange;
mod form;
pub mod grants;
mod introspect;
mod issue;
mod refresh;
mod registration;
mod signing;
mod standing;

pub use client::Basic;
pub use form::Form;
pub use introspect::{Asker, introspect, signed_introspection};
pub use signing::{SIGNING_ALGORITHM, jwks};
pub(crate) use standing::{Holder, Shown};

/// What apps ask at the address where tokens are given out.
pub mod tokens {
    pub use super::exchange::exchange;
    pub use super::refresh::revoke;
}

use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::{Error, Result};
use nexus_domain::oauth::CLI_SCOPES;
use nexus_domain::oauth::problem::Problem;
use nexus_domain::role::Scopes;

/// Why an app is not given what it asks for: in the words of the protocol, or because something failed.
#[derive(Debug)]
pub enum Failure {
    Problem(Problem),
    Error(Error),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What an app gets, or why not.
pub type Answer<T> = std::result::Result<T, Failure>;

/// The scopes of a row; those that cannot be read are none.
fn stored_scopes(stored: &str) -> Scopes {
    serde_json::from_str(stored).unwrap_or_default()
}

/// What was given, as far as the app may still ask for it; `registered` is none for the built-in app.
pub(crate) fn still_held(given: &str, registered: Option<&str>) -> Scopes {
    let registered = registered.map_or_else(|| Scopes(CLI_SCOPES.to_vec()), stored_scopes);
    let mut held = stored_scopes(given);
    held.0.retain(|scope| registered.has(*scope));
    held
}

/// A list as it is stored.
fn to_store<T: serde::Serialize>(list: &T) -> Result<String> {
    serde_json::to_string(list).map_err(|_| Error::Impossible("a list of words is JSON"))
}

/// Forgets what is over: grants that were not used for 30 days, tokens, codes and devices.
pub async fn sweep(nexus: &Nexus) -> Result<()> {
    let now = nexus.now();
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!("DELETE FROM oauth_grants WHERE expires_at <= $1"))
                    .bind(now)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                on!(*tx, |c| sqlx::query(sql!("DELETE FROM oauth_tokens WHERE expires_at <= $1"))
                    .bind(now)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                // A used one is known for as long as what it gave may live without another sign of life.
                on!(*tx, |c| sqlx::query(sql!("DELETE FROM oauth_codes WHERE created_at <= $1"))
                    .bind(now.plus(-nexus_domain::oauth::ACCESS_LIFE))
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                on!(*tx, |c| sqlx::query(sql!("DELETE FROM oauth_devices WHERE expires_at <= $1"))
                    .bind(now)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                Ok(())
            })
        })
        .await
}
