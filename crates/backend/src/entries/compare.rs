//! Comparing two versions of an entry.

use nexus_domain::entry::{DiffLine, DiffOp, EntryDiff};
use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// A comparison that takes longer than this is cut short to a coarser one.
const PATIENCE: Duration = Duration::from_millis(200);

/// One side of a comparison.
pub(crate) struct Side<'a> {
    pub version: i64,
    pub kind: &'a str,
    pub bytes: &'a [u8],
    /// Whether it is shown line by line.
    pub is_text: bool,
}

impl Side<'_> {
    fn size(&self) -> i64 {
        i64::try_from(self.bytes.len()).unwrap_or(i64::MAX)
    }
}

/// Compares two versions, line by line where both are text.
pub(crate) fn compare(key: &str, from: &Side<'_>, to: &Side<'_>) -> EntryDiff {
    let both_text = from.is_text && to.is_text;
    let lines = match (std::str::from_utf8(from.bytes), std::str::from_utf8(to.bytes)) {
        (Ok(before), Ok(after)) if both_text => lines(before, after),
        _ => Vec::new(),
    };
    EntryDiff {
        key: key.to_owned(),
        from: from.version,
        to: to.version,
        equal: from.kind == to.kind && from.bytes == to.bytes,
        from_size: from.size(),
        to_size: to.size(),
        lines,
    }
}

fn lines(before: &str, after: &str) -> Vec<DiffLine> {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    diff.iter_all_changes()
        .map(|change| DiffLine {
            op: match change.tag() {
                ChangeTag::Equal => DiffOp::Same,
                ChangeTag::Insert => DiffOp::Added,
                ChangeTag::Delete => DiffOp::Removed,
            },
            text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
        })
        .collect()
}
