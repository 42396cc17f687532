//! Tenants: founding one with its owner, environments and keys, its name, and its end.

mod another;
mod networks;

pub use another::{NewTenant, TenantCreation, create, found_for};
pub use networks::{networks, set_networks};

use crate::audit::{Chain, Entry};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::projects::Losable;
use crate::store::{Tx, on, sql};
use crate::work::{Target, Work};
use crate::{Result, environments};
use nexus_domain::action::Action;
use nexus_domain::environment::{DEVELOP, EnvironmentKind, LIVE, SOFT_CAP, STAGING};
use nexus_domain::member::check_email;
use nexus_domain::project::{Losses, Tenant, TenantPatch};
use nexus_domain::{Code, Refusal, TenantId, Timestamp, UserId, slug};
use serde_json::{Map, json};
use std::net::IpAddr;
use uuid::Uuid;

/// What a new tenant starts with.
#[derive(Debug)]
pub struct Founding {
    pub slug: String,
    pub name: String,
    pub email: String,
    /// Absent when the owner will set one by a one-time link.
    pub password_hash: Option<String>,
}

/// A tenant that was just made.
#[derive(Debug, Clone)]
pub struct Founded {
    pub tenant: TenantId,
    pub owner: UserId,
    /// Acts as the operator in the new tenant.
    pub actor: Actor,
}

/// Makes the first tenant of the instance with its owner, its key, and its three environments, all
/// or nothing. Refused when a tenant exists.
pub async fn found(nexus: &Nexus, founding: Founding, ip: Option<IpAddr>) -> Result<Founded> {
    found_where(nexus, founding, ip, true).await
}

/// Makes one more tenant, with an owner who is new to the instance. For whoever runs the program.
pub async fn found_another(nexus: &Nexus, founding: Founding, ip: Option<IpAddr>) -> Result<Founded> {
    found_where(nexus, founding, ip, false).await
}

async fn found_where(nexus: &Nexus, founding: Founding, ip: Option<IpAddr>, first: bool) -> Result<Founded> {
    slug::check(&founding.slug)?;
    let founding = Founding {
        name: slug::check_name(&founding.name)?,
        email: check_email(&founding.email)?,
        ..founding
    };
    let now = nexus.now();
    let handle = nexus.clone();
    let founded = nexus
        .write(move |tx| {
            Box::pin(async move {
                if first {
                    refuse_second(tx).await?;
                }
                let owner = UserId(Uuid::now_v7());
                add_person(tx, owner, &founding, now).await?;
                let Founding { slug, name, email, .. } = founding;
                let actor = |tenant| Actor { ip, ..Actor::operator(tenant, slug.clone()) };
                found_in(&handle, tx, &slug, &name, (owner, &email), actor, now).await
            })
        })
        .await?;
    nexus.saw_seq(founded.tenant, 1);
    Ok(founded)
}

/// The row of the instance is the lock that two founders meet at.
async fn refuse_second(tx: &mut Tx) -> Result<()> {
    on!(*tx, |c| sqlx::query(sql!("UPDATE instance SET created_at = created_at WHERE id = 1"))
        .execute(c)
        .await
        .map(|_| ()))?;
    let (existing,): (i64,) =
        on!(*tx, |c| sqlx::query_as(sql!("SELECT COUNT(*) FROM tenants")).fetch_one(c).await)?;
    if existing > 0 {
        return Err(Refusal::new(Code::Conflict, "This instance has a tenant already").into());
    }
    Ok(())
}

/// A tenant with its key, its owner and its environments. `actor` says who makes it.
async fn found_in(
    nexus: &Nexus,
    tx: &mut Tx,
    slug: &str,
    name: &str,
    (owner, email): (UserId, &str),
    actor: impl FnOnce(TenantId) -> Actor,
    now: Timestamp,
) -> Result<Founded> {
    let tenant = TenantId(Uuid::now_v7());
    on!(*tx, |c| sqlx::query(sql!(
        "INSERT INTO tenants (id, slug, name, seq, chain_head, environment_cap, created_at)
         VALUES ($1, $2, $3, 0, $4, $5, $6)"
    ))
    .bind(tenant)
    .bind(slug)
    .bind(name)
    .bind([0_u8; 32].as_slice())
    .bind(SOFT_CAP)
    .bind(now)
    .execute(c)
    .await
    .map(|_| ()))?;
    nexus.keyring.create_tenant_key(tx, tenant, now).await?;
    add_owner(tx, tenant, owner, email, now).await?;
    let stages = [
        (LIVE, "Production", EnvironmentKind::Live),
        (DEVELOP, "Develop", EnvironmentKind::Environment),
        (STAGING, "Staging", EnvironmentKind::Environment),
    ];
    for (slug, name, kind) in stages {
        environments::insert(tx, tenant, slug, name, kind, None, now).await?;
    }
    let actor = actor(tenant);
    let mut chain = Chain::next(tx, tenant).await?;
    let details = Map::from_iter([("owner".to_owned(), json!(email))]);
    let entry = Entry::new(&actor, now, "tenant.created", "done", &Target::named(slug), details);
    chain.append(tx, &entry).await?;
    chain.close(tx).await?;
    Ok(Founded { tenant, owner, actor })
}

