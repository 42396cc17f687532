//! Accepting: what somebody with a link is shown, and becoming a member by it, once.
//!
//! Whether the address has an account is not shown: the page offers both ways to everybody. Only whoever tries to sign up
//! under an address that has one learns of it, and only with a link that was made for that address.

use super::grants::still_held;
use super::list::one;
use super::{Grant, Row, mac, members};
use crate::gate::{Actor, Who};
use crate::mail;
use crate::nexus::Nexus;
use crate::people::{Means, Proof};
use crate::sign_in::{self, Identity};
use crate::store::{on, single, sql};
use crate::work::{Target, Work};
use crate::{Error, Result};
use nexus_domain::invitation::{Grants, InvitationState, Offer};
use nexus_domain::member::check_password;
use nexus_domain::{Code, InvitationId, ProviderId, Refusal, TenantId, Timestamp, UserId};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::net::IpAddr;
use uuid::Uuid;

/// Who accepts.
#[derive(Debug)]
pub enum Acceptor {
    /// Somebody new, by a password.
    Password(SecretString),
    /// Somebody who is signed in, by whatever means.
    SignedIn(UserId),
    /// Somebody new whom a provider of sign-in vouches for, with the address that it has verified. Never for an account
    /// that exists: that one signs in by its own means first.
    Vouched(Vouched),
}

/// Who somebody is at a provider.
#[derive(Debug)]
pub struct Vouched {
    pub provider: ProviderId,
    /// Whose provider that is; nobody's where it is the instance's.
    pub tenant: Option<TenantId>,
    pub identity: Identity,
}

impl Vouched {
    /// What they prove by it.
    pub const fn proof(&self) -> Proof {
        Proof { means: Means::Provider(self.provider), second_factor: self.identity.second_factor }
    }
}

/// A person who has just become a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub user: UserId,
    pub email: String,
    /// The slug of the tenant.
    pub tenant: String,
    pub tenant_name: String,
    pub at: Timestamp,
}

/// A link that leads somewhere.
struct Found {
    tenant: TenantId,
    slug: String,
    name: String,
    id: InvitationId,
}

fn gone() -> Error {
    let message = "This invitation was used already, was taken back, or its time is over";
    Refusal::new(Code::NotFound, message).into()
}

fn has_account() -> Error {
    Refusal::new(Code::Conflict, "There is an account with this address already: sign in, then accept").into()
}

async fn find(nexus: &Nexus, token: &str) -> Result<Option<Found>> {
    let mac = mac(nexus, token)?;
    let row: Option<(TenantId, String, String, InvitationId)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!(
            "SELECT i.tenant_id, t.slug, t.name, i.id FROM invitations i JOIN tenants t ON t.id = i.tenant_id
         WHERE i.token_mac = $1"
        ))
        .bind(mac.as_slice())
        .fetch_optional(pool)
        .await)?;
    Ok(row.map(|(tenant, slug, name, id)| Found { tenant, slug, name, id }))
}

/// What a link offers; 404 where it does not work (any more). Looking does not use it up.
pub async fn offer(nexus: &Nexus, token: &str, ip: IpAddr) -> Result<Offer> {
    nexus.limits.request(ip, nexus.now()).await?;
    let found = find(nexus, token).await?.ok_or_else(gone)?;
    offered(nexus, &found).await
}

async fn offered(nexus: &Nexus, found: &Found) -> Result<Offer> {
    let (id, tenant) = (found.id, found.name.clone());
    let reader = Actor::operator(found.tenant, found.slug.clone());
    nexus
        .read(&reader, move |w| {
            Box::pin(async move {
                let (row, projects) = usable(w, id).await?;
                Ok(Offer {
                    tenant,
                    slug: w.actor.tenant_slug.clone(),
                    email: row.email,
                    invited_by: row.invited_by,
                    tenant_role: row.tenant_role,
                    projects: projects.into_iter().map(|grant| (grant.name, grant.role)).collect(),
                    expires_at: row.expires_at,
                })
            })
        })
        .await
}

