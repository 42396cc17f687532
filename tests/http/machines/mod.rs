//! Programs over HTTP: keys that are refused for a while, and the log of what was asked.

mod api_log;
mod exchange;
mod quarantine;
