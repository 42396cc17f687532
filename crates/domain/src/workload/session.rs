//! Sessions as they travel: what a program gets for its platform's word, and what it shows for it.

use crate::keys::Access;
use crate::{IdentityId, IdentityProviderId, Refusal, Timestamp, WorkloadSessionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An open session of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkloadSession {
    pub id: WorkloadSessionId,
    /// What may be shown of its token, for example `ws_a3f2`.
    pub prefix: String,
    /// The rule that let it in.
    pub identity: IdentityId,
    pub identity_name: String,
    pub provider: IdentityProviderId,
    pub provider_name: String,
    pub project: String,
    pub environment: String,
    /// The service that it reads.
    pub service: String,
    /// Whom the platform named.
    pub subject: String,
    pub access: Access,
    pub ip: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A request to AWS that was signed and not sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedRequest {
    /// `https://sts.<region>.amazonaws.com/`
    pub url: String,
    /// `POST` when absent.
    #[serde(default)]
    pub method: Option<String>,
    pub headers: BTreeMap<String, String>,
    /// `Action=GetCallerIdentity&Version=2011-06-15`
    #[serde(default)]
    pub body: String,
}

impl std::fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignedRequest[redacted]")
    }
}

/// What a program shows: a token, or a signed request.
#[derive(Clone)]
pub enum Proof {
    Token(String),
    Request(SignedRequest),
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof[redacted]")
    }
}

impl Proof {
    /// The one of two that is there.
    fn read(token: Option<String>, request: Option<SignedRequest>) -> Result<Self, Refusal> {
        match (token, request) {
            (Some(token), None) => Ok(Self::Token(token)),
            (None, Some(request)) => Ok(Self::Request(request)),
            _ => Err(Refusal::invalid("token", "Either a token, or (of aws_iam) a signed request")),
        }
    }
}

/// A program asks for a session.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenExchange {
    /// The id of a provider, or a kind.
    pub provider: String,
    #[serde(default)]
    pub token: Option<String>,
    #[serde(default)]
    pub request: Option<SignedRequest>,
    /// The service's `endpoint_slug`. Needed at the origin; at `/s/{endpoint_slug}` the address says it.
    #[serde(default)]
    pub service: Option<String>,
}

impl std::fmt::Debug for TokenExchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenExchange({})", self.provider.escape_debug())
    }
}

impl TokenExchange {
    pub fn proof(self) -> Result<Proof, Refusal> {
        Proof::read(self.token, self.request)
    }
}

/// Somebody wants to know what would become of a token.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenTest {
    #[serde(default)]
    pub token: Option<String>,
    #[serde(default)]
    pub request: Option<SignedRequest>,
}

impl std::fmt::Debug for TokenTest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenTest[redacted]")
    }
}

impl TokenTest {
    pub fn proof(self) -> Result<Proof, Refusal> {
        Proof::read(self.token, self.request)
    }
}

/// What a program gets: the only time that it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessToken {
    /// `ws_…`
    pub access_token: String,
    /// `Bearer`
    pub token_type: String,
    /// Seconds.
    pub expires_in: i64,
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessToken({} s)", self.expires_in)
    }
}
