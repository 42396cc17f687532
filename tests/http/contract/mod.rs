//! The wire contract of the APIs, as `docs/api.md` promises it to programs.

mod browsers;
mod caching;
mod document;
mod entries;
mod errors;
mod explained;
mod flags;
mod holding;
mod idempotency;
mod inputs;
mod keys;
mod lists;
mod members;
mod promotion;
mod scopes;
mod tiers;
