//! Promotion: entries of a service go to its counterpart in another environment, all of them or
//! nothing. What is written there are versions like any others, judged by the same rules; an entry
//! that is the same already gets none.

use super::plan::{Planned, Promotion, Secrets, Write};
use super::{stored, to_create, to_update};
use crate::entries::{self, Entry};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::work::Work;
use crate::{Error, Result, configs, flags, secrets};
use nexus_domain::grid::{
    Chosen, EntryKind, MAX_PROMOTED, PromoteItem, PromoteReport, PromoteRequest, PromoteState,
};
use nexus_domain::key::EntryKey;
use nexus_domain::service::ServicePath;
use nexus_domain::template::Reference;
use nexus_domain::{Code, Refusal};
use serde_json::{Map, json};
use std::collections::BTreeSet;

/// What a promotion would do, without opening a secret: of one that both have, it says just that.
pub async fn preview(
    nexus: &Nexus,
    actor: &Actor,
    from: &ServicePath,
    request: PromoteRequest,
) -> Result<PromoteReport> {
    let chosen = chosen(&request)?;
    let (path, asked) = (from.clone(), request.clone());
    let report = nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let promotion = open(w, &path, asked, Secrets::Closed).await?;
                let planned = promotion.plan(w, &chosen).await?;
                Ok(report(&promotion, &planned, true))
            })
        })
        .await?;
    rehearse(nexus, actor, from, request, &report).await?;
    Ok(report)
}

/// Promotes what a preview says is new or changed, and undoes it: what would be refused as a whole is
/// refused here too. No secret is opened for that; another value of its length stands in for it.
async fn rehearse(
    nexus: &Nexus,
    actor: &Actor,
    from: &ServicePath,
    request: PromoteRequest,
    previewed: &PromoteReport,
) -> Result<()> {
    let is_written = |item: &&PromoteItem| {
        matches!(item.state, PromoteState::New | PromoteState::Changed | PromoteState::NotCompared)
    };
    let written: BTreeSet<Chosen> = previewed
        .items
        .iter()
        .filter(is_written)
        .map(|item| Chosen::One(Reference { kind: item.kind, key: item.key.clone() }))
        .collect();
    if previewed.invalid > 0 || written.is_empty() {
        return Ok(());
    }
    let from = from.clone();
    nexus
        .rehearse(actor, move |w| {
            Box::pin(async move {
                let promotion = open(w, &from, request, Secrets::Closed).await?;
                let mut planned = promotion.plan(w, &written).await?;
                for Planned { write, .. } in &mut planned {
                    if let Some(Write::Unopened { kind, size }) = write {
                        *write = Some(Write::Secret(secrets::Value::stand_in(*kind, *size)));
                    }
                }
                carry_out(w, &promotion, planned, "").await
            })
        })
        .await
}

/// Promotes, or with `dry_run` says what that would do. Secrets are opened for either, so a dry run
/// leaves rows in the audit log too.
pub async fn promote(
    nexus: &Nexus,
    actor: &Actor,
    from: &ServicePath,
    request: PromoteRequest,
) -> Result<PromoteReport> {
    let chosen = chosen(&request)?;
    let description = entries::description(request.description.clone())?;
    let (path, asked) = (from.clone(), request.clone());
    let report = nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let dry_run = asked.dry_run;
                let looks = if dry_run { Secrets::Compare } else { Secrets::Promote };
                let promotion = open(w, &path, asked, looks).await?;
                let planned = promotion.plan(w, &chosen).await?;
                let report = report(&promotion, &planned, dry_run);
                if !dry_run {
                    refuse_invalid(&report)?;
                    carry_out(w, &promotion, planned, &description).await?;
                } else {
                    w.nothing_to_do();
                }
                Ok(report)
            })
        })
        .await?;
    if report.dry_run {
        rehearse(nexus, actor, from, request, &report).await?;
    }
    Ok(report)
}

fn chosen(request: &PromoteRequest) -> Result<BTreeSet<Chosen>> {
    if request.keys.is_empty() || request.keys.len() > MAX_PROMOTED {
        return Err(Error::invalid("keys", format!("1 to {MAX_PROMOTED} keys")));
    }
    Ok(request.keys.iter().map(|key| Chosen::parse(key)).collect::<Result<_, _>>()?)
}

async fn open(
    w: &mut Work,
    from: &ServicePath,
    request: PromoteRequest,
    secrets: Secrets,
) -> Result<Promotion> {
    Promotion::open(w, from, &request.to, secrets, request.expected_versions).await
}

fn report(promotion: &Promotion, planned: &[Planned], dry_run: bool) -> PromoteReport {
    let items: Vec<PromoteItem> = planned.iter().map(|planned| planned.item.clone()).collect();
    PromoteReport::of(&promotion.from.path.environment, &promotion.to.path.environment, dry_run, items)
}

/// All or nothing: refuses a report with an invalid entry, naming each with its reason.
fn refuse_invalid(report: &PromoteReport) -> Result<()> {
    if report.invalid == 0 {
        return Ok(());
    }
    let bad: Map<_, _> = report
        .items
        .iter()
        .filter(|item| item.state == PromoteState::Invalid)
        .map(|item| (format!("{}:{}", item.kind, item.key), json!(item.reason)))
        .collect();
    let message = format!("{} of them cannot be promoted, so nothing was", report.invalid);
    Err(Refusal::new(Code::InvalidRequest, message)
        .with("keys", "See the preview")
        .with("reasons", bad)
        .into())
}

async fn carry_out(
    w: &mut Work,
    promotion: &Promotion,
    planned: Vec<Planned>,
    description: &str,
) -> Result<()> {
    let mut written = false;
    let mut configs = Vec::new();
    for Planned { item, source, target, write } in planned {
        let (Some(write), Some(source)) = (write, source) else { continue };
        let action = if target.is_some() { to_update(item.kind) } else { to_create(item.kind) };
        let entry = match target {
            Some(entry) => entry,
            None => insert(w, promotion, item.kind, &source).await?,
        };
        let version = store(w, &entry, &write, description).await?;
        let details = json!({ "change": "promoted", "from": promotion.from.path.environment,
            "from_version": item.version, "version": version });
        w.record(action, &promotion.to.target().with_name(&item.key), details).await?;
        if item.kind == EntryKind::Config {
            configs.push(item.key);
        }
        written = true;
    }
    if !written {
        w.nothing_to_do();
        return Ok(());
    }
    let configs: Vec<&str> = configs.iter().map(String::as_str).collect();
    configs::settle(w, &promotion.to, &configs).await?;
    entries::finish(w, promotion.to.id).await
}

/// A new entry takes note, tags and JSON Schema along; where there is one already, its own stay.
async fn insert(w: &mut Work, promotion: &Promotion, kind: EntryKind, source: &Entry) -> Result<Entry> {
    let key = EntryKey::parse(&source.key)?;
    let (to, tags) = (promotion.to.id, source.tags());
    let entry = entries::insert(w, to, stored(kind), &key, &source.kind, &source.note, &tags).await?;
    if kind == EntryKind::Config {
        configs::schema::copy(w, source, &entry).await?;
    }
    Ok(entry)
}

async fn store(w: &mut Work, entry: &Entry, write: &Write, description: &str) -> Result<i64> {
    match write {
        Write::Secret(value) => secrets::store_version(w, entry, value, description).await,
        Write::Config(value) => configs::store_version(w, entry, value, description).await,
        Write::Flag(definition) => flags::store_version(w, entry, definition, description).await,
        Write::Unopened { .. } => Err(Error::Impossible("a secret that was not opened is written")),
    }
}
