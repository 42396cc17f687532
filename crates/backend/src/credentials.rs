//! Credentials: making them, and finding out whom a presented one belongs to.
//!
//! A credential is stored as its key id and an HMAC of its secret under the pepper. Valid ones are
//! remembered in memory and checked against the tenant's change number, so that a warm request
//! costs no SQL and a revoked key dies on the next request.

use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Denial, Error, Result, crypto};
use nexus_domain::action::Action;
use nexus_domain::credential::{self, Family, Parsed};
use nexus_domain::keys::Access;
use nexus_domain::role::Scopes;
use nexus_domain::service::ServiceKind;
use nexus_domain::{Code, EnvironmentId, KeyId, Refusal, ServiceId, TenantId, Timestamp};
use serde_json::json;
use sqlx::FromRow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// A credential that was just made: the only time that its text exists.
pub struct Made {
    pub text: String,
    pub key_id: String,
    pub mac: [u8; 32],
    pub shown: String,
}

/// Makes a credential in the one format.
pub fn make(nexus: &Nexus, prefix: &str) -> Result<Made> {
    let (id, secret) = (crypto::random(nexus.keyring.random())?, crypto::random(nexus.keyring.random())?);
    let text = credential::compose(prefix, id, secret);
    let parsed = credential::parse(&text).ok_or(Error::Impossible("a credential that was just made"))?;
    let (key_id, mac) = (parsed.key_id.to_owned(), mac_of(nexus, &parsed)?);
    let shown = credential::shown(prefix, &key_id);
    Ok(Made { text, key_id, mac, shown })
}

fn mac_of(nexus: &Nexus, parsed: &Parsed<'_>) -> Result<[u8; 32]> {
    nexus.keyring.mac("credential", [parsed.prefix, parsed.key_id, parsed.secret].concat().as_bytes())
}

/// What a valid credential stands for.
#[derive(Debug, Clone)]
pub struct Credential {
    pub actor: Actor,
    /// The endpoint of the service that a service key belongs to.
    pub endpoint_slug: Option<String>,
}

struct Known {
    mac: Vec<u8>,
    credential: Credential,
    expires_at: Option<Timestamp>,
    /// The tenant's change number when it was read.
    seq: i64,
}

/// Credentials that this process has seen.
#[derive(Default)]
pub struct Credentials {
    known: RwLock<HashMap<String, Arc<Known>>>,
}

/// More remembered credentials than this are forgotten together.
const MAX_KNOWN: usize = 50_000;

fn unauthorized() -> Refusal {
    Refusal::new(Code::Unauthorized, "Missing or invalid API key")
}

/// Whom a presented credential belongs to. Everything that is wrong gives the same refusal.
pub async fn authenticate(nexus: &Nexus, text: &str, ip: Option<IpAddr>) -> Result<Credential> {
    let parsed = credential::parse(text).ok_or_else(unauthorized)?;
    let mac = mac_of(nexus, &parsed)?;
    let found = match recall(nexus, parsed.key_id) {
        Some(found) => Some(found),
        // In a box, so that the many requests that need none of it do not carry it around.
        None => Box::pin(load(nexus, &parsed)).await?,
    };
    // An unknown key id is compared like a known one.
    let stored = found.as_ref().map_or([0_u8; 32].as_slice(), |known| &known.mac);
    let matches = bool::from(stored.ct_eq(&mac));
    let Some(known) = found.filter(|_| matches) else { return Err(unauthorized().into()) };
    let mut credential = known.credential.clone();
    credential.actor.ip = ip;
    Ok(credential)
}

fn recall(nexus: &Nexus, key_id: &str) -> Option<Arc<Known>> {
    let known = nexus.credentials.known.read().unwrap_or_else(PoisonError::into_inner);
    let found = known.get(key_id)?;
    let fresh = found.seq == nexus.seq_of(found.credential.actor.tenant)
        && found.expires_at.is_none_or(|at| at > nexus.now());
    fresh.then(|| Arc::clone(found))
}

