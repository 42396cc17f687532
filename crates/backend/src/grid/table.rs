//! The grid itself: keys down, counterparts across, in pages by key. It reads each column a page at a
//! time, so that what it costs grows with the page and not with the services.

use super::counterparts::{self, Column, Found, Which};
use super::{cells, stored};
use crate::entries::{self, Keys, ListQuery, ListedRow};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::work::Work;
use crate::{Error, Result, secrets};
use nexus_domain::entry::SourceFilter;
use nexus_domain::grid::{EntryKind, Grid, GridFilter, GridRow};
use nexus_domain::{Code, page};
use serde_json::json;
use std::collections::BTreeMap;

/// Which part of the grid to show.
#[derive(Debug, Clone)]
pub struct GridQuery {
    pub kind: EntryKind,
    pub filter: GridFilter,
    /// Narrows by key, note and tags, in any of the environments.
    pub q: String,
    /// The last key of the page before.
    pub cursor: Option<String>,
    pub limit: i64,
}

/// A page of the grid. It opens no secret. Listing secrets is written to the audit log for each
/// environment, like a look at that service's own list.
pub async fn table(nexus: &Nexus, actor: &Actor, which: Which, query: GridQuery) -> Result<Grid> {
    if query.kind == EntryKind::Secret && !is_noted(nexus, actor, &which).await? {
        return nexus
            .change(actor, move |w| {
                Box::pin(async move {
                    let (found, grid) = look(w, &which, &query).await?;
                    note(w, &found, grid.rows.len()).await?;
                    Ok(grid)
                })
            })
            .await;
    }
    nexus.read(actor, move |w| Box::pin(async move { Ok(look(w, &which, &query).await?.1) })).await
}

/// Whether this person's look at each of the services stands in the audit log for this hour already.
async fn is_noted(nexus: &Nexus, actor: &Actor, which: &Which) -> Result<bool> {
    let which = which.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let found = counterparts::find(w, &which, EntryKind::Secret).await?;
                for column in found.columns.iter().filter(|column| column.shown.visible) {
                    if !secrets::is_noted(w, column.service.id).await? {
                        return Ok(false);
                    }
                }
                Ok(true)
            })
        })
        .await
}

async fn note(w: &mut Work, found: &Found, rows: usize) -> Result<()> {
    for column in found.columns.iter().filter(|column| column.shown.visible) {
        if !secrets::is_noted(w, column.service.id).await? {
            let details = json!({ "source": "all", "how": "environment grid", "rows": rows });
            secrets::note_list(w, &column.service, details).await?;
        }
    }
    Ok(())
}

async fn look(w: &mut Work, which: &Which, query: &GridQuery) -> Result<(Found, Grid)> {
    let found = counterparts::find(w, which, query.kind).await?;
    let (rows, next_cursor) = rows(w, &found.columns, query).await?;
    let grid = Grid {
        kind: query.kind,
        service: which.service.clone(),
        service_kind: found.kind,
        columns: found.columns.iter().map(|column| column.shown.clone()).collect(),
        absent: found.absent.clone(),
        rows,
        next_cursor,
    };
    Ok((found, grid))
}

/// The rows that fit, and the cursor of the next page.
async fn rows(w: &mut Work, columns: &[Column], query: &GridQuery) -> Result<(Vec<GridRow>, Option<String>)> {
    let wanted = usize::try_from(query.limit.clamp(1, page::MAX_LIMIT)).unwrap_or(1);
    // A filter may leave little of what is read, so it reads more at once.
    let at_once = if query.filter == GridFilter::All { wanted + 1 } else { 200 };
    let mut rows: Vec<GridRow> = Vec::new();
    let mut after = query.cursor.clone();
    loop {
        let batch = batch(w, columns, query, after.as_deref(), at_once).await?;
        for (key, found) in batch.entries {
            let row = cells::row(query.kind, key, columns, found, w.now)?;
            let fits = match query.filter {
                GridFilter::All => true,
                GridFilter::Gaps => row.gap,
                GridFilter::Different => row.differs,
            };
            if !fits {
                continue;
            }
            if rows.len() == wanted {
                let next = rows.last().map(|row| row.key.clone());
                return Ok((rows, next));
            }
            rows.push(row);
        }
        match batch.next {
            Some(next) => after = Some(next),
            None => return Ok((rows, None)),
        }
    }
}

/// Keys in order, each with what every column has under it.
struct Batch {
    entries: BTreeMap<String, Vec<Option<ListedRow>>>,
    /// Where the next batch begins, if there is one.
    next: Option<String>,
}

async fn batch(
    w: &mut Work,
    columns: &[Column],
    query: &GridQuery,
    after: Option<&str>,
    at_once: usize,
) -> Result<Batch> {
    let mut entries: BTreeMap<String, Vec<Option<ListedRow>>> = BTreeMap::new();
    // Behind the last key of a column that has more, that column is not known yet.
    let mut known_to: Option<String> = None;
    for (place, column) in columns.iter().enumerate().filter(|(_, column)| column.shown.visible) {
        let listed = list(w, column, query, after, at_once).await?;
        if listed.len() >= at_once {
            let last = listed.last().map(|row| row.key.clone());
            known_to = known_to.into_iter().chain(last).min();
        }
        for row in listed {
            let cells = entries.entry(row.key.clone()).or_insert_with(|| vec![None; columns.len()]);
            if let Some(cell) = cells.get_mut(place) {
                *cell = Some(row);
            }
        }
    }
    if let Some(last) = &known_to {
        entries.retain(|key, _| key <= last);
    }
    if !query.q.trim().is_empty() {
        fill(w, columns, query.kind, &mut entries).await?;
    }
    Ok(Batch { entries, next: known_to })
}

async fn list(
    w: &mut Work,
    column: &Column,
    query: &GridQuery,
    after: Option<&str>,
    at_once: usize,
) -> Result<Vec<ListedRow>> {
    let keys = after.map_or(Keys::All, Keys::After);
    let limit = i64::try_from(at_once).unwrap_or(i64::MAX);
    let wanted = ListQuery { source: SourceFilter::All, q: &query.q, keys, limit };
    entries::list(w, &column.service, stored(query.kind), &wanted).await
}

/// A search may find a key by a note that only one environment has; the others are looked up, so that
/// they do not seem to lack it.
async fn fill(
    w: &mut Work,
    columns: &[Column],
    kind: EntryKind,
    entries: &mut BTreeMap<String, Vec<Option<ListedRow>>>,
) -> Result<()> {
    for (key, cells) in entries {
        for (cell, column) in cells.iter_mut().zip(columns) {
            if cell.is_some() || !column.shown.visible {
                continue;
            }
            *cell = match entries::one(w, &column.service, stored(kind), key).await {
                Ok(row) => Some(row),
                Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => None,
                Err(error) => return Err(error),
            };
        }
    }
    Ok(())
}
