//! A person's own password: changing it, and a link by mail for who forgot it.
//!
//! A new password ends every session and every one-time link of the person. Asking for a link answers
//! alike for every address: whether an account is behind it shows in no answer and in no work that an
//! answer waits for.

use super::address::hold;
use super::{Opened, entering, find, new_token, notices, record, record_in, saw, verify};
use crate::gate::require_fresh;
use crate::nexus::Nexus;
use crate::store::{Tx, on, single, sql};
use crate::{Error, Result, mail, oauth};
use nexus_domain::member::{check_email, check_password};
use nexus_domain::{Code, Refusal, Timestamp, UserId, timestamp};
use secrecy::{ExposeSecret, SecretString};
use std::net::IpAddr;

/// How long a link that was sent by mail is valid; shorter than one that was printed on a terminal, because
/// it lies in a mailbox.
const LINK_LIFE: i64 = timestamp::HOUR;
/// How many links go to one address in an hour, so that nobody fills somebody's mailbox.
const MAILS_AN_HOUR: i64 = 3;

/// Changes the password of somebody who is signed in; answers with the time to remember, for the one
/// session that goes on. Who has no password yet sets one after a fresh sign-in instead of giving it.
pub async fn change_password(
    nexus: &Nexus,
    opened: Opened,
    current: SecretString,
    new: SecretString,
    ip: IpAddr,
) -> Result<Timestamp> {
    let begun = nexus.now();
    nexus.limits.request(ip, begun).await?;
    check_password(new.expose_secret())?;
    let row: Option<(String, Option<String>)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT email, password_hash FROM users WHERE id = $1"
    ))
    .bind(opened.user)
    .fetch_optional(pool)
    .await)?;
    let (email, stored) = row.ok_or_else(Error::not_found)?;
    match &stored {
        None => require_fresh(opened.signed_in_at, begun)?,
        Some(_) => {
            nexus.limits.attempt(ip, &email, begun).await?;
            if !verify(nexus, current, stored.clone()).await? {
                record(nexus, opened.user, "user.password_change_failed", "denied", ip).await?;
                return Err(Error::invalid("current", "This is not your password"));
            }
            nexus.limits.succeeded(ip, &email, begun, nexus.now()).await?;
        }
    }
    let hash = nexus.passwords.hash(new).await?;
    replace(nexus, opened.user, email, stored.unwrap_or_default(), hash, ip).await
}

async fn replace(
    nexus: &Nexus,
    user: UserId,
    email: String,
    before: String,
    hash: String,
    ip: IpAddr,
) -> Result<Timestamp> {
    let (handle, now) = (nexus.clone(), nexus.now());
    let seqs = nexus
        .write(move |tx| {
            Box::pin(async move {
                let rows = on!(*tx, |c| {
                    sqlx::query(sql!(
                    "UPDATE users SET password_hash = $2 WHERE id = $1 AND COALESCE(password_hash, '') = $3"
                ))
                .bind(user)
                .bind(hash)
                .bind(before)
                .execute(c)
                .await
                .map(|done| done.rows_affected())
                })?;
                if rows != 1 {
                    return Err(Refusal::new(
                        Code::Conflict,
                        "Your password was changed at the same moment; nothing was done",
                    )
                    .into());
                }
                end_everything(tx, user).await?;
                mail::queue(&handle, tx, &notices::password_changed(&handle, &email, ip, now), now).await?;
                record_in(tx, user, "user.password_changed", "done", ip, now).await
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(now)
}

/// Ends every session and every one-time link of a person, and what apps may do for them.
pub(super) async fn end_everything(tx: &mut Tx, user: UserId) -> Result<()> {
    entering::forget_second_steps(tx, user).await?;
    oauth::grants::end_all_of(tx, user).await?;
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM sessions WHERE user_id = $1"))
        .bind(user)
        .execute(c)
        .await
        .map(|_| ()))?;
    end_links(tx, user).await
}

/// Ends every one-time link of a person.
pub(super) async fn end_links(tx: &mut Tx, user: UserId) -> Result<()> {
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM one_time_links WHERE user_id = $1"))
        .bind(user)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Sends a link for a new password to an address, if an account has it. The answer is the same either way,
/// and waits for one look into the database and nothing else.
pub async fn forgot(nexus: &Nexus, email: &str, ip: IpAddr) -> Result<()> {
    let now = nexus.now();
    nexus.limits.request(ip, now).await?;
    let email = check_email(email)?;
    // Not the account's own counter, or else anybody could keep a person from signing in.
    nexus.limits.attempt(ip, &format!("forgot {email}"), now).await?;
    if let Some(user) = find(nexus, &email).await? {
        let handle = nexus.clone();
        nexus.in_background("a link for a new password", async move {
            send_link(&handle, user.id, user.email, ip).await
        });
    }
    Ok(())
}

async fn send_link(nexus: &Nexus, user: UserId, email: String, ip: IpAddr) -> Result<()> {
    let token = new_token(nexus)?;
    let hash = nexus.keyring.mac("password-link", token.as_bytes())?;
    let (handle, now) = (nexus.clone(), nexus.now());
    let seqs = nexus
        .write(move |tx| {
            Box::pin(async move {
                hold(tx, user).await?;
                if mail::lately(tx, &email, notices::RESET, now).await? >= MAILS_AN_HOUR {
                    return Ok(Vec::new());
                }
                on!(*tx, |c| sqlx::query(sql!(
                    "INSERT INTO one_time_links (token_hash, purpose, user_id, created_at, expires_at, email)
                     VALUES ($1, 'password', $2, $3, $4, $5)"
                ))
                .bind(hash.as_slice())
                .bind(user)
                .bind(now)
                .bind(now.plus(LINK_LIFE))
                .bind(email.as_str())
                .execute(c)
                .await
                .map(|_| ()))?;
                let letter = notices::password_link(&handle, &email, &token, ip, now);
                mail::queue(&handle, tx, &letter, now).await?;
                record_in(tx, user, "user.reset_asked", "done", ip, now).await
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(())
}

/// After a new password by a link: everything else of the person ends, the person is told, and a link that
/// came by mail has proved the address that it was sent to.
pub(super) async fn replaced_by_link(
    nexus: &Nexus,
    tx: &mut Tx,
    user: UserId,
    proved: Option<String>,
    hash: &str,
    ip: IpAddr,
    now: Timestamp,
) -> Result<()> {
    let row: Option<(String,)> = on!(*tx, |c| {
        sqlx::query_as(sql!(
        "UPDATE users SET password_hash = $2,
             email_verified_at = CASE WHEN email = $3 THEN COALESCE(email_verified_at, $4) ELSE email_verified_at END
         WHERE id = $1 RETURNING email"
    ))
    .bind(user)
    .bind(hash)
    .bind(proved)
    .bind(now)
    .fetch_optional(c)
    .await
    })?;
    end_everything(tx, user).await?;
    if let Some((email,)) = row {
        mail::queue(nexus, tx, &notices::password_changed(nexus, &email, ip, now), now).await?;
    }
    Ok(())
}
