//! What the lists of entries have in common: filters by source, the key's field, the history of
//! versions, and what happens when two people change one entry at once. Secrets use it; configs and
//! flags are entries too.

mod finish;
mod focus;
mod history;
mod key;
mod source;

pub use finish::{Ask, Finish};
pub use focus::{focus_if_lost, focus_soon};
pub use history::{History, VersionLine};
pub use key::KeyField;
pub use source::{Source, SourceFilters};
