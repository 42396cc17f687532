//! The rules of a service: which programs it believes. Owners and managers of the project manage them.

use super::providers;
use crate::gate::Actor;
use crate::keys::holding::{self, Grant};
use crate::nexus::Nexus;
use crate::services::{self, Resolved};
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result, tiers};
use nexus_domain::action::Action;
use nexus_domain::keys::Access;
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::workload::{
    Identity, IdentityPatch, IdentityProvider, IdentityProviderKind, NewIdentity, RuleClaims, check_lifetime,
    check_name, check_rule_claims, judge,
};
use nexus_domain::{Code, IdentityId, IdentityProviderId, Refusal, ServiceId, Timestamp};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

/// A service has at most this many.
const MAX_RULES: usize = 100;

/// A rule as it is stored.
#[derive(FromRow)]
pub(super) struct Row {
    pub id: IdentityId,
    pub name: String,
    pub provider_id: IdentityProviderId,
    provider_name: String,
    #[sqlx(try_from = "String")]
    pub kind: IdentityProviderKind,
    claims: String,
    #[sqlx(try_from = "String")]
    access: Access,
    max_lifetime: Option<i64>,
    sessions: i64,
    created_at: Timestamp,
    created_by: String,
    last_used_at: Option<Timestamp>,
}

/// Claims that cannot be read are none, and a rule without claims lets nobody in.
pub(super) fn claims_of(stored: &str) -> RuleClaims {
    serde_json::from_str(stored).unwrap_or_default()
}

impl Row {
    pub fn claims(&self) -> RuleClaims {
        claims_of(&self.claims)
    }

    fn into_wire(self) -> Identity {
        let claims = self.claims();
        let judged = judge(self.kind, &claims);
        Identity {
            id: self.id,
            name: self.name,
            provider: self.provider_id,
            provider_name: self.provider_name,
            kind: self.kind,
            advice: judged.missing.into_iter().chain(judged.refused).chain(judged.better).collect(),
            claims,
            access: self.access,
            max_lifetime: self.max_lifetime,
            sessions: self.sessions,
            created_at: self.created_at,
            created_by: self.created_by,
            last_used_at: self.last_used_at,
        }
    }
}

/// Programs get in where there is an endpoint, and secrets for them.
pub(super) async fn open_service(w: &mut Work, path: &ServicePath, action: Action) -> Result<Resolved> {
    let service = services::resolve(w, path, action).await?;
    if service.umbrella {
        return Err(Refusal::new(
            Code::Conflict,
            "An umbrella service has no endpoint and lets no program in",
        )
        .into());
    }
    if service.kind == ServiceKind::Frontend {
        let message = "Workload identity is for backend services: a frontend service has no secrets";
        return Err(Refusal::new(Code::ServiceKindMismatch, message).into());
    }
    Ok(service)
}

pub(super) async fn rows(w: &mut Work, service: ServiceId) -> Result<Vec<Row>> {
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT i.id, i.name, i.provider_id, p.name AS provider_name, p.kind, i.claims, i.access, i.max_lifetime,
                (SELECT COUNT(*) FROM workload_sessions s
                 WHERE s.tenant_id = i.tenant_id AND s.identity_id = i.id AND s.expires_at > $3) AS sessions,
                i.created_at, i.created_by, i.last_used_at
         FROM workload_identities i JOIN identity_providers p ON p.id = i.provider_id
         WHERE i.tenant_id = $1 AND i.service_id = $2 ORDER BY i.name"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(w.now)
    .fetch_all(c)
    .await
    })?)
}

pub(super) async fn one(w: &mut Work, service: ServiceId, id: IdentityId) -> Result<Row> {
    rows(w, service).await?.into_iter().find(|row| row.id == id).ok_or_else(Error::not_found)
}

/// The rules of a service, by name.
pub async fn rules(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Vec<Identity>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::IdentityList).await?;
                Ok(rows(w, service.id).await?.into_iter().map(Row::into_wire).collect())
            })
        })
        .await
}

/// One rule.
pub async fn rule(nexus: &Nexus, actor: &Actor, path: &ServicePath, id: IdentityId) -> Result<Identity> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::IdentityList).await?;
                Ok(one(w, service.id, id).await?.into_wire())
            })
        })
        .await
}

/// The providers whose word a rule of this service can take, for whoever makes one: a manager sees no list of the
/// tenant's providers otherwise.
pub async fn providers_for(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
) -> Result<Vec<IdentityProvider>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                open_service(w, &path, Action::IdentityList).await?;
                Ok(providers::rows(w).await?.into_iter().map(providers::Row::into_wire).collect())
            })
        })
        .await
}

/// Whoever lets a program in holds what the program will, for as long and from wherever.
async fn expect_held(w: &mut Work, access: Access, action: Action) -> Result<()> {
    let worth = holding::of_service(ServiceKind::Backend, access);
    holding::expect(w, &Grant::lasting(worth), action).await
}

