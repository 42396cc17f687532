//! Workload identity: the tenant's identity providers, the identities (rules) of a service, a token tried out,
//! and the sessions of programs. All but trying out works without JavaScript: nothing here is secret, what is
//! shown once is shown to programs.

mod check;
mod claims;
mod functions;
mod identities;
mod identity_form;
mod identity_functions;
mod provider_form;
mod providers;
mod sessions;
mod snippets;
mod words;

pub use functions::*;
pub use identities::IdentitiesTab;
pub use identity_functions::*;
pub use providers::IdentityProvidersPage;
