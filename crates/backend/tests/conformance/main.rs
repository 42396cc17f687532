//! One suite for both databases: every scenario runs on a fresh SQLite file and on a fresh
//! PostgreSQL database, with real cryptography and a clock that the test sets.
//!
//! PostgreSQL is found by `NEXUS_TEST_POSTGRES_URL` (`cargo xtask test` sets it); without it that
//! half says loudly that it was skipped.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

/// Registers scenarios (`async fn name(w: &World)`) as two tests each: `name::sqlite` and
/// `name::postgres`.
macro_rules! both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                crate::world::on_sqlite(super::$name);
            }
            #[test]
            fn postgres() {
                crate::world::on_postgres(super::$name);
            }
        }
    )+};
}

mod world;

mod account;
mod audit;
mod canaries;
mod changes;
mod configs;
mod console;
mod crypto;
mod dev_environments;
mod egress;
mod environment_keys;
mod factors;
mod flags;
mod gate;
mod grid;
mod idempotency;
mod invitations;
mod keys;
mod limits;
mod mail;
mod members;
mod oauth;
mod open_sessions;
mod orders;
mod people;
mod programs;
mod races;
mod request_log;
mod secrets;
mod services;
mod sessions;
mod several_tenants;
mod sign_in;
mod statements;
mod store;
mod tenants;
mod tiers;
mod why;
mod workload;
mod workload_overview;
