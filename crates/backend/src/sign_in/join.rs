//! Joining by mail domain: whoever a provider vouches for with an address of a proved domain becomes what the
//! tenant's rule says, once, without an invitation.

use super::claims::Identity;
use super::domains::Grant;
use crate::audit::{Chain, Entry};
use crate::dev_environments::of_member;
use crate::environments;
use crate::gate::{Actor, Who};
use crate::members::free_handle;
use crate::store::{Tx, on, sql};
use crate::work::Target;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::environment::EnvironmentKind;
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::sign_in::domain_of;
use nexus_domain::{ProjectId, TenantId, Timestamp, UserId};
use serde_json::{Map, json};
use std::net::IpAddr;

/// A tenant that takes people of a domain in.
#[derive(sqlx::FromRow)]
pub(super) struct Opening {
    pub tenant_id: TenantId,
    pub slug: String,
    pub domain: String,
    pub joins_as: String,
    pub projects: String,
}

/// The tenants that an identity may join: by a provider of the instance all that proved the domain, by a tenant's
/// own only that tenant.
pub(super) async fn openings(
    tx: &mut Tx,
    identity: &Identity,
    only: Option<TenantId>,
) -> Result<Vec<Opening>> {
    let verified = identity.email.as_deref().filter(|_| identity.email_verified);
    let Some(domain) = verified.and_then(domain_of) else { return Ok(Vec::new()) };
    Ok(on!(*tx, |c| {
        sqlx::query_as(sql!(
        "SELECT d.tenant_id, t.slug, d.domain, d.joins_as, d.projects FROM mail_domains d
         JOIN tenants t ON t.id = d.tenant_id
         WHERE (d.tenant_id = $1 OR $2) AND d.domain = $3 AND d.proved_at IS NOT NULL AND d.joins_as IS NOT NULL
         ORDER BY d.tenant_id"
    ))
    .bind(only)
    .bind(only.is_none())
    .bind(domain)
    .fetch_all(c)
    .await
    })?)
}

/// Whether the person is in the tenant.
pub(super) async fn is_member(tx: &mut Tx, tenant: TenantId, user: UserId) -> Result<bool> {
    let row: Option<(String,)> = on!(*tx, |c| sqlx::query_as(sql!(
        "SELECT role FROM memberships WHERE tenant_id = $1 AND user_id = $2"
    ))
    .bind(tenant)
    .bind(user)
    .fetch_optional(c)
    .await)?;
    Ok(row.is_some())
}

/// Makes the person what the rule says, with an audit row; answers with the tenant's change number.
pub(super) async fn join(
    tx: &mut Tx,
    opening: &Opening,
    user: UserId,
    email: &str,
    ip: IpAddr,
    now: Timestamp,
) -> Result<(TenantId, i64)> {
    let tenant = opening.tenant_id;
    // First the tenant's number: from here on no other writer of the tenant is in between.
    let mut chain = Chain::next(tx, tenant).await?;
    let role = TenantRole::parse(&opening.joins_as).ok_or(Error::Impossible("an unknown tenant role"))?;
    let handle = free_handle(tx, tenant, email).await?;
    on!(*tx, |c| sqlx::query(sql!(
        "INSERT INTO memberships (tenant_id, user_id, role, handle, created_at) VALUES ($1, $2, $3, $4, $5)"
    ))
    .bind(tenant)
    .bind(user)
    .bind(role.as_str())
    .bind(handle.as_str())
    .bind(now)
    .execute(c)
    .await
    .map(|_| ()))?;
    let who = Who::Person { user, email: email.to_owned(), role, signed_in_at: now };
    let actor = Actor { tenant, tenant_slug: opening.slug.clone(), who, ip: Some(ip) };
    let granted = add_to_projects(tx, opening, user, now).await?;
    for (project, project_slug, _) in granted.iter().filter(|(.., role)| *role == ProjectRole::Developer) {
        let slug = of_member::slug(&handle);
        let (kind, owner) = (EnvironmentKind::Developer, Some((*project, user)));
        environments::insert(tx, tenant, &slug, &slug, kind, owner, now).await?;
        let target = Target { environment: Some(&slug), ..Target::in_project(project_slug, &slug) };
        let details = Map::from_iter([("owner".to_owned(), json!(email))]);
        let event = Action::DevEnvironmentCreate.event();
        chain.append(tx, &Entry::new(&actor, now, event, "done", &target, details)).await?;
    }
    let granted: Vec<String> = granted.iter().map(|(_, slug, role)| format!("{slug}: {role}")).collect();
    let details = Map::from_iter([
        ("domain".to_owned(), json!(opening.domain)),
        ("role".to_owned(), json!(role)),
        ("projects".to_owned(), json!(granted)),
    ]);
    let entry = Entry::new(&actor, now, "member.joined", "done", &Target::named(email), details);
    chain.append(tx, &entry).await?;
    chain.close(tx).await?;
    Ok((tenant, chain.last()))
}

/// Adds the person to the projects of the rule; those that are gone by now are left out.
async fn add_to_projects(
    tx: &mut Tx,
    opening: &Opening,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<(ProjectId, String, ProjectRole)>> {
    let tenant = opening.tenant_id;
    let grants: Vec<Grant> =
        serde_json::from_str(&opening.projects).map_err(|_| Error::Impossible("the projects of a rule"))?;
    let mut granted = Vec::new();
    for Grant { project, role } in grants {
        let slug: Option<(String,)> =
            on!(*tx, |c| sqlx::query_as(sql!("SELECT slug FROM projects WHERE tenant_id = $1 AND id = $2"))
                .bind(tenant)
                .bind(project)
                .fetch_optional(c)
                .await)?;
        let Some((slug,)) = slug else { continue };
        on!(*tx, |c| sqlx::query(sql!(
            "INSERT INTO project_members (tenant_id, project_id, user_id, role, created_at)
             VALUES ($1, $2, $3, $4, $5)"
        ))
        .bind(tenant)
        .bind(project)
        .bind(user)
        .bind(role.as_str())
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))?;
        granted.push((project, slug, role));
    }
    Ok(granted)
}
