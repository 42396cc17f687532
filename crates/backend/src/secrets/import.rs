//! Importing secrets from a `.env`, JSON or YAML text: first what would happen, then all of it or nothing.

use super::{Value, open_service, open_version, store_version};
use crate::Result;
use crate::entries::{self, Entry, Kind, Pair, Pairs, Step};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::Resolved;
use crate::work::Work;
use nexus_domain::action::Action;
use nexus_domain::import::{ImportReport, ImportRequest};
use nexus_domain::secret::SecretType;
use nexus_domain::service::ServicePath;
use serde_json::json;
use subtle::ConstantTimeEq;

/// Compares the text with what the service has (which opens the present values, so it takes the
/// right to reveal and is audited) and, unless it is a dry run, writes what is new or changed.
pub async fn import(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    request: ImportRequest,
) -> Result<ImportReport> {
    let (path, dry_run) = (path.clone(), request.dry_run);
    let (again, asked_again) = (path.clone(), request.clone());
    let report = nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let Look { service, steps, report } = look(w, &path, &request).await?;
                if !request.dry_run {
                    entries::refuse_invalid(&report)?;
                    carry_out(w, &service, steps, request.description).await?;
                }
                Ok(report)
            })
        })
        .await?;
    if dry_run && report.invalid == 0 {
        // What would be refused as a whole is refused here too, because it is the same.
        nexus
            .rehearse(actor, move |w| {
                Box::pin(async move {
                    let Look { service, steps, .. } = look(w, &again, &asked_again).await?;
                    carry_out(w, &service, steps, asked_again.description).await
                })
            })
            .await?;
    }
    Ok(report)
}

/// A text compared with what the service has.
struct Look {
    service: Resolved,
    steps: Vec<Step<Value>>,
    report: ImportReport,
}

async fn look(w: &mut Work, path: &ServicePath, request: &ImportRequest) -> Result<Look> {
    let (format, found) = entries::pairs(request.format, &request.text)?;
    let service = open_service(w, path, Action::SecretPreview).await?;
    if !request.dry_run {
        open_service(w, path, Action::SecretUpdate).await?;
    }
    let steps = plan(w, (path, &service), found).await?;
    let report = entries::report(&steps, format, request.dry_run);
    let counts = json!({ "dry_run": request.dry_run, "new": report.new, "changed": report.changed,
        "unchanged": report.unchanged, "invalid": report.invalid });
    w.record(Action::SecretPreview, &service.target(), counts).await?;
    Ok(Look { service, steps, report })
}

async fn plan(
    w: &mut Work,
    (path, service): (&ServicePath, &Resolved),
    found: Pairs,
) -> Result<Vec<Step<Value>>> {
    let mut steps = Vec::with_capacity(found.len());
    let mut may_compare = false;
    for pair in found {
        steps.push(match pair {
            Ok(pair) => step(w, (path, service), pair, &mut may_compare).await?,
            Err(item) => Step { item, write: None },
        });
    }
    let there = entries::every_key(w, service, Kind::Secret).await?;
    entries::point_out_collisions(&mut steps, &there);
    Ok(steps)
}

async fn step(
    w: &mut Work,
    (path, service): (&ServicePath, &Resolved),
    pair: Pair,
    may_compare: &mut bool,
) -> Result<Step<Value>> {
    let Pair { line, key, value } = pair;
    let no = |reason| Ok(Step::invalid(line, key.as_str().to_owned(), reason));
    let text = match value.plain() {
        Ok(text) => text,
        Err(reason) => return no(reason),
    };
    let value = match Value::text(&text) {
        Ok(value) => value,
        Err(error) => return no(entries::rule_of(&error.refusal())),
    };
    let entry = entries::find(w, service.id, Kind::Secret, key.as_str()).await?;
    let is_equal = match entries::effective(w, service, Kind::Secret, key.as_str()).await? {
        Some((it, _)) if it.active_version > 0 => {
            // Whether a guess is right takes what a look at the value takes: a fresh sign-in too.
            if !*may_compare {
                open_service(w, path, Action::SecretCompare).await?;
                *may_compare = true;
            }
            is_active(w, &it, &value).await?
        }
        _ => false,
    };
    Ok(Step::of(line, key, entry, value, is_equal))
}

/// Whether the entry has this very value already.
async fn is_active(w: &mut Work, entry: &Entry, value: &Value) -> Result<bool> {
    let version = entries::version(w, entry.id, entry.active_version).await?;
    let (kind, bytes) = open_version(w, entry.service_id, entry.id, version).await?;
    Ok(kind == SecretType::Text && bool::from(bytes.ct_eq(&value.bytes)))
}

async fn carry_out(
    w: &mut Work,
    service: &Resolved,
    steps: Vec<Step<Value>>,
    description: Option<String>,
) -> Result<()> {
    let description = entries::description(description)?;
    for (entry, key, value) in steps.into_iter().filter_map(|step| step.write) {
        let (action, entry) = match entry {
            Some(entry) => (Action::SecretUpdate, entry),
            None => {
                let kind = value.kind.as_str();
                let made = entries::insert(w, service.id, Kind::Secret, &key, kind, "", &[]).await?;
                (Action::SecretCreate, made)
            }
        };
        let version = store_version(w, &entry, &value, &description).await?;
        let details = json!({ "change": "imported", "version": version });
        w.record(action, &service.target().with_name(key.as_str()), details).await?;
    }
    entries::finish(w, service.id).await
}
