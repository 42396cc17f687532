//! What configs name in their templates, kept beside the ACTIVE version of each: who would break
//! when a key goes, and everything that a service's references are judged by.

use super::Kind;
use crate::services::{self, Resolved};
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::scope::{Scope, Standing};
use nexus_domain::secret::SecretType;
use nexus_domain::template::{Reference, ReferenceKind};
use nexus_domain::{Code, EntryId, Refusal, ServiceId};
use serde_json::json;
use sqlx::FromRow;
use std::collections::HashSet;
use uuid::Uuid;

/// Replaces what an entry names.
pub(crate) async fn set_references(w: &mut Work, entry: EntryId, references: &[Reference]) -> Result<()> {
    on!(w.tx, |c| sqlx::query(sql!("DELETE FROM entry_references WHERE tenant_id = $1 AND entry_id = $2"))
        .bind(w.actor.tenant)
        .bind(entry)
        .execute(c)
        .await
        .map(|_| ()))?;
    for reference in references {
        on!(w.tx, |c| sqlx::query(sql!(
            "INSERT INTO entry_references (tenant_id, entry_id, kind, key) VALUES ($1, $2, $3, $4)"
        ))
        .bind(w.actor.tenant)
        .bind(entry)
        .bind(reference.kind.as_str())
        .bind(reference.key.as_str())
        .execute(c)
        .await
        .map(|_| ()))?;
    }
    Ok(())
}

/// Refuses a change after which a config, here or in a service that inherits from here, names a key
/// that is gone. Asked once the key is gone, so that an umbrella's value under it counts.
pub(crate) async fn refuse_broken(w: &mut Work, service: &Resolved, kind: Kind, key: &str) -> Result<()> {
    let rows: Vec<(String, String)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT s.slug, n.key FROM services s
         JOIN entries n ON n.service_id IN (s.id, s.umbrella_id)
         JOIN entry_references r ON r.entry_id = n.id AND r.kind = $3 AND r.key = $4
         WHERE s.tenant_id = $1 AND s.id IN (SELECT id FROM services WHERE id = $2
             UNION ALL SELECT id FROM services WHERE umbrella_id = $2)
           AND n.kind = 'config' AND n.deleted_at IS NULL AND n.active_version > 0
           AND (n.service_id = s.id OR NOT EXISTS (SELECT 1 FROM entries o WHERE o.service_id = s.id
               AND o.kind = 'config' AND o.key = n.key AND o.deleted_at IS NULL AND o.active_version > 0))
           AND NOT EXISTS (SELECT 1 FROM entries t WHERE t.service_id IN (s.id, s.umbrella_id)
               AND t.kind = $3 AND t.key = $4 AND t.deleted_at IS NULL)
         ORDER BY s.slug, n.key LIMIT 50"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(kind.as_str())
    .bind(key)
    .fetch_all(c)
    .await)?;
    if rows.is_empty() {
        return Ok(());
    }
    let named: Vec<_> = rows.iter().map(|(service, key)| format!("{service}/{key}")).collect();
    let configs: Vec<_> =
        rows.iter().map(|(service, key)| json!({ "service": service, "key": key })).collect();
    let message = format!("Configs refer to {key}: {}", named.join(", "));
    Err(Refusal::new(Code::InUse, message).with("configs", configs).into())
}

#[derive(FromRow)]
struct Key {
    service_id: ServiceId,
    kind: String,
    key: String,
    #[sqlx(rename = "type")]
    value_type: String,
    active_version: i64,
}

/// Every key that a service has, own or inherited, and what its configs name.
pub(crate) async fn scope(w: &mut Work, service: ServiceId, umbrella: Option<ServiceId>) -> Result<Scope> {
    let mut keys: Vec<Key> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT service_id, kind, key, type, active_version FROM entries
         WHERE tenant_id = $1 AND service_id = $2 AND deleted_at IS NULL
         UNION ALL
         SELECT service_id, kind, key, type, active_version FROM entries
         WHERE tenant_id = $1 AND service_id = $3 AND deleted_at IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(umbrella.unwrap_or(ServiceId(Uuid::nil())))
    .fetch_all(c)
    .await)?;
    // What wins comes last: a value before none, and of two values the service's own.
    keys.sort_by_key(|key| (key.active_version > 0, key.service_id == service));
    let mut scope = Scope::default();
    for key in keys {
        match key.kind.as_str() {
            "secret" => scope.put_secret(key.key, standing(key.active_version, &key.value_type)),
            "flag" => scope.put_flag(key.key),
            _ if key.active_version == 0 => scope.put_config_without_value(key.key),
            _ => scope.put_config(key.key, Vec::new()),
        }
    }
    add_references(w, service, umbrella, &mut scope).await?;
    Ok(scope)
}

/// What the service's configs name, without the rest of its keys: enough to see what is tainted.
pub(crate) async fn references_of(w: &mut Work, service: &Resolved) -> Result<Scope> {
    references_of_service(w, service.id, service.umbrella_id).await
}

pub(super) async fn references_of_service(
    w: &mut Work,
    service: ServiceId,
    umbrella: Option<ServiceId>,
) -> Result<Scope> {
    let mut scope = Scope::default();
    add_references(w, service, umbrella, &mut scope).await?;
    Ok(scope)
}

/// The keys of a kind that a service has itself, with a value: what it overrides of its umbrella's.
pub(crate) async fn own_keys(w: &mut Work, service: ServiceId, kind: Kind) -> Result<HashSet<String>> {
    let rows: Vec<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT key FROM entries WHERE tenant_id = $1 AND service_id = $2 AND kind = $3
           AND deleted_at IS NULL AND active_version > 0"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(kind.as_str())
    .fetch_all(c)
    .await)?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

fn standing(active_version: i64, value_type: &str) -> Standing {
    match SecretType::parse(value_type) {
        _ if active_version == 0 => Standing::NeedsValue,
        Some(SecretType::File) => Standing::File,
        _ => Standing::Text,
    }
}

async fn add_references(
    w: &mut Work,
    service: ServiceId,
    umbrella: Option<ServiceId>,
    scope: &mut Scope,
) -> Result<()> {
    let rows: Vec<(String, String, String)> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT n.key, r.kind, r.key FROM entries n JOIN entry_references r ON r.entry_id = n.id
         WHERE n.tenant_id = $1 AND n.service_id = $2 AND n.kind = 'config' AND n.deleted_at IS NULL
           AND n.active_version > 0
         UNION ALL
         SELECT n.key, r.kind, r.key FROM entries n JOIN entry_references r ON r.entry_id = n.id
         WHERE n.tenant_id = $1 AND n.service_id = $3 AND n.kind = 'config' AND n.deleted_at IS NULL
           AND n.active_version > 0 AND (SELECT o.id FROM entries o WHERE o.service_id = $2
               AND o.kind = 'config' AND o.key = n.key AND o.deleted_at IS NULL AND o.active_version > 0) IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(umbrella.unwrap_or(ServiceId(Uuid::nil())))
    .fetch_all(c)
    .await
    })?;
    for (config, kind, key) in rows {
        let kind = ReferenceKind::parse(&kind).ok_or(Error::Impossible("an unknown kind of reference"))?;
        scope.put_reference(&config, Reference { kind, key });
    }
    scope.sort_references();
    Ok(())
}

/// The services that inherit from this one.
pub(crate) async fn heirs(w: &mut Work, service: &Resolved) -> Result<Vec<(ServiceId, String)>> {
    if !service.umbrella {
        return Ok(Vec::new());
    }
    services::linked_to(w, service.id).await
}
