//! Service keys: two slots per service, both valid, each value shown once and stored as a MAC.

use super::holding::{self, Grant};
use crate::credentials;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::{self, Resolved};
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::credential::{self, SERVICE_PUBLIC, SERVICE_SECRET};
use nexus_domain::keys::{Access, RotateRequest, RotatedKey, ServiceKey, Slot};
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::{Code, KeyId, Refusal, ServiceId, Timestamp, timestamp};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "String")]
    slot: Slot,
    key_id: String,
    #[sqlx(try_from = "String")]
    access: Access,
    superseded: bool,
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
    created_by: String,
    last_used_at: Option<Timestamp>,
    last_used_ip: Option<String>,
}

const fn prefix_of(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::Backend => SERVICE_SECRET,
        ServiceKind::Frontend => SERVICE_PUBLIC,
    }
}

/// Umbrellas have no endpoint, hence no keys.
async fn open_service(w: &mut Work, path: &ServicePath, action: Action) -> Result<Resolved> {
    let service = services::resolve(w, path, action).await?;
    if service.umbrella {
        return Err(Refusal::new(Code::Conflict, "An umbrella service has no endpoint and no keys").into());
    }
    Ok(service)
}

/// Keys that are valid now, newest first.
async fn rows(w: &mut Work, service: ServiceId) -> Result<Vec<Row>> {
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT slot, key_id, access, superseded, expires_at, created_at, created_by, last_used_at, last_used_ip
         FROM service_keys
         WHERE tenant_id = $1 AND service_id = $2 AND (expires_at IS NULL OR expires_at > $3)
         ORDER BY created_at DESC, id DESC"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(w.now)
    .fetch_all(c)
    .await
    })?)
}

/// Both slots, the empty ones too.
pub async fn list(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Vec<ServiceKey>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::KeyList).await?;
                let rows = rows(w, service.id).await?;
                Ok(Slot::ALL.iter().map(|slot| describe(*slot, prefix_of(service.kind), &rows)).collect())
            })
        })
        .await
}

fn describe(slot: Slot, prefix: &str, rows: &[Row]) -> ServiceKey {
    let present = rows.iter().find(|row| row.slot == slot && !row.superseded);
    let old = rows.iter().find(|row| row.slot == slot && row.superseded);
    ServiceKey {
        slot,
        prefix: present.map(|row| credential::shown(prefix, &row.key_id)),
        access: present.map_or(Access::Read, |row| row.access),
        created_at: present.map(|row| row.created_at),
        created_by: present.map(|row| row.created_by.clone()),
        last_used_at: present.and_then(|row| row.last_used_at),
        last_used_ip: present.and_then(|row| row.last_used_ip.clone()),
        old_key_prefix: old.map(|row| credential::shown(prefix, &row.key_id)),
        old_key_expires_at: old.and_then(|row| row.expires_at),
    }
}

/// Makes a new key in a slot. What the slot held stays valid for the grace time, or not at all.
pub async fn rotate(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    slot: Slot,
    request: RotateRequest,
) -> Result<RotatedKey> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::KeyRotate).await?;
                let grace = super::grace_hours(request.grace_hours)?;
                let rows = rows(w, service.id).await?;
                let present = rows.iter().find(|row| row.slot == slot && !row.superseded);
                let access = request.access.or(present.map(|row| row.access)).unwrap_or(Access::Read);
                if access == Access::ReadWrite && service.kind == ServiceKind::Frontend {
                    return Err(Error::invalid("access", "A frontend service's key only reads"));
                }
                let old_key_expires_at =
                    present.filter(|_| grace > 0).map(|_| w.now.plus(grace * timestamp::HOUR));
                let worth = holding::of_service(service.kind, access);
                holding::expect(w, &Grant::lasting(worth), Action::KeyRotate).await?;
                retire(w, service.id, slot, old_key_expires_at).await?;
                let made = credentials::make(&w.nexus, prefix_of(service.kind))?;
                insert(w, service.id, slot, access, &made).await?;
                let details =
                    json!({ "slot": slot, "access": access, "prefix": made.shown, "grace_hours": grace });
                w.record(Action::KeyRotate, &service.target().with_name(slot.as_str()), details).await?;
                Ok(RotatedKey { slot, key: made.text, prefix: made.shown, access, old_key_expires_at })
            })
        })
        .await
}

/// Ends what a slot holds: at the time given, or now.
async fn retire(w: &mut Work, service: ServiceId, slot: Slot, at: Option<Timestamp>) -> Result<()> {
    match at {
        Some(at) => on!(w.tx, |c| sqlx::query(sql!(
            "UPDATE service_keys SET superseded = TRUE, expires_at = $4
             WHERE tenant_id = $1 AND service_id = $2 AND slot = $3 AND NOT superseded"
        ))
        .bind(w.actor.tenant)
        .bind(service)
        .bind(slot.as_str())
        .bind(at)
        .execute(c)
        .await
        .map(|_| ()))?,
        None => on!(w.tx, |c| sqlx::query(sql!(
            "DELETE FROM service_keys WHERE tenant_id = $1 AND service_id = $2 AND slot = $3"
        ))
        .bind(w.actor.tenant)
        .bind(service)
        .bind(slot.as_str())
        .execute(c)
        .await
        .map(|_| ()))?,
    }
    Ok(())
}

async fn insert(
    w: &mut Work,
    service: ServiceId,
    slot: Slot,
    access: Access,
    made: &credentials::Made,
) -> Result<()> {
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO service_keys (tenant_id, id, service_id, slot, key_id, mac, access, superseded, created_at,
             created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE, $8, $9)"
    ))
    .bind(w.actor.tenant)
    .bind(KeyId(Uuid::now_v7()))
    .bind(service)
    .bind(slot.as_str())
    .bind(made.key_id.as_str())
    .bind(made.mac.as_slice())
    .bind(access.as_str())
    .bind(w.now)
    .bind(w.actor.label())
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}

/// Ends every value of a slot now.
pub async fn revoke(nexus: &Nexus, actor: &Actor, path: &ServicePath, slot: Slot) -> Result<()> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::KeyRevoke).await?;
                if !rows(w, service.id).await?.iter().any(|row| row.slot == slot) {
                    return Err(Error::not_found());
                }
                retire(w, service.id, slot, None).await?;
                w.record(
                    Action::KeyRevoke,
                    &service.target().with_name(slot.as_str()),
                    json!({ "slot": slot }),
                )
                .await
            })
        })
        .await
}
