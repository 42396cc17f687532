//! In how many ways a person can sign in: the last one is not taken away.

use crate::Result;
use crate::store::{Tx, on, sql};
use nexus_domain::{Code, Refusal, UserId};

/// Refuses when nothing is left with which this person signs in. Ask it at the end of the transaction
/// that takes one away; whatever else signs people in has to be counted here.
pub(in crate::people) async fn refuse_none(tx: &mut Tx, user: UserId) -> Result<()> {
    let (count,): (i64,) = on!(*tx, |c| sqlx::query_as(sql!(
        "SELECT (SELECT COUNT(*) FROM users WHERE id = $1 AND password_hash IS NOT NULL)
              + (SELECT COUNT(*) FROM passkeys WHERE user_id = $1)"
    ))
    .bind(user)
    .fetch_one(c)
    .await)?;
    if count > 0 {
        return Ok(());
    }
    let text = "This is the last thing with which you sign in; set a password or add another passkey first";
    Err(Refusal::new(Code::Conflict, text).into())
}
