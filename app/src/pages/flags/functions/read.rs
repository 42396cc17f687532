//! What the Flags tab shows. Definitions travel as words and as the fields of their form, so that the
//! browser carries neither the engine's types nor a reader for them.

use crate::pages::flags::draft::Draft;
use crate::pages::flags::explanation::Told;
use crate::pages::flags::words::RuleWords;
use crate::pages::service::Rights;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::entry::{EntryCounts, EntryDiff};
use nexus_domain::flag::{DeletedFlag, FlagState, FlagType, FlagVersion, Stale};
use nexus_domain::service::Service;
#[cfg(feature = "ssr")]
use nexus_domain::service::ServicePath;
use nexus_domain::{Refusal, Timestamp};
use serde::{Deserialize, Serialize};

/// How many flags stand on one page of the list.
#[cfg(feature = "ssr")]
const PAGE: i64 = 100;

/// The tab's data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlagsData {
    pub rows: Vec<Flag>,
    pub next_cursor: Option<String>,
    pub counts: EntryCounts,
    pub open: Option<Opened>,
    /// The key that was to be opened and is not there.
    pub missing: Option<String>,
    /// What can be restored, where that was asked for.
    pub deleted: Option<Vec<DeletedFlag>>,
    pub service: Service,
    pub rights: Rights,
    /// Whether the project has A/B testing.
    pub targeting: bool,
    pub undelete_days: i64,
    pub now: Timestamp,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flag {
    pub key: String,
    pub kind: FlagType,
    pub state: FlagState,
    /// State and schedule at this moment.
    pub enabled: bool,
    /// Who gets it, in words.
    pub whom: String,
    /// It has rules or a rollout, and the project has no A/B testing.
    pub targeting_ignored: bool,
    /// What is stored cannot be read.
    pub unreadable: bool,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub version: i64,
    pub inherited_from: Option<String>,
    pub overrides: Option<String>,
    pub note: String,
    pub tags: Vec<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub updated_by: String,
    pub evaluated_at: Option<Timestamp>,
    pub evaluations: i64,
    pub stale: Option<Stale>,
    /// Why it cannot be changed, if it cannot.
    pub read_only: Option<String>,
}

/// The open flag: its definition in three forms, its history, and what was asked about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub key: String,
    pub draft: Draft,
    pub json: String,
    pub rules: Vec<RuleWords>,
    /// How many of the made-up users get which variant.
    pub shares: Option<Vec<(String, i64)>>,
    /// What those get whom no rule matches.
    pub otherwise: String,
    pub history: Vec<FlagVersion>,
    pub diff: Option<EntryDiff>,
    /// What the context in the address gets, and why; or what is wrong with the context.
    pub told: Option<Result<Told, Refusal>>,
}

