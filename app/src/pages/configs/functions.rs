//! The server functions of the Configs tab. A config is no secret: its stored text is in the page,
//! with its references, and never what they lead to.

use crate::done::Done;
use crate::pages::service::Rights;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::config::{ConfigType, ConfigVersion, DeletedConfig};
use nexus_domain::entry::{EntryCounts, EntryDiff};
use nexus_domain::export::Collision;
use nexus_domain::service::Service;
#[cfg(feature = "ssr")]
use nexus_domain::service::ServicePath;
use serde::{Deserialize, Serialize};

/// How many configs stand on one page of the list.
#[cfg(feature = "ssr")]
const PAGE: i64 = 100;

/// The tab's data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigsData {
    pub rows: Vec<Config>,
    pub next_cursor: Option<String>,
    pub counts: EntryCounts,
    pub open: Option<Opened>,
    /// The key that was to be opened and is not there.
    pub missing: Option<String>,
    /// What can be restored, where that was asked for.
    pub deleted: Option<Vec<DeletedConfig>>,
    /// The keys that would be one environment variable, where an export was asked for.
    pub collisions: Option<Vec<Collision>>,
    pub service: Service,
    pub rights: Rights,
    pub undelete_days: i64,
    pub now: Timestamp,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    pub key: String,
    pub kind: ConfigType,
    /// As a person types it: a string without quotes, JSON for the rest. Only its beginning while the
    /// row is closed.
    pub text: String,
    /// 0 while it needs a value.
    pub version: i64,
    pub inherited_from: Option<String>,
    pub overrides: Option<String>,
    /// Of the open config: its JSON Schema.
    pub schema: Option<String>,
    /// `secret:KEY`, `flag:KEY`, `config:KEY`.
    pub references: Vec<String>,
    /// What it resolves to holds a secret.
    pub tainted: bool,
    /// What is stored cannot be read.
    pub unreadable: bool,
    pub note: String,
    pub tags: Vec<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub updated_by: String,
    /// Why it cannot be changed, if it cannot.
    pub read_only: Option<String>,
}

impl Config {
    pub const fn needs_value(&self) -> bool {
        self.version == 0
    }
}

/// The history of the open config, and two versions of it beside each other where that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub key: String,
    pub history: Vec<ConfigVersion>,
    pub diff: Option<EntryDiff>,
}

#[server(prefix = "/_fn", endpoint = "read_configs")]
pub async fn read_configs(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    #[server(default)] source: Option<String>,
    #[server(default)] q: Option<String>,
    #[server(default)] cursor: Option<String>,
    #[server(default)] open: Option<String>,
    #[server(default)] created: Option<String>,
    /// Two numbers of versions with a hyphen between them.
    #[server(default)]
    compare: Option<String>,
    #[server(default)] deleted: bool,
    #[server(default)] export: bool,
) -> Result<ConfigsData, Refused> {
    use nexus_backend::{configs, projects, services};
    use nexus_domain::entry::SourceFilter;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let source = source.as_deref().and_then(SourceFilter::parse).unwrap_or(SourceFilter::All);
    let wanted = configs::ListConfigs { source, q: q.unwrap_or_default(), cursor, limit: PAGE };
    let page = configs::list(&nexus, &actor, &path, wanted).await?;
    let service = services::get(&nexus, &actor, &path).await?;
    let mut data = ConfigsData {
        rows: page.data.into_iter().map(shown).collect(),
        next_cursor: page.next_cursor,
        counts: configs::counts(&nexus, &actor, &path).await?,
        open: None,
        missing: None,
        deleted: None,
        collisions: None,
        rights: crate::pages::service::rights_in(&nexus, &actor, &path).await?,
        undelete_days: projects::brief(&nexus, &actor, &path.project).await?.undelete_days,
        service,
        now: nexus.now(),
    };
    if export {
        data.collisions = Some(configs::collisions_of(&nexus, &actor, &path).await?);
    }
    if deleted {
        data.deleted = Some(configs::deleted(&nexus, &actor, &path).await?);
        return Ok(data);
    }
    for key in created.iter().chain(&open) {
        if !data.rows.iter().any(|row| row.key == *key)
            && let Ok(row) = configs::row(&nexus, &actor, &path, key).await
        {
            data.rows.insert(0, shown(row));
        }
    }
    for row in data.rows.iter_mut().filter(|row| open.as_ref() != Some(&row.key)) {
        row.text = beginning(&row.text);
        row.schema = None;
    }
    let Some(key) = open else { return Ok(data) };
    let Some(row) = data.rows.iter_mut().find(|row| row.key == key) else {
        data.missing = Some(key);
        return Ok(data);
    };
    if row.kind == ConfigType::Json {
        row.text = super::indented::indented(&row.text);
    }
    let history = configs::history(&nexus, &actor, &path, &key).await?;
    let diff = match compare.as_deref().and_then(crate::pages::entries::two_numbers) {
        Some((from, to)) => configs::diff(&nexus, &actor, &path, &key, from, to).await.ok(),
        None => None,
    };
    data.open = Some(Opened { key, history, diff });
    Ok(data)
}

