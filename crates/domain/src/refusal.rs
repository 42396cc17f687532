//! How Nexus says no: one stable code, one sentence for people, and details for programs.
//!
//! The same value is the body of a REST error and the error of a server function, so a refusal
//! reads the same on every surface. It may never hold a secret.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal;)+) => {
        /// A stable error code and its HTTP status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $($(#[$doc])* $name,)+ }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $text,)+ } }
            pub const fn status(self) -> u16 { match self { $(Self::$name => $status,)+ } }
        }
    };
}

codes! {
    InvalidRequest = "invalid_request", 400;
    Unauthorized = "unauthorized", 401;
    PaymentRequired = "payment_required", 402;
    Forbidden = "forbidden", 403;
    /// The sign-in is older than five minutes and this needs a fresh one.
    StepUpRequired = "step_up_required", 403;
    /// The tenant, or the act, asks for a session that was opened with a second factor.
    SecondFactorRequired = "second_factor_required", 403;
    /// The tenant opens only to those who signed in with its own provider.
    ProviderRequired = "provider_required", 403;
    PublicKeyRestricted = "public_key_restricted", 403;
    ServiceKindMismatch = "service_kind_mismatch", 403;
    /// Targeting or a percentage where the project lacks A/B testing.
    AbAddonNotActive = "ab_addon_not_active", 403;
    /// A token exchange, or a rule for one, where the project lacks workload identity.
    WifNotAvailable = "wif_not_available", 403;
    /// The credential is right, and not taken from the address that it comes from.
    IpNotAllowed = "ip_not_allowed", 403;
    NotFound = "not_found", 404;
    MethodNotAllowed = "method_not_allowed", 405;
    Conflict = "conflict", 409;
    QuotaExceeded = "quota_exceeded", 409;
    InUse = "in_use", 409;
    Immutable = "immutable", 409;
    TooLarge = "too_large", 413;
    UnsupportedMediaType = "unsupported_media_type", 415;
    RateLimited = "rate_limited", 429;
    /// Too many bad keys from this address: what it says is not looked at for a while.
    Quarantined = "quarantined", 429;
    Internal = "internal", 500;
    AuditUnavailable = "audit_unavailable", 503;
    Unavailable = "unavailable", 503;
    StorageFull = "storage_full", 507;
}

/// A refusal: what a caller gets instead of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: Code,
    pub message: String,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

impl Refusal {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Map::new() }
    }

    /// 400 with one field and the rule that it broke.
    pub fn invalid(field: &str, rule: impl Into<String>) -> Self {
        let rule = rule.into();
        Self::new(Code::InvalidRequest, format!("{field}: {rule}")).with(field, rule)
    }

    /// 404: missing, or not for the caller to know of.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing here")
    }

    /// 409 with the field that collides with something that exists.
    pub fn taken(field: &str, rule: impl Into<String>) -> Self {
        let rule = rule.into();
        Self::new(Code::Conflict, rule.clone()).with(field, rule)
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// What is wrong with this field, in words, if anything is.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.details.get(name).and_then(Value::as_str)
    }

    /// The edit that came first, when this is about a stale `expected_version`.
    pub fn lost_race(&self) -> Option<LostRace> {
        serde_json::from_value(Value::Object(self.details.clone())).ok()
    }
}

/// Who changed what one was editing: the details of a 409 about `expected_version`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LostRace {
    pub current_version: i64,
    pub updated_by: String,
    pub updated_at: crate::Timestamp,
}

impl From<LostRace> for Refusal {
    fn from(lost: LostRace) -> Self {
        let message = format!(
            "{} changed this in the meantime; it is at version {} now",
            lost.updated_by, lost.current_version
        );
        let mut refusal = Self::new(Code::Conflict, message);
        if let Value::Object(details) = json!(lost) {
            refusal.details = details;
        }
        refusal
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_written_the_same_by_serde_and_by_hand() {
        for code in Code::ALL {
            assert_eq!(json!(code), json!(code.as_str()));
        }
    }

    #[test]
    fn a_lost_race_survives_the_wire() {
        let lost = LostRace {
            current_version: 4,
            updated_by: "ana@acme.test".into(),
            updated_at: crate::Timestamp(5),
        };
        let refusal = Refusal::from(lost.clone());
        let back: Refusal = serde_json::from_value(json!(refusal)).expect("a refusal");
        assert_eq!(back.lost_race(), Some(lost));
        assert_eq!(Refusal::taken("key", "exists").lost_race(), None);
    }
}
