//! What a rule has to pin: of each kind what never changes hands. A name can be given to somebody else (a
//! repository, an address, a namespace); an id cannot.

use super::aws::RoleArn;
use super::claims::{ClaimValue, RuleClaims, TokenClaims, unescaped};
use super::kind::{IdentityProviderKind, is_guid};
use serde::{Deserialize, Serialize};

/// A claim, and what to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PinAdvice {
    pub claim: String,
    pub rule: String,
}

/// What is to be said of the claims of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judgement {
    /// Without these the rule is refused.
    pub missing: Vec<PinAdvice>,
    /// With these the rule is refused.
    pub refused: Vec<PinAdvice>,
    /// The rule would be better with these.
    pub better: Vec<PinAdvice>,
}

impl Judgement {
    /// Whether a rule like this may be saved.
    pub const fn may_be_saved(&self) -> bool {
        self.missing.is_empty() && self.refused.is_empty()
    }
}

/// A claim that names a workload for good.
struct Pin {
    claim: &'static str,
    rule: &'static str,
    fits: fn(&str) -> bool,
}

const fn pin(claim: &'static str, rule: &'static str, fits: fn(&str) -> bool) -> Pin {
    Pin { claim, rule, fits }
}

/// An id in digits, as a text.
fn digits(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn any(text: &str) -> bool {
    !text.trim().is_empty()
}

fn account(text: &str) -> bool {
    text.len() == 12 && digits(text)
}

/// The numeric id of a service account of Google.
fn google_id(text: &str) -> bool {
    text.len() >= 10 && digits(text)
}

fn role_arn(text: &str) -> bool {
    RoleArn::parse(text).is_some()
}

fn service_account(text: &str) -> bool {
    let named = text.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    named.is_some_and(|(space, name)| {
        [space, name].iter().all(|part| {
            (1..=253).contains(&part.len())
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        })
    })
}

const fn needed(kind: IdentityProviderKind) -> &'static [Pin] {
    use IdentityProviderKind as K;
    match kind {
        K::Gcp => {
            const { &[pin("sub", "The numeric id of the service account (not its address), as text", google_id)] }
        }
        K::AwsOidc => {
            const { &[pin("sub", "The ARN of the role, like arn:aws:iam::123456789012:role/deploy", role_arn)] }
        }
        K::AwsIam => {
            const {
                &[
                    pin("account", "The account, 12 digits as text", account),
                    pin("arn", "The ARN of the role, like arn:aws:iam::123456789012:role/deploy", role_arn),
                ]
            }
        }
        K::Azure => {
            const {
                &[
                    pin("tid", "The id of the directory (tenant)", is_guid),
                    pin("oid", "The object id of the managed identity or service principal", is_guid),
                ]
            }
        }
        K::Kubernetes => const { &[pin("sub", "system:serviceaccount:<namespace>:<name>", service_account)] },
        K::Github => {
            const {
                &[
                    pin(
                        "repository_id",
                        "The id of the repository, digits as text: names can be taken over",
                        digits,
                    ),
                    pin("repository_owner_id", "The id of its owner, digits as text", digits),
                ]
            }
        }
        K::Gitlab => {
            const {
                &[
                    pin(
                        "project_id",
                        "The id of the project, digits as text: paths can be taken over",
                        digits,
                    ),
                    pin("namespace_id", "The id of its namespace, digits as text", digits),
                ]
            }
        }
        K::Oidc => const { &[pin("sub", "What the issuer calls the one workload", any)] },
    }
}

const fn better(kind: IdentityProviderKind) -> &'static [Pin] {
    use IdentityProviderKind as K;
    match kind {
        K::AwsIam => {
            const { &[pin("role_id", "The role's own id (AROA…): a role made anew has another one", any)] }
        }
        K::Kubernetes => {
            const {
                &[pin(
                    "/kubernetes.io/serviceaccount/uid",
                    "The uid of the service account: one made anew under the same name has another one",
                    is_guid,
                )]
            }
        }
        K::Github => {
            const { &[pin("ref", "The branch or tag, like refs/heads/main: without it every branch gets in", any)] }
        }
        K::Gitlab => const { &[pin("ref_protected", "\"true\": without it every branch gets in", any)] },
        _ => &[],
    }
}

