//! Providers of a tenant as they travel.

use super::kind::{IdentityProviderKind, KeysFrom, TokenAlgorithm, check_jwks_url};
use crate::json::JsonText;
use crate::{IdentityProviderId, Refusal, Timestamp, slug};
use serde::{Deserialize, Serialize};

/// How long a session lives at most, in seconds.
pub const MAX_LIFETIME: i64 = 3600;
pub const MIN_LIFETIME: i64 = 60;
/// What it is unless somebody says otherwise. Short, because a program gets the next one by itself.
pub const DEFAULT_LIFETIME: i64 = 900;

/// Somebody whose word is taken for who a program is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityProvider {
    pub id: IdentityProviderId,
    pub name: String,
    pub kind: IdentityProviderKind,
    /// What tokens have as `iss`, to the letter; empty for `aws_iam`.
    pub issuer: String,
    pub keys: KeysFrom,
    pub jwks_url: Option<String>,
    /// The ids of the keys that were uploaded.
    pub key_ids: Vec<String>,
    /// What tokens must have as `aud`; for `aws_iam`, its host is what `X-Nexus-Server-ID` must be.
    pub audience: String,
    /// How long its sessions live at most, in seconds.
    pub max_lifetime: i64,
    pub algorithms: Vec<TokenAlgorithm>,
    /// How many rules take its word.
    pub identities: i64,
    pub created_at: Timestamp,
    pub created_by: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewIdentityProvider {
    pub name: String,
    pub kind: IdentityProviderKind,
    /// The kind's usual one when absent, where it has one.
    #[serde(default)]
    pub issuer: Option<String>,
    /// `discovery` when absent.
    #[serde(default)]
    pub keys: Option<KeysFrom>,
    #[serde(default)]
    pub jwks_url: Option<String>,
    /// A JSON Web Key Set (RFC 7517), for `uploaded`.
    #[serde(default)]
    pub jwks: Option<JsonText>,
    /// `<address of this instance>/wif/<id of the provider>` when absent.
    #[serde(default)]
    pub audience: Option<String>,
    /// 60 to 3600 seconds; 900 when absent.
    #[serde(default)]
    pub max_lifetime: Option<i64>,
    /// Those that are usual for the kind when absent.
    #[serde(default)]
    pub algorithms: Option<Vec<TokenAlgorithm>>,
}

/// What may be changed. Kind and issuer may not: the rules hang on them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityProviderPatch {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub keys: Option<KeysFrom>,
    #[serde(default)]
    pub jwks_url: Option<String>,
    #[serde(default)]
    pub jwks: Option<JsonText>,
    #[serde(default)]
    pub audience: Option<String>,
    #[serde(default)]
    pub max_lifetime: Option<i64>,
    #[serde(default)]
    pub algorithms: Option<Vec<TokenAlgorithm>>,
}

impl NewIdentityProvider {
    /// A provider of this name and kind, with everything as is usual.
    pub fn usual(name: impl Into<String>, kind: IdentityProviderKind) -> Self {
        Self {
            name: name.into(),
            kind,
            issuer: None,
            keys: None,
            jwks_url: None,
            jwks: None,
            audience: None,
            max_lifetime: None,
            algorithms: None,
        }
    }
}

/// The audience of a provider unless somebody says otherwise: nobody else's tokens have it.
pub fn default_audience(public_url: &str, id: IdentityProviderId) -> String {
    format!("{public_url}/wif/{id}")
}

/// Audiences that tokens are made for anyway: whoever gets one could pass it on to us. Without a slash at the end.
const SHARED: [&str; 14] = [
    "https://kubernetes.default.svc",
    "https://kubernetes.default.svc.cluster.local",
    "kubernetes",
    "sts.amazonaws.com",
    "https://sts.amazonaws.com",
    "api://AzureADTokenExchange",
    // The same by its id, which is what tokens of version 2 have.
    "fb60f99c-7a34-4190-8149-302f77469936",
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://graph.microsoft.com",
    "https://vault.azure.net",
    "https://storage.azure.com",
    "https://gitlab.com",
    "https://github.com",
];

