//! Building a snapshot: every effective entry of a service, opened, in one state of the database.

use super::configs;
use crate::entries::{Kind, VersionRow};
use crate::secrets::{self, open_version};
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::secret::SecretType;
use nexus_domain::service::ServiceKind;
use nexus_domain::snapshot::{INLINE_FILE_BYTES, Snapshot, SnapshotError, SnapshotSecret};
use nexus_domain::template::Unresolved;
use nexus_domain::{EntryId, ServiceId, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use std::collections::BTreeMap;

/// The service of a key, as far as a snapshot needs it.
#[derive(Debug, Clone, FromRow)]
pub(super) struct ServiceRow {
    pub slug: String,
    pub project: String,
    pub environment: String,
    #[sqlx(try_from = "String")]
    pub kind: ServiceKind,
    pub umbrella_id: Option<ServiceId>,
    pub revision: i64,
    /// The tenant's change number in the same state of the database.
    pub seq: i64,
}

pub(super) async fn service(w: &mut Work, id: ServiceId) -> Result<ServiceRow> {
    let row = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT s.slug, p.slug AS project, e.slug AS environment, s.kind, s.umbrella_id,
                CASE WHEN u.changed_seq > s.changed_seq THEN u.changed_seq ELSE s.changed_seq END AS revision, t.seq
         FROM services s JOIN projects p ON p.id = s.project_id JOIN environments e ON e.id = s.environment_id
         JOIN tenants t ON t.id = s.tenant_id LEFT JOIN services u ON u.id = s.umbrella_id
         WHERE s.tenant_id = $1 AND s.id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .fetch_optional(c)
    .await
    })?;
    row.ok_or_else(Error::not_found)
}

#[derive(FromRow)]
pub(super) struct EffectiveRow {
    id: EntryId,
    pub service_id: ServiceId,
    pub key: String,
    number: i64,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub payload: Option<Vec<u8>>,
    wrapped_key: Option<Vec<u8>>,
    size: i64,
    created_at: Timestamp,
}

/// The entries of a kind that a service has with a value, its own before its umbrella's, in no order.
pub(super) async fn effective(
    w: &mut Work,
    service: ServiceId,
    umbrella: Option<ServiceId>,
    kind: Kind,
) -> Result<Vec<EffectiveRow>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT n.id, n.service_id, n.key, v.number, v.type, v.payload, v.wrapped_key, v.size, v.created_at
         FROM entries n JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE n.tenant_id = $1 AND n.service_id = $2 AND n.kind = $4 AND n.deleted_at IS NULL
         UNION ALL
         SELECT n.id, n.service_id, n.key, v.number, v.type, v.payload, v.wrapped_key, v.size, v.created_at
         FROM entries n JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE n.tenant_id = $1 AND n.service_id = $3 AND n.kind = $4 AND n.deleted_at IS NULL
           AND (SELECT o.id FROM entries o WHERE o.service_id = $2 AND o.kind = $4 AND o.key = n.key
               AND o.deleted_at IS NULL AND o.active_version > 0) IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(umbrella.unwrap_or(ServiceId(uuid::Uuid::nil())))
    .bind(kind.as_str())
    .fetch_all(c)
    .await)?)
}

/// The service's own entries of a kind that nobody has given a value yet.
pub(super) async fn without_value(w: &mut Work, service: ServiceId, kind: Kind) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT key FROM entries WHERE tenant_id = $1 AND service_id = $2 AND kind = $3
           AND deleted_at IS NULL AND active_version = 0 ORDER BY key"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(kind.as_str())
    .fetch_all(c)
    .await)?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

pub(super) fn left_out(key: String, kind: Kind, code: Unresolved) -> SnapshotError {
    SnapshotError { key, kind: kind.as_str().into(), code: code.as_str().into() }
}

pub(super) async fn build(w: &mut Work, id: ServiceId, service: &ServiceRow) -> Result<Snapshot> {
    let (mut secrets, mut empty) = (BTreeMap::new(), Vec::new());
    if service.kind == ServiceKind::Backend {
        for row in effective(w, id, service.umbrella_id, Kind::Secret).await? {
            let inherited = row.service_id != id;
            secrets.insert(row.key.clone(), open(w, row, inherited).await?);
        }
        empty = without_value(w, id, Kind::Secret).await?;
    }
    let given = configs::load(w, id, service.umbrella_id).await?;
    let (configs, mut left_out_configs) = given.resolve(&secrets, &empty);
    let needs_value = |key| left_out(key, Kind::Secret, Unresolved::NeedsValue);
    let mut errors: Vec<SnapshotError> = empty.into_iter().map(needs_value).collect();
    errors.append(&mut left_out_configs);
    Ok(Snapshot {
        service: service.slug.clone(),
        kind: service.kind,
        environment: service.environment.clone(),
        revision: service.revision,
        secrets: (service.kind == ServiceKind::Backend).then_some(secrets),
        configs: configs.into_iter().map(|(key, config)| (key, config.element)).collect(),
        flags: BTreeMap::new(),
        errors,
    })
}

pub(super) async fn open(w: &mut Work, row: EffectiveRow, inherited: bool) -> Result<SnapshotSecret> {
    let (service, id, size) = (row.service_id, row.id, row.size);
    let version = VersionRow {
        number: row.number,
        kind: row.kind,
        payload: row.payload,
        wrapped_key: row.wrapped_key,
        size,
        description: String::new(),
        created_at: row.created_at,
        created_by: String::new(),
        destroyed_at: None,
    };
    let number = version.number;
    let (kind, bytes) = open_version(w, service, id, version).await?;
    element(kind, &bytes, number, inherited)
}

/// A secret as it stands in a snapshot: large files by their hash.
fn element(kind: SecretType, bytes: &[u8], version: i64, inherited: bool) -> Result<SnapshotSecret> {
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let mut secret = SnapshotSecret {
        key: None,
        kind,
        value: None,
        value_base64: None,
        sha256: None,
        size: None,
        version,
        inherited,
    };
    if kind == SecretType::File && size > INLINE_FILE_BYTES {
        secret.sha256 = Some(hex::encode(Sha256::digest(bytes)));
        secret.size = Some(size);
    } else {
        (secret.value, secret.value_base64) = secrets::encode(kind, bytes)?;
    }
    Ok(secret)
}
