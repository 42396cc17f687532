//! Signing in with providers, and the mail domains whose people join by themselves: the words, the shapes
//! that travel, and the rules that need no network.

use crate::role::{ProjectRole, TenantRole, words};
use crate::{ProviderId, Refusal, Timestamp, slug};
use serde::{Deserialize, Serialize};

words! {
    /// What a provider of sign-in speaks.
    ProviderKind { Google = "google", Github = "github", Oidc = "oidc", }
}

words! {
    /// What a person wants of a provider.
    Purpose {
        SignIn = "sign_in",
        /// Use it to sign in from now on.
        Link = "link",
        /// Prove once more who they are.
        StepUp = "step_up",
        /// Begin as a new person, by an invitation.
        Join = "join",
    }
}

impl ProviderKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Google => "Google",
            Self::Github => "GitHub",
            Self::Oidc => "OpenID Connect",
        }
    }

    /// Where it is, unless somebody runs one of their own.
    pub const fn issuer(self) -> Option<&'static str> {
        match self {
            Self::Google => Some("https://accounts.google.com"),
            Self::Github => Some("https://github.com"),
            Self::Oidc => None,
        }
    }

    /// Whether it can say when somebody last proved who they are.
    pub const fn tells_when(self) -> bool {
        !matches!(self, Self::Github)
    }
}

/// A provider that a sign-in page offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedProvider {
    pub id: ProviderId,
    pub name: String,
    pub kind: ProviderKind,
}

/// A provider of a tenant, as its owners see it. Its client secret is never shown again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    pub id: ProviderId,
    pub name: String,
    pub kind: ProviderKind,
    pub issuer: String,
    pub client_id: String,
    pub enabled: bool,
    /// How many people sign in with it.
    pub people: i64,
    pub created_at: Timestamp,
}

/// What was found where a provider says what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovered {
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    /// How many keys it signs with.
    pub keys: usize,
}

/// A provider with which a person signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub provider: ProviderId,
    pub name: String,
    pub kind: ProviderKind,
    /// An address or a name, as the provider told it.
    pub shown: String,
    /// The tenant that it opens; none for a provider of the instance.
    pub tenant: Option<String>,
    pub created_at: Timestamp,
}

/// A role in a project that goes with joining.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectGrant {
    pub project: String,
    pub role: ProjectRole,
}

/// A mail domain of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailDomain {
    pub domain: String,
    /// Name and value of the TXT record that proves it.
    pub record: String,
    pub value: String,
    pub proved_at: Option<Timestamp>,
    /// What somebody with an address of the domain becomes; nobody joins while there is none.
    pub joins_as: Option<TenantRole>,
    pub projects: Vec<ProjectGrant>,
}

/// Checks the name on a provider's button.
pub fn check_provider_name(text: &str) -> Result<String, Refusal> {
    slug::check_name(text)
}

/// Checks where a provider is. What stands there is compared letter by letter with what the provider says
/// of itself, so it is not tidied up.
pub fn check_issuer(kind: ProviderKind, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let text = if text.is_empty() { kind.issuer().unwrap_or_default() } else { text };
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let fits = !rest.is_empty()
        && text.len() <= 512
        && !text.contains(['?', '#', '@', '\\', '"', '<', '>'])
        && text.chars().all(|c| c.is_ascii_graphic());
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Refusal::invalid("issuer", "An address like https://login.example.com, without ? and #"))
    }
}

/// Checks what the provider knows this instance by.
pub fn check_client_id(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if (1..=512).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(Refusal::invalid("client_id", "What the provider calls client id: letters, digits and marks"))
    }
}

/// Checks a mail domain, and folds its case. Domains with other letters are written as in DNS (`xn--…`).
pub fn check_mail_domain(text: &str) -> Result<String, Refusal> {
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_prefix('@').unwrap_or(&text);
    let labels: Vec<&str> = text.split('.').collect();
    let label_fits = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let named = labels.last().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()));
    if labels.len() >= 2 && text.len() <= 240 && named && labels.iter().all(label_fits) {
        Ok(text.to_owned())
    } else {
        Err(Refusal::invalid("domain", "A domain like example.com; other letters as in DNS, xn--…"))
    }
}

/// The domain of an address that was checked.
pub fn domain_of(email: &str) -> Option<&str> {
    email.rsplit_once('@').map(|(_, domain)| domain)
}

/// The role that people of a domain may get by themselves: never the owner's.
pub fn check_joins_as(role: Option<TenantRole>) -> Result<Option<TenantRole>, Refusal> {
    match role {
        Some(TenantRole::Owner) => Err(Refusal::invalid("joins_as", "Nobody becomes owner by an address")),
        role => Ok(role),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_address_and_is_kept_as_it_is() {
        let oidc = |text| check_issuer(ProviderKind::Oidc, text);
        assert_eq!(oidc(" https://login.example.com/ ").expect("fine"), "https://login.example.com/");
        assert_eq!(
            oidc("https://login.example.com:8443/realms/a").expect("fine"),
            "https://login.example.com:8443/realms/a"
        );
        assert_eq!(check_issuer(ProviderKind::Google, "").expect("known"), "https://accounts.google.com");
        for text in [
            "",
            "login.example.com",
            "ftp://x.y",
            "https://",
            "https://a.b?c",
            "https://u:p@a.b",
            "https://a b",
            "https://ä.b",
        ] {
            assert!(oidc(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mail_domain_is_one_of_dns() {
        for (text, domain) in [
            (" Example.COM", "example.com"),
            ("@acme.test", "acme.test"),
            ("xn--mller-kva.de", "xn--mller-kva.de"),
        ] {
            assert_eq!(check_mail_domain(text).expect("fine"), domain);
        }
        for text in [
            "",
            "example",
            ".com",
            "a..b",
            "-a.com",
            "a-.com",
            "müller.de",
            "10.0.0.1",
            "a_b.com",
            "a.com/",
            "a b.com",
        ] {
            assert!(check_mail_domain(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_domain_is_what_follows_the_last_at() {
        assert_eq!(domain_of("a@b@evil.test"), Some("evil.test"));
        assert_eq!(domain_of("nobody"), None);
    }

    #[test]
    fn nobody_becomes_owner_by_an_address() {
        assert!(check_joins_as(Some(TenantRole::Owner)).is_err());
        assert_eq!(check_joins_as(Some(TenantRole::Member)).expect("fine"), Some(TenantRole::Member));
        assert_eq!(check_joins_as(None).expect("fine"), None);
    }
}
