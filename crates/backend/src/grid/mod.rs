//! The environment grid: the counterparts of a service side by side, and promotion from one to the
//! next. Counterparts are services of one project and kind with the same slug in the tenant's shared
//! environments, and nothing else pairs them; developer environments are not part of the grid.
//!
//! Looking at the grid opens no secret. Whether two secrets are equal is told by `compare` alone:
//! computed on demand, written to the audit log, never stored.

mod cells;
mod compare;
mod counterparts;
mod plan;
mod promote;
mod table;

pub use compare::compare;
pub use counterparts::{Which, services};
pub use promote::{preview, promote};
pub use table::{GridQuery, table};

use crate::entries::Kind;
use nexus_domain::action::Action;
use nexus_domain::grid::EntryKind;

/// The kind as entries know it.
const fn stored(kind: EntryKind) -> Kind {
    match kind {
        EntryKind::Secret => Kind::Secret,
        EntryKind::Config => Kind::Config,
        EntryKind::Flag => Kind::Flag,
    }
}

/// Seeing what is there, without opening a secret.
const fn to_list(kind: EntryKind) -> Action {
    match kind {
        EntryKind::Secret => Action::SecretList,
        EntryKind::Config => Action::ConfigRead,
        EntryKind::Flag => Action::FlagRead,
    }
}

const fn to_create(kind: EntryKind) -> Action {
    match kind {
        EntryKind::Secret => Action::SecretCreate,
        EntryKind::Config => Action::ConfigCreate,
        EntryKind::Flag => Action::FlagCreate,
    }
}

const fn to_update(kind: EntryKind) -> Action {
    match kind {
        EntryKind::Secret => Action::SecretUpdate,
        EntryKind::Config => Action::ConfigUpdate,
        EntryKind::Flag => Action::FlagUpdate,
    }
}
