//! Tiers, quotas and add-ons: what a project may use. The catalogue says how much; what is used is
//! counted when it is asked for and never stored, so that nothing can drift apart.

mod addons;
mod catalogue;
mod ledger;
mod opened;
mod quota;
mod services;
mod usage;

pub(crate) use addons::touch_project;
pub(crate) use addons::{ab_testing_active, require_ab_testing, require_workload_identity};
pub use addons::{add, remove};
pub use catalogue::Catalogue;
pub(crate) use ledger::{Ledger, give_room_back};
pub use opened::opened_flags;
pub(crate) use quota::{mark, note_made, require_writable, take_room};
pub(crate) use services::{read_only_services, require_writable_service, take_room_for_service};
pub use usage::{list, room_for_entry, rooms_for_service, usage};
