//! The address of a person: proving it, and changing it.
//!
//! A link is sent to an address, and following it proves that address: the one that the account has, or the
//! one that it is to have. Nobody is told whether another account has an address, but for who holds its
//! mailbox, and of two who want one address the first to follow the link gets it.

use super::password::end_links;
use super::{Opened, new_token, notices, record_about, record_in, saw};
use crate::gate::require_fresh;
use crate::nexus::Nexus;
use crate::store::{Tx, on, single, sql};
use crate::work::Target;
use crate::{Error, Result, mail};
use nexus_domain::account::{Account, AddressLink, PendingAddress};
use nexus_domain::member::check_email;
use nexus_domain::{Code, Refusal, TenantId, Timestamp, UserId, timestamp};
use std::net::IpAddr;

/// How long a link that proves an address is valid.
const LINK_LIFE: i64 = 24 * timestamp::HOUR;
/// What a link is for: to prove the address of the account, or to put another in its place.
const VERIFICATION: &str = "verification";
const CHANGE: &str = "address";
/// How many links go to one address in an hour, whoever asks for them.
const MAILS_AN_HOUR: i64 = 5;

/// What a person sees of the own account.
pub async fn account(nexus: &Nexus, user: UserId) -> Result<Account> {
    let now = nexus.now();
    let row: Option<(String, Option<Timestamp>, Option<String>)> = single!(nexus.db, |pool| {
        sqlx::query_as(sql!("SELECT email, email_verified_at, password_hash FROM users WHERE id = $1"))
            .bind(user)
            .fetch_optional(pool)
            .await
    })?;
    let (email, verified, password) = row.ok_or_else(Error::not_found)?;
    let pending: Option<(String, Timestamp)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT email, expires_at FROM one_time_links
         WHERE user_id = $1 AND purpose = 'address' AND expires_at > $2 ORDER BY created_at DESC LIMIT 1"
    ))
    .bind(user)
    .bind(now)
    .fetch_optional(pool)
    .await)?;
    let pending = pending.map(|(email, until)| PendingAddress { email, until });
    Ok(Account { email, verified: verified.is_some(), pending, has_password: password.is_some(), now })
}

/// Sends a link to another address; once it is followed, that is the person's. Asking again takes the place
/// of what was asked before.
pub async fn change_address(nexus: &Nexus, opened: Opened, email: &str, ip: IpAddr) -> Result<()> {
    let now = nexus.now();
    nexus.limits.request(ip, now).await?;
    require_fresh(opened.signed_in_at, now)?;
    let new = check_email(email)?;
    let current = address_of(nexus, opened.user).await?;
    if new == current {
        return Err(Error::invalid("email", "This is your address already"));
    }
    send(nexus, Proving { user: opened.user, current, to: new, ip, now }).await
}

/// Sends a link to the address that the account has, to prove it.
pub async fn send_verification(nexus: &Nexus, opened: Opened, ip: IpAddr) -> Result<()> {
    let now = nexus.now();
    nexus.limits.request(ip, now).await?;
    let current = address_of(nexus, opened.user).await?;
    send(nexus, Proving { user: opened.user, to: current.clone(), current, ip, now }).await
}

async fn address_of(nexus: &Nexus, user: UserId) -> Result<String> {
    let row: Option<(String,)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!("SELECT email FROM users WHERE id = $1"))
            .bind(user)
            .fetch_optional(pool)
            .await)?;
    row.map(|(email,)| email).ok_or_else(Error::not_found)
}

/// An address that is to be proved.
struct Proving {
    user: UserId,
    current: String,
    to: String,
    ip: IpAddr,
    now: Timestamp,
}

