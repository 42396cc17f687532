//! What a service reads: one consistent snapshot of its own and its inherited entries.

use crate::config::ConfigType;
use crate::json::JsonText;
use crate::secret::SecretType;
use crate::service::ServiceKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Files over this many bytes stand in a snapshot by their hash and are fetched one by one.
pub const INLINE_FILE_BYTES: i64 = 64 * 1024;
/// A service's resolved snapshot is at most this many bytes.
pub const MAX_SNAPSHOT_BYTES: i64 = 16 * 1024 * 1024;

/// The answer of `GET /v1/sync`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Snapshot {
    pub service: String,
    pub kind: ServiceKind,
    pub environment: String,
    pub revision: i64,
    /// Absent for credentials that may not read secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<BTreeMap<String, SnapshotSecret>>,
    pub configs: BTreeMap<String, SnapshotConfig>,
    pub flags: BTreeMap<String, SnapshotFlag>,
    /// Entries that were left out, and why.
    pub errors: Vec<SnapshotError>,
}

/// A secret in a snapshot: `value` for text, `value_base64` for small files, `sha256` and `size`
/// for large ones.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SnapshotSecret {
    /// The key; present where the secret stands alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(rename = "type")]
    pub kind: SecretType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_base64: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    pub version: i64,
    pub inherited: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SnapshotConfig {
    /// The key; present where the config stands alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(rename = "type")]
    pub kind: ConfigType,
    /// Resolved: nothing is left to replace.
    pub value: JsonText,
    pub inherited: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SnapshotFlag {
    /// The key; present where the flag stands alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// State and schedule, without rules and rollout.
    pub enabled: bool,
    pub inherited: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SnapshotError {
    pub key: String,
    pub kind: String,
    /// `missing`, `needs_value`, `not_text`, `too_large`, `cycle`, or `unreadable` (a row that this
    /// version of the server cannot read).
    pub code: String,
}
