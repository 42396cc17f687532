//! Which service a credential reads: that of a service key is its own; a key of an environment reads
//! the service whose endpoint the address, or the token, names, if it is in its environment.

use super::{Credential, grants, rows};
use crate::gate::{Actor, At, Who, role_in_project};
use crate::nexus::Nexus;
use crate::store::{findable, single, sql};
use crate::{Error, Result};
use nexus_domain::credential;
use nexus_domain::environment::LIVE;
use nexus_domain::role::Place;
use nexus_domain::service::ServiceKind;
use nexus_domain::{Code, EnvironmentId, KeyId, Refusal, ServiceId, TenantId, Timestamp, UserId};
use sqlx::FromRow;
use std::net::IpAddr;
use std::sync::Arc;

/// A service as its endpoint names it. None of this ever changes, but it may be deleted.
#[derive(FromRow)]
pub(super) struct Endpoint {
    service: ServiceId,
    tenant: TenantId,
    environment: EnvironmentId,
    #[sqlx(try_from = "String")]
    kind: ServiceKind,
    project_slug: String,
    environment_slug: String,
    service_slug: String,
    /// The tenant's change number when it was read.
    seq: i64,
}

impl Endpoint {
    fn at(&self) -> At {
        let path = format!("{}/{}/{}", self.project_slug, self.environment_slug, self.service_slug);
        At { service: self.service, kind: self.kind, path: path.into() }
    }
}

/// The credential at the endpoint that the address names, or at its own. What it may not read there
/// answers like what does not exist, but for a backend service: whoever holds a publishable key of
/// its environment learns why it is refused.
pub async fn at_endpoint(
    nexus: &Nexus,
    mut credential: Credential,
    named: Option<&str>,
) -> Result<Credential> {
    let tenant = credential.actor.tenant;
    if matches!(credential.actor.who, Who::OauthGrant { .. }) {
        // In a box, so that requests of keys do not carry it around.
        return Box::pin(of_grant(nexus, credential, named)).await;
    }
    let Who::EnvironmentKey { environment, publishable, token, at, .. } = &mut credential.actor.who else {
        let own = credential.endpoint_slug.as_deref();
        return if named.is_none_or(|named| own == Some(named)) {
            Ok(credential)
        } else {
            Err(Error::not_found())
        };
    };
    let of_token = token.as_ref().and_then(|token| token.service.as_deref());
    let slug = named.or(of_token).ok_or_else(Error::not_found)?;
    let mut found = known(nexus, slug, tenant).await?;
    if let (None, None, Some(own)) = (&found, named, of_token) {
        found = by_slug(nexus, tenant, *environment, own).await?;
    }
    let own = |found: &Arc<Endpoint>| found.tenant == tenant && found.environment == *environment;
    // At an endpoint a token has to be for that service, by either of its names.
    let meant = |found: &Arc<Endpoint>| of_token.is_none_or(|it| it == slug || it == found.service_slug);
    let endpoint = found.filter(|found| own(found) && meant(found)).ok_or_else(Error::not_found)?;
    if *publishable && endpoint.kind == ServiceKind::Backend {
        let message = "A publishable key reads frontend services only";
        return Err(Refusal::new(Code::PublicKeyRestricted, message).into());
    }
    *at = Some(endpoint.at());
    Ok(credential)
}

/// What a person is in the project of a service.
pub(super) struct Standing {
    member: Option<String>,
    /// The tenant's change number when it was read.
    seq: i64,
}

/// An app at the endpoint that the address names: the person's rights there, in the environments that the
/// grant reaches.
async fn of_grant(nexus: &Nexus, mut credential: Credential, named: Option<&str>) -> Result<Credential> {
    let tenant = credential.actor.tenant;
    let Who::OauthGrant { environments, environment_slug, user, role, at, .. } = &mut credential.actor.who
    else {
        return Err(Error::not_found());
    };
    let slug = named.ok_or_else(Error::not_found)?;
    let found = known(nexus, slug, tenant).await?;
    let own = |found: &Arc<Endpoint>| found.tenant == tenant && environments.contains(&found.environment);
    let endpoint = found.filter(own).ok_or_else(Error::not_found)?;
    let member = standing(nexus, tenant, *user, endpoint.service).await?;
    let member = member.ok_or_else(Error::not_found)?;
    let role = role_in_project(*role, member.member.as_deref()).ok_or_else(Error::not_found)?;
    let place = match environment_slug.as_str() {
        LIVE => Place::Shared { develop: false },
        _ => Place::Own,
    };
    *at = Some((endpoint.at(), role, place));
    Ok(credential)
}

async fn standing(
    nexus: &Nexus,
    tenant: TenantId,
    user: UserId,
    service: ServiceId,
) -> Result<Option<Arc<Standing>>> {
    let known = nexus.credentials.standings.recall(&(user, service));
    if let Some(known) = known.filter(|known| known.seq == nexus.seq_of(tenant)) {
        return Ok(Some(known));
    }
    let row: Option<(Option<String>, i64)> = single!(nexus.db, |pool| {
        sqlx::query_as(sql!(
        "SELECT pm.role, t.seq FROM services s JOIN tenants t ON t.id = s.tenant_id
         LEFT JOIN project_members pm ON pm.tenant_id = s.tenant_id AND pm.project_id = s.project_id AND pm.user_id = $2
         WHERE s.tenant_id = $1 AND s.id = $3"
    ))
    .bind(tenant)
    .bind(user)
    .bind(service)
    .fetch_optional(pool)
    .await
    })?;
    let found = row.map(|(member, seq)| Standing { member, seq });
    Ok(nexus.credentials.standings.keep((user, service), found))
}

