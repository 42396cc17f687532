//! From stored entries to the cells of one row, and what can be said of the row as a whole.

use super::counterparts::Column;
use crate::entries::ListedRow;
use crate::{Result, configs, flags};
use nexus_domain::Timestamp;
use nexus_domain::flag::FlagDefinition;
use nexus_domain::grid::{CellState, EntryKind, FlagCell, GridCell, GridRow};

/// What a cell shows of a stored value that cannot be read; its neighbours are shown all the same.
const UNREADABLE: &str = "cannot be read";

/// A row of the grid; `found` has an entry, or none, for each column.
pub(super) fn row(
    kind: EntryKind,
    key: String,
    columns: &[Column],
    found: Vec<Option<ListedRow>>,
    now: Timestamp,
) -> Result<GridRow> {
    let differs = kind != EntryKind::Secret && differ(columns, &found);
    let mut cells = Vec::with_capacity(columns.len());
    for (column, entry) in columns.iter().zip(found) {
        cells.push(match entry {
            _ if !column.shown.visible => GridCell::empty(CellState::Hidden),
            None => GridCell::empty(CellState::Missing),
            Some(entry) => cell(kind, column, entry, now)?,
        });
    }
    let gap = cells.iter().any(|cell| cell.state.is_gap());
    Ok(GridRow { key, cells, gap, differs })
}

/// Whether two of the values that can be seen are not the same, as they are stored.
fn differ(columns: &[Column], found: &[Option<ListedRow>]) -> bool {
    let visible = columns.iter().zip(found).filter(|(column, _)| column.shown.visible);
    let mut values = visible
        .filter_map(|(_, entry)| entry.as_ref())
        .filter(|entry| entry.active_version > 0)
        .map(|entry| (&entry.kind, &entry.payload));
    let first = values.next();
    values.any(|value| Some(value) != first)
}

fn cell(kind: EntryKind, column: &Column, entry: ListedRow, now: Timestamp) -> Result<GridCell> {
    let state = match (entry.active_version, entry.service_id == column.service.id) {
        (0, _) => CellState::NeedsValue,
        (_, true) => CellState::Own,
        (_, false) => CellState::Inherited,
    };
    let payload = entry.payload.filter(|_| state.has_value());
    let (mut text, mut flag) = (None, None);
    match (kind, payload) {
        (EntryKind::Config, Some(payload)) => {
            let value = configs::value_of(&entry.kind, payload).ok();
            text = Some(value.map_or_else(|| UNREADABLE.to_owned(), |value| value.text().to_owned()));
        }
        (EntryKind::Flag, Some(payload)) => match flags::definition_of(&payload) {
            Ok(definition) => flag = Some(flag_cell(&definition, now)),
            Err(_) => text = Some(UNREADABLE.to_owned()),
        },
        _ => {}
    }
    let sees_author = kind != EntryKind::Secret || column.service.sees_metadata;
    Ok(GridCell {
        state,
        kind: entry.kind,
        version: entry.active_version,
        text,
        flag,
        updated_at: Some(entry.updated_at),
        updated_by: if sees_author { entry.updated_by } else { String::new() },
    })
}

fn flag_cell(definition: &FlagDefinition, now: Timestamp) -> FlagCell {
    let rollout = definition.rollout.as_ref().map(|rollout| match rollout.percentage {
        Some(percentage) => format!("{percentage} %"),
        None if rollout.split.is_empty() => "100 %".to_owned(),
        None => "split".to_owned(),
    });
    FlagCell {
        state: definition.state,
        enabled: definition.schedule().is_enabled(now),
        starts_at: definition.starts_at,
        ends_at: definition.ends_at,
        rules: i64::try_from(definition.rules.len()).unwrap_or(i64::MAX),
        rollout,
    }
}