/// Somebody who is new to the instance.
async fn add_person(tx: &mut Tx, user: UserId, founding: &Founding, now: Timestamp) -> Result<()> {
    on!(*tx, |c| sqlx::query(sql!(
        "INSERT INTO users (id, email, password_hash, last_tenant, created_at) VALUES ($1, $2, $3, $4, $5)"
    ))
    .bind(user)
    .bind(founding.email.as_str())
    .bind(founding.password_hash.as_deref())
    .bind(founding.slug.as_str())
    .bind(now)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn add_owner(tx: &mut Tx, tenant: TenantId, owner: UserId, email: &str, now: Timestamp) -> Result<()> {
    on!(*tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO memberships (tenant_id, user_id, role, handle, created_at) VALUES ($1, $2, 'owner', $3, $4)"
    ))
    .bind(tenant)
    .bind(owner)
    .bind(slug::handle_from_email(email))
    .bind(now)
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}

/// The operator in each tenant, for the command line.
pub async fn operators(nexus: &Nexus) -> Result<Vec<Actor>> {
    let mut tx = nexus.db.begin_read().await?;
    let rows: Vec<(TenantId, String)> =
        on!(tx, |c| sqlx::query_as(sql!("SELECT id, slug FROM tenants ORDER BY slug")).fetch_all(c).await)?;
    tx.rollback().await?;
    Ok(rows.into_iter().map(|(tenant, slug)| Actor::operator(tenant, slug)).collect())
}

/// The actor's tenant.
pub async fn get(nexus: &Nexus, actor: &Actor) -> Result<Tenant> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::TenantRead)?;
                select(w).await
            })
        })
        .await
}

async fn select(w: &mut Work) -> Result<Tenant> {
    let row: (TenantId, String, String, Timestamp) =
        on!(w.tx, |c| sqlx::query_as(sql!("SELECT id, slug, name, created_at FROM tenants WHERE id = $1"))
            .bind(w.actor.tenant)
            .fetch_one(c)
            .await)?;
    let (id, slug, name, created_at) = row;
    Ok(Tenant { id, slug, name, created_at })
}

/// Renames the tenant; its slug is permanent.
pub async fn update(nexus: &Nexus, actor: &Actor, patch: TenantPatch) -> Result<Tenant> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::TenantUpdate)?;
                let before = select(w).await?;
                let Some(name) = patch.name else {
                    w.nothing_to_do();
                    return Ok(before);
                };
                let name = slug::check_name(&name)?;
                on!(w.tx, |c| sqlx::query(sql!("UPDATE tenants SET name = $2 WHERE id = $1"))
                    .bind(w.actor.tenant)
                    .bind(name.as_str())
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                let details = json!({ "name": { "from": before.name, "to": name } });
                w.record(Action::TenantUpdate, &Target::named(&before.slug), details).await?;
                Ok(Tenant { name, ..before })
            })
        })
        .await
}

/// What goes with the tenant when it is deleted.
pub async fn losses(nexus: &Nexus, actor: &Actor) -> Result<Losses> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::TenantUpdate)?;
                Losable::Tenant(w.actor.tenant).count(w).await
            })
        })
        .await
}

/// Deletes the tenant with everything in it: its keys, its audit log, and the accounts that belong
/// to no other tenant. Its log ends with it, so that what remains of the act is the program's own
/// log, which names who did it and the last row of the chain.
pub async fn delete(nexus: &Nexus, actor: &Actor) -> Result<Losses> {
    let losses = nexus
        .change(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::TenantDelete)?;
                let losses = Losable::Tenant(w.actor.tenant).count(w).await?;
                let slug = w.actor.tenant_slug.clone();
                w.record(Action::TenantDelete, &Target::named(&slug), json!({ "lost": losses })).await?;
                delete_everything(w, &slug).await?;
                tracing::warn!(
                    tenant = %w.actor.tenant, slug, by = w.actor.label(), seq = w.seq()?,
                    chain_head = %w.chain_head(), "a tenant is being deleted"
                );
                Ok(losses)
            })
        })
        .await?;
    nexus.saw_end_of(actor.tenant);
    Ok(losses)
}

/// Rows that refer to the tenant go with it.
async fn delete_everything(w: &mut Work, slug: &str) -> Result<()> {
    let tenant = w.actor.tenant;
    on!(w.tx, |c| sqlx::query(sql!("UPDATE users SET last_tenant = NULL WHERE last_tenant = $1"))
        .bind(slug)
        .execute(c)
        .await
        .map(|_| ()))?;
    on!(w.tx, |c| sqlx::query(sql!(
        "DELETE FROM users WHERE id IN (SELECT user_id FROM memberships WHERE tenant_id = $1)
         AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id AND m.tenant_id <> $1)"
    ))
    .bind(tenant)
    .execute(c)
    .await
    .map(|_| ()))?;
    on!(w.tx, |c| sqlx::query(sql!("DELETE FROM tenants WHERE id = $1"))
        .bind(tenant)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}
