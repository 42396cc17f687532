//! Building a snapshot: every effective entry of a service, opened, in one state of the database.

use crate::entries::VersionRow;
use crate::secrets::{self, open_version};
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::secret::SecretType;
use nexus_domain::service::ServiceKind;
use nexus_domain::snapshot::{INLINE_FILE_BYTES, Snapshot, SnapshotError, SnapshotSecret};
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
struct EffectiveRow {
    id: EntryId,
    service_id: ServiceId,
    key: String,
    number: i64,
    #[sqlx(rename = "type")]
    kind: String,
    payload: Option<Vec<u8>>,
    wrapped_key: Option<Vec<u8>>,
    size: i64,
    created_at: Timestamp,
}

/// The secrets that a service has, its own before its umbrella's, in no order.
async fn effective(
    w: &mut Work,
    service: ServiceId,
    umbrella: Option<ServiceId>,
) -> Result<Vec<EffectiveRow>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT n.id, n.service_id, n.key, v.number, v.type, v.payload, v.wrapped_key, v.size, v.created_at
         FROM entries n JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE n.tenant_id = $1 AND n.service_id = $2 AND n.kind = 'secret' AND n.deleted_at IS NULL
         UNION ALL
         SELECT n.id, n.service_id, n.key, v.number, v.type, v.payload, v.wrapped_key, v.size, v.created_at
         FROM entries n JOIN entry_versions v ON v.entry_id = n.id AND v.number = n.active_version
         WHERE n.tenant_id = $1 AND n.service_id = $3 AND n.kind = 'secret' AND n.deleted_at IS NULL
           AND (SELECT o.id FROM entries o WHERE o.service_id = $2 AND o.kind = 'secret' AND o.key = n.key
               AND o.deleted_at IS NULL AND o.active_version > 0) IS NULL"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(umbrella.unwrap_or(ServiceId(uuid::Uuid::nil())))
    .fetch_all(c)
    .await)?)
}

async fn without_value(w: &mut Work, service: ServiceId) -> Result<Vec<SnapshotError>> {
    let rows: Vec<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT key FROM entries WHERE tenant_id = $1 AND service_id = $2 AND kind = 'secret'
           AND deleted_at IS NULL AND active_version = 0 ORDER BY key"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .fetch_all(c)
    .await)?;
    let error = |(key,)| SnapshotError { key, kind: "secret".into(), code: "needs_value".into() };
    Ok(rows.into_iter().map(error).collect())
}

pub(super) async fn build(w: &mut Work, id: ServiceId, service: &ServiceRow) -> Result<Snapshot> {
    let (secrets, errors) = match service.kind {
        ServiceKind::Frontend => (None, Vec::new()),
        ServiceKind::Backend => {
            let mut secrets = BTreeMap::new();
            for row in effective(w, id, service.umbrella_id).await? {
                let inherited = row.service_id != id;
                secrets.insert(row.key.clone(), open(w, row, inherited).await?);
            }
            (Some(secrets), without_value(w, id).await?)
        }
    };
    Ok(Snapshot {
        service: service.slug.clone(),
        kind: service.kind,
        environment: service.environment.clone(),
        revision: service.revision,
        secrets,
        configs: BTreeMap::new(),
        flags: BTreeMap::new(),
        errors,
    })
}

async fn open(w: &mut Work, row: EffectiveRow, inherited: bool) -> Result<SnapshotSecret> {
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
