//! People: signing in and out, the first owner, and getting back in.
//!
//! Whether an account exists is never told: unknown addresses cost the same hash and get the same
//! answer. Links are single use, stored as a MAC, shown by GET and consumed by POST.

mod address;
mod devices;
mod entering;
pub mod factors;
pub(crate) mod means;
mod notices;
pub mod open_sessions;
mod password;
mod passwords;
mod proof;
mod reach;
mod record;
pub mod sessions;

pub use address::{
    account, address_link, change_address, confirm_address, send_verification, withdraw_address,
};
pub use entering::{Entered, SECOND_STEP_LIFE, enter, second_step, second_step_ways, show_second_factor};
pub use password::{change_password, forgot};
pub use passwords::Passwords;
pub use proof::{Means, Opened, Proof};
pub(crate) use reach::slug_of;
pub use reach::{Reach, reach, refuse_confined, seen_by};
pub(crate) use record::{record, record_in, saw};

use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::store::{on, single, sql};
use crate::tenants::{self, Founding};
use crate::{Error, Result, crypto};
use nexus_domain::member::{MAX_PASSWORD_BYTES, Me, Membership, check_email, check_password};
use nexus_domain::role::TenantRole;
use nexus_domain::{Code, Refusal, TenantId, Timestamp, UserId, slug, timestamp};
use record::{record_about, record_by_operator, record_in_background};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::PoisonError;
use subtle::ConstantTimeEq;

/// How long a link to set a password is valid.
const LINK_LIFE: i64 = 24 * timestamp::HOUR;

/// A person who has just signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub user: UserId,
    pub email: String,
    pub signed_in_at: Timestamp,
    pub proof: Proof,
    /// The tenant used last, or the only one.
    pub last_tenant: Option<String>,
}

/// The set-up form.
#[derive(Debug)]
pub struct SetUp {
    pub token: String,
    pub tenant_name: String,
    pub email: String,
    pub password: SecretString,
}

/// Whether this instance waits for its first owner.
pub async fn needs_set_up(nexus: &Nexus) -> Result<bool> {
    let row: Option<(i64,)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!("SELECT seq FROM tenants LIMIT 1"))
            .fetch_optional(pool)
            .await)?;
    Ok(row.is_none())
}

/// Makes the one-time token of the set-up page, to be printed on the terminal. Only its hash stays.
pub fn open_set_up(nexus: &Nexus) -> Result<String> {
    let token = new_token(nexus)?;
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    *nexus.set_up.lock().unwrap_or_else(PoisonError::into_inner) = Some(hash);
    Ok(token)
}

/// Makes the first owner and tenant. The token is consumed by the one call that succeeds.
pub async fn set_up(nexus: &Nexus, form: SetUp, ip: IpAddr) -> Result<SignedIn> {
    let begun = nexus.now();
    nexus.limits.request(ip, begun).await?;
    // One at a time, so that only the first one hashes a password.
    let _turn = nexus.turn.lock().await;
    let Some(expected) = *nexus.set_up.lock().unwrap_or_else(PoisonError::into_inner) else {
        return Err(Refusal::new(Code::Conflict, "This instance is not waiting for its first owner").into());
    };
    nexus.limits.attempt(ip, "set-up", begun).await?;
    let given: [u8; 32] = Sha256::digest(form.token.trim().as_bytes()).into();
    if !bool::from(expected.ct_eq(&given)) {
        return Err(Error::invalid("token", "This is not the token that the server printed when it started"));
    }
    nexus.limits.succeeded(ip, "set-up", begun, nexus.now()).await?;
    let name =
        slug::check_name(&form.tenant_name).map_err(|refusal| renamed(refusal, "name", "tenant_name"))?;
    let tenant_slug =
        Some(slug::from_name(&name)).filter(|slug| !slug.is_empty()).unwrap_or_else(|| "tenant".into());
    let email = check_email(&form.email)?;
    check_password(form.password.expose_secret())?;
    let password_hash = Some(nexus.passwords.hash(form.password).await?);
    let founding = Founding { slug: tenant_slug.clone(), name, email: email.clone(), password_hash };
    let founded = tenants::found(nexus, founding, Some(ip)).await?;
    *nexus.set_up.lock().unwrap_or_else(PoisonError::into_inner) = None;
    let (user, signed_in_at, proof) = (founded.owner, nexus.now(), Proof::PASSWORD);
    Ok(SignedIn { user, email, signed_in_at, proof, last_tenant: Some(tenant_slug) })
}

