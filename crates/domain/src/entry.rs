//! What secrets, configs and flags have in common as they travel: versions, deletions, comparisons,
//! changes of what stands beside a value, and the filters of their lists.

use crate::Timestamp;
use crate::role::words;
use serde::{Deserialize, Serialize};

pub const MAX_DESCRIPTION_CHARS: usize = 500;
pub const MAX_NOTE_CHARS: usize = 2000;
pub const MAX_TAGS: usize = 20;
pub const MAX_TAG_CHARS: usize = 40;

words! {
    /// Which entries of a service to list.
    SourceFilter {
        All = "all",
        Own = "own",
        Inherited = "inherited",
        Overridden = "overridden",
        NeedsValue = "needs_value",
    }
}

/// How many entries a service has, by source: the numbers beside the filters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryCounts {
    pub all: i64,
    pub own: i64,
    pub inherited: i64,
    pub overridden: i64,
    pub needs_value: i64,
}

/// One version of an entry, without its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryVersion<T> {
    pub version: i64,
    #[serde(rename = "type")]
    pub kind: T,
    pub active: bool,
    /// Its value is gone for good; the number stays burnt.
    pub destroyed: bool,
    pub description: String,
    pub size: i64,
    pub created_at: Timestamp,
    pub created_by: String,
}

/// An entry that was deleted and can be restored until `final_at`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeletedEntry<T> {
    pub key: String,
    #[serde(rename = "type")]
    pub kind: T,
    pub version: i64,
    pub deleted_at: Timestamp,
    pub deleted_by: String,
    pub final_at: Timestamp,
}

/// A change of what stands beside the value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EntryPatch {
    /// A new key; the history stays.
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub key: Option<String>,
    #[serde(default, deserialize_with = "crate::json::emptied", skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, deserialize_with = "crate::json::emptied", skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<i64>,
}

words! {
    /// What happened to a line between two versions.
    DiffOp { Same = "same", Added = "added", Removed = "removed", }
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffLine {
    pub op: DiffOp,
    pub text: String,
}

/// Two versions compared. Files are compared by content and not shown line by line.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryDiff {
    pub key: String,
    pub from: i64,
    pub to: i64,
    pub equal: bool,
    pub from_size: i64,
    pub to_size: i64,
    pub lines: Vec<DiffLine>,
}

/// Values never show themselves in a log.
macro_rules! redacted {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    )+};
}
pub(crate) use redacted;
redacted!(EntryDiff, DiffLine);
