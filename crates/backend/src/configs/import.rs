//! Importing configs from a `.env`, JSON or YAML text: first what would happen, then all of it or nothing.
//! Values of JSON and YAML keep their type; a line of a `.env` text is a string, or what the config is
//! already.

use super::{open_version, rules, schema, store_version};
use crate::entries::{self, Entry, Given, Kind, Pair, Pairs, Step};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::{self, Resolved};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::Refusal;
use nexus_domain::action::Action;
use nexus_domain::config::{ConfigType, ConfigValue};
use nexus_domain::import::{ImportFormat, ImportReport, ImportRequest, ImportState};
use nexus_domain::json::{self, JsonText};
use nexus_domain::service::ServicePath;
use serde_json::json;

type Steps = Vec<Step<ConfigValue>>;

/// Compares the text with what the service has and, unless it is a dry run, writes what is new or
/// changed.
pub async fn import(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    request: ImportRequest,
) -> Result<ImportReport> {
    let (format, found) = entries::pairs(request.format, &request.text)?;
    let path = path.clone();
    if request.dry_run {
        // What would be refused as a whole is refused here too, because it is the same.
        return nexus.rehearse(actor, move |w| Box::pin(carried_out(w, path, request, format, found))).await;
    }
    nexus.change(actor, move |w| Box::pin(carried_out(w, path, request, format, found))).await
}

async fn carried_out(
    w: &mut Work,
    path: ServicePath,
    request: ImportRequest,
    format: ImportFormat,
    found: Pairs,
) -> Result<ImportReport> {
    let service = services::resolve(w, &path, Action::ConfigUpdate).await?;
    let description = entries::description(request.description)?;
    let steps = plan(w, &service, found).await?;
    let report = entries::report(&steps, format, request.dry_run);
    if request.dry_run && report.invalid > 0 {
        return Ok(report);
    }
    entries::refuse_invalid(&report)?;
    carry_out(w, &service, steps, &description).await?;
    Ok(report)
}

async fn plan(w: &mut Work, service: &Resolved, found: Pairs) -> Result<Steps> {
    let mut steps = Vec::with_capacity(found.len());
    for pair in found {
        steps.push(match pair {
            Ok(pair) => step(w, service, pair).await?,
            Err(item) => Step { item, write: None },
        });
    }
    judge(w, service, &mut steps).await?;
    let there = entries::every_key(w, service, Kind::Config).await?;
    entries::point_out_collisions(&mut steps, &there);
    Ok(steps)
}

async fn step(w: &mut Work, service: &Resolved, pair: Pair) -> Result<Step<ConfigValue>> {
    let Pair { line, key, value } = pair;
    let entry = entries::find(w, service.id, Kind::Config, key.as_str()).await?;
    let effective = entries::effective(w, service, Kind::Config, key.as_str()).await?.map(|(it, _)| it);
    let kind = entry.as_ref().or(effective.as_ref()).map(|entry| entries::word(&entry.kind)).transpose()?;
    let value = match read(kind, &value) {
        Ok(value) => value,
        Err(refusal) => {
            return Ok(Step::invalid(line, key.as_str().to_owned(), entries::rule_of(&refusal)));
        }
    };
    if let Some(entry) = &entry {
        match schema::refuse_unfit(w, entry.id, &value).await {
            Err(Error::Refused(refusal)) => {
                return Ok(Step::invalid(line, key.as_str().to_owned(), entries::rule_of(&refusal)));
            }
            fits => fits?,
        }
    }
    let is_equal = match effective {
        Some(it) if it.active_version > 0 => means_the_same(&active(w, &it).await?, &value),
        _ => false,
    };
    Ok(Step::of(line, key, entry, value, is_equal))
}

/// A value of the text. `kind` is what the config is, where there is one, here or inherited.
fn read(kind: Option<ConfigType>, value: &Given) -> Result<ConfigValue, Refusal> {
    match value {
        Given::Text(text) => ConfigValue::typed(kind.unwrap_or(ConfigType::String), text),
        Given::Json(raw) => {
            let kept = kind.filter(|kind| *kind == ConfigType::Json);
            ConfigValue::read(kept, &JsonText::from(raw.as_ref()))
        }
        Given::Word { json, .. } => {
            let raw = json.as_ref().map_err(|rule| Refusal::invalid("value", rule.as_str()))?;
            let kept = kind.filter(|kind| *kind == ConfigType::Json);
            ConfigValue::read(kept, &JsonText::from(raw.as_ref()))
        }
    }
}

/// Spaces between the parts of a JSON value, how its strings are escaped, and how an exponent is written,
/// make no other value.
fn means_the_same(one: &ConfigValue, other: &ConfigValue) -> bool {
    one == other
        || (one.kind == other.kind
            && matches!(one.kind, ConfigType::Json | ConfigType::Number)
            && json::normal(one.text()) == json::normal(other.text()))
}

async fn active(w: &mut Work, entry: &Entry) -> Result<ConfigValue> {
    open_version(&entries::version(w, entry.id, entry.active_version).await?)
}

/// Judges what the new values refer to, as if all of them were written.
async fn judge(w: &mut Work, service: &Resolved, steps: &mut Steps) -> Result<()> {
    let mut intended = rules::Intended::default();
    for (_, key, value) in steps.iter().filter_map(|step| step.write.as_ref()) {
        intended.configs.insert(key.as_str().to_owned(), value.references()?);
    }
    let refused = rules::foresee(w, service, intended).await?;
    for step in steps {
        if let Some(refusal) = step.write.as_ref().and_then(|(_, key, _)| refused.get(key.as_str())) {
            step.item.state = ImportState::Invalid;
            step.item.reason = Some(entries::rule_of(refusal));
            step.write = None;
        }
    }
    Ok(())
}

async fn carry_out(w: &mut Work, service: &Resolved, steps: Steps, description: &str) -> Result<()> {
    let mut keys = Vec::new();
    for (entry, key, value) in steps.into_iter().filter_map(|step| step.write) {
        let (action, entry) = match entry {
            Some(entry) => (Action::ConfigUpdate, entry),
            None => {
                let kind = value.kind.as_str();
                let made = entries::insert(w, service.id, Kind::Config, &key, kind, "", &[]).await?;
                (Action::ConfigCreate, made)
            }
        };
        let version = store_version(w, &entry, &value, description).await?;
        let details = json!({ "change": "imported", "version": version });
        w.record(action, &service.target().with_name(key.as_str()), details).await?;
        keys.push(key);
    }
    if keys.is_empty() {
        w.nothing_to_do();
        return Ok(());
    }
    let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    rules::settle(w, service, &keys).await?;
    entries::finish(w, service.id).await
}
