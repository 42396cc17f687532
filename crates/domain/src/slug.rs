//! Slugs: the names that stand in addresses and never change.

use crate::Refusal;

pub const MAX_SLUG: usize = 40;
pub const MAX_NAME: usize = 80;

/// Slugs that would be mistaken for a part of the product.
const RESERVED_ENVIRONMENTS: [&str; 9] =
    ["live", "test", "internal", "admin", "api", "nexus", "nexio", "draft", "all"];

/// Checks the slug of a tenant, project or service: lower-case letters, digits and single hyphens
/// inside, 1 to 40 characters.
pub fn check(slug: &str) -> Result<(), Refusal> {
    let fits = slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let rule = if slug.is_empty() || slug.len() > MAX_SLUG {
        "1 to 40 characters"
    } else if !fits {
        "Lower-case letters, digits and hyphens"
    } else if slug.starts_with('-') || slug.ends_with('-') {
        "Starts and ends with a letter or a digit"
    } else {
        return Ok(());
    };
    Err(Refusal::invalid("slug", rule))
}

/// Checks the slug of a new shared environment: `^[a-z0-9_]{1,16}$`, not reserved, no `_` at the
/// ends, no `__`, no `dev_` in front (that is how developer environments are called).
pub fn check_environment(slug: &str) -> Result<(), Refusal> {
    let fits = slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let rule = if slug.is_empty() || slug.len() > 16 {
        "1 to 16 characters"
    } else if !fits {
        "Lower-case letters, digits and _"
    } else if RESERVED_ENVIRONMENTS.contains(&slug) {
        "This name is reserved"
    } else if slug.starts_with('_') || slug.ends_with('_') || slug.contains("__") {
        "No _ at the ends and no two in a row"
    } else if slug.starts_with("dev_") {
        "dev_ names the personal environments of developers"
    } else {
        return Ok(());
    };
    Err(Refusal::invalid("slug", rule))
}

/// Checks a display name and trims it: 1 to 80 characters, nothing invisible.
pub fn check_name(name: &str) -> Result<String, Refusal> {
    let (written, name) = (name, name.trim());
    let rule = if name.is_empty() {
        "A name is needed"
    } else if written.chars().count() > MAX_NAME {
        "At most 80 characters"
    } else if has_control(name) {
        "No control characters"
    } else {
        return Ok(name.to_owned());
    };
    Err(Refusal::invalid("name", rule))
}

/// Whether a text that people read in one line holds characters that they cannot see or that
/// change the direction of what follows.
pub fn has_control(text: &str) -> bool {
    text.chars().any(|c| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

/// A slug made from a display name; empty when the name has no letter or digit that fits.
pub fn from_name(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(MAX_SLUG);
    slug.trim_end_matches('-').to_owned()
}

/// The longest handle.
pub const MAX_HANDLE: usize = 12;

/// A developer's handle made from an email address: `^[a-z0-9]{1,12}$`.
pub fn handle_from_email(email: &str) -> String {
    let local = email.split('@').next().unwrap_or_default();
    let handle: String = local
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .take(MAX_HANDLE)
        .collect();
    if handle.is_empty() { "dev".into() } else { handle }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reserved_environment_names_are_refused_and_production_is_fine() {
        for slug in
            ["live", "test", "all", "dev_ana", "_a", "a_", "a__b", "", "seventeen_letters", "A", "a-b"]
        {
            assert!(check_environment(slug).is_err(), "{slug}");
        }
        for slug in ["prod", "production", "staging", "develop", "a_b", "dev"] {
            assert!(check_environment(slug).is_ok(), "{slug}");
        }
    }

    proptest! {
        #[test]
        fn a_slug_made_from_a_name_is_a_slug_or_empty(name in "\\PC{0,80}") {
            let slug = from_name(&name);
            prop_assert!(slug.is_empty() || check(&slug).is_ok(), "{slug}");
        }

        #[test]
        fn every_address_gives_a_handle(email in "\\PC{0,40}") {
            let handle = handle_from_email(&email);
            prop_assert!((1..=12).contains(&handle.len()));
            prop_assert!(handle.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        }
    }
}
