//! How large a flag and a context may be. Each bound is far above what people write, and together
//! they hold the worst that a hostile author can do to 0.1 to 0.2 s per evaluation (eight regular
//! expressions made for it; without them 2 to 7 ms).

/// A definition as JSON. It travels in snapshots and is kept per version.
pub const MAX_DEFINITION_BYTES: usize = 64 * 1024;
pub const MAX_VARIANTS: usize = 64;
pub const MAX_RULES: usize = 64;
/// Levels of a rule's conditions; one comparison alone is one level.
pub const MAX_CONDITION_DEPTH: usize = 8;
/// Comparisons and groups of one rule.
pub const MAX_CONDITION_NODES: usize = 256;
/// Values in the list of `in` and `not_in`.
pub const MAX_LIST_VALUES: usize = 1_000;
/// A text that is compared with, or the text of a variant.
pub const MAX_STRING_BYTES: usize = 4 * 1024;
/// Levels of objects and lists in a variant's JSON value.
pub const MAX_VALUE_DEPTH: usize = 32;
pub const MAX_PATTERN_BYTES: usize = 1024;
/// Regular expressions in one flag: each takes memory of its own while the flag is ready for use.
pub const MAX_PATTERNS: usize = 8;
/// Memory of one compiled regular expression, and as much again for what it learns while it runs.
pub const MAX_PATTERN_MEMORY: usize = 256 * 1024;
/// A longer text never `matches`: time is linear in the text, times the size of the expression.
pub const MAX_MATCHED_BYTES: usize = 1024;
/// Names of variants and ids of rules.
pub const MAX_NAME_BYTES: usize = 64;
pub const MAX_ATTRIBUTE_BYTES: usize = 256;
pub const MAX_RULE_DESCRIPTION_CHARS: usize = 500;
/// One weight of a split.
pub const MAX_WEIGHT: u32 = 100_000;

/// A targeting key, or one text among the attributes.
pub const MAX_CONTEXT_STRING_BYTES: usize = 4 * 1024;
/// Levels of objects and lists among the attributes; a plain attribute is one level.
pub const MAX_CONTEXT_DEPTH: usize = 8;
/// Attributes, elements and fields together.
pub const MAX_CONTEXT_NODES: usize = 1_000;
