//! Tiers, quotas and add-ons: what a project may use. The catalogue says how much; what is used is
//! counted when it is asked for and never stored, so that nothing can drift apart.

mod addons;
mod catalogue;

pub(crate) use addons::touch_project;
#[allow(unused_imports, reason = "for flags, whose A/B testing asks here")]
pub(crate) use addons::{ab_testing_active, require_ab_testing};
pub use addons::{add, remove};
pub use catalogue::Catalogue;