/// An invitation that can be accepted now: it waits, and whoever gave it still could.
async fn usable(w: &mut Work, id: InvitationId) -> Result<(Row, Vec<Grant>)> {
    let (row, projects) = one(w, id).await.map_err(|_| gone())?;
    let grants = row.grants(&projects);
    let held = still_held(w, row.inviter(), &grants, &projects).await?;
    if row.state(w.now) == InvitationState::Pending && held { Ok((row, projects)) } else { Err(gone()) }
}

/// Accepts an invitation: of many at once, one.
pub async fn accept(nexus: &Nexus, token: &str, acceptor: Acceptor, ip: IpAddr) -> Result<Accepted> {
    nexus.limits.request(ip, nexus.now()).await?;
    if let Acceptor::Password(password) = &acceptor {
        check_password(password.expose_secret())?;
    }
    let Some(found) = find(nexus, token).await? else {
        // A token that was made up is a guess.
        nexus.limits.attempt(ip, "invitation-link", nexus.now()).await?;
        return Err(gone());
    };
    let offer = offered(nexus, &found).await?;
    // One at a time, so that many uses of one link hash one password.
    let turn = match acceptor {
        Acceptor::Password(_) => Some(nexus.turn.lock().await),
        _ => None,
    };
    if turn.is_some() {
        offered(nexus, &found).await?;
    }
    let account = account(nexus, acceptor, &offer.email, found.tenant).await?;
    let Found { tenant, slug, name, id } = found;
    let (email, mac) = (offer.email, mac(nexus, token)?);
    let who = Who::Person {
        user: account.user(),
        email: email.clone(),
        role: offer.tenant_role,
        signed_in_at: nexus.now(),
    };
    let actor = Actor { tenant, tenant_slug: slug.clone(), who, ip: Some(ip) };
    let accepted = Accepted { user: account.user(), email, tenant: slug, tenant_name: name, at: nexus.now() };
    nexus
        .change(&actor, move |w| {
            Box::pin(async move {
                let (row, projects) = usable(w, id).await?;
                consume(w, &mac, account.user()).await?;
                account.settle(w, &row).await?;
                become_member(w, account.user(), &row, &projects).await
            })
        })
        .await?;
    Ok(accepted)
}

/// The account that accepts.
enum Account {
    New { user: UserId, password_hash: String },
    Vouched { user: UserId, by: Vouched },
    Known(UserId),
}

async fn account(nexus: &Nexus, acceptor: Acceptor, email: &str, tenant: TenantId) -> Result<Account> {
    let user = UserId(Uuid::now_v7());
    match acceptor {
        Acceptor::SignedIn(user) => {
            let theirs = email_of(nexus, user).await?;
            if theirs != email {
                let message = format!("This invitation is for {email}, and you are signed in as {theirs}");
                return Err(Refusal::new(Code::Forbidden, message).into());
            }
            Ok(Account::Known(user))
        }
        Acceptor::Password(password) => {
            // Nobody waits for a hash that is of no use.
            refuse_known(nexus, email).await?;
            Ok(Account::New { user, password_hash: nexus.passwords.hash(password).await? })
        }
        Acceptor::Vouched(by) => {
            let known_as = by.identity.email.clone().unwrap_or_default();
            if known_as.trim().to_lowercase() != email || !by.identity.email_verified {
                let message =
                    format!("This invitation is for {email}, and the provider does not say that this is you");
                return Err(Refusal::new(Code::Forbidden, message).into());
            }
            if by.tenant.is_some_and(|its| its != tenant) {
                let message = "This provider is another tenant's, and opens that one only";
                return Err(Refusal::new(Code::Forbidden, message).into());
            }
            refuse_known(nexus, email).await?;
            Ok(Account::Vouched { user, by })
        }
    }
}