fn renamed(mut refusal: Refusal, from: &str, to: &str) -> Refusal {
    if let Some(rule) = refusal.details.remove(from) {
        refusal.details.insert(to.to_owned(), rule);
    }
    refusal
}

#[derive(sqlx::FromRow)]
struct UserRow {
    id: UserId,
    email: String,
    password_hash: Option<String>,
}

async fn find(nexus: &Nexus, email: &str) -> Result<Option<UserRow>> {
    Ok(single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT id, email, password_hash FROM users WHERE email = $1"
    ))
    .bind(email)
    .fetch_optional(pool)
    .await)?)
}

fn wrong_credentials() -> Error {
    Refusal::new(Code::Unauthorized, "The address or the password is wrong").into()
}

/// The address as accounts are found and counted by: folded, and bounded, because anybody may send
/// anything.
fn account_of(email: &str) -> String {
    email.trim().to_lowercase().chars().filter(|c| !c.is_control()).take(254).collect()
}

/// Whether the password is right. One that is too long to be anybody's costs nothing, whoever it is
/// said to belong to.
async fn verify(nexus: &Nexus, password: SecretString, stored: Option<String>) -> Result<bool> {
    let fits = password.expose_secret().len() <= MAX_PASSWORD_BYTES;
    Ok(fits && nexus.passwords.verify(password, stored).await?)
}

/// Lets a person in by address and password, or leads to the second step.
pub async fn sign_in(nexus: &Nexus, email: &str, password: SecretString, ip: IpAddr) -> Result<Entered> {
    let begun = nexus.now();
    nexus.limits.request(ip, begun).await?;
    let account = account_of(email);
    nexus.limits.attempt(ip, &account, begun).await?;
    let user = find(nexus, &account).await?;
    let stored = user.as_ref().and_then(|user| user.password_hash.clone());
    let right = verify(nexus, password, stored).await?;
    match user {
        Some(user) if right => {
            nexus.limits.succeeded(ip, &account, begun, nexus.now()).await?;
            enter(nexus, user.id, Proof::PASSWORD, ip).await
        }
        unknown_or_wrong => {
            if let Some(user) = unknown_or_wrong {
                record_in_background(nexus, user.id, "user.sign_in_failed", "denied", ip);
            }
            Err(wrong_credentials())
        }
    }
}

/// Confirms the password of somebody who is signed in; answers with the time to remember. A person
/// with a second factor showed it when the session was opened, so that the password is enough here.
pub async fn step_up(nexus: &Nexus, user: UserId, password: SecretString, ip: IpAddr) -> Result<Timestamp> {
    let begun = nexus.now();
    nexus.limits.request(ip, begun).await?;
    let row: Option<(String, Option<String>)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT email, password_hash FROM users WHERE id = $1"
    ))
    .bind(user)
    .fetch_optional(pool)
    .await)?;
    let (email, stored) = row.ok_or_else(wrong_credentials)?;
    nexus.limits.attempt(ip, &email, begun).await?;
    if !verify(nexus, password, stored).await? {
        record(nexus, user, "user.step_up_failed", "denied", ip).await?;
        return Err(Error::invalid("password", "The password is wrong"));
    }
    let now = nexus.now();
    nexus.limits.succeeded(ip, &email, begun, now).await?;
    record(nexus, user, "user.stepped_up", "done", ip).await?;
    Ok(now)
}

