//! What the lists of entries have in common: filters by source, the key's field, the history of
//! versions, what was deleted, and what happens when two people change one entry at once.

mod change;
mod detail;
mod finish;
mod focus;
mod history;
mod key;
mod list;
mod source;
mod why;

#[cfg(feature = "ssr")]
pub use change::with_warning;
pub use change::{DiffLines, Reach, enter_sends, started_from};
pub use detail::{DestroyVersion, EntryButtons, Inherited, RestoreVersion, named, version_links};
pub use finish::{Ask, Finish};
pub use focus::{Moved, focus_if_lost, focus_soon, follow};
pub use history::{History, VersionLine};
pub use key::KeyField;
pub use list::{DeletedLine, DeletedList, MissingRow, NothingFound, Pager, source_filters};
pub use source::{Source, SourceFilters};
pub use why::{ReadWhy, Why};
