//! Between a plain value and the payload of a version.

use super::Value;
use crate::crypto::Aad;
use crate::crypto::Sealed;
use crate::entries::{self, Entry, Payload, VersionRow};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::secret::SecretType;
use nexus_domain::{EntryId, ServiceId, TenantId};
use zeroize::Zeroizing;

/// Where a sealed value belongs. Only ids that never change, so that renaming re-encrypts nothing
/// and a row copied elsewhere does not open.
fn place(tenant: TenantId, service: ServiceId, secret: EntryId, version: i64, kind: &str) -> Aad {
    Aad::new("nexus/secret/v1").id(tenant.0).id(service.0).id(secret.0).number(version).field(kind.as_bytes())
}

/// Seals a value as the entry's next version and makes it ACTIVE.
pub(crate) async fn store_version(
    w: &mut Work,
    entry: &Entry,
    value: &Value,
    description: &str,
) -> Result<i64> {
    let tenant = w.actor.tenant;
    let aad = place(tenant, entry.service_id, entry.id, entry.last_version + 1, value.kind.as_str());
    let nexus = w.nexus.clone();
    let sealed = nexus.keyring.seal_for(&mut w.tx, tenant, &aad, &value.bytes).await?;
    let payload = Payload {
        value_type: value.kind.as_str(),
        bytes: sealed.payload,
        wrapped_key: Some(sealed.wrapped_key),
        size: value.size(),
    };
    entries::add_version(w, entry, payload, description).await
}

/// Opens a version. A row that was tampered with is an error, never a wrong value.
pub(crate) async fn open_version(
    w: &mut Work,
    service: ServiceId,
    secret: EntryId,
    version: VersionRow,
) -> Result<(SecretType, Zeroizing<Vec<u8>>)> {
    let tenant = w.actor.tenant;
    let aad = place(tenant, service, secret, version.number, &version.kind);
    let (Some(payload), Some(wrapped_key)) = (version.payload, version.wrapped_key) else {
        return Err(Error::Unreadable("a version without a payload"));
    };
    let nexus = w.nexus.clone();
    let bytes = nexus.keyring.open_for(&mut w.tx, tenant, &aad, &Sealed { payload, wrapped_key }).await?;
    Ok((entries::word(&version.kind)?, bytes))
}
