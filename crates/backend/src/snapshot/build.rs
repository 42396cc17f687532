//! Building a snapshot: every effective entry of a service, opened, in one state of the database.

use super::configs;
use crate::entries::{EffectiveRow, Kind, VersionRow, all_effective, without_value};
use crate::flags::Served;
use crate::secrets::{self, open_version};
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::flag::{Engine, engine_for};
use nexus_domain::secret::SecretType;
use nexus_domain::service::ServiceKind;
use nexus_domain::snapshot::{INLINE_FILE_BYTES, Snapshot, SnapshotError, SnapshotSecret};
use nexus_domain::template::Unresolved;
use nexus_domain::{ProjectId, ServiceId};
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use std::collections::BTreeMap;

/// The service of a key, as far as a snapshot needs it.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ServiceRow {
    pub slug: String,
    pub project_id: ProjectId,
    pub project: String,
    pub environment: String,
    #[sqlx(try_from = "String")]
    pub kind: ServiceKind,
    pub umbrella_id: Option<ServiceId>,
    pinned_engine_version: Option<String>,
    pub revision: i64,
    /// The tenant's change number in the same state of the database.
    pub seq: i64,
}

impl ServiceRow {
    /// What evaluates its flags.
    pub fn engine(&self) -> Engine {
        engine_for(self.pinned_engine_version.as_deref())
    }
}

pub(crate) async fn service(w: &mut Work, id: ServiceId) -> Result<ServiceRow> {
    let row = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT s.slug, s.project_id, p.slug AS project, e.slug AS environment, s.kind, s.umbrella_id,
                e.pinned_engine_version,
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

pub(crate) fn left_out(key: String, kind: Kind, code: &str) -> SnapshotError {
    SnapshotError { key, kind: kind.as_str().into(), code: code.into() }
}

/// A snapshot as it is at the moment of the work, and the flags that it was made with. Of a backend
/// service it has secrets, and configs that are made of them, for a reader who may read those.
pub(super) async fn build(
    w: &mut Work,
    id: ServiceId,
    service: &ServiceRow,
    may_reveal: bool,
) -> Result<(Snapshot, Served)> {
    let mut secrets = Secrets::default();
    let with_secrets = service.kind == ServiceKind::Backend && may_reveal;
    if with_secrets {
        secrets = open_all(w, id, service.umbrella_id, |_| true).await?;
    }
    let served = Served::load(w, id, service.umbrella_id, service.engine()).await?;
    let flags = served.plain(w.now);
    let given = configs::load(w, id, service.umbrella_id, &flags).await?;
    let hides = service.kind == ServiceKind::Backend && !may_reveal;
    let (configs, mut left_out_configs) =
        if hides { given.resolve_untainted() } else { given.resolve(&secrets) };
    let absent = secrets.absent.into_iter();
    let mut errors: Vec<SnapshotError> =
        absent.map(|(key, code)| left_out(key, Kind::Secret, code.as_str())).collect();
    errors.append(&mut left_out_configs);
    let unreadable = Unresolved::Unreadable.as_str();
    errors.extend(served.unreadable.iter().map(|key| left_out(key.clone(), Kind::Flag, unreadable)));
    let snapshot = Snapshot {
        service: service.slug.clone(),
        kind: service.kind,
        environment: service.environment.clone(),
        revision: service.revision,
        secrets: with_secrets.then_some(secrets.open),
        configs: configs.into_iter().map(|(key, config)| (key, config.element)).collect(),
        flags,
        errors,
    };
    Ok((snapshot, served))
}

/// The secrets of a service: those that could be opened, and why the others stand in no snapshot.
#[derive(Default)]
pub(super) struct Secrets {
    pub open: BTreeMap<String, SnapshotSecret>,
    pub absent: BTreeMap<String, Unresolved>,
}

/// Opens the secrets that are wanted, by their keys. One that does not open takes nothing from the
/// others, and is never passed over in silence.
pub(super) async fn open_all(
    w: &mut Work,
    id: ServiceId,
    umbrella: Option<ServiceId>,
    wanted: impl Fn(&str) -> bool,
) -> Result<Secrets> {
    let mut secrets = Secrets::default();
    for row in all_effective(w, id, umbrella, Kind::Secret).await? {
        if !wanted(&row.key) {
            continue;
        }
        let (key, entry, inherited) = (row.key.clone(), row.id, row.service_id != id);
        match open(w, row, inherited).await {
            Ok(secret) => {
                secrets.open.insert(key, secret);
            }
            Err(Error::Unreadable(why)) => {
                tracing::error!(secret = %entry, why, "a secret is left out: its row cannot be read");
                secrets.absent.insert(key, Unresolved::Unreadable);
            }
            Err(error) => return Err(error),
        }
    }
    for key in without_value(w, id, Kind::Secret).await? {
        secrets.absent.entry(key).or_insert(Unresolved::NeedsValue);
    }
    Ok(secrets)
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