/// Makes a rule. One that pins too little is refused, and the refusal says what to pin.
pub async fn add_rule(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    new: NewIdentity,
) -> Result<Identity> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::IdentityCreate).await?;
                tiers::require_workload_identity(w, service.project_id).await?;
                let name = check_name(&new.name)?;
                let provider = providers::one(w, new.provider).await;
                let provider = provider.map_err(|_| Error::invalid("provider", "There is no such provider"))?;
                let claims = check_rule_claims(provider.kind, &new.claims)?;
                let max_lifetime = new.max_lifetime.map(check_lifetime).transpose()?;
                let access = new.access.unwrap_or(Access::Read);
                expect_held(w, access, Action::IdentityCreate).await?;
                refuse_taken(w, service.id, &name, None).await?;
                let id = IdentityId(Uuid::now_v7());
                on!(w.tx, |c| sqlx::query(sql!(
                    "INSERT INTO workload_identities (tenant_id, id, service_id, provider_id, name, claims, access,
                         max_lifetime, created_at, created_by)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
                ))
                .bind(w.actor.tenant)
                .bind(id)
                .bind(service.id)
                .bind(provider.id)
                .bind(name.as_str())
                .bind(json!(claims).to_string())
                .bind(access.as_str())
                .bind(max_lifetime)
                .bind(w.now)
                .bind(w.actor.label())
                .execute(c)
                .await
                .map(|_| ()))?;
                let details = json!({
                    "provider": provider.name, "claims": claims, "access": access, "max_lifetime": max_lifetime,
                });
                w.record(Action::IdentityCreate, &service.target().with_name(&name), details).await?;
                Ok(one(w, service.id, id).await?.into_wire())
            })
        })
        .await
}

async fn refuse_taken(w: &mut Work, service: ServiceId, name: &str, but: Option<IdentityId>) -> Result<()> {
    let rows = rows(w, service).await?;
    if but.is_none() && rows.len() >= MAX_RULES {
        return Err(Refusal::new(Code::Conflict, format!("A service has at most {MAX_RULES} rules")).into());
    }
    match rows.iter().any(|row| row.name == name && Some(row.id) != but) {
        true => Err(Refusal::taken("name", "Another rule of this service has this name").into()),
        false => Ok(()),
    }
}

/// Changes a rule. Where it pins something else from now on, the sessions that it opened end.
pub async fn change_rule(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    id: IdentityId,
    patch: IdentityPatch,
) -> Result<Identity> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::IdentityUpdate).await?;
                tiers::require_workload_identity(w, service.project_id).await?;
                let row = one(w, service.id, id).await?;
                let before = row.claims();
                let name = patch.name.as_deref().map_or_else(|| Ok(row.name.clone()), check_name)?;
                let claims = check_rule_claims(row.kind, patch.claims.as_ref().unwrap_or(&before))?;
                let access = patch.access.unwrap_or(row.access);
                expect_held(w, access, Action::IdentityUpdate).await?;
                let max_lifetime = match patch.max_lifetime {
                    Some(asked) => asked.map(check_lifetime).transpose()?,
                    None => row.max_lifetime,
                };
                refuse_taken(w, service.id, &name, Some(id)).await?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE workload_identities SET name = $3, claims = $4, access = $5, max_lifetime = $6
                     WHERE tenant_id = $1 AND id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(id)
                .bind(name.as_str())
                .bind(json!(claims).to_string())
                .bind(access.as_str())
                .bind(max_lifetime)
                .execute(c)
                .await
                .map(|_| ()))?;
                let ended = if claims == before { 0 } else { end_sessions(w, id).await? };
                let details = json!({
                    "name": name, "claims": claims, "access": access, "max_lifetime": max_lifetime,
                    "sessions_ended": ended,
                });
                w.record(Action::IdentityUpdate, &service.target().with_name(&row.name), details).await?;
                Ok(one(w, service.id, id).await?.into_wire())
            })
        })
        .await
}

async fn end_sessions(w: &mut Work, id: IdentityId) -> Result<u64> {
    Ok(on!(w.tx, |c| sqlx::query(sql!(
        "DELETE FROM workload_sessions WHERE tenant_id = $1 AND identity_id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?)
}

/// Takes a rule away with the sessions that it opened.
pub async fn remove_rule(nexus: &Nexus, actor: &Actor, path: &ServicePath, id: IdentityId) -> Result<()> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::IdentityDelete).await?;
                let row = one(w, service.id, id).await?;
                let ended = end_sessions(w, id).await?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "DELETE FROM workload_identities WHERE tenant_id = $1 AND id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(id)
                .execute(c)
                .await
                .map(|_| ()))?;
                let details = json!({ "provider": row.provider_name, "sessions_ended": ended });
                w.record(Action::IdentityDelete, &service.target().with_name(&row.name), details).await
            })
        })
        .await
}
