//! API keys: those of a service, with two slots, and those of an environment of the tenant. Every value
//! is shown once and stored as a MAC.

pub mod environment;
pub(crate) mod holding;
mod service;

pub use service::{list, revoke, rotate};

use crate::{Error, Result};
use nexus_domain::keys::{DEFAULT_GRACE_HOURS, MAX_GRACE_HOURS};

/// How many hours the old value of a rotated key stays valid.
fn grace_hours(asked: Option<i64>) -> Result<i64> {
    let grace = asked.unwrap_or(DEFAULT_GRACE_HOURS);
    if (0..=MAX_GRACE_HOURS).contains(&grace) {
        return Ok(grace);
    }
    Err(Error::invalid("grace_hours", format!("0 to {MAX_GRACE_HOURS} hours")))
}