/// Until when an app that listens at a service may go on: `None` where its token is no more, or where it may
/// hear other things by now.
pub(crate) async fn stands(nexus: &Nexus, actor: &Actor) -> Result<Option<Timestamp>> {
    let Who::OauthGrant { value, scopes, at: Some((at, role, _)), until, .. } = &actor.who else {
        return Ok(None);
    };
    let Some(known) = grants::access_token(nexus, value).await? else { return Ok(None) };
    let now = known.credential.actor;
    let Who::OauthGrant { scopes: scopes_now, role: tenant_role, user, .. } = &now.who else {
        return Ok(None);
    };
    let member = standing(nexus, now.tenant, *user, at.service).await?;
    let role_now = member.and_then(|it| role_in_project(*tenant_role, it.member.as_deref()));
    Ok(until.filter(|_| role_now == Some(*role) && scopes_now == scopes))
}

async fn known(nexus: &Nexus, slug: &str, tenant: TenantId) -> Result<Option<Arc<Endpoint>>> {
    match recall(nexus, slug, tenant) {
        Some(found) => Ok(Some(found)),
        None => Box::pin(load(nexus, slug)).await,
    }
}

/// The one service of the environment that has this slug. Where several projects have one, the slug says too
/// little, and none is meant.
async fn by_slug(
    nexus: &Nexus,
    tenant: TenantId,
    environment: EnvironmentId,
    slug: &str,
) -> Result<Option<Arc<Endpoint>>> {
    // No endpoint holds a slash.
    let name = format!("{environment}/{slug}");
    if let Some(found) = recall(nexus, &name, tenant) {
        return Ok(Some(found));
    }
    let mut found: Vec<Endpoint> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT s.id AS service, s.tenant_id AS tenant, s.environment_id AS environment, s.kind,
                p.slug AS project_slug, e.slug AS environment_slug, s.slug AS service_slug, t.seq
         FROM services s JOIN projects p ON p.id = s.project_id JOIN environments e ON e.id = s.environment_id
         JOIN tenants t ON t.id = s.tenant_id
         WHERE s.tenant_id = $1 AND s.environment_id = $2 AND s.slug = $3 AND s.endpoint_slug IS NOT NULL
         LIMIT 2"
    ))
    .bind(tenant)
    .bind(environment)
    .bind(findable(slug))
    .fetch_all(pool)
    .await)?;
    let one = if found.len() == 1 { found.pop() } else { None };
    Ok(nexus.credentials.endpoints.keep(name, one))
}

fn recall(nexus: &Nexus, slug: &str, tenant: TenantId) -> Option<Arc<Endpoint>> {
    let known = nexus.credentials.endpoints.recall(slug)?;
    // Of another tenant it is looked up, so that nothing is learned from what others have asked for.
    (known.tenant == tenant && known.seq == nexus.seq_of(tenant)).then_some(known)
}

async fn load(nexus: &Nexus, slug: &str) -> Result<Option<Arc<Endpoint>>> {
    let found: Option<Endpoint> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT s.id AS service, s.tenant_id AS tenant, s.environment_id AS environment, s.kind,
                p.slug AS project_slug, e.slug AS environment_slug, s.slug AS service_slug, t.seq
         FROM services s JOIN projects p ON p.id = s.project_id JOIN environments e ON e.id = s.environment_id
         JOIN tenants t ON t.id = s.tenant_id
         WHERE s.endpoint_slug = $1"
    ))
    .bind(slug)
    .fetch_optional(pool)
    .await)?;
    Ok(nexus.credentials.endpoints.keep(slug.to_owned(), found))
}

/// The credential that the address of a stream stands for: of a service key, or of a key of an
/// environment at one service.
pub(crate) async fn of_stream(
    nexus: &Nexus,
    key: KeyId,
    service: Option<ServiceId>,
    ip: Option<IpAddr>,
) -> Result<Option<Credential>> {
    match service {
        None => of_service_key(nexus, key, ip).await,
        Some(service) => of_environment_key(nexus, key, service, ip).await,
    }
}

async fn of_service_key(nexus: &Nexus, key: KeyId, ip: Option<IpAddr>) -> Result<Option<Credential>> {
    let row: Option<(String, String)> = single!(nexus.db, |pool| {
        sqlx::query_as(sql!(
        "SELECT k.key_id, s.kind FROM service_keys k JOIN services s ON s.id = k.service_id WHERE k.id = $1"
    ))
    .bind(key)
    .fetch_optional(pool)
    .await
    })?;
    let Some((key_id, kind)) = row else { return Ok(None) };
    let public = ServiceKind::parse(&kind) == Some(ServiceKind::Frontend);
    let prefix = if public { credential::SERVICE_PUBLIC } else { credential::SERVICE_SECRET };
    let known = rows::service_key(nexus, prefix, &key_id).await?;
    known.map(|known| known.admitted(ip)).transpose()
}

async fn of_environment_key(
    nexus: &Nexus,
    key: KeyId,
    service: ServiceId,
    ip: Option<IpAddr>,
) -> Result<Option<Credential>> {
    let row: Option<(String, Option<String>)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT k.key_id, s.endpoint_slug FROM environment_keys k
         JOIN services s ON s.tenant_id = k.tenant_id AND s.environment_id = k.environment_id
         WHERE k.id = $1 AND s.id = $2"
    ))
    .bind(key)
    .bind(service)
    .fetch_optional(pool)
    .await)?;
    let Some((key_id, Some(slug))) = row else { return Ok(None) };
    let Some(known) = rows::environment_key(nexus, &key_id).await? else { return Ok(None) };
    at_endpoint(nexus, known.admitted(ip)?, Some(&slug)).await.map(Some)
}