/// Shorter ones are hardly anybody's own.
const SHORTEST_AUDIENCE: usize = 8;

/// Whether tokens for others have this audience too. Platforms put a slash at the end, or take one away, as they
/// like, and do not care about capitals.
fn is_shared(kind: IdentityProviderKind, audience: &str) -> bool {
    let audience = audience.trim_end_matches('/').to_ascii_lowercase();
    // What GitHub puts in where a job asks for no audience: the address of the owner.
    let owner = audience.strip_prefix("https://github.com/").is_some_and(|owner| !owner.contains('/'));
    SHARED.iter().any(|shared| shared.eq_ignore_ascii_case(&audience))
        || (kind == IdentityProviderKind::Github && owner)
}

/// Checks an audience that somebody chose.
pub fn check_audience(kind: IdentityProviderKind, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = (SHORTEST_AUDIENCE..=512).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
    if !fits {
        let rule = format!("{SHORTEST_AUDIENCE} to 512 letters, digits and marks, without spaces");
        return Err(Refusal::invalid("audience", rule));
    }
    if is_shared(kind, text) {
        let rule = "Tokens for others have this audience too, and whoever gets one could pass it on; choose one of your own";
        return Err(Refusal::invalid("audience", rule));
    }
    if !kind.has_tokens() && server_id(text).is_none() {
        return Err(Refusal::invalid("audience", "An address whose host is what X-Nexus-Server-ID must be"));
    }
    Ok(text.to_owned())
}

/// The host of an audience, which a signed request of AWS has to name.
pub fn server_id(audience: &str) -> Option<&str> {
    let rest = audience.strip_prefix("https://").or_else(|| audience.strip_prefix("http://"))?;
    rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty() && !host.contains('@'))
}

/// Checks how long sessions live, in seconds.
pub fn check_lifetime(seconds: i64) -> Result<i64, Refusal> {
    if (MIN_LIFETIME..=MAX_LIFETIME).contains(&seconds) {
        return Ok(seconds);
    }
    Err(Refusal::invalid("max_lifetime", format!("{MIN_LIFETIME} to {MAX_LIFETIME} seconds")))
}

/// Where keys come from, with what that needs and nothing besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    Discovery,
    JwksUrl(String),
    /// What was uploaded; whether it holds keys is for who reads them.
    Uploaded(JsonText),
}

/// The largest set of keys that may be uploaded, in bytes.
const MAX_JWKS: usize = 64 * 1024;

impl KeySource {
    /// Checks the three fields of a form together.
    pub fn read(keys: KeysFrom, url: Option<&str>, jwks: Option<JsonText>) -> Result<Self, Refusal> {
        let url = url.map(str::trim).filter(|url| !url.is_empty());
        match (keys, url, jwks) {
            (KeysFrom::Discovery, None, None) => Ok(Self::Discovery),
            (KeysFrom::JwksUrl, Some(url), None) => check_jwks_url(url).map(Self::JwksUrl),
            (KeysFrom::Uploaded, None, Some(jwks)) if jwks.as_str().len() > MAX_JWKS => {
                Err(Refusal::invalid("jwks", "At most 64 KiB"))
            }
            (KeysFrom::Uploaded, None, Some(jwks)) => match jwks.broken_rule() {
                Some(rule) => Err(Refusal::invalid("jwks", rule)),
                None => Ok(Self::Uploaded(jwks)),
            },
            (KeysFrom::JwksUrl, None, _) => Err(Refusal::invalid("jwks_url", "The address of the keys")),
            (KeysFrom::Uploaded, _, None) => Err(Refusal::invalid("jwks", "The keys, as a JSON Web Key Set")),
            (_, Some(_), _) => Err(Refusal::invalid("jwks_url", "Only where keys is jwks_url")),
            (_, None, Some(_)) => Err(Refusal::invalid("jwks", "Only where keys is uploaded")),
        }
    }
}

