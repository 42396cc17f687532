//! The errors of OAuth 2.0: the words of RFC 6749 and RFC 8628, and a sentence for whoever writes the app.

use crate::role::words;
use serde::{Deserialize, Serialize};

words! {
    /// What is wrong, for the app.
    ProblemCode {
        InvalidRequest = "invalid_request",
        InvalidClient = "invalid_client",
        InvalidGrant = "invalid_grant",
        UnauthorizedClient = "unauthorized_client",
        UnsupportedGrantType = "unsupported_grant_type",
        UnsupportedResponseType = "unsupported_response_type",
        UnsupportedTokenType = "unsupported_token_type",
        InvalidScope = "invalid_scope",
        AccessDenied = "access_denied",
        RequestNotSupported = "request_not_supported",
        RequestUriNotSupported = "request_uri_not_supported",
        AuthorizationPending = "authorization_pending",
        SlowDown = "slow_down",
        ExpiredToken = "expired_token",
        ServerError = "server_error",
        TemporarilyUnavailable = "temporarily_unavailable",
    }
}

/// An error of the protocol. The sentence holds nothing of what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: ProblemCode,
    pub description: &'static str,
}

impl Problem {
    pub const fn new(code: ProblemCode, description: &'static str) -> Self {
        Self { code, description }
    }

    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new(ProblemCode::InvalidRequest, description)
    }

    /// The same answer for every reason that a code or a token is not taken.
    pub const fn invalid_grant() -> Self {
        Self::new(ProblemCode::InvalidGrant, "This code or token is not valid, or not this app's")
    }

    /// The same answer for every reason that an app is not known.
    pub const fn invalid_client() -> Self {
        Self::new(ProblemCode::InvalidClient, "This app is not known, or did not prove who it is")
    }
}
