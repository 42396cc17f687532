//! What can go wrong, by what a program can do about it.

use nexus_domain::Refusal;

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("there is no secret {0}")]
    SecretNotFound(String),
    #[error("there is no config {0}")]
    ConfigNotFound(String),
    #[error("there is no flag {0}")]
    FlagNotFound(String),
    /// The entry is there, but not as what the caller wants it to be.
    #[error("{key} is not what was asked for: {problem}")]
    WrongType { key: String, problem: String },
    /// A public key never reads a secret.
    #[error("a public key does not read secrets")]
    PublicKeyRestricted,
    /// A frontend service has no secrets.
    #[error("a frontend service has no secrets")]
    ServiceKindMismatch,
    /// The key is locked out until then; nothing is asked before.
    #[error("this key is quarantined until {expires_at}: {reason}")]
    Quarantined { reason: String, expires_at: String },
    /// The tenant's invoice is overdue.
    #[error("payment is overdue")]
    PaymentRequired,
    /// The key is missing, wrong, expired or revoked.
    #[error("the key was refused: {0}")]
    Unauthorized(String),
    /// The platform gives this program no proof of what it is, or none that is meant for Nexus.
    #[error("workload identity by {platform}: {problem}")]
    NoIdentity { platform: &'static str, problem: String },
    /// Nexus does not take the proof: no rule of the service fits it.
    #[error("workload identity by {platform} was refused: {problem}")]
    IdentityRefused { platform: &'static str, problem: String },
    /// Nobody is logged in at this address, or not any more.
    #[error("{0}")]
    NotLoggedIn(String),
    /// Any other refusal of the server, with its stable code.
    #[error("{0}")]
    Refused(Refusal),
    /// The server does not answer, or not with what it should.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The endpoint or the key is nothing that could work.
    #[error("{0}")]
    Invalid(String),
    /// A file could not be written or read.
    #[error("{what}: {source}")]
    File { what: &'static str, source: std::io::Error },
    /// Nothing on disk that is young enough.
    #[error("there is no copy on disk to start from: {0}")]
    NoCopy(&'static str),
}

impl Error {
    /// Whether the server itself said no, so that nothing that it gave before should be used again.
    pub(crate) const fn withdraws(&self) -> bool {
        !self.passes() && !matches!(self, Self::NoIdentity { .. } | Self::Invalid(_) | Self::File { .. })
    }

    /// Whether the server may answer later without anybody changing anything.
    pub(crate) const fn passes(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Quarantined { .. } | Self::PaymentRequired)
            || matches!(self, Self::Refused(refusal) if refusal.code.status() >= 500 || refusal.code.status() == 429)
    }
}
