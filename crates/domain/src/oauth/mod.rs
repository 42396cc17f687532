//! Nexus as an OAuth 2.0 authorization server: apps, what the pages show of a request, and what an app is
//! given. Which redirect URIs may be registered, and which one fits, is in `redirect`; what a scope says to
//! people in `words`; the errors of the protocol in `problem`.

pub mod problem;
pub mod redirect;
pub mod words;

use crate::role::{Scope, Scopes, words as role_words};
use crate::{OauthAppId, OauthGrantId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
pub use words::ScopeInWords;

/// An access token lives an hour.
pub const ACCESS_LIFE: i64 = crate::timestamp::HOUR;
/// A refresh token lives 30 days, and each use gives another one.
pub const REFRESH_LIFE: i64 = 30 * crate::timestamp::DAY_MICROS;
/// An authorization code lives a minute.
pub const CODE_LIFE: i64 = crate::timestamp::MINUTE;
/// A device has ten minutes to be allowed.
pub const DEVICE_LIFE: i64 = 10 * crate::timestamp::MINUTE;
/// How many seconds a device waits between two questions, to begin with.
pub const DEVICE_INTERVAL: i64 = 5;
/// Apps of a tenant.
pub const MAX_APPS: i64 = 50;
/// Redirect URIs of an app.
pub const MAX_REDIRECT_URIS: usize = 20;
/// The bytes of a logo.
pub const MAX_LOGO_BYTES: usize = 32 * 1024;
/// Grants of one app by one person; one more ends the oldest.
pub const MAX_GRANTS: i64 = 20;
/// The client id of the built-in command-line app.
pub const CLI_CLIENT_ID: &str = "nexus-cli";
/// How the built-in command-line app is called.
pub const CLI_NAME: &str = "Nexus command line";

role_words! {
    /// Whether an app can keep a secret. One that runs on somebody's device, or in a browser, cannot.
    AppType { Confidential = "confidential", Public = "public", }
}

/// An app of a tenant, as its owners see it; never its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OauthApp {
    pub id: OauthAppId,
    /// What the app sends as `client_id`.
    pub client_id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: AppType,
    pub redirect_uris: Vec<String>,
    /// The scopes that it may ask for.
    pub scopes: Vec<Scope>,
    pub homepage: Option<String>,
    /// A `data:` address.
    pub logo: Option<String>,
    /// Whether it may ask for the device flow.
    pub device_flow: bool,
    pub enabled: bool,
    /// The shown prefix of the secret, for example `ocs_a3f2`.
    pub secret_prefix: Option<String>,
    /// Until when the secret that a rotation replaced is still valid.
    pub old_secret_expires_at: Option<Timestamp>,
    /// How many grants people have given it.
    pub grants: i64,
    pub created_at: Timestamp,
    pub created_by: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewOauthApp {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: AppType,
    /// May be empty for an app that asks for the device flow only.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// The scopes that it may ask for; never `admin:all`.
    pub scopes: Vec<Scope>,
    #[serde(default)]
    pub homepage: Option<String>,
    /// PNG, JPEG or WebP, at most 32 KiB.
    #[serde(default)]
    pub logo_base64: Option<String>,
    #[serde(default)]
    pub device_flow: bool,
}

/// What changes; what is absent stays. An empty `homepage` or `logo_base64` takes it away. The type stays for
/// ever.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OauthAppPatch {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub redirect_uris: Option<Vec<String>>,
    /// A scope that is taken away is gone from every grant at once.
    #[serde(default)]
    pub scopes: Option<Vec<Scope>>,
    #[serde(default)]
    pub homepage: Option<String>,
    #[serde(default)]
    pub logo_base64: Option<String>,
    #[serde(default)]
    pub device_flow: Option<bool>,
    /// `false` ends every grant that people have given it.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// An app just made, or given another secret: the only time that the secret is shown.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MadeOauthApp {
    #[serde(flatten)]
    pub about: OauthApp,
    /// A public app has none.
    pub client_secret: Option<String>,
}

