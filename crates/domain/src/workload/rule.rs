//! Rules of a service as they travel: which claims of which provider let a program in.

use super::aws::RoleArn;
use super::claims::{ClaimValue, RuleClaims};
use super::kind::IdentityProviderKind;
use super::pins::{PinAdvice, judge};
use crate::keys::Access;
use crate::{IdentityId, IdentityProviderId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A rule of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identity {
    pub id: IdentityId,
    pub name: String,
    pub provider: IdentityProviderId,
    pub provider_name: String,
    pub kind: IdentityProviderKind,
    /// By name, or by JSON pointer where it lies deeper; each of one type and to the letter.
    pub claims: RuleClaims,
    pub access: Access,
    /// How long its sessions live at most, in seconds; as the provider says when absent.
    pub max_lifetime: Option<i64>,
    /// What would make it better.
    pub advice: Vec<PinAdvice>,
    /// How many sessions are open.
    pub sessions: i64,
    pub created_at: Timestamp,
    pub created_by: String,
    pub last_used_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewIdentity {
    pub name: String,
    pub provider: IdentityProviderId,
    pub claims: RuleClaims,
    /// `read` when absent.
    #[serde(default)]
    pub access: Option<Access>,
    /// 60 to 3600 seconds; as the provider says when absent, and never longer than that.
    #[serde(default)]
    pub max_lifetime: Option<i64>,
}

/// What may be changed. The provider may not: make another rule.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityPatch {
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = RuleClaims))]
    pub claims: Option<RuleClaims>,
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Access))]
    pub access: Option<Access>,
    /// `null` for what the provider says.
    #[serde(default, deserialize_with = "crate::json::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    pub max_lifetime: Option<Option<i64>>,
}

const MAX_CLAIMS: usize = 32;
const MAX_NAME: usize = 256;
const MAX_VALUE: usize = 1024;

/// Checks the claims of a rule: that they can be pinned, and that they pin enough. The refusal says what to pin
/// (`missing`: claim and rule of each).
pub fn check_rule_claims(kind: IdentityProviderKind, claims: &RuleClaims) -> Result<RuleClaims, Refusal> {
    let named = |name: &String| (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control);
    let short =
        |value: &ClaimValue| value.text().is_none_or(|text| text.len() <= MAX_VALUE && !text.contains('\0'));
    if claims.len() > MAX_CLAIMS || !claims.keys().all(named) || !claims.values().all(short) {
        let rule = format!(
            "At most {MAX_CLAIMS} claims, names of 1 to {MAX_NAME} and values of up to {MAX_VALUE} bytes"
        );
        return Err(Refusal::invalid("claims", rule));
    }
    let judged = judge(kind, claims);
    let said = |advice: &PinAdvice| format!("{}: {}", advice.claim, advice.rule);
    if !judged.refused.is_empty() {
        let words: Vec<String> = judged.refused.iter().map(said).collect();
        return Err(Refusal::invalid("claims", words.join("; ")).with("refused", json!(judged.refused)));
    }
    if !judged.missing.is_empty() {
        let words: Vec<String> = judged.missing.iter().map(said).collect();
        let rule = format!("The rule pins too little. Pin {}", words.join("; "));
        return Err(Refusal::invalid("claims", rule).with("missing", json!(judged.missing)));
    }
    Ok(as_compared(kind, claims))
}

/// What AWS says of a session does not tell the role's path, so a rule does not keep it either.
fn as_compared(kind: IdentityProviderKind, claims: &RuleClaims) -> RuleClaims {
    let mut claims = claims.clone();
    if kind == IdentityProviderKind::AwsIam
        && let Some(ClaimValue::Text(arn)) = claims.get_mut("arn")
        && let Some(role) = RoleArn::parse(arn)
    {
        *arn = role.to_string();
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdentityProviderKind as K;

    fn rule(pairs: &[(&str, &str)]) -> RuleClaims {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), ClaimValue::from(*value))).collect()
    }

    #[test]
    fn a_refusal_says_what_to_pin() {
        let refusal =
            check_rule_claims(K::Github, &rule(&[("repository", "acme/shop")])).expect_err("too little");
        assert!(refusal.field("claims").is_some_and(|words| words.contains("repository_owner_id")));
        assert_eq!(refusal.details["missing"][0]["claim"], "repository_id");
        let all = rule(&[("repository_id", "1"), ("repository_owner_id", "2"), ("ref", "refs/heads/*")]);
        let refusal = check_rule_claims(K::Github, &all).expect_err("a pattern");
        assert_eq!(refusal.details["refused"][0]["claim"], "ref");
    }

    #[test]
    fn a_role_is_kept_as_it_is_compared() {
        let claims =
            rule(&[("account", "123456789012"), ("arn", "arn:aws:iam::123456789012:role/team/deploy")]);
        let kept = check_rule_claims(K::AwsIam, &claims).expect("a rule");
        assert_eq!(kept["arn"], ClaimValue::from("arn:aws:iam::123456789012:role/deploy"));
    }

    #[test]
    fn claims_have_bounds() {
        let many: RuleClaims = (0..33).map(|n| (format!("c{n}"), ClaimValue::Number(n))).collect();
        for claims in [
            many,
            rule(&[("sub", &"x".repeat(1025))]),
            rule(&[("", "x"), ("sub", "a")]),
            rule(&[("sub", "a\0b")]),
            rule(&[("a\nb", "x"), ("sub", "a")]),
        ] {
            assert!(check_rule_claims(K::Oidc, &claims).is_err());
        }
    }
}
