//! Workload identity: programs show what their platform says of them, and get a session of an hour at most for it.
//!
//! Owners of a tenant say whose word is taken (`providers`), owners and managers which programs a service believes
//! (`rules`). `verify` looks at a token, `aws` at a signed request; both answer with a list of checks, which a
//! person who tries a token out sees (`trial`) and `exchange` insists on. Whatever is wrong with what a program
//! shows gets the same answer; why, stands in the tenant's audit log (`refused`).

mod aws;
mod aws_answer;
mod before;
mod ended;
mod exchange;
mod keys;
mod providers;
mod refused;
mod rules;
mod sessions;
mod trial;
mod verify;

pub use before::{unavailable, uses};
pub use ended::{end_sessions, end_sessions_of};
pub use exchange::exchange;
pub use keys::ProviderKeys;
pub use providers::{add_provider, change_provider, provider, providers, remove_provider};
pub use rules::{add_rule, change_rule, providers_for, remove_rule, rule, rules};
pub(crate) use sessions::label;
pub use sessions::{ListSessions, end_session, end_session_of, sessions, sessions_of, sweep};
pub use trial::{test_provider, test_rule};

use crate::Error;
use nexus_domain::workload::{IdentityProviderKind, KeySource, TokenAlgorithm};
use nexus_domain::{IdentityId, IdentityProviderId, TenantId, Timestamp, WorkloadSessionId};
use uuid::Uuid;

/// A provider as far as tokens are checked against it.
#[derive(Debug, Clone)]
struct Trusted {
    id: IdentityProviderId,
    tenant: TenantId,
    name: String,
    kind: IdentityProviderKind,
    issuer: String,
    keys: KeySource,
    audience: String,
    max_lifetime: i64,
    algorithms: Vec<TokenAlgorithm>,
    /// The change that made it trust what it trusts now.
    since: i64,
}

/// Seconds, as tokens count.
const fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(nexus_domain::timestamp::SECOND)
}

/// The id of a provider that somebody sent.
pub fn provider_id(text: &str) -> Result<IdentityProviderId, Error> {
    Uuid::try_parse(text).map(IdentityProviderId).map_err(|_| Error::not_found())
}

/// The id of a rule that somebody sent.
pub fn rule_id(text: &str) -> Result<IdentityId, Error> {
    Uuid::try_parse(text).map(IdentityId).map_err(|_| Error::not_found())
}

/// The id of a session that somebody sent.
pub fn session_id(text: &str) -> Result<WorkloadSessionId, Error> {
    Uuid::try_parse(text).map(WorkloadSessionId).map_err(|_| Error::not_found())
}
