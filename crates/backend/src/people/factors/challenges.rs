//! Questions to passkeys: kept on the server, named by a random token, for one answer within five
//! minutes. What is stored is a MAC of the token, and taking it out is one statement.

use crate::nexus::Nexus;
use crate::people::new_token;
use crate::store::{on, sql};
use crate::{Error, Result};
use nexus_domain::{Code, Refusal, UserId, timestamp};
use serde::{Serialize, de::DeserializeOwned};

const LIFE: i64 = 5 * timestamp::MINUTE;

/// What an answer is for; one for something else is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Register,
    SignIn,
    /// The second step, or a fresh sign-in: of somebody who is known.
    Prove,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::SignIn => "sign_in",
            Self::Prove => "prove",
        }
    }
}

fn hash_of(nexus: &Nexus, token: &str) -> Result<[u8; 32]> {
    nexus.keyring.mac("passkey-challenge", token.as_bytes())
}

/// Keeps the state of a question; answers with the token that names it.
pub(super) async fn keep(
    nexus: &Nexus,
    purpose: Purpose,
    user: Option<UserId>,
    state: &impl Serialize,
) -> Result<String> {
    let token = new_token(nexus)?;
    let hash = hash_of(nexus, &token)?;
    let state = serde_json::to_string(state).map_err(|_| Error::Impossible("a WebAuthn state is JSON"))?;
    let expires_at = nexus.now().plus(LIFE);
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!(
                    "INSERT INTO passkey_challenges (token_hash, purpose, user_id, state, expires_at)
                     VALUES ($1, $2, $3, $4, $5)"
                ))
                .bind(hash.as_slice())
                .bind(purpose.as_str())
                .bind(user)
                .bind(state)
                .bind(expires_at)
                .execute(c)
                .await
                .map(|_| ()))?;
                Ok(())
            })
        })
        .await?;
    Ok(token)
}

/// Takes the state of a question out, for the one answer that it gets.
pub(super) async fn take<T: DeserializeOwned>(
    nexus: &Nexus,
    token: &str,
    purpose: Purpose,
    user: Option<UserId>,
) -> Result<T> {
    let (hash, now) = (hash_of(nexus, token)?, nexus.now());
    let row: Option<(String, Option<UserId>, String)> = nexus
        .write(move |tx| {
            Box::pin(async move {
                Ok(on!(*tx, |c| sqlx::query_as(sql!(
                    "DELETE FROM passkey_challenges WHERE token_hash = $1 AND expires_at > $2
                     RETURNING purpose, user_id, state"
                ))
                .bind(hash.as_slice())
                .bind(now)
                .fetch_optional(c)
                .await)?)
            })
        })
        .await?;
    let (_, _, state) =
        row.filter(|(kept, whose, _)| kept == purpose.as_str() && *whose == user).ok_or_else(|| {
            Refusal::new(
                Code::Conflict,
                "This took longer than five minutes, or was answered already; try again",
            )
        })?;
    serde_json::from_str(&state).map_err(|_| Error::Impossible("a stored WebAuthn state that is none"))
}