/// The actor that a key id belongs to, where this process has seen its key: for the log, and no proof of
/// anything. Whoever presents a key has just made sure that it is known here.
pub(crate) fn owner_of(nexus: &Nexus, key_id: &str) -> Option<Actor> {
    let known = nexus.credentials.known.read().unwrap_or_else(PoisonError::into_inner);
    known.get(key_id).map(|known| known.credential.actor.clone())
}

#[derive(FromRow)]
struct ServiceKeyRow {
    id: KeyId,
    tenant_id: TenantId,
    tenant_slug: String,
    seq: i64,
    mac: Vec<u8>,
    expires_at: Option<Timestamp>,
    service_id: ServiceId,
    endpoint_slug: Option<String>,
    #[sqlx(try_from = "String")]
    kind: ServiceKind,
    #[sqlx(try_from = "String")]
    access: Access,
}

#[derive(FromRow)]
struct EnvironmentKeyRow {
    id: KeyId,
    tenant_id: TenantId,
    tenant_slug: String,
    seq: i64,
    mac: Vec<u8>,
    expires_at: Option<Timestamp>,
    environment_id: EnvironmentId,
    environment_slug: String,
    #[sqlx(rename = "type")]
    kind: String,
    scopes: String,
}

async fn load(nexus: &Nexus, parsed: &Parsed<'_>) -> Result<Option<Arc<Known>>> {
    let known = match parsed.family {
        Family::ServiceSecret | Family::ServicePublic => {
            service_key(nexus, parsed.prefix, parsed.key_id).await?
        }
        Family::Environment => environment_key(nexus, parsed).await?,
    };
    let mut all = nexus.credentials.known.write().unwrap_or_else(PoisonError::into_inner);
    let Some(known) = known else {
        all.remove(parsed.key_id);
        return Ok(None);
    };
    if all.len() >= MAX_KNOWN {
        all.clear();
    }
    let known = Arc::new(known);
    nexus.saw_seq(known.credential.actor.tenant, known.seq);
    all.insert(parsed.key_id.to_owned(), Arc::clone(&known));
    Ok(Some(known))
}

/// The credential of a service key that vouched for somebody in another way than by its text.
pub(crate) async fn of_service_key(
    nexus: &Nexus,
    key_id: &str,
    kind: &str,
    ip: Option<IpAddr>,
) -> Result<Option<Credential>> {
    let public = ServiceKind::parse(kind) == Some(ServiceKind::Frontend);
    let prefix = if public { credential::SERVICE_PUBLIC } else { credential::SERVICE_SECRET };
    let known = service_key(nexus, prefix, key_id).await?;
    Ok(known.map(|known| {
        let mut credential = known.credential;
        credential.actor.ip = ip;
        credential
    }))
}

async fn service_key(nexus: &Nexus, prefix: &str, key_id: &str) -> Result<Option<Known>> {
    let now = nexus.now();
    let mut tx = nexus.db.begin_read().await?;
    let row: Option<ServiceKeyRow> = on!(tx, |c| sqlx::query_as(sql!(
        "SELECT k.id, k.tenant_id, t.slug AS tenant_slug, t.seq, k.mac, k.expires_at, k.service_id,
                s.endpoint_slug, s.kind, k.access
         FROM service_keys k JOIN services s ON s.id = k.service_id JOIN tenants t ON t.id = k.tenant_id
         WHERE k.key_id = $1 AND (k.expires_at IS NULL OR k.expires_at > $2)"
    ))
    .bind(key_id)
    .bind(now)
    .fetch_optional(c)
    .await)?;
    tx.rollback().await?;
    Ok(row.map(|row| Known {
        mac: row.mac,
        expires_at: row.expires_at,
        seq: row.seq,
        credential: Credential {
            endpoint_slug: row.endpoint_slug,
            actor: Actor {
                tenant: row.tenant_id,
                tenant_slug: row.tenant_slug,
                ip: None,
                who: Who::ServiceKey {
                    id: row.id,
                    prefix: credential::shown(prefix, key_id),
                    service: row.service_id,
                    kind: row.kind,
                    access: row.access,
                },
            },
        },
    }))
}