async fn email_of(nexus: &Nexus, user: UserId) -> Result<String> {
    let row: Option<(String,)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!("SELECT email FROM users WHERE id = $1"))
            .bind(user)
            .fetch_optional(pool)
            .await)?;
    row.map(|(email,)| email).ok_or_else(|| Refusal::new(Code::Unauthorized, "Sign in first").into())
}

async fn refuse_known(nexus: &Nexus, email: &str) -> Result<()> {
    let row: Option<(UserId,)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!("SELECT id FROM users WHERE email = $1"))
            .bind(email)
            .fetch_optional(pool)
            .await)?;
    if row.is_some() { Err(has_account()) } else { Ok(()) }
}

impl Account {
    const fn user(&self) -> UserId {
        match self {
            Self::New { user, .. } | Self::Vouched { user, .. } | Self::Known(user) => *user,
        }
    }

    /// Makes the account, or finds that it still has the address. A link that only the mailbox saw proves the address; so
    /// does the instance's provider, but not one that the tenant has chosen itself.
    async fn settle(&self, w: &mut Work, row: &Row) -> Result<()> {
        let vouched = matches!(self, Self::Vouched { by, .. } if by.tenant.is_none());
        let verified_at = (vouched || row.proves_mailbox()).then_some(w.now);
        let slug = w.actor.tenant_slug.clone();
        match self {
            Self::New { user, password_hash } => {
                insert(w, *user, &row.email, Some(password_hash), verified_at).await
            }
            Self::Vouched { user, by } => {
                insert(w, *user, &row.email, None, verified_at).await?;
                let provider = (by.provider, by.tenant);
                match sign_in::link(&mut w.tx, *user, provider, &by.identity, w.now).await? {
                    true => Ok(()),
                    false => Err(has_account()),
                }
            }
            Self::Known(user) => {
                let known = on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE users SET last_tenant = $3, email_verified_at = COALESCE(email_verified_at, $4)
                     WHERE id = $1 AND email = $2"
                ))
                .bind(*user)
                .bind(row.email.as_str())
                .bind(slug)
                .bind(verified_at)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
                if known == 1 { Ok(()) } else { Err(gone()) }
            }
        }
    }
}

/// Makes an account, unless the address has one.
async fn insert(
    w: &mut Work,
    user: UserId,
    email: &str,
    password_hash: Option<&str>,
    verified_at: Option<Timestamp>,
) -> Result<()> {
    let slug = w.actor.tenant_slug.clone();
    let made = on!(w.tx, |c| sqlx::query(sql!(
        "INSERT INTO users (id, email, password_hash, email_verified_at, last_tenant, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING"
    ))
    .bind(user)
    .bind(email)
    .bind(password_hash)
    .bind(verified_at)
    .bind(slug)
    .bind(w.now)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    if made == 1 { Ok(()) } else { Err(has_account()) }
}

/// Uses the link up. One statement: whoever comes second finds nothing.
async fn consume(w: &mut Work, mac: &[u8], user: UserId) -> Result<()> {
    let used = on!(w.tx, |c| {
        sqlx::query(sql!(
        "UPDATE invitations SET accepted_at = $3, accepted_by = $4
         WHERE tenant_id = $1 AND token_mac = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $3"
    ))
    .bind(w.actor.tenant)
    .bind(mac)
    .bind(w.now)
    .bind(user)
    .execute(c)
    .await
    .map(|done| done.rows_affected())
    })?;
    if used == 1 { Ok(()) } else { Err(gone()) }
}

async fn become_member(w: &mut Work, user: UserId, row: &Row, projects: &[Grant]) -> Result<()> {
    if let Some(mail) = row.mail_id {
        mail::withdraw(w, mail).await?;
    }
    members::join_tenant(w, user, &row.email, row.tenant_role).await?;
    let Grants { tenant_role, projects: given } = row.grants(projects);
    let details = json!({ "tenant_role": tenant_role, "projects": given, "invited_by": row.invited_by });
    w.record_event("member.joined", &Target::named(&row.email), details).await?;
    for grant in projects {
        members::join_project(w, user, grant).await?;
    }
    Ok(())
}
