//! Workload identity: programs get in with the word of the platform that they run on, without a key.
//!
//! A *provider* of a tenant says whose word is taken (its issuer, keys and audience); a *rule* of a service, on
//! the wire an `identity`, says which claims a token must have, each of one type and to the letter. Here are the
//! shapes that travel and everything that is judged without a network: what a rule has to pin, and whether the
//! claims of a token fit. Signatures are checked elsewhere.

mod aws;
mod check;
mod claims;
mod kind;
mod pins;
mod platform;
mod provider;
mod rule;
mod session;

pub use aws::{AwsCaller, RoleArn};
pub use check::{
    CheckKind, CheckOutcome, Expected, TokenCheck, TokenReport, check_claims, check_rule, passed,
};
pub use claims::{ClaimValue, RuleClaims, TokenClaims};
pub use kind::{IdentityProviderKind, KeysFrom, TokenAlgorithm};
pub use pins::{Judgement, PinAdvice, judge, suggest};
pub use provider::{
    DEFAULT_LIFETIME, IdentityProvider, IdentityProviderPatch, KeySource, MAX_LIFETIME, MIN_LIFETIME,
    NewIdentityProvider, check_algorithms, check_audience, check_lifetime, check_name, default_audience,
    server_id,
};
pub use rule::{Identity, IdentityPatch, NewIdentity, check_rule_claims};
pub use session::{AccessToken, Proof, SignedRequest, TokenExchange, TokenTest, WorkloadSession};

/// Clocks may differ by this much, in seconds.
pub const LEEWAY: i64 = 60;
/// A longer token is nobody's, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;
