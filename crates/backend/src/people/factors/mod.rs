//! What a person shows beside the password: codes of an authenticator app, recovery codes, passkeys.
//!
//! Whoever has an app or a passkey has a second factor, and is asked for it whenever the first proof
//! is not one by itself. Codes are consumed by one atomic statement each. Every change is written to
//! the audit log of each tenant of the person and told to the person by mail.

mod challenges;
mod letters;
pub mod passkeys;
mod recovery;
mod requirement;
pub mod totp;

pub use recovery::make_anew as new_recovery_codes;
pub(super) use requirement::satisfies;
pub use requirement::{require, required, required_by};

use super::{Opened, record, record_about, saw};
use crate::gate::is_fresh;
use crate::mail;
use crate::nexus::Nexus;
use crate::store::{Tx, on, single, sql};
use crate::work::Target;
use crate::{Error, Result};
use futures::future::BoxFuture;
use letters::News;
use nexus_domain::factor::{Factors, Typed, read_code};
use nexus_domain::{Code, Refusal, TenantId, Timestamp, UserId};
use std::net::IpAddr;

/// The change numbers of tenants, to remember once a transaction is committed.
type Seqs = Vec<(TenantId, i64)>;

/// How somebody shows a second factor.
#[derive(Debug)]
pub enum Answer {
    /// A one-time code or a recovery code, as it was typed.
    Code(String),
    /// The answer of a passkey to the question that the token names.
    Passkey { token: String, answer: String },
}

/// What a person has set up.
pub async fn of(nexus: &Nexus, user: UserId) -> Result<Factors> {
    let row: Option<(Option<String>,)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!("SELECT password_hash FROM users WHERE id = $1"))
            .bind(user)
            .fetch_optional(pool)
            .await)?;
    let (password_hash,) = row.ok_or_else(Error::not_found)?;
    Ok(Factors {
        totp_since: totp::since(nexus, user).await?,
        recovery_codes_left: recovery::left(nexus, user).await?,
        passkeys: passkeys::list(nexus, user).await?,
        has_password: password_hash.is_some(),
        no_passkeys: passkeys::unavailable(nexus),
    })
}

/// Whether a person has a second factor: an authenticator app or a passkey. Recovery codes stand in
/// for one and are none.
pub async fn has_second_factor(nexus: &Nexus, user: UserId) -> Result<bool> {
    let (count,): (i64,) = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT (SELECT COUNT(*) FROM totp_secrets WHERE user_id = $1 AND active)
              + (SELECT COUNT(*) FROM passkeys WHERE user_id = $1)"
    ))
    .bind(user)
    .fetch_one(pool)
    .await)?;
    Ok(count > 0)
}

/// The same inside a transaction.
async fn count_in(tx: &mut Tx, user: UserId) -> Result<i64> {
    let (count,): (i64,) = on!(*tx, |c| sqlx::query_as(sql!(
        "SELECT (SELECT COUNT(*) FROM totp_secrets WHERE user_id = $1 AND active)
              + (SELECT COUNT(*) FROM passkeys WHERE user_id = $1)"
    ))
    .bind(user)
    .fetch_one(c)
    .await)?;
    Ok(count)
}

/// Whether a session may change the factors of its person: it has to be fresh, and where there is a
/// second factor already, it has to be one that was opened with it. Somebody who only knows the
/// password gets no further than that.
pub(super) async fn may_change(nexus: &Nexus, opened: Opened) -> Result<()> {
    if !opened.proof.second_factor && has_second_factor(nexus, opened.user).await? {
        let text = "Show your second factor first: this session was opened without it";
        return Err(Refusal::new(Code::SecondFactorRequired, text).into());
    }
    if !is_fresh(opened.signed_in_at, nexus.now()) {
        return Err(Refusal::new(Code::StepUpRequired, "Confirm that it is you: sign in again").into());
    }
    Ok(())
}

/// What is done in the transaction that consumes a factor.
type Then<T> = dyn for<'t> FnOnce(&'t mut Tx, Timestamp) -> BoxFuture<'t, Result<(T, Seqs)>> + Send;

/// Checks a second factor and consumes it, together with what follows from it, in one transaction.
/// A wrong one is counted and written down as `failed`.
pub(super) async fn show<T: Send + 'static>(
    nexus: &Nexus,
    user: UserId,
    answer: Answer,
    failed: &'static str,
    ip: IpAddr,
    then: impl for<'t> FnOnce(&'t mut Tx, Timestamp) -> BoxFuture<'t, Result<(T, Seqs)>> + Send + 'static,
) -> Result<T> {
    let begun = nexus.now();
    let email = email_of(nexus, user).await?;
    nexus.limits.attempt(ip, &email, begun).await?;
    match show_counted(nexus, user, answer, ip, Box::new(then)).await {
        Ok(value) => {
            nexus.limits.succeeded(ip, &email, begun, nexus.now()).await?;
            Ok(value)
        }
        Err(error) => {
            if matches!(&error, Error::Refused(refusal) if refusal.code == Code::InvalidRequest) {
                record(nexus, user, failed, "denied", ip).await?;
            }
            Err(error)
        }
    }
}