/// As much of a value as its row shows; the whole one comes when the row is opened.
#[cfg(feature = "ssr")]
fn beginning(text: &str) -> String {
    text.chars().take(super::row::SHOWN_CHARS * 2).collect()
}

#[cfg(feature = "ssr")]
fn shown(row: nexus_domain::config::ConfigRow) -> Config {
    let json = row.value.as_ref().map_or("", |value| value.as_str());
    let text = match row.kind {
        ConfigType::String => serde_json::from_str(json).unwrap_or_default(),
        _ => json.to_owned(),
    };
    Config {
        key: row.key,
        kind: row.kind,
        text,
        version: row.version,
        inherited_from: row.inherited_from,
        overrides: row.overrides,
        schema: row.schema.map(|schema| schema.as_str().to_owned()),
        references: row.references.iter().map(ToString::to_string).collect(),
        tainted: row.tainted,
        unreadable: row.unreadable,
        note: row.note,
        tags: row.tags,
        created_at: row.created_at,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
        read_only: row.read_only,
    }
}

#[server(prefix = "/_fn", endpoint = "create_config")]
pub async fn create_config(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    kind: String,
    #[server(default)] value: String,
    #[server(default)] description: String,
    #[server(default)] schema: String,
) -> Result<Done, Refused> {
    use nexus_domain::config::NewConfig;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let value = typed(&kind, &value)?;
    let new = NewConfig {
        key: key.trim().to_owned(),
        kind: Some(value.kind),
        value: Some(value.json()),
        description: Some(description),
        schema: schema_of(&schema)?,
        ..NewConfig::default()
    };
    let row = nexus_backend::configs::create(&nexus, &actor, &path, new).await?;
    let notice = crate::pages::entries::with_warning(format!("{} is created", row.key), row.warning);
    Ok(Done::new(notice).to(tab(&tenant, &path, &format!("?created={}", row.key))))
}

#[server(prefix = "/_fn", endpoint = "add_config_version")]
pub async fn add_config_version(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    kind: String,
    expected_version: i64,
    #[server(default)] value: String,
    #[server(default)] description: String,
    #[server(default)] schema: String,
    /// Whether the form has a field for the schema; without one it stays.
    #[server(default)]
    with_schema: bool,
) -> Result<Done, Refused> {
    use nexus_domain::config::NewConfigVersion;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let value = typed(&kind, &value)?;
    let new = NewConfigVersion {
        kind: Some(value.kind),
        value: Some(value.json()),
        description: Some(description),
        schema: if with_schema { Some(schema_of(&schema)?) } else { None },
        expected_version: Some(expected_version),
    };
    let row = nexus_backend::configs::update(&nexus, &actor, &path, &key, new).await?;
    Ok(Done::new(format!("{key} is at v{} now", row.version)))
}