async fn send(nexus: &Nexus, proving: Proving) -> Result<()> {
    let (handle, token) = (nexus.clone(), new_token(nexus)?);
    let hash = nexus.keyring.mac("address-link", token.as_bytes())?;
    let seqs = nexus
        .write(move |tx| {
            Box::pin(async move {
                let Proving { user, current, to, ip, now } = proving;
                hold(tx, user).await?;
                if mail::lately(tx, &to, notices::ADDRESS, now).await? >= MAILS_AN_HOUR {
                    return Err(too_many());
                }
                let purpose = if to == current { VERIFICATION } else { CHANGE };
                drop_links(tx, user, purpose).await?;
                on!(*tx, |c| sqlx::query(sql!(
                    "INSERT INTO one_time_links (token_hash, purpose, user_id, created_at, expires_at, email)
                     VALUES ($1, $2, $3, $4, $5, $6)"
                ))
                .bind(hash.as_slice())
                .bind(purpose)
                .bind(user)
                .bind(now)
                .bind(now.plus(LINK_LIFE))
                .bind(to.as_str())
                .execute(c)
                .await
                .map(|_| ()))?;
                mail::queue(&handle, tx, &notices::address_link(&handle, &to, &token, &current), now).await?;
                if to == current {
                    return Ok(Vec::new());
                }
                let notice = notices::address_asked(&handle, &current, &to, ip, now);
                mail::queue(&handle, tx, &notice, now).await?;
                let about = Target::named(&to);
                record_about(tx, user, "user.address_asked", "done", &about, ip, now).await
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(())
}

fn too_many() -> Error {
    Refusal::new(
        Code::RateLimited,
        "Links were sent to this address several times within the hour; look for them there, or try again later",
    )
    .with("limited", "mails to this address")
    .with("retry_after", timestamp::HOUR / timestamp::SECOND)
    .into()
}

/// Takes back what was asked; the links that were sent work no more.
pub async fn withdraw_address(nexus: &Nexus, user: UserId, ip: IpAddr) -> Result<()> {
    let now = nexus.now();
    nexus.limits.request(ip, now).await?;
    let seqs = nexus
        .write(move |tx| {
            Box::pin(async move {
                match drop_links(tx, user, CHANGE).await? {
                    0 => Ok(Vec::new()),
                    _ => record_in(tx, user, "user.address_withdrawn", "done", ip, now).await,
                }
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(())
}

/// Takes the row of a person until the transaction ends, so that two at once come one after the other;
/// answers with the address. Always before the row of a tenant, or two could wait for each other.
pub(super) async fn hold(tx: &mut Tx, user: UserId) -> Result<Option<String>> {
    let row: Option<(String,)> = on!(*tx, |c| sqlx::query_as(sql!(
        "UPDATE users SET last_tenant = last_tenant WHERE id = $1 RETURNING email"
    ))
    .bind(user)
    .fetch_optional(c)
    .await)?;
    Ok(row.map(|(email,)| email))
}

async fn drop_links(tx: &mut Tx, user: UserId, purpose: &str) -> Result<u64> {
    Ok(on!(*tx, |c| sqlx::query(sql!("DELETE FROM one_time_links WHERE user_id = $1 AND purpose = $2"))
        .bind(user)
        .bind(purpose)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// What a link would confirm; `None` for one that works no more. Looking does not consume it.
pub async fn address_link(nexus: &Nexus, token: &str) -> Result<Option<AddressLink>> {
    let hash = nexus.keyring.mac("address-link", token.as_bytes())?;
    let row: Option<(String, String)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT l.email, u.email FROM one_time_links l JOIN users u ON u.id = l.user_id
         WHERE l.token_hash = $1 AND l.purpose IN ('address', 'verification') AND l.expires_at > $2"
    ))
    .bind(hash.as_slice())
    .bind(nexus.now())
    .fetch_optional(pool)
    .await)?;
    Ok(row.map(|(email, account)| AddressLink { email, account }))
}

/// Confirms the address that a link was sent to, and consumes the link; answers with that address.
pub async fn confirm_address(nexus: &Nexus, token: &str, ip: IpAddr) -> Result<String> {
    let (handle, now) = (nexus.clone(), nexus.now());
    nexus.limits.request(ip, now).await?;
    if address_link(nexus, token).await?.is_none() {
        nexus.limits.attempt(ip, "address-link", now).await?;
        return Err(gone());
    }
    let hash = nexus.keyring.mac("address-link", token.as_bytes())?;
    let (email, seqs) = nexus
        .write(move |tx| {
            Box::pin(async move {
                let row: Option<(UserId, String)> = on!(*tx, |c| sqlx::query_as(sql!(
                    "DELETE FROM one_time_links
                     WHERE token_hash = $1 AND purpose IN ('address', 'verification') AND expires_at > $2
                     RETURNING user_id, email"
                ))
                .bind(hash.as_slice())
                .bind(now)
                .fetch_optional(c)
                .await)?;
                let (user, email) = row.ok_or_else(gone)?;
                let seqs = confirm(&handle, tx, user, &email, ip, now).await?;
                Ok((email, seqs))
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(email)
}

fn gone() -> Error {
    Refusal::new(Code::NotFound, "This link was used already, or its time is over").into()
}

async fn confirm(
    nexus: &Nexus,
    tx: &mut Tx,
    user: UserId,
    email: &str,
    ip: IpAddr,
    now: Timestamp,
) -> Result<Vec<(TenantId, i64)>> {
    let current = hold(tx, user).await?.ok_or_else(gone)?;
    // The rows bear the address of that time, so they come before the change.
    let event = if current == email { "user.address_verified" } else { "user.address_changed" };
    let seqs = record_about(tx, user, event, "done", &Target::named(email), ip, now).await?;
    let rows = on!(*tx, |c| sqlx::query(sql!(
        "UPDATE users SET email = $2, email_verified_at = $3
         WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM users u WHERE u.email = $2 AND u.id <> $1)"
    ))
    .bind(user)
    .bind(email)
    .bind(now)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    if rows != 1 {
        return Err(Refusal::new(Code::Conflict, "Another account has this address by now").into());
    }
    if current != email {
        // What was sent to the address of before opens nothing any more.
        end_links(tx, user).await?;
        mail::queue(nexus, tx, &notices::address_changed(&current, email, ip, now), now).await?;
    }
    Ok(seqs)
}
