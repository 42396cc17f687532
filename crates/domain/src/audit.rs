//! Rows of the audit log as they travel.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One row of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditRow {
    /// Its place in the tenant's chain.
    pub seq: i64,
    pub at: Timestamp,
    /// `person`, `service_key`, `environment_key`, `operator` or `nobody`.
    pub actor_kind: String,
    /// An address or a shown prefix.
    pub actor: String,
    /// The act, for example `secret.reveal`.
    pub event: String,
    /// `done` or `denied`.
    pub outcome: String,
    pub project: Option<String>,
    pub environment: Option<String>,
    pub service: Option<String>,
    /// The thing itself, for example a secret's key. Never a value.
    pub target: Option<String>,
    pub details: Map<String, Value>,
    pub ip: Option<String>,
    /// Hex SHA-256 over the row before and this one.
    pub hash: String,
}

/// Which rows to show. Absent means all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditFilter {
    pub project: Option<String>,
    pub service: Option<String>,
    pub actor: Option<String>,
    /// A whole event (`secret.reveal`) or a family (`secret.`).
    pub event: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// What checking the chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditVerdict {
    pub ok: bool,
    pub rows: i64,
    /// The first row that does not fit, where one does not.
    pub broken_at: Option<i64>,
    pub reason: Option<String>,
}
