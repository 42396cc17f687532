//! The Nexus program: its settings, its command line, and its HTTP surfaces. It translates between
//! the outside and the use cases of `nexus-backend`, and holds no rules of its own.

pub mod cli;
pub mod http;
pub mod log;
pub mod settings;
