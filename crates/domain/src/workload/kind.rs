//! The kinds of providers: where each is, what it signs with, and how long its tokens live.

use crate::Refusal;
use crate::role::words;
use serde::{Deserialize, Serialize};

words! {
    /// Whose word is taken.
    IdentityProviderKind {
        /// Google Cloud: GCE, GKE without Kubernetes tokens, Cloud Run, Cloud Functions.
        Gcp = "gcp",
        /// AWS, by tokens that its STS signs (outbound identity federation).
        AwsOidc = "aws_oidc",
        /// AWS, by a signed request for `GetCallerIdentity`.
        AwsIam = "aws_iam",
        /// Managed identities and apps of Microsoft Entra.
        Azure = "azure",
        /// Service accounts of one cluster: EKS, AKS, GKE, or one's own.
        Kubernetes = "kubernetes",
        /// GitHub Actions.
        Github = "github",
        /// Jobs of GitLab CI.
        Gitlab = "gitlab",
        /// Any other issuer that speaks OpenID Connect.
        Oidc = "oidc",
    }
}

words! {
    /// Where a provider's keys come from.
    KeysFrom {
        /// The issuer says where (OpenID Connect Discovery).
        Discovery = "discovery",
        JwksUrl = "jwks_url",
        Uploaded = "uploaded",
    }
}

words! {
    /// What a token may be signed with: never nothing, and never a secret that both sides know.
    TokenAlgorithm {
        Rs256 = "RS256", Rs384 = "RS384", Rs512 = "RS512",
        Ps256 = "PS256", Ps384 = "PS384", Ps512 = "PS512",
        Es256 = "ES256", Es384 = "ES384",
        EdDsa = "EdDSA",
    }
}

const HOUR: i64 = 3600;

impl IdentityProviderKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gcp => "Google Cloud",
            Self::AwsOidc => "AWS (OIDC token)",
            Self::AwsIam => "AWS (signed STS identity)",
            Self::Azure => "Azure",
            Self::Kubernetes => "Kubernetes",
            Self::Github => "GitHub Actions",
            Self::Gitlab => "GitLab CI",
            Self::Oidc => "OpenID Connect",
        }
    }

    /// The issuer that is meant when none is named.
    pub const fn usual_issuer(self) -> Option<&'static str> {
        match self {
            Self::Gcp => Some("https://accounts.google.com"),
            Self::Github => Some("https://token.actions.githubusercontent.com"),
            Self::Gitlab => Some("https://gitlab.com"),
            _ => None,
        }
    }

    /// How an issuer of this kind is written, for a form.
    pub const fn issuer_hint(self) -> &'static str {
        match self {
            Self::Gcp => "https://accounts.google.com",
            Self::AwsOidc => "https://<id of your account>.tokens.sts.global.api.aws",
            Self::AwsIam => "None: AWS itself is asked who signed",
            Self::Azure => {
                "https://login.microsoftonline.com/<tenant id>/v2.0, or for tokens of version 1 \
                 https://sts.windows.net/<tenant id>/"
            }
            Self::Kubernetes => {
                "What the cluster's tokens have as iss, for example https://oidc.eks.<region>.amazonaws.com/id/<id>"
            }
            Self::Github => {
                "https://token.actions.githubusercontent.com, https://token.actions.<your enterprise>.ghe.com, or \
                 https://<your GitHub server>/_services/token"
            }
            Self::Gitlab => "https://gitlab.com, or the address of your GitLab",
            Self::Oidc => "What the tokens have as iss, for example https://login.example.com",
        }
    }

    /// Whether it shows tokens (and not a signed request).
    pub const fn has_tokens(self) -> bool {
        !matches!(self, Self::AwsIam)
    }

    /// What tokens of this kind are signed with unless somebody says otherwise.
    pub const fn usual_algorithms(self) -> &'static [TokenAlgorithm] {
        use TokenAlgorithm as A;
        match self {
            Self::AwsIam => &[],
            Self::AwsOidc => &[A::Rs256, A::Es384],
            Self::Kubernetes => &[A::Rs256, A::Es256],
            _ => &[A::Rs256],
        }
    }

    /// A token that is valid for longer than this is not taken, in seconds.
    pub const fn longest_token(self) -> i64 {
        match self {
            Self::Gcp | Self::AwsOidc | Self::Github => 2 * HOUR,
            // Managed identities get tokens for a day; so do clusters and jobs that run long.
            _ => 25 * HOUR,
        }
    }

    /// Checks where a provider is. It is compared letter by letter with what tokens say, so it is not tidied up.
    pub fn check_issuer(self, text: &str) -> Result<String, Refusal> {
        let text = text.trim();
        if !self.has_tokens() {
            return match text {
                "" => Ok(String::new()),
                _ => Err(Refusal::invalid("issuer", "There is none: AWS itself is asked who signed")),
            };
        }
        let text = if text.is_empty() { self.usual_issuer().unwrap_or_default() } else { text };
        if let Some(own) = self.kind_of_its_own(text) {
            let rule = format!("Choose the kind {own}: it knows what tokens of this issuer have to be");
            return Err(Refusal::invalid("issuer", rule));
        }
        if is_address(text) && self.has_form(text) {
            return Ok(text.to_owned());
        }
        Err(Refusal::invalid("issuer", self.issuer_hint()))
    }

    /// The kind that an issuer is of, where it is another one than this: under a kind that knows less, a rule could
    /// pin too little, and tokens of people would pass.
    fn kind_of_its_own(self, issuer: &str) -> Option<Self> {
        let knows_less = matches!(self, Self::Oidc | Self::Kubernetes | Self::Gitlab);
        let known = [Self::Gcp, Self::AwsOidc, Self::Azure, Self::Github].into_iter();
        let own = known.chain([Self::Gitlab]).find(|kind| match kind {
            Self::Gitlab => Some(issuer) == kind.usual_issuer(),
            kind => kind.has_form(issuer),
        });
        own.filter(|own| knows_less && *own != self)
    }

    fn has_form(self, issuer: &str) -> bool {
        let rest = issuer.strip_prefix("https://").unwrap_or_default();
        match self {
            Self::Gcp => Some(issuer) == self.usual_issuer(),
            Self::AwsOidc => {
                let label = rest.strip_suffix(".tokens.sts.global.api.aws").unwrap_or_default();
                (1..=63).contains(&label.len())
                    && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            }
            Self::Azure => azure_tenant(issuer).is_some(),
            Self::Github => {
                let usual = self.usual_issuer().unwrap_or_default();
                let slug = |slug: &str| {
                    !slug.is_empty() && slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                };
                // An enterprise has a path of the usual one, or with data residency a host of its own.
                let resident =
                    rest.strip_prefix("token.actions.").and_then(|rest| rest.strip_suffix(".ghe.com"));
                issuer == usual
                    || resident.is_some_and(slug)
                    || issuer.strip_prefix(usual).and_then(|rest| rest.strip_prefix('/')).is_some_and(slug)
                    || rest.strip_suffix("/_services/token").is_some_and(|host| !host.contains('/'))
            }
            Self::AwsIam => false,
            Self::Kubernetes | Self::Gitlab | Self::Oidc => true,
        }
    }
}

