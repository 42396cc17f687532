//! The audit log: one hash chain per tenant, written in the same transaction as the change.
//!
//! A row's hash is SHA-256 over the hash before it and the row's own fields, each with its length
//! in front. Removing, changing or reordering a row breaks every hash after it; signed checkpoints
//! that leave the database catch a chain that was rewritten as a whole.

mod chain;
mod checkpoint;
mod file;
mod query;

pub use chain::{Chain, Entry};
pub(crate) use chain::{Refused, record_denial, record_refused};
pub use checkpoint::{Checkpoint, checkpoint_all, verify_checkpoints};
pub use file::{csv, json_lines};
pub use query::{export, list, verify, verify_tenant};
