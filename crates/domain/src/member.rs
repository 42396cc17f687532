//! People as they travel: who is signed in, to which tenants, and who else is there.

use crate::project::Losses;
use crate::role::{ProjectRole, TenantRole};
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

/// A member of a tenant, as its owners see them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    pub id: UserId,
    pub email: String,
    /// What their developer environments are called after.
    pub handle: String,
    pub role: TenantRole,
    /// The projects that they were added to, by slug. An owner is owner of every project besides.
    pub projects: Vec<MemberProject>,
    /// Whether they show a second factor when they sign in.
    pub second_factor: bool,
    /// When they were last there, to the minute.
    pub last_seen_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// What a member has in a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberProject {
    pub project: String,
    /// Absent where they were not added and have a developer environment nevertheless: as an owner of the
    /// tenant, or from the time when they were one.
    pub role: Option<ProjectRole>,
    /// The slug of their developer environment, where they have one.
    pub developer_environment: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MemberPatch {
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = TenantRole))]
    pub role: Option<TenantRole>,
}

/// Somebody who works in a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectMember {
    pub id: UserId,
    pub email: String,
    pub role: ProjectRole,
    /// An owner of the tenant, and so of every project of it: there is nothing to change here.
    pub tenant_owner: bool,
    /// The slug of their developer environment; told to owners, and to whom it belongs.
    pub developer_environment: Option<String>,
    /// When they were added; for owners of the tenant, when they joined that.
    pub created_at: Timestamp,
}

/// Adds somebody who is in the tenant already.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewProjectMember {
    pub email: String,
    pub role: ProjectRole,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProjectMemberPatch {
    #[serde(default, deserialize_with = "crate::json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = ProjectRole))]
    pub role: Option<ProjectRole>,
}

/// What goes with a member: their developer environments.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MemberLosses {
    pub email: String,
    pub environments: Vec<EnvironmentLosses>,
    /// Whether they have no other tenant, so that the account goes too. Told to the person alone.
    pub account: Option<bool>,
}

/// What is in one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentLosses {
    pub project: String,
    pub environment: String,
    pub losses: Losses,
}

/// The answer of `GET /api/v1/whoami`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhoAmI {
    pub tenant: String,
    /// `environment_key` or `oauth_grant`.
    pub kind: String,
    /// The shown prefix of the credential.
    pub prefix: String,
    pub environment: String,
    pub scopes: Vec<crate::role::Scope>,
    /// For whom and through which app a token of an app acts, as the audit log names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
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