/// Writes the sign-out to the audit log; ending the session is the adapter's part.
pub async fn signed_out(nexus: &Nexus, user: UserId, ip: IpAddr) -> Result<()> {
    record(nexus, user, "user.signed_out", "done", ip).await
}

async fn memberships(nexus: &Nexus, user: UserId) -> Result<Vec<Membership>> {
    let rows: Vec<(String, String, String)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT t.slug, t.name, m.role FROM memberships m JOIN tenants t ON t.id = m.tenant_id
         WHERE m.user_id = $1 ORDER BY t.slug"
    ))
    .bind(user)
    .fetch_all(pool)
    .await)?;
    Ok(rows
        .into_iter()
        .filter_map(|(slug, name, role)| Some(Membership { slug, name, role: TenantRole::parse(&role)? }))
        .collect())
}

/// The signed-in person for the console's frame; `None` when the account is gone.
pub async fn me(nexus: &Nexus, user: UserId, signed_in_at: Timestamp) -> Result<Option<Me>> {
    let row: Option<(String,)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!("SELECT email FROM users WHERE id = $1"))
            .bind(user)
            .fetch_optional(pool)
            .await)?;
    let Some((email,)) = row else { return Ok(None) };
    Ok(Some(Me { user, email, tenants: memberships(nexus, user).await?, signed_in_at }))
}

/// The person as an actor in one tenant. Read on every request, so that a role change holds at once, and so does
/// what the tenant requires of a sign-in.
pub async fn person(nexus: &Nexus, opened: Opened, tenant_slug: &str, ip: Option<IpAddr>) -> Result<Actor> {
    let Opened { user, signed_in_at, proof } = opened;
    let row: Option<MemberRow> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT t.id, t.name, u.email, m.role, t.requires_provider, t.requires_second_factor,
                p.tenant_id AS provider_of FROM memberships m
         JOIN tenants t ON t.id = m.tenant_id JOIN users u ON u.id = m.user_id
         LEFT JOIN sign_in_providers p ON p.id = $3 AND p.enabled
         WHERE t.slug = $1 AND m.user_id = $2"
    ))
    .bind(tenant_slug)
    .bind(user)
    .bind(reach::provider_of(proof.means))
    .fetch_optional(pool)
    .await)?;
    let row = row.ok_or_else(Error::not_found)?;
    if !Reach::of(nexus, proof.means, row.provider_of).opens(row.id) {
        return Err(Error::not_found());
    }
    if row.requires_provider && row.provider_of != Some(row.id) {
        return Err(provider_required(tenant_slug));
    }
    if row.requires_second_factor {
        factors::satisfies(nexus, opened, &row.name).await?;
    }
    let role = TenantRole::parse(&row.role).ok_or(Error::Impossible("an unknown tenant role"))?;
    nexus.seen.note(row.id, user, nexus.now());
    Ok(Actor {
        tenant: row.id,
        tenant_slug: tenant_slug.to_owned(),
        who: Who::Person { user, email: row.email, role, signed_in_at },
        ip,
    })
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    id: TenantId,
    name: String,
    email: String,
    role: String,
    requires_provider: bool,
    requires_second_factor: bool,
    /// The tenant whose provider opened the session.
    provider_of: Option<TenantId>,
}

/// Says which way leads in.
fn provider_required(tenant_slug: &str) -> Error {
    let message = "This tenant opens only to those who sign in with its own provider";
    Refusal::new(Code::ProviderRequired, message)
        .with("sign_in", format!("/sign-in?tenant={tenant_slug}"))
        .into()
}

/// Remembers the tenant that a person used last.
pub async fn used_tenant(nexus: &Nexus, user: UserId, tenant_slug: &str) -> Result<()> {
    let slug = tenant_slug.to_owned();
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!("UPDATE users SET last_tenant = $2 WHERE id = $1"))
                    .bind(user)
                    .bind(slug)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                Ok(())
            })
        })
        .await
}

