//! `Idempotency-Key`: a request that is sent again is not carried out again.
//!
//! A claim is taken by one statement, and marked as carried out in the very transaction of the change,
//! together with the sealed answer. So whatever ends the process, and whenever, the request is either
//! carried out and known to be, or free to be sent again. A claim whose holder is gone may be taken over
//! after a moment; should the holder be slow and not gone, its change finds the claim taken and is not
//! committed.

mod claim;
mod rows;
mod seal;

pub use claim::{Claim, Claimed, claim};
pub(crate) use claim::{carried_out, current};
pub use rows::{forget_interrupted, sweep};
pub use seal::without_credentials;

use nexus_domain::timestamp;
use serde::{Deserialize, Serialize};

/// How long an answer is kept.
pub const KEPT: i64 = 24 * timestamp::HOUR;
/// How long a claim is held by a request that does not end. Far more than any change takes.
pub const HELD: i64 = 30 * timestamp::SECOND;
/// A larger answer is not kept: sent again, the request is refused, and not carried out.
const MAX_ANSWER: usize = 256 * 1024;

/// A request, as far as it is compared.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// What the caller calls it.
    pub key: &'a str,
    pub method: &'a str,
    /// Path and query.
    pub address: &'a str,
    pub body: &'a [u8],
}

/// What the answer to a change will be: what an adapter says of routes and results.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The status of the route's good answer.
    pub status: u16,
    /// The text of the body that an adapter makes of what a use case gave back, where it knows.
    pub body: fn(&dyn std::any::Any) -> Option<String>,
}

/// An answer that is kept. It never holds a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The text of the body.
    pub body: String,
}