/// Checks what a provider's tokens may be signed with.
pub fn check_algorithms(
    kind: IdentityProviderKind,
    asked: Option<&[TokenAlgorithm]>,
) -> Result<Vec<TokenAlgorithm>, Refusal> {
    let Some(asked) = asked else { return Ok(kind.usual_algorithms().to_vec()) };
    match (kind.has_tokens(), asked.is_empty()) {
        (true, true) => Err(Refusal::invalid("algorithms", "At least one")),
        (false, false) => Err(Refusal::invalid("algorithms", "AWS checks the signature itself")),
        _ => Ok(TokenAlgorithm::ALL.iter().copied().filter(|known| asked.contains(known)).collect()),
    }
}

/// Checks what a provider is called.
pub fn check_name(text: &str) -> Result<String, Refusal> {
    slug::check_name(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_is_for_us_alone() {
        let kind = IdentityProviderKind::Kubernetes;
        assert_eq!(
            check_audience(kind, " https://nexus.test/wif/1 ").expect("fine"),
            "https://nexus.test/wif/1"
        );
        for text in
            ["", "a b", "https://kubernetes.default.svc", "sts.amazonaws.com", "api://AzureADTokenExchange"]
        {
            assert!(check_audience(kind, text).is_err(), "{text}");
        }
        for text in SHARED {
            for end in ["", "/", "//"] {
                for kind in IdentityProviderKind::ALL {
                    assert!(check_audience(*kind, &format!("{text}{end}")).is_err(), "{kind} {text}{end}");
                }
            }
            assert!(check_audience(kind, &text.to_uppercase()).is_err(), "{text} in capitals");
        }
        for text in ["https://github.com/acme", "https://github.com/acme/", "https://GitHub.com/Acme"] {
            assert!(check_audience(IdentityProviderKind::Github, text).is_err(), "{text}");
        }
        assert!(check_audience(IdentityProviderKind::Github, "https://github.com/acme/nexus").is_ok());
        assert!(check_audience(kind, "a-nexus").is_err(), "too short");
        assert!(check_audience(kind, "my-nexus").is_ok());
        assert!(check_audience(kind, "https://graph.microsoft.com.acme.test").is_ok());
        assert!(check_audience(IdentityProviderKind::AwsIam, "nexus-of-acme").is_err());
        assert!(check_audience(IdentityProviderKind::AwsIam, "https://nexus.test").is_ok());
        assert_eq!(server_id("https://nexus.test/wif/1"), Some("nexus.test"));
        assert_eq!(server_id("https://nexus.test@evil.test/"), None);
    }

    #[test]
    fn keys_come_from_one_place() {
        let jwks: JsonText = serde_json::from_str(r#"{"keys":[]}"#).expect("JSON");
        let twice: JsonText = serde_json::from_str(r#"{"keys":[],"keys":[]}"#).expect("JSON");
        let url = Some("https://login.test/keys?v=1");
        assert!(KeySource::read(KeysFrom::Discovery, None, None).is_ok());
        assert!(KeySource::read(KeysFrom::JwksUrl, url, None).is_ok());
        assert!(KeySource::read(KeysFrom::Uploaded, None, Some(jwks.clone())).is_ok());
        for (keys, url, jwks, field) in [
            (KeysFrom::Discovery, url, None, "jwks_url"),
            (KeysFrom::Discovery, None, Some(jwks.clone()), "jwks"),
            (KeysFrom::JwksUrl, None, None, "jwks_url"),
            (KeysFrom::JwksUrl, Some("ftp://a"), None, "jwks_url"),
            (KeysFrom::Uploaded, None, None, "jwks"),
            (KeysFrom::Uploaded, url, Some(jwks), "jwks_url"),
            (KeysFrom::Uploaded, None, Some(twice), "jwks"),
        ] {
            let refusal = KeySource::read(keys, url, jwks).expect_err("refused");
            assert!(refusal.field(field).is_some(), "{keys} {refusal}");
        }
    }
}
