//! Secrets as they travel: rows without values, and values where someone may reveal them. What
//! every kind of entry has is in [`entry`](crate::entry).

use crate::Timestamp;
use crate::entry::{DeletedEntry, EntryVersion, redacted};
pub use crate::entry::{
    DiffLine, DiffOp, EntryCounts as SecretCounts, EntryDiff as SecretDiff, EntryPatch as SecretPatch,
    MAX_DESCRIPTION_CHARS, MAX_NOTE_CHARS, MAX_TAG_CHARS, MAX_TAGS, SourceFilter,
};
use crate::role::words;
use serde::{Deserialize, Serialize};

pub const MAX_TEXT_BYTES: usize = 64 * 1024;
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

words! {
    /// What a secret holds.
    SecretType { Text = "text", File = "file", }
}

/// One version of a secret, without its value.
pub type SecretVersion = EntryVersion<SecretType>;
/// A secret that was deleted and can be restored until `final_at`.
pub type DeletedSecret = DeletedEntry<SecretType>;

/// A secret without its value: a row of the Secrets tab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretRow {
    pub key: String,
    #[serde(rename = "type")]
    pub kind: SecretType,
    /// The ACTIVE version; 0 while it needs a value.
    pub version: i64,
    /// The umbrella that it comes from.
    pub inherited_from: Option<String>,
    /// The umbrella whose secret of the same key it hides.
    pub overrides: Option<String>,
    pub needs_value: bool,
    pub note: String,
    pub tags: Vec<String>,
    /// Of the ACTIVE version.
    pub description: String,
    /// Bytes of the ACTIVE value (shown for files only).
    pub size: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub updated_by: String,
    /// Said once, when the key was made: another key differs from it only in case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Why it cannot be changed, only read and deleted: the tier does not reach that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<String>,
}

/// A secret with its value: the answer to a reveal.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretValue {
    pub key: String,
    #[serde(rename = "type")]
    pub kind: SecretType,
    pub version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_base64: Option<String>,
    pub size: i64,
    pub inherited_from: Option<String>,
    pub description: String,
    pub note: String,
    pub tags: Vec<String>,
    pub updated_at: Timestamp,
    pub updated_by: String,
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretValue({} v{}, [redacted])", self.key, self.version)
    }
}

/// One version of a secret with its value: the answer to a reveal of an old one too.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretVersionValue {
    pub key: String,
    pub version: i64,
    #[serde(rename = "type")]
    pub kind: SecretType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_base64: Option<String>,
    pub size: i64,
    pub active: bool,
    pub inherited_from: Option<String>,
    pub description: String,
    pub created_at: Timestamp,
    pub created_by: String,
}

impl std::fmt::Debug for SecretVersionValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretVersionValue({} v{}, [redacted])", self.key, self.version)
    }
}

/// What reads a secret or depends on it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretUse {
    /// Services that inherit it (an umbrella's secret that they do not override).
    pub inherited_by: Vec<String>,
    /// The configs that have it in their values.
    #[serde(default)]
    pub referred_by: Vec<ReferringConfig>,
    /// The shown prefix of the key that read the service last.
    pub last_read_by: Option<String>,
    pub last_read_at: Option<Timestamp>,
}

/// A config that refers to a key, in a service of the same environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReferringConfig {
    pub service: String,
    pub key: String,
}

/// A value on its way in. `value` or `value_base64`, never both; `type` is `text` when absent, or
/// the type of the secret as it is.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewSecret {
    pub key: String,
    #[serde(default)]
    pub value: Option<String>,
    #[serde(default)]
    pub value_base64: Option<String>,
    #[serde(default, rename = "type")]
    pub kind: Option<SecretType>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub tags: Option<Vec<String>>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewSecretVersion {
    #[serde(default)]
    pub value: Option<String>,
    #[serde(default)]
    pub value_base64: Option<String>,
    #[serde(default, rename = "type")]
    pub kind: Option<SecretType>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub expected_version: Option<i64>,
}

redacted!(NewSecret, NewSecretVersion);
