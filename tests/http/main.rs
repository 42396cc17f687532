//! The HTTP surfaces, asked through the router without sockets: who may call what, the wire
//! contract, hostile input, and what must never be found anywhere.
//!
//! Each test has an instance of its own, on a copy of one seeded SQLite database, with a clock that
//! only the test moves. The two databases are compared in `crates/backend`.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod world;

mod canary;
mod console;
mod contract;
mod hostile;
mod machines;
mod oauth;
mod sessions;
mod table;
mod transfer;
