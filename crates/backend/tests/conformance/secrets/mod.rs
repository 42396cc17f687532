//! Secrets: their life, their history, inheritance, lists, imports, limits.

mod find;
mod history;
mod import;
pub use import::env;
mod inheritance;
mod life;
mod limits;
mod list;