/// The directory that an issuer of Azure is about: version 2, or version 1 with its slash at the end.
pub(super) fn azure_tenant(issuer: &str) -> Option<&str> {
    const VERSION_2: [&str; 3] = [
        "https://login.microsoftonline.com/",
        "https://login.microsoftonline.us/",
        "https://login.partner.microsoftonline.cn/",
    ];
    let second = VERSION_2.iter().find_map(|host| issuer.strip_prefix(host)?.strip_suffix("/v2.0"));
    let first = || {
        ["https://sts.windows.net/", "https://sts.chinacloudapi.cn/"]
            .iter()
            .find_map(|host| issuer.strip_prefix(host)?.strip_suffix('/'))
    };
    second.or_else(first).filter(|tenant| is_guid(tenant))
}

/// An address of a server, without what could be read in two ways.
fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    !rest.is_empty()
        && !rest.starts_with('/')
        && text.len() <= 512
        && !text.contains(['?', '#', '@', '\\', '"', '<', '>'])
        && text.chars().all(|c| c.is_ascii_graphic())
}

/// Checks where keys are published.
pub(super) fn check_jwks_url(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let queried = text.split_once('?').map_or(text, |(before, _)| before);
    if is_address(queried)
        && text.len() <= 512
        && !text.contains('#')
        && text.chars().all(|c| c.is_ascii_graphic())
    {
        return Ok(text.to_owned());
    }
    Err(Refusal::invalid("jwks_url", "An address like https://login.example.com/keys"))
}