impl std::fmt::Debug for MadeOauthApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MadeOauthApp({})", self.about.id)
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateOauthSecret {
    /// Hours that the old secret stays valid; 24 by default, 0 revokes it now, 24 at most.
    #[serde(default)]
    pub grace_hours: Option<i64>,
}

/// An app as people see it who are asked to let it in, or who have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppShown {
    pub name: String,
    /// Who registered it; nobody for the built-in app.
    pub owner: Option<String>,
    pub homepage: Option<String>,
    /// A `data:` address.
    pub logo: Option<String>,
    /// Whether it is part of Nexus.
    pub built_in: bool,
}

impl AppShown {
    /// The command-line app that is part of Nexus.
    pub fn command_line() -> Self {
        Self { name: CLI_NAME.to_owned(), owner: None, homepage: None, logo: None, built_in: true }
    }
}

/// What the consent page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsentRequest {
    pub app: AppShown,
    /// Who is asked.
    pub person: String,
    pub tenant: String,
    pub tenant_name: String,
    pub scopes: Vec<ScopeInWords>,
    /// Where the answer goes, for people: `https://app.acme.test`.
    pub redirect_to: String,
    /// The same as a source of `form-action`.
    pub form_action: String,
}

/// A grant, as the person sees it who gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectedApp {
    pub id: OauthGrantId,
    pub app: AppShown,
    pub tenant: String,
    pub tenant_name: String,
    pub scopes: Vec<ScopeInWords>,
    pub since: Timestamp,
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself unless the app goes on using it.
    pub expires_at: Timestamp,
}

/// A tenant that a device can be let into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceTenant {
    pub slug: String,
    pub name: String,
}

/// What the page shows on which a person lets a device in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceRequest {
    /// As it is written: `BCDF-GHJK`.
    pub user_code: String,
    pub app: AppShown,
    pub person: String,
    /// Where it can be let in: the person's tenants, or the one of the app.
    pub tenants: Vec<DeviceTenant>,
    pub scopes: Vec<ScopeInWords>,
    /// From which address the device asked.
    pub asked_from: Option<String>,
    pub asked_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What a device is told when it begins (RFC 8628).
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceAuthorization {
    pub device_code: String,
    pub user_code: String,
    pub verification_uri: String,
    pub verification_uri_complete: String,
    /// Seconds.
    pub expires_in: i64,
    /// Seconds between two questions.
    pub interval: i64,
}

/// What an app is given (RFC 6749, section 5.1).
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenAnswer {
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds.
    pub expires_in: i64,
    pub refresh_token: String,
    /// With a space between two.
    pub scope: String,
}

impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenAnswer({})", self.scope)
    }
}

/// The scopes that the built-in command-line app may ask for: it reaches the own developer environments of a
/// person, and what belongs to the tenant is none of its business.
pub const CLI_SCOPES: &[Scope] = &[
    Scope::ReadProjects,
    Scope::ReadServices,
    Scope::WriteServices,
    Scope::ReadConfigs,
    Scope::WriteConfigs,
    Scope::ReadFlags,
    Scope::WriteFlags,
    Scope::ReadSecrets,
    Scope::WriteSecrets,
];

/// What it gets that asks for nothing: enough to run a program.
pub const CLI_DEFAULT_SCOPES: &[Scope] =
    &[Scope::ReadProjects, Scope::ReadServices, Scope::ReadConfigs, Scope::ReadFlags, Scope::ReadSecrets];

/// Scopes as they travel: words with one space between two. `None` where one is no scope, is `admin:all`, or
/// is not among those that are allowed; each stands there once.
pub fn read_scopes(text: &str, allowed: &Scopes) -> Option<Scopes> {
    let mut found = std::collections::BTreeSet::new();
    for word in text.split(' ') {
        let scope = Scope::parse(word)?;
        if scope == Scope::AdminAll || !allowed.has(scope) {
            return None;
        }
        found.insert(scope);
    }
    Some(Scopes(found.into_iter().collect()))
}

