//! Environments as they travel: the tenant's shared ones and developers' own.

use crate::json::given;
use crate::role::words;
use crate::{Code, EnvironmentId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};

/// The slug of the one live environment of a tenant; shown as "Production".
pub const LIVE: &str = "live";
/// The shared environment that developer environments start from.
pub const DEVELOP: &str = "develop";
pub const STAGING: &str = "staging";
/// How many shared environments besides live a tenant may have, unless an operator raised it.
pub const SOFT_CAP: i64 = 5;

words! {
    /// What an environment is.
    EnvironmentKind {
        Live = "live",
        Environment = "environment",
        Developer = "developer",
        LegacyTest = "legacy_test",
    }
}

/// An environment of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Environment {
    pub id: EnvironmentId,
    pub slug: String,
    pub name: String,
    pub kind: EnvironmentKind,
    pub created_at: Timestamp,
    /// The evaluation engine that this environment keeps to; left out without a pin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_engine_version: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewEnvironment {
    pub slug: String,
    #[serde(default)]
    pub name: Option<String>,
    /// The evaluation engine to keep to: a line (`1.x`) or a version (`1.0`).
    #[serde(default)]
    pub pinned_engine_version: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnvironmentPatch {
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub name: Option<String>,
    /// The evaluation engine to keep to: a line (`1.x`) or a version (`1.0`). `null` takes the pin away.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub pinned_engine_version: Option<Option<String>>,
}

/// How many shared environments besides live there are, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRoom {
    pub used: i64,
    pub cap: i64,
}

impl EnvironmentRoom {
    pub const fn is_full(self) -> bool {
        self.used >= self.cap
    }

    /// Refuses one more where there is no room for it.
    pub fn expect_one_more(self) -> Result<(), Refusal> {
        if !self.is_full() {
            return Ok(());
        }
        let message = format!("A tenant may have {} environments besides Production", self.cap);
        let refusal = Refusal::new(Code::QuotaExceeded, message);
        Err(refusal.with("quota", "environments").with("limit", self.cap))
    }
}

/// A developer environment, seen by its owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DevEnvironment {
    #[serde(flatten)]
    pub environment: Environment,
    pub services: i64,
    /// When `develop` was last imported.
    pub imported_at: Option<Timestamp>,
}

words! {
    /// What an import does with a key that the developer environment has already.
    OnConflict { Skip = "skip", Overwrite = "overwrite", Version = "version", }
}

/// What an import of `develop` did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DevImport {
    pub services_created: i64,
    pub secrets_created: i64,
    pub secrets_updated: i64,
    pub secrets_skipped: i64,
    #[serde(default)]
    pub configs_copied: i64,
    #[serde(default)]
    pub configs_skipped: i64,
    #[serde(default)]
    pub flags_copied: i64,
    #[serde(default)]
    pub flags_skipped: i64,
    /// Secrets copied without their value, because the importer may not reveal it.
    pub needs_value: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DevImportRequest {
    pub on_conflict: OnConflict,
}