/// Claims that every token is checked for anyway, or that say nothing about who it is.
const NO_PINS: [&str; 6] = ["iss", "aud", "exp", "iat", "nbf", "jti"];

/// Judges what a rule pins.
pub fn judge(kind: IdentityProviderKind, claims: &RuleClaims) -> Judgement {
    let advice = |pin: &Pin| PinAdvice { claim: pin.claim.to_owned(), rule: pin.rule.to_owned() };
    let lacks = |pin: &&Pin| !claims.get(pin.claim).and_then(ClaimValue::text).is_some_and(pin.fits);
    let mut refused: Vec<PinAdvice> =
        claims.iter().filter_map(|(name, value)| refused(name, value)).collect();
    refused.extend(contradiction(kind, claims));
    Judgement {
        missing: needed(kind).iter().filter(lacks).map(advice).collect(),
        refused,
        better: better(kind).iter().filter(|pin| !claims.contains_key(pin.claim)).map(advice).collect(),
    }
}

fn refused(name: &str, value: &ClaimValue) -> Option<PinAdvice> {
    let steps: Vec<String> = match name.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(unescaped).collect(),
        None => vec![name.to_owned()],
    };
    let rule = if NO_PINS.contains(&name) {
        "Every token is checked for this; a rule does not pin it"
    } else if steps.iter().any(|step| step == "request_tags") {
        "Whoever asks for the token chooses request_tags, so they prove nothing"
    } else if value.text().is_some_and(|text| text.contains('*')) {
        "Values are compared to the letter; * stands for nothing here"
    } else if value.text().is_some_and(|text| text.is_empty()) {
        "A value is not empty"
    } else {
        return None;
    };
    Some(PinAdvice { claim: name.to_owned(), rule: rule.to_owned() })
}

/// Two pins that no token can have together.
fn contradiction(kind: IdentityProviderKind, claims: &RuleClaims) -> Option<PinAdvice> {
    if kind != IdentityProviderKind::AwsIam {
        return None;
    }
    let role = RoleArn::parse(claims.get("arn")?.text()?)?;
    let differs = claims.get("account")?.text()? != role.account;
    let rule = "The role is of another account than the one that is pinned";
    differs.then(|| PinAdvice { claim: "account".to_owned(), rule: rule.to_owned() })
}

