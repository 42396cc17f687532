//! Checking a token's claims, one thing after the other, so that a person who tries a token out sees which check
//! passes and which fails, and the exchange asks exactly the same ones.

use super::claims::{ClaimValue, RuleClaims, TokenClaims};
use super::kind::IdentityProviderKind;
use super::{LEEWAY, platform};
use crate::role::words;
use crate::{IdentityId, IdentityProviderId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

words! {
    /// What is checked.
    CheckKind {
        /// That it can be read, in one way only.
        Format = "format",
        /// Of a signed request: that it asks for this, there, and for this instance.
        Request = "request",
        Algorithm = "algorithm",
        /// That the provider publishes the key.
        Key = "key",
        Signature = "signature",
        /// What AWS says of the caller.
        Caller = "caller",
        Issuer = "issuer",
        Audience = "audience",
        /// Not over, and not before its time.
        Time = "time",
        /// Not valid for longer than such tokens are.
        Lifetime = "lifetime",
        /// A program's, not a person's.
        Workload = "workload",
        /// One claim that the rule pins.
        Claim = "claim",
        /// Not made to run by strangers.
        Context = "context",
    }
}

words! {
    /// What came of a check.
    CheckOutcome {
        Passed = "passed",
        Failed = "failed",
        /// Something before it failed.
        Skipped = "skipped",
    }
}

/// One check, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenCheck {
    pub check: CheckKind,
    /// The claim that it is about, where it is about one of the rule's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    pub outcome: CheckOutcome,
    /// In words; single claims may stand there, never the token.
    pub message: String,
}

impl TokenCheck {
    pub fn new(check: CheckKind, outcome: CheckOutcome, message: impl Into<String>) -> Self {
        Self { check, claim: None, outcome, message: message.into() }
    }

    pub fn of(check: CheckKind, result: Result<String, String>) -> Self {
        match result {
            Ok(message) => Self::new(check, CheckOutcome::Passed, message),
            Err(message) => Self::new(check, CheckOutcome::Failed, message),
        }
    }

    pub fn skipped(check: CheckKind) -> Self {
        Self::new(check, CheckOutcome::Skipped, "Not looked at, because of what failed before")
    }

    fn claim(name: &str, result: Result<String, String>) -> Self {
        Self { claim: Some(name.to_owned()), ..Self::of(CheckKind::Claim, result) }
    }
}

/// What would become of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenReport {
    /// Whether every check passed.
    pub passed: bool,
    pub provider: IdentityProviderId,
    /// The rule that it was held against, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityId>,
    pub checks: Vec<TokenCheck>,
    /// What a rule for exactly this workload would pin; empty unless the token is genuine.
    pub suggested_claims: RuleClaims,
}

/// Whether every one passed.
pub fn passed(checks: &[TokenCheck]) -> bool {
    checks.iter().all(|check| check.outcome == CheckOutcome::Passed)
}

/// What a token has to be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub kind: IdentityProviderKind,
    pub issuer: &'a str,
    pub audience: &'a str,
    /// Now, in seconds.
    pub now: i64,
}

/// A claim for people: cut, and without what could lead a terminal astray.
fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => return "nothing".to_owned(),
        Some(Value::String(text)) => format!("\"{text}\""),
        Some(Value::Array(_)) => return "a list".to_owned(),
        Some(Value::Object(_)) => return "an object".to_owned(),
        Some(other) => other.to_string(),
    };
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    match text.char_indices().nth(200) {
        None => text.chars().map(clean).collect(),
        Some((end, _)) => text.get(..end).unwrap_or_default().chars().map(clean).chain(['…']).collect(),
    }
}

/// Checks what every token of a provider has to have, whatever the rule.
pub fn check_claims(expected: &Expected<'_>, claims: &TokenClaims) -> Vec<TokenCheck> {
    vec![
        TokenCheck::of(CheckKind::Issuer, issuer(expected, claims)),
        TokenCheck::of(CheckKind::Audience, audience(expected, claims)),
        TokenCheck::of(CheckKind::Time, time(expected, claims)),
        TokenCheck::of(CheckKind::Lifetime, lifetime(expected, claims)),
        TokenCheck::of(
            CheckKind::Workload,
            platform::is_workload(expected.kind, expected.issuer, claims)
                .map(|()| "It is a token of a program".to_owned())
                .map_err(str::to_owned),
        ),
    ]
}

