//! Import and export of secrets and configs: what is exported comes back as unchanged, and programs
//! of others read it as it was.

mod formats;
mod programs;
mod readers;

use crate::world::{Reply, World};
use serde_json::{Value, json};

const SECRETS: &str = "/api/v1/projects/shop/services/api/secrets";
const CONFIGS: &str = "/api/v1/projects/shop/services/api/configs";

async fn import(w: &World, of: &str, body: Value) -> Reply {
    w.post(&format!("{of}:import"), body).with(&w.keys.admin).await
}

async fn export_secrets(w: &World, format: &str) -> Reply {
    w.post(&format!("{SECRETS}:export"), json!({ "format": format })).with(&w.keys.admin).await
}

async fn export_configs(w: &World, format: &str) -> Reply {
    w.get(&format!("{CONFIGS}:export?format={format}")).with(&w.keys.admin).await
}