/// What a rule that lets in what has these claims would pin.
pub fn suggest(kind: IdentityProviderKind, claims: &TokenClaims) -> RuleClaims {
    let pins = needed(kind).iter().chain(better(kind));
    pins.filter_map(|pin| Some((pin.claim.to_owned(), ClaimValue::of(claims.get(pin.claim)?)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdentityProviderKind as K;
    use proptest::prelude::*;

    fn rule(pairs: &[(&str, &str)]) -> RuleClaims {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), ClaimValue::from(*value))).collect()
    }

    /// Of each kind a rule that pins just enough.
    fn enough() -> Vec<(K, RuleClaims)> {
        let guid = "72f988bf-86f1-41af-91ab-2d7cd011db47";
        vec![
            (K::Gcp, rule(&[("sub", "112233445566778899001")])),
            (K::AwsOidc, rule(&[("sub", "arn:aws:iam::123456789012:role/deploy")])),
            (
                K::AwsIam,
                rule(&[("account", "123456789012"), ("arn", "arn:aws:iam::123456789012:role/deploy")]),
            ),
            (K::Azure, rule(&[("tid", guid), ("oid", guid)])),
            (K::Kubernetes, rule(&[("sub", "system:serviceaccount:shop:checkout")])),
            (K::Github, rule(&[("repository_id", "1296269"), ("repository_owner_id", "583231")])),
            (K::Gitlab, rule(&[("project_id", "22"), ("namespace_id", "72")])),
            (K::Oidc, rule(&[("sub", "build-7")])),
        ]
    }

    #[test]
    fn a_rule_without_one_of_its_pins_is_refused_and_told_which() {
        for (kind, claims) in enough() {
            assert!(judge(kind, &claims).may_be_saved(), "{kind}");
            for name in claims.keys() {
                let mut less = claims.clone();
                less.remove(name);
                let judged = judge(kind, &less);
                assert!(judged.missing.iter().any(|advice| advice.claim == *name), "{kind} {name}");
                let mut other = claims.clone();
                other.insert(name.clone(), ClaimValue::Number(1));
                assert!(!judge(kind, &other).may_be_saved(), "{kind}: a number for {name}");
                other.insert(name.clone(), ClaimValue::Boolean(true));
                assert!(!judge(kind, &other).may_be_saved(), "{kind}: a truth for {name}");
                other.insert(name.clone(), ClaimValue::from(""));
                assert!(!judge(kind, &other).may_be_saved(), "{kind}: nothing for {name}");
            }
        }
    }

    #[test]
    fn names_that_can_change_hands_are_not_enough() {
        for (kind, claims) in [
            (K::Gcp, rule(&[("sub", "deploy@acme.iam.gserviceaccount.com")])),
            (K::Gcp, rule(&[("email", "deploy@acme.iam.gserviceaccount.com")])),
            (K::AwsOidc, rule(&[("sub", "arn:aws:iam::123456789012:user/ana")])),
            (K::AwsOidc, rule(&[("/https:~1~1sts.amazonaws.com~1/aws_account", "123456789012")])),
            (K::Azure, rule(&[("appid", "72f988bf-86f1-41af-91ab-2d7cd011db47")])),
            (K::Kubernetes, rule(&[("sub", "system:serviceaccount:shop")])),
            (K::Kubernetes, rule(&[("/kubernetes.io/namespace", "shop")])),
            (K::Github, rule(&[("repository", "acme/shop"), ("repository_owner", "acme")])),
            (K::Github, rule(&[("sub", "repo:acme/shop:ref:refs/heads/main")])),
            (K::Gitlab, rule(&[("project_path", "acme/shop"), ("namespace_path", "acme")])),
            (K::Oidc, rule(&[("email", "ana@acme.test")])),
        ] {
            assert!(!judge(kind, &claims).may_be_saved(), "{kind} {claims:?}");
        }
    }

    #[test]
    fn what_proves_nothing_is_refused() {
        for (kind, claims) in enough() {
            for (name, value) in [
                ("aud", "https://nexus.test"),
                ("iss", "https://evil.test"),
                ("ref", "refs/heads/*"),
                ("empty", ""),
                ("request_tags", "x"),
                ("/https:~1~1sts.amazonaws.com~1/request_tags/team", "shop"),
            ] {
                let mut more = claims.clone();
                more.insert(name.to_owned(), ClaimValue::from(value));
                let judged = judge(kind, &more);
                assert!(judged.refused.iter().any(|advice| advice.claim == name), "{kind} {name}");
            }
        }
        let two = rule(&[("account", "210987654321"), ("arn", "arn:aws:iam::123456789012:role/deploy")]);
        assert!(!judge(K::AwsIam, &two).may_be_saved());
    }

    #[test]
    fn what_would_be_better_is_said() {
        let sub = rule(&[("sub", "system:serviceaccount:shop:checkout")]);
        assert_eq!(judge(K::Kubernetes, &sub).better[0].claim, "/kubernetes.io/serviceaccount/uid");
        assert_eq!(judge(K::Github, &RuleClaims::new()).better[0].claim, "ref");
    }

    proptest! {
        #[test]
        fn nothing_panics(name in "\\PC{0,40}", value in "\\PC{0,80}") {
            for kind in K::ALL {
                let _ = judge(*kind, &rule(&[(&name, &value), ("sub", &value), ("arn", &value)]));
            }
        }
    }
}
