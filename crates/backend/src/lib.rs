//! The use cases of Nexus. Each noun has a folder with its rules and, beside them, its SQL.
//!
//! Every use case is an async function of a [`Nexus`] and an [`gate::Actor`]. It asks the gate
//! first, and what it changes and its audit row are one transaction. Nothing in here knows HTTP.

pub mod audit;
mod clock;
pub mod configs;
pub mod credentials;
pub mod crypto;
pub mod dev_environments;
pub mod egress;
pub mod entries;
pub mod environments;
mod error;
pub mod flags;
pub mod gate;
pub mod grid;
pub mod idempotency;
pub mod invitations;
mod jwt;
pub mod keys;
pub mod limits;
pub mod mail;
pub mod members;
mod nexus;
pub mod oauth;
pub mod people;
pub mod projects;
pub mod request_log;
pub mod secrets;
pub mod services;
pub mod sign_in;
pub mod snapshot;
pub mod store;
pub mod streams;
pub mod tenants;
pub mod tiers;
pub mod why;
mod work;
pub mod workload;

pub use clock::{Clock, SystemClock};
pub use error::{Denial, Error, Result};
pub use nexus::{DnsRecords, Nexus, Parts, Settings};
