//! Service keys as they travel: two slots, both valid, each shown once.

use crate::Timestamp;
use crate::role::words;
use serde::{Deserialize, Serialize};

words! {
    /// One of the two keys of a service.
    Slot { Primary = "primary", Secondary = "secondary", }
}

words! {
    /// What a service key may do. `read_write` may write and delete the service's own secrets.
    Access { Read = "read", ReadWrite = "read_write", }
}

/// How long the old value of a rotated key stays valid unless said otherwise.
pub const DEFAULT_GRACE_HOURS: i64 = 24;
pub const MAX_GRACE_HOURS: i64 = 24 * 30;

/// A slot and what is known of its key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceKey {
    pub slot: Slot,
    /// The shown prefix, for example `sk_live_1f0c`; absent while the slot is empty.
    pub prefix: Option<String>,
    pub access: Access,
    pub created_at: Option<Timestamp>,
    pub created_by: Option<String>,
    pub last_used_at: Option<Timestamp>,
    pub last_used_ip: Option<String>,
    /// The shown prefix of the value that a rotation replaced and that is still valid.
    pub old_key_prefix: Option<String>,
    pub old_key_expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateRequest {
    /// Hours that the old value stays valid; 24 by default, 0 revokes it now, 720 at most.
    #[serde(default)]
    pub grace_hours: Option<i64>,
    /// The slot's access from now on; unchanged when absent (`read` for a new key).
    #[serde(default)]
    pub access: Option<Access>,
}

/// A key just made: the only time that it is shown.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RotatedKey {
    pub slot: Slot,
    pub key: String,
    pub prefix: String,
    pub access: Access,
    pub old_key_expires_at: Option<Timestamp>,
}

impl std::fmt::Debug for RotatedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RotatedKey({} {}…)", self.slot, self.prefix)
    }
}