/// Whether this is an id as Azure and Kubernetes write it: lower case, with hyphens.
pub(super) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdentityProviderKind as K;

    #[test]
    fn each_kind_knows_its_issuers() {
        let tid = "72f988bf-86f1-41af-91ab-2d7cd011db47";
        let fits: [(K, &[String]); 6] = [
            (K::Gcp, &["https://accounts.google.com".into(), String::new()]),
            (K::AwsOidc, &["https://abc12345-def4-5678-90ab-cdef12345678.tokens.sts.global.api.aws".into()]),
            (
                K::Azure,
                &[
                    format!("https://login.microsoftonline.com/{tid}/v2.0"),
                    format!("https://sts.windows.net/{tid}/"),
                ],
            ),
            (
                K::Kubernetes,
                &[
                    "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE".into(),
                    format!("https://eastus.oic.prod-aks.azure.com/{tid}/{tid}/"),
                    "https://kubernetes.default.svc.cluster.local".into(),
                ],
            ),
            (
                K::Github,
                &[
                    String::new(),
                    "https://token.actions.githubusercontent.com/octo-enterprise".into(),
                    "https://token.actions.octo-enterprise.ghe.com".into(),
                    "https://github.acme.test/_services/token".into(),
                ],
            ),
            (K::Gitlab, &[String::new(), "https://gitlab.acme.test".into()]),
        ];
        for (kind, issuers) in fits {
            for issuer in issuers {
                assert!(kind.check_issuer(issuer).is_ok(), "{kind} {issuer}");
            }
        }
    }

    #[test]
    fn an_issuer_of_somebody_else_is_none_of_the_kind() {
        let tid = "72f988bf-86f1-41af-91ab-2d7cd011db47";
        for (kind, issuer) in [
            (K::Gcp, "https://accounts.google.com/"),
            (K::Gcp, "https://accounts.google.com.evil.test"),
            (K::AwsOidc, "https://tokens.sts.global.api.aws"),
            (K::AwsOidc, "https://a.b.tokens.sts.global.api.aws"),
            (K::AwsOidc, "https://evil.test/x.tokens.sts.global.api.aws"),
            (K::AwsOidc, "https://a.tokens.sts.global.api.aws.evil.test"),
            (K::Azure, "https://login.microsoftonline.com/common/v2.0"),
            (K::Azure, "https://login.microsoftonline.com/organizations/v2.0"),
            (K::Azure, &format!("https://login.microsoftonline.com/{tid}")),
            (K::Azure, &format!("https://sts.windows.net/{tid}")),
            (K::Azure, &format!("https://sts.windows.net.evil.test/{tid}/")),
            (K::Azure, &format!("https://evil.test/sts.windows.net/{tid}/")),
            (K::Github, "https://token.actions.githubusercontent.com/"),
            (K::Github, "https://token.actions.githubusercontent.com/a/b"),
            (K::Github, "https://token.actions.githubusercontent.com.evil.test"),
            (K::Github, "https://token.actions.ghe.com"),
            (K::Github, "https://token.actions..ghe.com"),
            (K::Github, "https://token.actions.a.b.ghe.com"),
            (K::Github, "https://token.actions.acme.ghe.com/"),
            (K::Github, "https://token.actions.acme.ghe.com.evil.test"),
            (K::Github, "https://evil.test/token.actions.acme.ghe.com"),
            (K::Github, "http://token.actions.acme.ghe.com"),
            (K::Github, "https://github.acme.test/x/_services/token"),
            (K::Github, "http://github.acme.test/_services/token"),
            (K::AwsIam, "https://sts.amazonaws.com"),
            (K::Oidc, ""),
            (K::Oidc, "login.example.com"),
            (K::Oidc, "https://"),
            (K::Oidc, "https:///x"),
            (K::Oidc, "https://u:p@a.b"),
            (K::Oidc, "https://a.b?c"),
            (K::Oidc, "https://ä.b"),
            (K::Kubernetes, "kubernetes/serviceaccount"),
            // Of a kind that knows more.
            (K::Oidc, "https://accounts.google.com"),
            (K::Oidc, "https://token.actions.githubusercontent.com"),
            (K::Oidc, "https://token.actions.githubusercontent.com/octo-enterprise"),
            (K::Oidc, "https://token.actions.octo-enterprise.ghe.com"),
            (K::Gitlab, "https://token.actions.octo-enterprise.ghe.com"),
            (K::Oidc, "https://gitlab.com"),
            (K::Oidc, &format!("https://sts.windows.net/{tid}/")),
            (K::Gitlab, "https://token.actions.githubusercontent.com/acme"),
            (K::Kubernetes, "https://abc.tokens.sts.global.api.aws"),
        ] {
            assert!(kind.check_issuer(issuer).is_err(), "{kind} {issuer}");
        }
    }

    #[test]
    fn no_kind_is_signed_with_a_secret_by_default() {
        for kind in K::ALL {
            assert_eq!(kind.usual_algorithms().is_empty(), !kind.has_tokens(), "{kind}");
        }
        assert!(TokenAlgorithm::parse("HS256").is_none() && TokenAlgorithm::parse("none").is_none());
    }
}
