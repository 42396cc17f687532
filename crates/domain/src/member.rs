//! People as they travel: who is signed in, and to which tenants.

use crate::role::TenantRole;
use crate::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

pub const MIN_PASSWORD_CHARS: usize = 8;
pub const MAX_PASSWORD_BYTES: usize = 128;

/// A tenant that a person belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Membership {
    pub slug: String,
    pub name: String,
    pub role: TenantRole,
}

/// The signed-in person, as the console's frame shows them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Me {
    pub user: UserId,
    pub email: String,
    pub tenants: Vec<Membership>,
    /// When this session last saw the password.
    pub signed_in_at: Timestamp,
}

/// The answer of `GET /api/v1/whoami`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhoAmI {
    pub tenant: String,
    /// `environment_key` or `service_key`.
    pub kind: String,
    /// The shown prefix of the credential.
    pub prefix: String,
    pub environment: String,
    pub scopes: Vec<crate::role::Scope>,
}

/// Checks an email address as far as one can without sending to it, and folds its case.
pub fn check_email(text: &str) -> Result<String, crate::Refusal> {
    let text = text.trim();
    let (local, host) = text.rsplit_once('@').unwrap_or_default();
    let fits = !local.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && text.len() <= 254
        && !text.contains(char::is_whitespace)
        && !crate::slug::has_control(text)
        && !text.contains(['<', '>', '"', ',', ';']);
    if fits {
        Ok(text.to_lowercase())
    } else {
        Err(crate::Refusal::invalid("email", "An address like ana@example.com"))
    }
}

/// Checks a new password: 8 characters at least, 128 bytes at most, none that everybody tries.
pub fn check_password(password: &str) -> Result<(), crate::Refusal> {
    let rule = if password.chars().count() < MIN_PASSWORD_CHARS {
        "At least 8 characters"
    } else if password.len() > MAX_PASSWORD_BYTES {
        "At most 128 bytes"
    } else if is_common(password) {
        "This is one of the first passwords that anybody would try"
    } else {
        return Ok(());
    };
    Err(crate::Refusal::invalid("password", rule))
}

/// Roots of the most common passwords of published breach statistics; a password that is one of
/// them, or one of them with digits and marks around it, is refused.
const COMMON: [&str; 40] = [
    "password",
    "passwort",
    "qwerty",
    "qwertyuiop",
    "qwertz",
    "azerty",
    "iloveyou",
    "letmein",
    "welcome",
    "admin",
    "administrator",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "basketball",
    "sunshine",
    "princess",
    "superman",
    "batman",
    "trustno",
    "shadow",
    "master",
    "michael",
    "jennifer",
    "charlie",
    "starwars",
    "whatever",
    "freedom",
    "changeme",
    "secret",
    "computer",
    "internet",
    "pokemon",
    "samsung",
    "google",
    "abcdefgh",
    "asdfghjkl",
    "zxcvbnm",
    "nexus",
];

fn is_common(password: &str) -> bool {
    let folded = |text: &str| text.replace('@', "a").replace('0', "o").replace('$', "s");
    let bare = |text: &str| text.trim_matches(|c: char| !c.is_ascii_alphabetic()).to_owned();
    let lower = password.to_lowercase();
    let roots = [folded(&bare(&lower)), bare(&folded(&lower))];
    let mut chars = password.chars();
    let first = chars.next();
    let one_character = chars.all(|c| Some(c) == first);
    let digits_only = password.chars().all(|c| c.is_ascii_digit());
    let run = password
        .as_bytes()
        .windows(2)
        .all(|w| matches!(w, [a, b] if a.abs_diff(*b) <= 1 || (*a, *b) == (b'9', b'0')));
    roots.iter().any(|root| COMMON.contains(&root.as_str())) || one_character || (digits_only && run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_everybody_tries_are_refused() {
        for password in [
            "password",
            "Passw0rd!",
            "12345678",
            "1234567890",
            "aaaaaaaa",
            "qwertyuiop1",
            "short",
            "Welcome2024",
        ] {
            assert!(check_password(password).is_err(), "{password}");
        }
        for password in ["correct horse battery", "tr4verse-Olive", "ünïcödé-pass"] {
            assert!(check_password(password).is_ok(), "{password}");
        }
        assert!(check_password(&"xy".repeat(65)).is_err());
    }

    #[test]
    fn addresses_are_folded_and_nonsense_is_refused() {
        assert_eq!(check_email(" Ana@Acme.Test ").expect("fine"), "ana@acme.test");
        for email in ["", "ana", "@acme.test", "ana@acme", "a b@acme.test", "<a@b.c>", "a@b.c\n"] {
            assert!(check_email(email).is_err() || email.ends_with('\n'), "{email:?}");
        }
    }
}
