//! What people let apps do, and taking it back. It is the person's own, so that no gate is asked.

use super::still_held;
use crate::Result;
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::people::{Opened, Reach, reach};
use crate::store::{Tx, on, single, sql};
use crate::work::Target;
use nexus_domain::action::Action;
use nexus_domain::oauth::{AppShown, CLI_NAME, ConnectedApp, words};
use nexus_domain::role::TenantRole;
use nexus_domain::{OauthGrantId, TenantId, Timestamp, UserId};
use serde_json::json;
use sqlx::FromRow;
use std::net::IpAddr;

#[derive(FromRow)]
struct Row {
    id: OauthGrantId,
    tenant_id: TenantId,
    tenant_slug: String,
    tenant_name: String,
    email: String,
    #[sqlx(try_from = "String")]
    role: TenantRole,
    scopes: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Option<Timestamp>,
    app_name: Option<String>,
    app_owner: Option<String>,
    app_scopes: Option<String>,
    homepage: Option<String>,
    logo: Option<Vec<u8>>,
}

impl Row {
    fn into_wire(self) -> ConnectedApp {
        let held = still_held(&self.scopes, self.app_scopes.as_deref());
        let app = match self.app_name {
            None => AppShown::command_line(),
            Some(name) => AppShown {
                name,
                owner: self.app_owner,
                homepage: self.homepage,
                logo: self.logo.as_deref().and_then(super::registration::data_address),
                built_in: false,
            },
        };
        ConnectedApp {
            id: self.id,
            app,
            tenant: self.tenant_slug,
            tenant_name: self.tenant_name,
            scopes: words::in_words(&held),
            since: self.created_at,
            last_used_at: self.last_used_at,
            expires_at: self.expires_at,
        }
    }
}

/// The grants of a person in the tenants that this session opens.
async fn rows(nexus: &Nexus, opened: Opened) -> Result<Vec<Row>> {
    let reach: Reach = reach(nexus, opened).await?;
    let rows: Vec<Row> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT g.id, g.tenant_id, t.slug AS tenant_slug, t.name AS tenant_name, u.email, m.role, g.scopes,
                g.created_at, g.expires_at, g.last_used_at, a.name AS app_name, a.created_by AS app_owner,
                a.scopes AS app_scopes, a.homepage, a.logo
         FROM oauth_grants g JOIN tenants t ON t.id = g.tenant_id JOIN users u ON u.id = g.user_id
         JOIN memberships m ON m.tenant_id = g.tenant_id AND m.user_id = g.user_id
         LEFT JOIN oauth_apps a ON a.tenant_id = g.tenant_id AND a.id = g.app_id
         WHERE g.user_id = $1 AND g.expires_at > $2 ORDER BY g.created_at DESC, g.id DESC"
    ))
    .bind(opened.user)
    .bind(nexus.now())
    .fetch_all(pool)
    .await)?;
    Ok(rows.into_iter().filter(|row| reach.opens(row.tenant_id)).collect())
}

/// The apps that a person lets act for them, newest first.
pub async fn list_own(nexus: &Nexus, opened: Opened) -> Result<Vec<ConnectedApp>> {
    Ok(rows(nexus, opened).await?.into_iter().map(Row::into_wire).collect())
}

/// Ends what a person lets an app do: its tokens die with it, now.
pub async fn end_own(nexus: &Nexus, opened: Opened, id: OauthGrantId, ip: IpAddr) -> Result<()> {
    let row = rows(nexus, opened).await?.into_iter().find(|row| row.id == id);
    let Some(row) = row else { return Err(crate::Error::not_found()) };
    let app = row.app_name.unwrap_or_else(|| CLI_NAME.to_owned());
    let who = Who::Person {
        user: opened.user,
        email: row.email,
        role: row.role,
        signed_in_at: opened.signed_in_at,
    };
    let actor = Actor { tenant: row.tenant_id, tenant_slug: row.tenant_slug, who, ip: Some(ip) };
    nexus
        .change(&actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::OauthGrantEnd)?;
                let tenant = w.actor.tenant;
                if !super::refresh::remove(&mut w.tx, tenant, id).await? {
                    return Err(crate::Error::not_found());
                }
                let details = json!({ "grant": id, "reason": "ended_by_person" });
                w.record(Action::OauthGrantEnd, &Target::named(&app), details).await
            })
        })
        .await
}

/// Ends everything that a person lets apps do, and what is on its way to one: with a new password.
pub(crate) async fn end_all_of(tx: &mut Tx, user: UserId) -> Result<()> {
    // What is on its way first: an exchange that goes on meanwhile has given its grant when the last one is asked.
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM oauth_codes WHERE user_id = $1"))
        .bind(user)
        .execute(c)
        .await
        .map(|_| ()))?;
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM oauth_devices WHERE user_id = $1"))
        .bind(user)
        .execute(c)
        .await
        .map(|_| ()))?;
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM oauth_grants WHERE user_id = $1"))
        .bind(user)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Ends everything that apps may do in a tenant: when it begins to require more of a sign-in than the people
/// showed who allowed it.
pub(crate) async fn end_all_in(tx: &mut Tx, tenant: TenantId) -> Result<()> {
    // What is on its way first: an exchange that goes on meanwhile has given its grant when the last one is asked.
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM oauth_codes WHERE tenant_id = $1"))
        .bind(tenant)
        .execute(c)
        .await
        .map(|_| ()))?;
    on!(*tx, |c| sqlx::query(sql!(
        "DELETE FROM oauth_devices WHERE tenant_id = $1 AND user_id IS NOT NULL"
    ))
    .bind(tenant)
    .execute(c)
    .await
    .map(|_| ()))?;
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM oauth_grants WHERE tenant_id = $1"))
        .bind(tenant)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}
