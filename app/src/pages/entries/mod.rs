//! What the lists of entries have in common: filters by source, the key's field, the history of
//! versions, what was deleted, import and export, and what happens when two people change one entry at once.

mod change;
mod detail;
mod export;
pub mod file;
mod finish;
mod focus;
mod history;
mod import;
#[cfg(feature = "ssr")]
mod imported;
mod key;
mod list;
mod plain;
mod room;
mod row;
mod source;
mod why;

#[cfg(feature = "ssr")]
pub use change::with_warning;
pub use change::{DiffLines, Reach, enter_sends, started_from};
pub use detail::{DestroyVersion, EntryButtons, Inherited, RestoreVersion, named, version_links};
pub use export::ExportChoices;
pub use finish::{Ask, Finish};
pub use focus::{Moved, focus_if_lost, focus_soon, follow};
pub use history::{History, VersionLine};
pub use import::{Draft, Import, ImportDesk, Importing};
#[cfg(feature = "ssr")]
pub use imported::{import_request, imported};
pub use key::KeyField;
pub use list::{DeletedLine, DeletedList, MissingRow, NothingFound, Pager, source_filters};
pub use plain::{Comparison, DeleteEntry, EditEntry, deleted_entries, plain_history};
#[cfg(feature = "ssr")]
pub use plain::{two_numbers, typed_tags};
pub use room::{NoRoom, ReadOnlyBadge, read_room};
pub use row::RowState;
pub use source::{Source, SourceFilters};
pub use why::{ReadWhy, Why};
