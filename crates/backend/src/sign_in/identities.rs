//! Who somebody is at which provider: looking up, linking, taking away. Only here are identities written.

use super::claims::Identity;
use super::{Known, kind_of};
use crate::gate::is_fresh;
use crate::nexus::Nexus;
use crate::people::{self, Opened};
use crate::store::{Tx, on, single, sql};
use crate::{Error, Result};
use nexus_domain::sign_in::{Connection, OfferedProvider, ProviderKind};
use nexus_domain::{Code, ProviderId, Refusal, TenantId, Timestamp, UserId};
use std::net::IpAddr;
use uuid::Uuid;

/// The person that an identity belongs to.
pub(super) async fn find(tx: &mut Tx, provider: ProviderId, subject: &str) -> Result<Option<UserId>> {
    let row: Option<(UserId,)> = on!(*tx, |c| sqlx::query_as(sql!(
        "SELECT user_id FROM identities WHERE provider_id = $1 AND subject = $2"
    ))
    .bind(provider)
    .bind(subject)
    .fetch_optional(c)
    .await)?;
    Ok(row.map(|(user,)| user))
}

/// Gives an identity to a person. One that is somebody's stays theirs: then this says no.
pub(crate) async fn link(
    tx: &mut Tx,
    user: UserId,
    provider: (ProviderId, Option<TenantId>),
    identity: &Identity,
    now: Timestamp,
) -> Result<bool> {
    let (id, tenant) = provider;
    let rows = on!(*tx, |c| sqlx::query(sql!(
        "INSERT INTO identities (provider_id, subject, user_id, tenant_id, shown, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
    ))
    .bind(id)
    .bind(identity.subject.as_str())
    .bind(user)
    .bind(tenant)
    .bind(identity.shown.as_str())
    .bind(now)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Makes a new person who signs in with a provider, in the transaction of what lets them in (an invitation, the
/// rule of a domain). Their address has to be known and nobody's; whether it is verified stands in the identity.
pub async fn new_person(
    tx: &mut Tx,
    provider: (ProviderId, Option<TenantId>),
    identity: &Identity,
    email: &str,
    now: Timestamp,
) -> Result<Option<UserId>> {
    let user = UserId(Uuid::now_v7());
    let verified = (identity.email_verified && identity.email.as_deref() == Some(email)).then_some(now);
    let rows = on!(*tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO users (id, email, email_verified_at, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
    ))
    .bind(user)
    .bind(email)
    .bind(verified)
    .bind(now)
    .execute(c)
    .await
    .map(|done| done.rows_affected())
    })?;
    let made = rows == 1 && link(tx, user, provider, identity, now).await?;
    Ok(made.then_some(user))
}

/// The provider's row of somebody who is signed in: linking, in one transaction with its audit rows.
pub(super) async fn connect(
    nexus: &Nexus,
    user: UserId,
    provider: &Known,
    identity: Identity,
    ip: IpAddr,
) -> Result<()> {
    let (of, now) = ((provider.id, provider.tenant), nexus.now());
    let seqs = nexus
        .write(move |tx| {
            Box::pin(async move {
                if !link(tx, user, of, &identity, now).await? {
                    return match find(tx, of.0, &identity.subject).await? {
                        Some(owner) if owner == user => Ok(Vec::new()),
                        _ => {
                            Err(Refusal::new(Code::Conflict, "Somebody else signs in with this already")
                                .into())
                        }
                    };
                }
                people::record_in(tx, user, "user.sign_in_connected", "done", ip, now).await
            })
        })
        .await?;
    people::saw(nexus, seqs);
    Ok(())
}

/// The providers with which a person signs in, oldest first.
pub async fn connections(nexus: &Nexus, user: UserId) -> Result<Vec<Connection>> {
    let rows: Vec<Row> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT i.provider_id, i.shown, i.created_at, p.name, p.kind, t.name AS tenant FROM identities i
         LEFT JOIN sign_in_providers p ON p.id = i.provider_id LEFT JOIN tenants t ON t.id = p.tenant_id
         WHERE i.user_id = $1 ORDER BY i.created_at, i.provider_id"
    ))
    .bind(user)
    .fetch_all(pool)
    .await)?;
    rows.into_iter().map(|row| row.into_wire(nexus)).collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    provider_id: ProviderId,
    shown: String,
    created_at: Timestamp,
    name: Option<String>,
    kind: Option<String>,
    tenant: Option<String>,
}

impl Row {
    fn into_wire(self, nexus: &Nexus) -> Result<Connection> {
        let own = nexus.settings.providers.iter().find(|own| own.id() == self.provider_id);
        let (name, kind) = match (self.name, self.kind, own) {
            (Some(name), Some(kind), _) => (name, kind_of(&kind)?),
            (_, _, Some(own)) => (own.name.clone(), own.kind),
            _ => ("A provider that is not there any more".to_owned(), ProviderKind::Oidc),
        };
        Ok(Connection {
            provider: self.provider_id,
            name,
            kind,
            shown: self.shown,
            tenant: self.tenant,
            created_at: self.created_at,
        })
    }
}

/// How somebody can prove once more who they are, in the session that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepUpMeans {
    pub password: bool,
    pub providers: Vec<OfferedProvider>,
}

/// The means of a person: those that the session's own rules let confirm it.
pub async fn step_up_means(nexus: &Nexus, opened: Opened) -> Result<StepUpMeans> {
    let row: Option<(bool,)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT password_hash IS NOT NULL FROM users WHERE id = $1"
    ))
    .bind(opened.user)
    .fetch_optional(pool)
    .await)?;
    let confirms = |connection: &Connection| {
        let opened_by_it = opened.proof.means == people::Means::Provider(connection.provider);
        connection.kind.tells_when() && (connection.tenant.is_none() || opened_by_it)
    };
    let connected = connections(nexus, opened.user).await?;
    let providers = connected
        .into_iter()
        .filter(confirms)
        .map(|it| OfferedProvider { id: it.provider, name: it.name, kind: it.kind })
        .collect();
    Ok(StepUpMeans { password: row.is_some_and(|(has,)| has), providers })
}

/// Takes a provider away from a person; not the last way to sign in. Their sessions that it opened end.
pub async fn disconnect(nexus: &Nexus, opened: Opened, provider: ProviderId, ip: IpAddr) -> Result<()> {
    people::refuse_confined(nexus, opened).await?;
    let now = nexus.now();
    if !is_fresh(opened.signed_in_at, now) {
        return Err(Refusal::new(Code::StepUpRequired, "Confirm that it is you: sign in again").into());
    }
    let user = opened.user;
    let handle = nexus.clone();
    let seqs = nexus
        .write(move |tx| {
            Box::pin(async move {
                let rows = on!(*tx, |c| sqlx::query(sql!(
                    "DELETE FROM identities WHERE user_id = $1 AND provider_id = $2"
                ))
                .bind(user)
                .bind(provider)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
                if rows == 0 {
                    return Err(Error::not_found());
                }
                people::means::refuse_none(&handle, tx, user).await?;
                people::record_in(tx, user, "user.sign_in_disconnected", "done", ip, now).await
            })
        })
        .await?;
    people::saw(nexus, seqs);
    Ok(())
}

/// Forgets people who did not come back from a provider.
pub(crate) async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<()> {
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM sign_in_flows WHERE expires_at <= $1"))
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}
