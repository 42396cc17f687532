//! Services and umbrella services as they travel.

use crate::environment::Environment;
use crate::role::words;
use crate::{ServiceId, Timestamp};
use serde::{Deserialize, Serialize};

words! {
    /// What a service is; never changes. A frontend service has no secrets.
    ServiceKind { Backend = "backend", Frontend = "frontend", }
}

/// The way to a service in the console and in the management API.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServicePath {
    pub project: String,
    pub environment: String,
    pub service: String,
}

/// A service, or an umbrella service (no endpoint, no keys).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    pub id: ServiceId,
    pub slug: String,
    /// Unique in the instance, permanent; absent for an umbrella.
    pub endpoint_slug: Option<String>,
    /// Where programs read it; absent for an umbrella.
    pub endpoint: Option<String>,
    pub name: String,
    pub kind: ServiceKind,
    pub project: String,
    pub environment: String,
    pub umbrella: bool,
    /// The umbrella that it inherits from.
    pub linked_umbrella: Option<String>,
    /// How many services inherit from it (umbrellas only).
    pub linked_services: i64,
    /// Own secrets.
    pub secrets: i64,
    /// The greatest change number among its own and its umbrella's.
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When a program last read it.
    pub synced_at: Option<Timestamp>,
    /// Why nothing in it can be changed, only read and deleted: the tier does not reach that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewService {
    pub name: String,
    #[serde(default)]
    pub slug: Option<String>,
    pub kind: ServiceKind,
    #[serde(default)]
    pub environment: Option<String>,
    #[serde(default)]
    pub umbrella: bool,
}

/// A change of a service. `kind`, `slug` and `environment` never change; naming another value is
/// refused with `immutable`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ServicePatch {
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = ServiceKind))]
    pub kind: Option<ServiceKind>,
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub slug: Option<String>,
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub environment: Option<String>,
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool))]
    pub umbrella: Option<bool>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkRequest {
    pub umbrella: String,
}

/// The services of one environment, as the services list shows them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceGroup {
    pub environment: Environment,
    /// Whether this is the caller's own developer environment.
    pub yours: bool,
    /// Somebody else's developer environment: its name is all there is to see.
    pub closed: bool,
    pub imported_at: Option<Timestamp>,
    pub services: Vec<Service>,
}
