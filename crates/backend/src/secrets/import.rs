//! Importing secrets from a `.env` or JSON text: first what would happen, then all of it or nothing.

mod env;
mod json;

pub(crate) use env::EnvFile;

use super::{Value, input, open_service, open_version, store_version, write};
use crate::entries::{self, Entry, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::Resolved;
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::import::{
    ImportFormat, ImportItem, ImportReport, ImportRequest, ImportState, MAX_IMPORT_BYTES, MAX_IMPORT_KEYS,
};
use nexus_domain::key::EntryKey;
use nexus_domain::secret::SecretType;
use nexus_domain::service::ServicePath;
use nexus_domain::{Code, Refusal};
use serde_json::{Map, json};
use std::collections::HashMap;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// One key and value of a text, or why it is none.
pub(super) struct Found {
    pub line: Option<i64>,
    pub key: String,
    pub value: std::result::Result<Zeroizing<String>, String>,
}

fn parse(format: ImportFormat, text: &str) -> Result<Vec<Found>> {
    if text.len() > MAX_IMPORT_BYTES {
        let refusal = Refusal::new(Code::TooLarge, "An import is at most 1 MiB");
        return Err(refusal.with("text", "An import is at most 1 MiB").into());
    }
    let looks_like_json = text.trim_start().starts_with('{');
    let found = match format {
        ImportFormat::Json => json::parse(text)?,
        ImportFormat::Auto if looks_like_json => json::parse(text)?,
        ImportFormat::Env | ImportFormat::Auto => env::parse(text),
    };
    match found.len() {
        0 => Err(Error::invalid("text", "There is no key in this text")),
        n if n > MAX_IMPORT_KEYS => Err(Error::invalid("text", "At most 1,000 keys at once")),
        _ => Ok(found),
    }
}

/// An item of the plan with what is needed to carry it out.
struct Step {
    item: ImportItem,
    write: Option<(Option<Entry>, EntryKey, Value)>,
}

impl Step {
    fn invalid(line: Option<i64>, key: String, reason: String) -> Self {
        let item = ImportItem { line, key, state: ImportState::Invalid, reason: Some(reason) };
        Self { item, write: None }
    }
}

/// Compares the text with what the service has (which opens the present values, so it takes the
/// right to reveal and is audited) and, unless it is a dry run, writes what is new or changed.
pub async fn import(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    request: ImportRequest,
) -> Result<ImportReport> {
    let found = parse(request.format, &request.text)?;
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretPreview).await?;
                if !request.dry_run {
                    open_service(w, &path, Action::SecretUpdate).await?;
                }
                let description = input::description(request.description)?;
                let steps = plan(w, &service, found).await?;
                let report = report(&steps, request.dry_run);
                let counts = json!({ "dry_run": request.dry_run, "new": report.new, "changed": report.changed,
                    "unchanged": report.unchanged, "invalid": report.invalid });
                w.record(Action::SecretPreview, &service.target(), counts).await?;
                if request.dry_run {
                    return Ok(report);
                }
                if report.invalid > 0 {
                    let bad: Map<_, _> = report
                        .items
                        .iter()
                        .filter_map(|item| Some((item.key.clone(), json!(item.reason.as_ref()?))))
                        .collect();
                    let message =
                        format!("{} of the keys cannot be imported, so nothing was", report.invalid);
                    return Err(Refusal::new(Code::InvalidRequest, message)
                        .with("text", "See the preview")
                        .with("keys", bad)
                        .into());
                }
                carry_out(w, &service, steps, &description).await?;
                Ok(report)
            })
        })
        .await
}

async fn plan(w: &mut Work, service: &Resolved, found: Vec<Found>) -> Result<Vec<Step>> {
    let mut times: HashMap<String, usize> = HashMap::new();
    for pair in &found {
        *times.entry(pair.key.clone()).or_default() += 1;
    }
    let mut steps = Vec::with_capacity(found.len());
    for pair in found {
        if EntryKey::parse(&pair.key).is_ok() && times.get(&pair.key).is_some_and(|times| *times > 1) {
            steps.push(Step::invalid(
                pair.line,
                pair.key,
                "This key stands in the text more than once".into(),
            ));
            continue;
        }
        steps.push(step(w, service, pair).await?);
    }
    Ok(steps)
}

/// A key, or what stands where one should be, cut short: it may be a piece of a value that lost its
/// quotes, and a refusal ends in logs.
fn shown(key: String) -> String {
    if EntryKey::parse(&key).is_ok() {
        return key;
    }
    let start = key.chars().take_while(|c| c.is_ascii_alphanumeric() || "_.:-".contains(*c)).take(16);
    start.chain(['…']).collect()
}

async fn step(w: &mut Work, service: &Resolved, found: Found) -> Result<Step> {
    let Found { line, key, value } = found;
    let words = |refusal: Refusal| refusal.details.values().find_map(|v| v.as_str().map(str::to_owned));
    let text = match value {
        Ok(text) => text,
        Err(reason) => return Ok(Step::invalid(line, shown(key), reason)),
    };
    let parsed = match EntryKey::parse(&key) {
        Ok(parsed) => parsed,
        Err(refusal) => return Ok(Step::invalid(line, shown(key), words(refusal).unwrap_or_default())),
    };
    let value = match Value::text(&text) {
        Ok(value) => value,
        Err(error) => return Ok(Step::invalid(line, key, words(error.refusal()).unwrap_or_default())),
    };
    let entry = entries::find(w, service.id, Kind::Secret, &key).await?;
    let state = match &entry {
        None => ImportState::New,
        Some(entry) if entry.active_version == 0 => ImportState::Changed,
        Some(entry) => {
            let version = entries::version(w, entry.id, entry.active_version).await?;
            let (kind, bytes) = open_version(w, service.id, entry.id, version).await?;
            let equal = kind == SecretType::Text && bool::from(bytes.ct_eq(&value.bytes));
            if equal { ImportState::Unchanged } else { ImportState::Changed }
        }
    };
    let item = ImportItem { line, key, state, reason: None };
    let write = (state != ImportState::Unchanged).then_some((entry, parsed, value));
    Ok(Step { item, write })
}

fn report(steps: &[Step], dry_run: bool) -> ImportReport {
    let count =
        |state| i64::try_from(steps.iter().filter(|step| step.item.state == state).count()).unwrap_or(0);
    ImportReport {
        dry_run,
        new: count(ImportState::New),
        changed: count(ImportState::Changed),
        unchanged: count(ImportState::Unchanged),
        invalid: count(ImportState::Invalid),
        items: steps.iter().map(|step| step.item.clone()).collect(),
    }
}

async fn carry_out(w: &mut Work, service: &Resolved, steps: Vec<Step>, description: &str) -> Result<()> {
    for (entry, key, value) in steps.into_iter().filter_map(|step| step.write) {
        let (action, entry) = match entry {
            Some(entry) => (Action::SecretUpdate, entry),
            None => {
                let kind = value.kind.as_str();
                let made = entries::insert(w, service.id, Kind::Secret, &key, kind, "", &[]).await?;
                (Action::SecretCreate, made)
            }
        };
        let version = store_version(w, &entry, &value, description).await?;
        let details = json!({ "change": "imported", "version": version });
        w.record(action, &service.target().with_name(key.as_str()), details).await?;
    }
    write::finish(w, service.id).await
}