async fn environment_key(nexus: &Nexus, parsed: &Parsed<'_>) -> Result<Option<Known>> {
    let now = nexus.now();
    let mut tx = nexus.db.begin_read().await?;
    let row: Option<EnvironmentKeyRow> = on!(tx, |c| {
        sqlx::query_as(sql!(
        "SELECT k.id, k.tenant_id, t.slug AS tenant_slug, t.seq, k.mac, k.expires_at, k.environment_id,
                e.slug AS environment_slug, k.type, k.scopes
         FROM environment_keys k JOIN environments e ON e.id = k.environment_id JOIN tenants t ON t.id = k.tenant_id
         WHERE k.key_id = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)"
    ))
    .bind(parsed.key_id)
    .bind(now)
    .fetch_optional(c)
    .await
    })?;
    tx.rollback().await?;
    Ok(row.map(|row| Known {
        mac: row.mac,
        expires_at: row.expires_at,
        seq: row.seq,
        credential: Credential {
            endpoint_slug: None,
            actor: Actor {
                tenant: row.tenant_id,
                tenant_slug: row.tenant_slug,
                ip: None,
                who: Who::EnvironmentKey {
                    id: row.id,
                    prefix: credential::shown(parsed.prefix, parsed.key_id),
                    environment: row.environment_id,
                    environment_slug: row.environment_slug,
                    // Scopes that cannot be read are no scopes.
                    scopes: serde_json::from_str(&row.scopes).unwrap_or_default(),
                    publishable: row.kind != "secret",
                },
            },
        },
    }))
}

/// Makes a secret key of an environment with the scopes given; for the operator's command line alone.
pub async fn make_environment_key(
    nexus: &Nexus,
    operator: &Actor,
    environment: &str,
    name: &str,
    scopes: Scopes,
) -> Result<Made> {
    let (environment, name) = (environment.to_owned(), name.to_owned());
    nexus
        .change(operator, move |w| {
            Box::pin(async move {
                let action = Action::EnvironmentCreate;
                if !matches!(w.actor.who, Who::Operator) {
                    // Granting needs holding, which nobody else is asked about here.
                    return Err(Error::Denied(Denial::on_tenant("key.created", &w.actor.tenant_slug)));
                }
                let row = crate::environments::resolve(w, &environment, action).await?;
                let made = make(&w.nexus, &credential::environment_prefix(&environment))?;
                insert_environment_key(w, row.id, &name, &scopes, &made).await?;
                let details = json!({ "prefix": made.shown, "scopes": scopes, "type": "secret" });
                let target = Target { environment: Some(&environment), ..Target::named(&name) };
                w.record_event("key.created", &target, details).await?;
                Ok(made)
            })
        })
        .await
}

async fn insert_environment_key(
    w: &mut Work,
    environment: EnvironmentId,
    name: &str,
    scopes: &Scopes,
    made: &Made,
) -> Result<()> {
    let scopes = serde_json::to_string(scopes).map_err(|_| Error::Impossible("scopes are JSON"))?;
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO environment_keys (tenant_id, id, environment_id, name, type, scopes, key_id, mac, created_at,
             created_by)
         VALUES ($1, $2, $3, $4, 'secret', $5, $6, $7, $8, $9)"
    ))
    .bind(w.actor.tenant)
    .bind(KeyId(Uuid::now_v7()))
    .bind(environment)
    .bind(name)
    .bind(scopes.as_str())
    .bind(made.key_id.as_str())
    .bind(made.mac.as_slice())
    .bind(w.now)
    .bind(w.actor.label())
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}
