//! Imports as they travel: a text, what it would change, and what it changed.

use crate::role::words;
use serde::{Deserialize, Serialize};

pub const MAX_IMPORT_BYTES: usize = 1024 * 1024;
pub const MAX_IMPORT_KEYS: usize = 1000;

words! {
    /// How to read the text.
    ImportFormat { Auto = "auto", Env = "env", Json = "json", Yaml = "yaml", }
}

words! {
    /// What an import does with one key.
    ImportState { New = "new", Changed = "changed", Unchanged = "unchanged", Invalid = "invalid", }
}

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    #[serde(default = "auto")]
    pub format: ImportFormat,
    pub text: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// Description of every version that it writes.
    #[serde(default)]
    pub description: Option<String>,
}

const fn auto() -> ImportFormat {
    ImportFormat::Auto
}

impl std::fmt::Debug for ImportRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImportRequest({}, [redacted])", self.format)
    }
}

/// One key of an import. Never its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportItem {
    /// The line that it begins on (`.env` and YAML), from 1.
    pub line: Option<i64>,
    pub key: String,
    pub state: ImportState,
    /// Why it is invalid, or what to watch out for.
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    pub dry_run: bool,
    /// How the text was read.
    pub format: ImportFormat,
    pub items: Vec<ImportItem>,
    pub new: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub invalid: i64,
}
