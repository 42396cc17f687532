//! In how many ways a person can sign in: the last one is not taken away.

use crate::nexus::Nexus;
use crate::store::{Tx, on, sql};
use crate::{Error, Result};
use nexus_domain::{Code, ProviderId, Refusal, UserId};

/// Refuses when nothing is left with which this person signs in to the account: no password, no passkey, no provider of
/// the instance. Ask it at the end of the transaction that takes one away; whatever else signs people in has to be
/// counted here. The row of the person is the lock at which two who take ways away at once meet.
pub(crate) async fn refuse_none(nexus: &Nexus, tx: &mut Tx, user: UserId) -> Result<()> {
    let (password,): (bool,) = on!(*tx, |c| sqlx::query_as(sql!(
        "UPDATE users SET created_at = created_at WHERE id = $1 RETURNING password_hash IS NOT NULL"
    ))
    .bind(user)
    .fetch_one(c)
    .await)?;
    let (passkeys,): (i64,) =
        on!(*tx, |c| sqlx::query_as(sql!("SELECT COUNT(*) FROM passkeys WHERE user_id = $1"))
            .bind(user)
            .fetch_one(c)
            .await)?;
    let providers: Vec<(ProviderId,)> =
        on!(*tx, |c| sqlx::query_as(sql!("SELECT provider_id FROM identities WHERE user_id = $1"))
            .bind(user)
            .fetch_all(c)
            .await)?;
    let offered = |id| nexus.settings.providers.iter().any(|provider| provider.id() == id);
    if password || passkeys > 0 || providers.into_iter().any(|(id,)| offered(id)) {
        return Ok(());
    }
    let text = "This is your last way to sign in; set a password first, or connect another";
    Err(Error::Refused(Refusal::new(Code::Conflict, text)))
}
