//! The vocabulary and the rules of Nexus, without input or output.
//!
//! Everything here is a value or a pure function: names and their patterns, roles and what they
//! allow, the shapes that travel over the wire. It builds for WASM, so the console, the server and
//! a client share one definition of each word. It may not read a clock, a file or a database.

pub mod account;
pub mod action;
pub mod audit;
mod civil;
pub mod completion;
pub mod config;
pub mod credential;
pub mod device;
pub mod entry;
pub mod environment;
pub mod environment_key;
pub mod export;
pub mod factor;
pub mod flag;
pub mod grid;
pub mod id;
pub mod import;
pub mod invitation;
pub mod json;
pub mod key;
pub mod keys;
pub mod measure;
pub mod member;
pub mod network;
pub mod oauth;
pub mod page;
pub mod project;
pub mod refusal;
pub mod request_log;
pub mod resolve;
pub mod rights;
pub mod role;
pub mod scope;
pub mod secret;
pub mod service;
pub mod sign_in;
pub mod slug;
pub mod snapshot;
pub mod template;
pub mod tier;
pub mod timestamp;
pub mod why;
pub mod workload;

pub use id::*;
pub use refusal::{Code, Refusal};
pub use timestamp::Timestamp;
