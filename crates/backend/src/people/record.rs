//! What happens to a person, in the audit log of each of their tenants: a sign-in belongs to no tenant, and
//! the owners of all of them want to know of it.

use crate::audit::{Chain, Entry};
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::store::{Tx, on, sql};
use crate::work::Target;
use crate::{Error, Result};
use nexus_domain::role::TenantRole;
use nexus_domain::{TenantId, Timestamp, UserId};
use serde_json::Map;
use std::net::IpAddr;

pub(super) fn record_in_background(
    nexus: &Nexus,
    user: UserId,
    event: &'static str,
    outcome: &'static str,
    ip: IpAddr,
) {
    let handle = nexus.clone();
    nexus.in_background(event, async move { record(&handle, user, event, outcome, ip).await });
}

/// Writes an event of a person into the audit log of each of the person's tenants.
pub(crate) async fn record(
    nexus: &Nexus,
    user: UserId,
    event: &'static str,
    outcome: &'static str,
    ip: IpAddr,
) -> Result<()> {
    let now = nexus.now();
    let seqs = nexus
        .write(move |tx| Box::pin(async move { record_in(tx, user, event, outcome, ip, now).await }))
        .await?;
    saw(nexus, seqs);
    Ok(())
}

/// The same in a transaction that does more; answers with the change numbers to remember once it is
/// committed.
pub(crate) async fn record_in(
    tx: &mut Tx,
    user: UserId,
    event: &'static str,
    outcome: &'static str,
    ip: IpAddr,
    now: Timestamp,
) -> Result<Vec<(TenantId, i64)>> {
    record_about(tx, user, event, outcome, &Target::default(), ip, now).await
}

/// The same about something that is named, for example an address.
pub(super) async fn record_about(
    tx: &mut Tx,
    user: UserId,
    event: &str,
    outcome: &str,
    target: &Target<'_>,
    ip: IpAddr,
    now: Timestamp,
) -> Result<Vec<(TenantId, i64)>> {
    let mut seqs = Vec::new();
    for (tenant, tenant_slug, email, role) in tenants_of(tx, user).await? {
        let role = TenantRole::parse(&role).ok_or(Error::Impossible("an unknown tenant role"))?;
        let who = Who::Person { user, email, role, signed_in_at: now };
        let actor = Actor { tenant, tenant_slug, who, ip: Some(ip) };
        seqs.push(append(tx, &actor, event, outcome, target, now).await?);
    }
    Ok(seqs)
}

/// What whoever runs the program did for a person, in the log of each of the person's tenants.
pub(super) async fn record_by_operator(
    tx: &mut Tx,
    user: UserId,
    event: &'static str,
    now: Timestamp,
) -> Result<Vec<(TenantId, i64)>> {
    let mut seqs = Vec::new();
    for (tenant, slug, email, _) in tenants_of(tx, user).await? {
        let actor = Actor::operator(tenant, slug);
        seqs.push(append(tx, &actor, event, "done", &Target::named(&email), now).await?);
    }
    Ok(seqs)
}

/// A person's tenants, with slug, the person's address, and role; always in one order, so that two
/// writers never wait for each other.
async fn tenants_of(tx: &mut Tx, user: UserId) -> Result<Vec<(TenantId, String, String, String)>> {
    Ok(on!(*tx, |c| sqlx::query_as(sql!(
        "SELECT t.id, t.slug, u.email, m.role FROM memberships m
         JOIN tenants t ON t.id = m.tenant_id JOIN users u ON u.id = m.user_id
         WHERE m.user_id = $1 ORDER BY t.id"
    ))
    .bind(user)
    .fetch_all(c)
    .await)?)
}

/// One row in the log of the actor's tenant.
async fn append(
    tx: &mut Tx,
    actor: &Actor,
    event: &str,
    outcome: &str,
    target: &Target<'_>,
    now: Timestamp,
) -> Result<(TenantId, i64)> {
    let mut chain = Chain::next(tx, actor.tenant).await?;
    let entry = Entry::new(actor, now, event, outcome, target, Map::new());
    chain.append(tx, &entry).await?;
    chain.close(tx).await?;
    Ok((actor.tenant, chain.last()))
}

pub(crate) fn saw(nexus: &Nexus, seqs: Vec<(TenantId, i64)>) {
    for (tenant, seq) in seqs {
        nexus.saw_seq(tenant, seq);
    }
}