fn issuer(expected: &Expected<'_>, claims: &TokenClaims) -> Result<String, String> {
    if claims.text("iss") == Some(expected.issuer) {
        return Ok(format!("iss is {}", expected.issuer));
    }
    let found = shown(claims.get("iss"));
    Err(format!("iss is {found} and has to be \"{}\", to the letter", expected.issuer))
}

/// One audience and no other: what else it is for could pass it on to us.
fn audience(expected: &Expected<'_>, claims: &TokenClaims) -> Result<String, String> {
    let named = match claims.get("aud") {
        Some(Value::Array(all)) => match all.as_slice() {
            [only] => Some(only),
            _ => return Err("aud names several audiences, or none; it has to name this one alone".into()),
        },
        other => other,
    };
    if named.and_then(Value::as_str) == Some(expected.audience) {
        return Ok(format!("aud is {}", expected.audience));
    }
    Err(format!("aud is {} and has to be \"{}\"", shown(named), expected.audience))
}

fn time(expected: &Expected<'_>, claims: &TokenClaims) -> Result<String, String> {
    let needed = |name| {
        claims.seconds(name).ok_or_else(|| format!("{name} is missing, or no whole number of seconds"))
    };
    let (exp, iat) = (needed("exp")?, needed("iat")?);
    let latest = expected.now.saturating_add(LEEWAY);
    if exp <= expected.now.saturating_sub(LEEWAY) {
        return Err(format!("It ended {} s ago", expected.now.saturating_sub(exp)));
    }
    if iat > latest {
        return Err("It was issued in the future; compare the clocks".into());
    }
    match claims.get("nbf").map(Value::as_i64) {
        Some(None) => Err("nbf is no whole number of seconds".into()),
        Some(Some(nbf)) if nbf > latest => Err("Its time has not come; compare the clocks".into()),
        _ => Ok(format!("It is valid for another {} s", exp.saturating_sub(expected.now))),
    }
}

fn lifetime(expected: &Expected<'_>, claims: &TokenClaims) -> Result<String, String> {
    let (Some(exp), Some(iat)) = (claims.seconds("exp"), claims.seconds("iat")) else {
        return Err("exp or iat is missing".into());
    };
    let (life, longest) = (exp.saturating_sub(iat), expected.kind.longest_token());
    if life > 0 && life <= longest {
        return Ok(format!("It was issued for {life} s"));
    }
    Err(format!("It was issued for {life} s; tokens of this kind live 1 to {longest} s"))
}

/// Checks what one rule pins, and that the token was not made by strangers.
pub fn check_rule(kind: IdentityProviderKind, rule: &RuleClaims, claims: &TokenClaims) -> Vec<TokenCheck> {
    let mut checks: Vec<TokenCheck> =
        rule.iter().map(|(name, own)| TokenCheck::claim(name, pinned(own, claims.get(name)))).collect();
    let meant = platform::is_meant(kind, claims, rule);
    checks.push(TokenCheck::of(
        CheckKind::Context,
        meant.map(|()| "Nobody else made it run".to_owned()).map_err(str::to_owned),
    ));
    // A rule from before its kind asked for more lets nobody in.
    if !super::judge(kind, rule).may_be_saved() {
        checks.push(TokenCheck::of(CheckKind::Claim, Err("The rule pins too little".into())));
    }
    checks
}

fn pinned(own: &ClaimValue, found: Option<&Value>) -> Result<String, String> {
    if found.is_some_and(|found| own.is(found)) {
        return Ok(format!("It is {own}"));
    }
    let wanted = match own {
        ClaimValue::Text(text) => format!("\"{text}\""),
        other => other.to_string(),
    };
    Err(format!("It is {} and has to be {wanted}", shown(found)))
}
