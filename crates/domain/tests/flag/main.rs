//! The flag engine from outside: published vectors, distribution of the buckets, properties of any
//! flag and context, hostile definitions.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod distribution;
mod hostile;
mod properties;
#[cfg(feature = "openapi")]
mod schema;
mod vectors;