#[server(prefix = "/_fn", endpoint = "read_flags")]
pub async fn read_flags(
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
    /// The targeting key and the attributes of a context to explain the open flag for.
    #[server(default)]
    user: Option<String>,
    #[server(default)] attributes: Option<String>,
    #[server(default)] deleted: bool,
) -> Result<FlagsData, Refused> {
    use nexus_backend::{flags, projects, services};
    use nexus_domain::entry::SourceFilter;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let source = source.as_deref().and_then(SourceFilter::parse).unwrap_or(SourceFilter::All);
    let wanted = flags::ListFlags { source, q: q.unwrap_or_default(), cursor, limit: PAGE };
    let page = flags::list(&nexus, &actor, &path, wanted).await?;
    let now = nexus.now();
    let mut rows = page.data;
    let mut data = FlagsData {
        rows: Vec::new(),
        next_cursor: page.next_cursor,
        counts: flags::counts(&nexus, &actor, &path).await?,
        open: None,
        missing: None,
        deleted: None,
        service: services::get(&nexus, &actor, &path).await?,
        rights: crate::pages::service::rights_in(&nexus, &actor, &path).await?,
        targeting: flags::targeting_active(&nexus, &actor, &path).await?,
        undelete_days: projects::brief(&nexus, &actor, &path.project).await?.undelete_days,
        now,
    };
    if deleted {
        data.deleted = Some(flags::deleted(&nexus, &actor, &path).await?);
        return Ok(data);
    }
    for key in created.iter().chain(&open) {
        if !rows.iter().any(|row| row.key == *key)
            && let Ok(row) = flags::row(&nexus, &actor, &path, key).await
        {
            rows.insert(0, row);
        }
    }
    if let Some(key) = open {
        match rows.iter().find(|row| row.key == key) {
            None => data.missing = Some(key),
            Some(row) => {
                let mut opened = opened(row);
                opened.history = flags::history(&nexus, &actor, &path, &key).await?;
                if let Some((from, to)) = compare.as_deref().and_then(crate::pages::entries::two_numbers) {
                    opened.diff = flags::diff(&nexus, &actor, &path, &key, from, to).await.ok();
                }
                opened.told = told(&nexus, &actor, &path, key, (user, attributes)).await?;
                data.open = Some(opened);
            }
        }
    }
    data.rows = rows.into_iter().map(|row| shown(row, now)).collect();
    Ok(data)
}

#[cfg(feature = "ssr")]
fn opened(row: &nexus_domain::flag::FlagRow) -> Opened {
    use crate::pages::flags::words;
    let draft = Draft::of(&row.definition);
    Opened {
        key: row.key.clone(),
        shares: super::shares(&row.key, &draft).ok(),
        draft,
        json: serde_json::to_string_pretty(&row.definition).unwrap_or_default(),
        rules: words::rules(&row.definition),
        otherwise: words::otherwise(&row.definition),
        history: Vec::new(),
        diff: None,
        told: None,
    }
}

/// What the context gets, where one is asked about.
#[cfg(feature = "ssr")]
async fn told(
    nexus: &nexus_backend::Nexus,
    actor: &nexus_backend::gate::Actor,
    path: &ServicePath,
    key: String,
    (user, attributes): (Option<String>, Option<String>),
) -> Result<Option<Result<Told, Refusal>>, Refused> {
    use crate::pages::flags::context;
    if user.is_none() && attributes.is_none() {
        return Ok(None);
    }
    let context = match context::typed(&user.unwrap_or_default(), &attributes.unwrap_or_default()) {
        Ok(context) => context,
        Err(refusal) => return Ok(Some(Err(refusal))),
    };
    let request = nexus_backend::flags::TestRequest { keys: vec![key], context };
    Ok(match nexus_backend::flags::test(nexus, actor, path, request).await {
        Ok(told) => told.into_iter().next().map(|told| Ok(Told::of(told))),
        Err(error) => {
            let Refused(refusal) = error.into();
            Some(Err(refusal))
        }
    })
}

#[cfg(feature = "ssr")]
fn shown(row: nexus_domain::flag::FlagRow, now: Timestamp) -> Flag {
    use nexus_domain::flag::Targeting;
    let targeting = if row.targeting_ignored { Targeting::Ignored } else { Targeting::Active };
    Flag {
        kind: row.kind,
        state: row.definition.state,
        enabled: row.enabled,
        whom: match row.unreadable {
            true => "nobody: what is stored cannot be read".to_owned(),
            false => crate::pages::flags::words::targeting(&row.definition, now, targeting),
        },
        unreadable: row.unreadable,
        targeting_ignored: row.targeting_ignored,
        starts_at: row.definition.starts_at,
        ends_at: row.definition.ends_at,
        key: row.key,
        version: row.version,
        inherited_from: row.inherited_from,
        overrides: row.overrides,
        note: row.note,
        tags: row.tags,
        created_at: row.created_at,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
        evaluated_at: row.evaluated_at,
        evaluations: row.evaluations,
        stale: row.stale,
        read_only: row.read_only,
    }
}
