//! The pages, one folder or file per noun: what is shown, and the thin server functions behind it.

pub mod account;
pub mod api_keys;
pub mod api_log;
pub mod audit;
pub mod auth;
pub mod configs;
pub mod entries;
pub mod environments;
pub mod flags;
pub mod frame;
pub mod grid;
pub mod losses;
pub mod machine_tabs;
pub mod members;
pub mod oauth_apps;
pub mod project;
pub mod projects;
pub mod secrets;
pub mod service;
pub mod services;
pub mod settings;
pub mod sign_in_rules;
pub mod workload;