async fn show_counted<T: Send + 'static>(
    nexus: &Nexus,
    user: UserId,
    answer: Answer,
    ip: IpAddr,
    then: Box<Then<T>>,
) -> Result<T> {
    let shown = check(nexus, user, answer).await?;
    let (handle, now) = (nexus.clone(), nexus.now());
    let (value, seqs) = nexus
        .write(move |tx| {
            Box::pin(async move {
                let mut seqs = consume(&handle, tx, user, shown, ip, now).await?;
                let (value, more) = then(tx, now).await?;
                seqs.extend(more);
                Ok((value, seqs))
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(value)
}

/// A second factor that is right, and not consumed yet.
enum Shown {
    Step(i64),
    RecoveryCode([u8; 32]),
    Passkey(passkeys::Proved),
}

/// The field in which a refusal of an answer stands.
const FIELD: &str = "code";

async fn check(nexus: &Nexus, user: UserId, answer: Answer) -> Result<Shown> {
    let code = match answer {
        Answer::Code(code) => code,
        Answer::Passkey { token, answer } => {
            return Ok(Shown::Passkey(passkeys::prove(nexus, user, &token, &answer).await?));
        }
    };
    match read_code(&code) {
        Some(Typed::OneTime(digits)) => {
            totp::step_of(nexus, user, &digits).await?.map(Shown::Step).ok_or_else(|| {
                Error::invalid(FIELD, "This code is wrong, or its half minute is over. If it keeps happening, the clock of your device is off: let it set the time by itself")
            })
        }
        Some(Typed::Recovery(code)) => Ok(Shown::RecoveryCode(recovery::hash_of(nexus, user, &code)?)),
        None => Err(Error::invalid(FIELD, "Six digits from the app, or a recovery code like k3f9q0-7mx2d1")),
    }
}

async fn consume(
    nexus: &Nexus,
    tx: &mut Tx,
    user: UserId,
    shown: Shown,
    ip: IpAddr,
    now: Timestamp,
) -> Result<Seqs> {
    match shown {
        Shown::Step(step) => {
            if !totp::take(tx, user, step).await? {
                return Err(Error::invalid(FIELD, "This code was used already; wait for the next one"));
            }
        }
        Shown::RecoveryCode(hash) => {
            if !recovery::take(tx, user, hash).await? {
                return Err(Error::invalid(
                    FIELD,
                    "This is none of your recovery codes, or it was used already",
                ));
            }
            let left = recovery::left_in(tx, user).await?;
            return tell(nexus, tx, user, &News::RecoveryCodeUsed { left }, ip, now).await;
        }
        Shown::Passkey(proved) => passkeys::used(tx, user, &proved, now).await?,
    }
    Ok(Vec::new())
}

async fn email_of(nexus: &Nexus, user: UserId) -> Result<String> {
    let row: Option<(String,)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!("SELECT email FROM users WHERE id = $1"))
            .bind(user)
            .fetch_optional(pool)
            .await)?;
    row.map(|(email,)| email).ok_or_else(super::wrong_credentials)
}

/// Writes what changed to the audit log of each tenant of the person, and a mail to the person.
async fn tell(
    nexus: &Nexus,
    tx: &mut Tx,
    user: UserId,
    news: &News,
    ip: IpAddr,
    now: Timestamp,
) -> Result<Seqs> {
    let row: Option<(String,)> = on!(*tx, |c| sqlx::query_as(sql!("SELECT email FROM users WHERE id = $1"))
        .bind(user)
        .fetch_optional(c)
        .await)?;
    let (email,) = row.ok_or_else(Error::not_found)?;
    mail::queue(nexus, tx, &letters::mail(nexus, email, news, Some(ip)), now).await?;
    let target = news.passkey().map(Target::named).unwrap_or_default();
    record_about(tx, user, news.event(), "done", &target, ip, now).await
}

/// Takes every second factor and recovery code from a person who lost them, for whoever runs the
/// program; `false` for an unknown address.
pub async fn remove_all(nexus: &Nexus, email: &str) -> Result<bool> {
    let Some(person) = super::find(nexus, &super::account_of(email)).await? else { return Ok(false) };
    let (handle, now) = (nexus.clone(), nexus.now());
    let seqs = nexus
        .write(move |tx| {
            Box::pin(async move {
                totp::delete(tx, person.id).await?;
                passkeys::delete_all(tx, person.id).await?;
                recovery::delete(tx, person.id).await?;
                let mail = letters::mail(&handle, person.email, &News::AllRemoved, None);
                mail::queue(&handle, tx, &mail, now).await?;
                super::record_by_operator(tx, person.id, News::AllRemoved.event(), now).await
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(true)
}

/// Where the last second factor goes, the codes that stand in for it go too. Refused while a tenant
/// of the person requires one.
async fn after_removal(tx: &mut Tx, user: UserId) -> Result<()> {
    if count_in(tx, user).await? > 0 {
        return Ok(());
    }
    requirement::refuse_last(tx, user).await?;
    recovery::delete(tx, user).await
}

/// Forgets questions and second steps whose time is over, and app secrets that nobody confirmed.
pub(super) async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<()> {
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM passkey_challenges WHERE expires_at <= $1"))
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))?;
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM second_steps WHERE expires_at <= $1"))
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))?;
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM totp_secrets WHERE NOT active AND created_at <= $1"))
        .bind(now.plus(-totp::SET_UP_LIFE))
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}
