//! Which refusals a call may answer with, from what it is and does: by status, with the codes.

use nexus_domain::Code;
use std::collections::BTreeMap;

/// What decides about a call's refusals.
pub(super) struct About<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub has_body: bool,
}

impl About<'_> {
    fn manages(&self) -> bool {
        self.path.starts_with("/api/v1")
    }

    fn changes(&self) -> bool {
        self.method != "get" && !["/evaluate", ":export", "/test"].iter().any(|word| self.path.contains(word))
    }

    fn touches(&self, what: &str) -> bool {
        self.path.contains(what)
    }
}

/// What any call may be refused with.
const ALWAYS: [Code; 9] = [
    Code::InvalidRequest,
    Code::Unauthorized,
    Code::Forbidden,
    Code::IpNotAllowed,
    Code::NotFound,
    Code::RateLimited,
    Code::Quarantined,
    Code::Internal,
    Code::Unavailable,
];

/// Status → codes.
pub(super) fn of(about: &About<'_>) -> BTreeMap<u16, Vec<Code>> {
    let mut codes = ALWAYS.to_vec();
    let mut add = |applies: bool, more: &[Code]| {
        if applies {
            codes.extend_from_slice(more);
        }
    };
    add(
        about.touches("/identities") || about.touches("/token-exchange"),
        &[Code::ServiceKindMismatch, Code::WifNotAvailable],
    );
    let evaluates = about.touches("/evaluate");
    add(!about.manages(), &[Code::PublicKeyRestricted]);
    add(about.touches("/secrets") || about.touches("/promote"), &[Code::ServiceKindMismatch]);
    add(about.touches("/configs") && about.changes(), &[Code::ServiceKindMismatch]);
    add(
        evaluates || ((about.touches("/flags") || about.touches("/promote")) && about.changes()),
        &[Code::AbAddonNotActive],
    );
    add(
        about.changes(),
        &[Code::Conflict, Code::InUse, Code::Immutable, Code::QuotaExceeded, Code::StorageFull],
    );
    // An umbrella has no keys; a version that was destroyed has nothing to show or to compare.
    let of_another_state = ["/services/{service}/keys", "/versions/{n}", "/diff"];
    let looks = about.method == "get" && of_another_state.iter().any(|end| about.path.ends_with(end));
    add(looks, &[Code::Conflict]);
    add(about.has_body, &[Code::TooLarge, Code::UnsupportedMediaType]);
    add(
        about.touches("secrets") || about.touches("audit") || about.touches("sync"),
        &[Code::AuditUnavailable],
    );
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let of_status = by_status.entry(code.status()).or_default();
        if !of_status.contains(&code) {
            of_status.push(code);
        }
    }
    by_status
}

/// What a code means, for people.
pub(super) const fn meaning(code: Code) -> &'static str {
    match code {
        Code::InvalidRequest => "a field, a parameter or the body breaks a rule; `details` names it",
        Code::Unauthorized => "missing or invalid API key",
        Code::PaymentRequired => "the tenant has an unpaid invoice",
        Code::Forbidden => "the key lacks the scope, or is of another kind",
        Code::IpNotAllowed => "the credential is not taken from this address",
        Code::StepUpRequired => "the sign-in is too old",
        Code::SecondFactorRequired => "a second factor is asked for",
        Code::ProviderRequired => "the tenant's own provider is asked for",
        Code::PublicKeyRestricted => "a key for browsers asked for what is not public",
        Code::ServiceKindMismatch => "a frontend service has no secrets",
        Code::AbAddonNotActive => "the project lacks A/B testing",
        Code::WifNotAvailable => "the project lacks workload identity",
        Code::NotFound => "missing, or not for the caller to know of",
        Code::MethodNotAllowed => "the address does not know the method",
        Code::Conflict => {
            "it exists already, was changed in the meantime, is in another state, or is still being done"
        }
        Code::QuotaExceeded => "a quota is used up; `details` names it",
        Code::InUse => "something depends on it; `details` names it",
        Code::Immutable => "this never changes",
        Code::TooLarge => "the body is too large",
        Code::UnsupportedMediaType => "the body is no JSON",
        Code::RateLimited => "too many requests; `Retry-After` says when to come back",
        Code::Quarantined => "too many wrong keys from this address; `details` has `reason` and `expires_at`",
        Code::Internal => "something went wrong on the server",
        Code::AuditUnavailable => "the audit log cannot be written",
        Code::Unavailable => "the database, or whoever else has to be asked, does not answer",
        Code::StorageFull => "the disk of the server is full",
    }
}