/// 32 random bytes in hex.
pub(crate) fn new_token(nexus: &Nexus) -> Result<String> {
    let bytes: [u8; 32] = crypto::random(nexus.keyring.random())?;
    Ok(hex::encode(bytes))
}

/// Makes a one-time link with which a person sets a password, for whoever runs the program; `None` for
/// an unknown address.
pub async fn password_link(nexus: &Nexus, email: &str) -> Result<Option<String>> {
    let Some(user) = find(nexus, &account_of(email)).await? else { return Ok(None) };
    let token = new_token(nexus)?;
    let hash = nexus.keyring.mac("password-link", token.as_bytes())?;
    let now = nexus.now();
    let seqs = nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!(
                    "INSERT INTO one_time_links (token_hash, purpose, user_id, created_at, expires_at)
                     VALUES ($1, 'password', $2, $3, $4)"
                ))
                .bind(hash.as_slice())
                .bind(user.id)
                .bind(now)
                .bind(now.plus(LINK_LIFE))
                .execute(c)
                .await
                .map(|_| ()))?;
                record_by_operator(tx, user.id, "user.password_link", now).await
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(Some(format!("{}/reset/{token}", nexus.settings.public_url)))
}

/// Whether a link would still be accepted. Looking does not consume it.
pub async fn reset_info(nexus: &Nexus, token: &str) -> Result<bool> {
    let hash = nexus.keyring.mac("password-link", token.as_bytes())?;
    let row: Option<(Timestamp,)> = single!(nexus.db, |pool| {
        sqlx::query_as(sql!(
        "SELECT expires_at FROM one_time_links WHERE token_hash = $1 AND purpose = 'password' AND expires_at > $2"
    ))
    .bind(hash.as_slice())
    .bind(nexus.now())
    .fetch_optional(pool)
    .await
    })?;
    Ok(row.is_some())
}

/// Sets a new password by a one-time link, consumes it and every other of this person, and ends all
/// of the person's sessions. The link is a proof, and no second factor.
pub async fn reset_password(
    nexus: &Nexus,
    token: &str,
    password: SecretString,
    ip: IpAddr,
) -> Result<Entered> {
    nexus.limits.request(ip, nexus.now()).await?;
    check_password(password.expose_secret())?;
    let gone =
        || Error::Refused(Refusal::new(Code::NotFound, "This link was used already, or its time is over"));
    if !reset_info(nexus, token).await? {
        nexus.limits.attempt(ip, "password-link", nexus.now()).await?;
        return Err(gone());
    }
    // One at a time, so that many uses of one link do not fill the queue of those who sign in.
    let _turn = nexus.turn.lock().await;
    if !reset_info(nexus, token).await? {
        return Err(gone());
    }
    let link = nexus.keyring.mac("password-link", token.as_bytes())?;
    let hash = nexus.passwords.hash(password).await?;
    let (handle, now) = (nexus.clone(), nexus.now());
    let (user, seqs) = nexus
        .write(move |tx| {
            Box::pin(async move {
                let row: Option<(UserId, Option<String>)> = on!(*tx, |c| sqlx::query_as(sql!(
                    "DELETE FROM one_time_links WHERE token_hash = $1 AND purpose = 'password' AND expires_at > $2
                     RETURNING user_id, email"
                ))
                .bind(link.as_slice())
                .bind(now)
                .fetch_optional(c)
                .await)?;
                let (user, proved) = row.ok_or_else(gone)?;
                password::replaced_by_link(&handle, tx, user, proved, &hash, ip, now).await?;
                Ok((user, record_in(tx, user, "user.password_reset", "done", ip, now).await?))
            })
        })
        .await?;
    saw(nexus, seqs);
    enter(nexus, user, Proof::LINK, ip).await
}
