//! Tenants and projects as they travel, and the tiers of a project.

use crate::role::{ProjectRole, words};
use crate::{ProjectId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

words! {
    /// A project's tier. Stored with the project; what it allows is the catalogue's business.
    Tier { Free = "free", Xs = "xs", S = "s", M = "m", L = "l", Xl = "xl", }
}

/// A tenant, as its members see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tenant {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    pub created_at: Timestamp,
}

/// One product of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    pub id: ProjectId,
    pub slug: String,
    pub name: String,
    pub tier: Tier,
    /// What the caller is in it.
    pub role: ProjectRole,
    /// Services outside of developer environments.
    pub services: i64,
    /// Own secrets of those services.
    pub secrets: i64,
    /// How long a deleted secret can be restored, in days (at least 7).
    pub undelete_days: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    pub name: String,
    #[serde(default)]
    pub slug: Option<String>,
    #[serde(default)]
    pub tier: Option<Tier>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProjectPatch {
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Tier))]
    pub tier: Option<Tier>,
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub undelete_days: Option<i64>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TenantPatch {
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub name: Option<String>,
}

/// What goes with a thing when it is deleted; shown before, written to the audit log after.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Losses {
    #[serde(default)]
    pub projects: i64,
    pub environments: i64,
    pub services: i64,
    pub secrets: i64,
    #[serde(default)]
    pub configs: i64,
    #[serde(default)]
    pub flags: i64,
    pub keys: i64,
}
