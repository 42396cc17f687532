//! From a first proof to an open session. Every way of signing in ends in [`enter`], so that none of
//! them leads past a person's second factor: who has one and has not shown it is not signed in yet.

use super::factors::{self, Answer};
use super::{Opened, Proof, SignedIn, new_token, record_in, saw, seen_by};
use crate::nexus::Nexus;
use crate::store::{Tx, on, single, sql};
use crate::{Error, Result};
use nexus_domain::factor::SecondStepWays;
use nexus_domain::{Code, Refusal, Timestamp, UserId, timestamp};
use std::net::IpAddr;

/// How long somebody may take for the second step.
pub const SECOND_STEP_LIFE: i64 = 5 * timestamp::MINUTE;

/// What a proof leads to.
#[derive(Debug)]
pub enum Entered {
    /// A session may be opened.
    In(SignedIn),
    /// The second factor has to be shown first. The token stands for what was proved so far; it opens
    /// nothing and is for the browser session of whoever proved it.
    SecondStep(String),
}

impl Entered {
    /// Whoever is signed in now, if the way did not end before the second step.
    pub fn signed_in(self) -> Option<SignedIn> {
        match self {
            Self::In(signed_in) => Some(signed_in),
            Self::SecondStep(_) => None,
        }
    }
}

/// Lets a person in who proved who they are, or asks for the second factor where the person has one
/// and the proof lacks it. **Every way of signing in goes through here** (password, link, provider,
/// passkey, invitation), and nothing else makes a [`SignedIn`] of an account that exists. It writes
/// `user.signed_in` to the audit log once the person is in.
pub async fn enter(nexus: &Nexus, user: UserId, proof: Proof, ip: IpAddr) -> Result<Entered> {
    if !proof.second_factor && factors::has_second_factor(nexus, user).await? {
        return Ok(Entered::SecondStep(keep(nexus, user, proof).await?));
    }
    let now = nexus.now();
    let seqs = nexus
        .write(move |tx| {
            Box::pin(async move { record_in(tx, user, "user.signed_in", "done", ip, now).await })
        })
        .await?;
    saw(nexus, seqs);
    Ok(Entered::In(signed_in(nexus, user, proof, now).await?))
}

/// Remembers what was proved until the second step is taken.
async fn keep(nexus: &Nexus, user: UserId, proof: Proof) -> Result<String> {
    let token = new_token(nexus)?;
    let hash = hash_of(nexus, &token)?;
    let proof = serde_json::to_string(&proof).map_err(|_| Error::Impossible("a proof is JSON"))?;
    let expires_at = nexus.now().plus(SECOND_STEP_LIFE);
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!(
                    "INSERT INTO second_steps (token_hash, user_id, proof, expires_at) VALUES ($1, $2, $3, $4)"
                ))
                .bind(hash.as_slice())
                .bind(user)
                .bind(proof)
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

fn hash_of(nexus: &Nexus, token: &str) -> Result<[u8; 32]> {
    nexus.keyring.mac("second-step", token.as_bytes())
}

fn over() -> Error {
    let text = "The second step took longer than five minutes; sign in again";
    Refusal::new(Code::Unauthorized, text).into()
}

/// Who is to take the second step. Looking does not consume it.
pub(super) async fn waiting(nexus: &Nexus, token: &str) -> Result<UserId> {
    let (hash, now) = (hash_of(nexus, token)?, nexus.now());
    let row: Option<(UserId,)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT user_id FROM second_steps WHERE token_hash = $1 AND expires_at > $2"
    ))
    .bind(hash.as_slice())
    .bind(now)
    .fetch_optional(pool)
    .await)?;
    row.map(|(user,)| user).ok_or_else(over)
}

/// With what the second step may be taken; `None` when its time is over.
pub async fn second_step_ways(nexus: &Nexus, token: &str) -> Result<Option<SecondStepWays>> {
    let user = match waiting(nexus, token).await {
        Ok(user) => user,
        Err(Error::Refused(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let factors = factors::of(nexus, user).await?;
    Ok(Some(SecondStepWays {
        totp: factors.totp_since.is_some(),
        passkey: factors.passkeys_work(),
        recovery_code: factors.recovery_codes_left > 0,
    }))
}

/// Takes the second step: shows the second factor, and is signed in by it. What was proved before is
/// consumed with it, in one transaction.
pub async fn second_step(nexus: &Nexus, token: &str, answer: Answer, ip: IpAddr) -> Result<SignedIn> {
    nexus.limits.request(ip, nexus.now()).await?;
    let user = waiting(nexus, token).await?;
    let hash = hash_of(nexus, token)?;
    let proof = factors::show(nexus, user, answer, "user.second_step_failed", ip, move |tx, now| {
        Box::pin(async move {
            let proof = consume(tx, hash, now).await?;
            let seqs = record_in(tx, user, "user.signed_in", "done", ip, now).await?;
            Ok((proof, seqs))
        })
    })
    .await?;
    signed_in(nexus, user, Proof { second_factor: true, ..proof }, nexus.now()).await
}

async fn consume(tx: &mut Tx, hash: [u8; 32], now: Timestamp) -> Result<Proof> {
    let row: Option<(String,)> = on!(*tx, |c| sqlx::query_as(sql!(
        "DELETE FROM second_steps WHERE token_hash = $1 AND expires_at > $2 RETURNING proof"
    ))
    .bind(hash.as_slice())
    .bind(now)
    .fetch_optional(c)
    .await)?;
    let (proof,) = row.ok_or_else(over)?;
    serde_json::from_str(&proof).map_err(|_| Error::Impossible("a stored proof that is none"))
}

/// Shows the second factor in a session that was opened without one; answers with what the session
/// proves from now on.
pub async fn show_second_factor(nexus: &Nexus, opened: Opened, answer: Answer, ip: IpAddr) -> Result<Proof> {
    nexus.limits.request(ip, nexus.now()).await?;
    let user = opened.user;
    factors::show(nexus, user, answer, "user.second_step_failed", ip, move |tx, now| {
        Box::pin(async move {
            let seqs = record_in(tx, user, "user.second_factor_shown", "done", ip, now).await?;
            Ok((Proof { second_factor: true, ..opened.proof }, seqs))
        })
    })
    .await
}

/// Nothing that was proved before a new password leads on.
pub(super) async fn forget_second_steps(tx: &mut Tx, user: UserId) -> Result<()> {
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM second_steps WHERE user_id = $1"))
        .bind(user)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// What the session of a person who was let in begins with.
async fn signed_in(nexus: &Nexus, user: UserId, proof: Proof, signed_in_at: Timestamp) -> Result<SignedIn> {
    let me =
        seen_by(nexus, Opened { user, signed_in_at, proof }).await?.ok_or_else(super::wrong_credentials)?;
    let row: Option<(Option<String>,)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!("SELECT last_tenant FROM users WHERE id = $1"))
            .bind(user)
            .fetch_optional(pool)
            .await)?;
    let used = row.and_then(|(used,)| used);
    let used = me.tenants.iter().find(|tenant| used.as_ref() == Some(&tenant.slug));
    let last_tenant = used.or(me.tenants.first()).map(|tenant| tenant.slug.clone());
    Ok(SignedIn { user, email: me.email, signed_in_at, proof, last_tenant })
}
