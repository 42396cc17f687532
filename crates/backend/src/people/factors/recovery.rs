//! Recovery codes: ten that stand in for a lost second factor, shown once, each good for one use. What
//! is stored is a MAC over the person and the code; a new set takes the place of the old one.

use super::letters::News;
use super::{Opened, Seqs, count_in, may_change, saw, tell};
use crate::nexus::Nexus;
use crate::store::{Tx, on, single, sql};
use crate::{Result, crypto};
use nexus_domain::factor::{RECOVERY_ALPHABET, RECOVERY_CHARS, RECOVERY_CODES, RecoveryCodes, shown};
use nexus_domain::{Code, Refusal, Timestamp, UserId};
use std::net::IpAddr;

/// How a code is stored.
pub(super) fn hash_of(nexus: &Nexus, user: UserId, code: &str) -> Result<[u8; 32]> {
    nexus.keyring.mac("recovery-code", &[user.0.as_bytes(), code.as_bytes()].concat())
}

/// How many a person has left.
pub(super) async fn left(nexus: &Nexus, user: UserId) -> Result<u32> {
    let (count,): (i64,) = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1"
    ))
    .bind(user)
    .fetch_one(pool)
    .await)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

pub(super) async fn left_in(tx: &mut Tx, user: UserId) -> Result<u32> {
    let (count,): (i64,) =
        on!(*tx, |c| sqlx::query_as(sql!("SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1"))
            .bind(user)
            .fetch_one(c)
            .await)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Consumes a code; `false` when it is none of the person's, or was used.
pub(super) async fn take(tx: &mut Tx, user: UserId, hash: [u8; 32]) -> Result<bool> {
    let rows =
        on!(*tx, |c| sqlx::query(sql!("DELETE FROM recovery_codes WHERE code_hash = $1 AND user_id = $2"))
            .bind(hash.as_slice())
            .bind(user)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

pub(super) async fn delete(tx: &mut Tx, user: UserId) -> Result<()> {
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM recovery_codes WHERE user_id = $1"))
        .bind(user)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Makes a new set, in place of whatever there was.
pub(super) async fn replace(
    nexus: &Nexus,
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
) -> Result<RecoveryCodes> {
    delete(tx, user).await?;
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let code = new_code(nexus)?;
        let hash = hash_of(nexus, user, &code)?;
        on!(*tx, |c| sqlx::query(sql!(
            "INSERT INTO recovery_codes (code_hash, user_id, created_at) VALUES ($1, $2, $3)"
        ))
        .bind(hash.as_slice())
        .bind(user)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))?;
        codes.push(shown(&code));
    }
    Ok(RecoveryCodes(codes))
}

/// Makes a set where the person has none: with the first second factor.
pub(super) async fn make_first(
    nexus: &Nexus,
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
) -> Result<RecoveryCodes> {
    match left_in(tx, user).await? {
        0 => replace(nexus, tx, user, now).await,
        _ => Ok(RecoveryCodes::default()),
    }
}

/// 60 bits, five for each character.
fn new_code(nexus: &Nexus) -> Result<String> {
    let bytes: [u8; RECOVERY_CHARS] = crypto::random(nexus.keyring.random())?;
    let char_of = |byte: &u8| RECOVERY_ALPHABET.get(usize::from(byte & 31)).copied().map(char::from);
    Ok(bytes.iter().filter_map(char_of).collect())
}

/// A new set for somebody who used most of the old one, or lost it.
pub async fn make_anew(nexus: &Nexus, opened: Opened, ip: IpAddr) -> Result<RecoveryCodes> {
    may_change(nexus, opened).await?;
    let (handle, user, now) = (nexus.clone(), opened.user, nexus.now());
    let (codes, seqs): (RecoveryCodes, Seqs) = nexus
        .write(move |tx| {
            Box::pin(async move {
                if count_in(tx, user).await? == 0 {
                    let text = "Recovery codes stand in for a second factor; set up one first";
                    return Err(Refusal::new(Code::Conflict, text).into());
                }
                let codes = replace(&handle, tx, user, now).await?;
                let seqs = tell(&handle, tx, user, &News::RecoveryCodesMade, ip, now).await?;
                Ok((codes, seqs))
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(codes)
}