/// Scopes as they travel.
pub fn write_scopes(scopes: &Scopes) -> String {
    let words: Vec<&str> = scopes.0.iter().map(|scope| scope.as_str()).collect();
    words.join(" ")
}

/// The scopes that an app may be registered with, each once.
pub fn registered_scopes(scopes: &[Scope]) -> Result<Scopes, Refusal> {
    if scopes.contains(&Scope::AdminAll) {
        return Err(Refusal::invalid("scopes", "An app never gets admin:all"));
    }
    if scopes.is_empty() {
        return Err(Refusal::invalid("scopes", "An app asks for one scope at least"));
    }
    Ok(Scopes(Scope::ALL.iter().filter(|scope| scopes.contains(scope)).copied().collect()))
}

/// The kind of a picture by its first bytes, where it is one of those that are taken.
pub fn logo_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// The letters of user codes: no vowels, so that they spell nothing (RFC 8628, section 6.1).
pub const USER_CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A user code as it is kept, from whatever somebody typed: eight letters in upper case. `None` for what is
/// none.
pub fn read_user_code(text: &str) -> Option<String> {
    if text.len() > 64 {
        return None;
    }
    let letters: String = text
        .chars()
        .filter(|c| !matches!(c, '-' | ' ' | '\u{2010}'..='\u{2015}'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let fits = letters.len() == 8 && letters.bytes().all(|b| USER_CODE_LETTERS.contains(&b));
    fits.then_some(letters)
}

/// A user code as it is shown: `BCDF-GHJK`.
pub fn show_user_code(code: &str) -> String {
    match code.split_at_checked(4) {
        Some((first, second)) => format!("{first}-{second}"),
        None => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_words_with_one_space_between_two_and_never_more_than_allowed() {
        let allowed = Scopes(vec![Scope::ReadFlags, Scope::ReadConfigs]);
        let read = |text: &str| read_scopes(text, &allowed).map(|scopes| write_scopes(&scopes));
        assert_eq!(read("read:flags read:configs read:flags").as_deref(), Some("read:configs read:flags"));
        for text in [
            "",
            " ",
            "read:flags ",
            "read:flags  read:configs",
            "READ:FLAGS",
            "write:flags",
            "admin:all",
            "openid",
            "read:flags\tread:configs",
            "read:flags,read:configs",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(read_scopes("admin:all", &Scopes::admin()), None);
        assert!(registered_scopes(&[Scope::AdminAll, Scope::ReadFlags]).is_err());
        assert!(registered_scopes(&[]).is_err());
        assert!(!CLI_SCOPES.contains(&Scope::AdminAll));
        assert!(CLI_DEFAULT_SCOPES.iter().all(|scope| CLI_SCOPES.contains(scope)));
    }

    #[test]
    fn a_user_code_is_taken_however_it_is_typed() {
        for text in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "BCDF\u{2013}GHJK"] {
            assert_eq!(read_user_code(text).as_deref(), Some("BCDFGHJK"), "{text}");
        }
        for text in ["", "BCDF-GHJ", "BCDF-GHJKL", "ABCD-EFGH", "BCDF-GH1K", "BCDF_GHJK", &"-".repeat(65)] {
            assert_eq!(read_user_code(text), None, "{text}");
        }
        assert_eq!(show_user_code("BCDFGHJK"), "BCDF-GHJK");
    }

    #[test]
    fn a_logo_is_known_by_its_first_bytes_and_a_drawing_that_can_run_scripts_is_none() {
        assert_eq!(logo_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(logo_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(logo_type(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        for bytes in [b"<svg xmlns=".as_slice(), b"GIF89a", b"", b"\x89PN", b"RIFF\0\0\0\0WAVE"] {
            assert_eq!(logo_type(bytes), None);
        }
    }
}