/// A value as it was typed, in the type that was chosen.
#[cfg(feature = "ssr")]
fn typed(kind: &str, text: &str) -> Result<nexus_domain::config::ConfigValue, Refused> {
    use nexus_domain::Refusal;
    let kind = ConfigType::parse(kind).ok_or_else(|| Refusal::invalid("kind", "One of the list"))?;
    Ok(nexus_domain::config::ConfigValue::typed(kind, text)?)
}

/// A schema as it was typed; none where nothing was.
#[cfg(feature = "ssr")]
fn schema_of(text: &str) -> Result<Option<nexus_domain::json::JsonText>, Refused> {
    use nexus_domain::Refusal;
    match text.trim() {
        "" => Ok(None),
        text => {
            Ok(Some(serde_json::from_str(text).map_err(|_| Refusal::invalid("schema", "This is not JSON"))?))
        }
    }
}

/// The address of the tab of a service.
#[cfg(feature = "ssr")]
fn tab(tenant: &str, path: &ServicePath, rest: &str) -> String {
    crate::address::service_url(tenant, path, &format!("configs{rest}"))
}

/// Renames a config (`config` is its key until now) and replaces its note and tags.
#[server(prefix = "/_fn", endpoint = "edit_config")]
pub async fn edit_config(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    config: String,
    expected_version: i64,
    key: String,
    #[server(default)] note: String,
    #[server(default)] tags: String,
) -> Result<Done, Refused> {
    use nexus_domain::entry::EntryPatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let patch = EntryPatch {
        key: Some(key.trim().to_owned()),
        note: Some(note),
        tags: Some(crate::pages::entries::typed_tags(&tags)),
        expected_version: Some(expected_version),
    };
    let row = nexus_backend::configs::patch(&nexus, &actor, &path, &config, patch).await?;
    let notice = if row.key == config { "Saved".to_owned() } else { format!("{config} is {} now", row.key) };
    let notice = crate::pages::entries::with_warning(notice, row.warning);
    Ok(Done::new(notice).to(tab(&tenant, &path, &format!("?open={}", row.key))))
}

#[server(prefix = "/_fn", endpoint = "restore_config_version")]
pub async fn restore_config_version(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    version: i64,
    expected_version: i64,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let expected = Some(expected_version);
    let row = nexus_backend::configs::restore(&nexus, &actor, &path, &key, version, expected).await?;
    Ok(Done::new(format!("{key} is at v{} now, with the value of v{version}", row.version)))
}

#[server(prefix = "/_fn", endpoint = "destroy_config_version")]
pub async fn destroy_config_version(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    version: i64,
    typed: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    crate::pages::losses::confirmed(&typed, &format!("v{version}"))?;
    let path = ServicePath { project, environment, service };
    nexus_backend::configs::destroy(&nexus, &actor, &path, &key, version, None).await?;
    Ok(Done::new(format!("v{version} of {key} is destroyed")))
}

#[server(prefix = "/_fn", endpoint = "delete_config")]
pub async fn delete_config(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    expected_version: i64,
) -> Result<Done, Refused> {
    use leptos::server_fn::ServerFn;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    nexus_backend::configs::delete(&nexus, &actor, &path, &key, Some(expected_version)).await?;
    let fields = [
        ("tenant", tenant.as_str()),
        ("project", &path.project),
        ("environment", &path.environment),
        ("service", &path.service),
        ("key", &key),
    ];
    Ok(Done::new(format!("{key} is deleted")).or_undo(UndeleteConfig::PATH, &fields))
}

#[server(prefix = "/_fn", endpoint = "undelete_config")]
pub async fn undelete_config(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    nexus_backend::configs::undelete(&nexus, &actor, &path, &key).await?;
    Ok(Done::new(format!("{key} is back")))
}
