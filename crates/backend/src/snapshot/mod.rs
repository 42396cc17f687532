//! What programs read: the snapshot of a service, one secret or config by its key, and writing back with a
//! `read_write` key.
//!
//! A snapshot is built in one transaction, kept in memory sealed under a key that only this process
//! knows, and used as long as the service's revision stays. The first read of it by each key and
//! hour is in the audit log before the answer leaves; repeats are counted.

mod build;
mod by_key;
mod cache;
mod configs;
mod one_config;

pub(crate) use build::{ServiceRow, left_out, service as service_row};
pub use by_key::{OneSecret, delete, get, get_unless, put};
pub use cache::{Answer, Snapshots, Unless, flush, matches_etag, sync};
pub(crate) use configs::{framed, load as load_configs};
pub use one_config::{OneConfig, config, config_unless};
