//! The one format of every key and token: a prefix and 64 lower-case hex digits, of which 16 name
//! the key, 40 are the secret (160 random bits), and 8 are the CRC-32 (ISO-HDLC) of all before
//! them. A typo is refused by its CRC, without a look-up.

use std::fmt;

/// What a credential is, by its prefix alone. Tenant and environment come only from the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// `sk_live_`: a backend service's key.
    ServiceSecret,
    /// `pk_live_`: a frontend service's key.
    ServicePublic,
    /// `nx_<slug>_`: a key of one environment of a tenant.
    Environment,
    /// `ws_`: a session that a program got for its platform's word.
    WorkloadSession,
    /// `oat_`: what an app shows to act for a person.
    OauthAccess,
    /// `ocs_`: what a confidential app proves by that it is that app; it is no credential of a request.
    OauthSecret,
    /// `ort_`: what an app gets its next access token for; it is no credential of a request.
    OauthRefresh,
}

pub const SERVICE_SECRET: &str = "sk_live_";
pub const SERVICE_PUBLIC: &str = "pk_live_";
pub const WORKLOAD_SESSION: &str = "ws_";
pub const OAUTH_ACCESS: &str = "oat_";
pub const OAUTH_REFRESH: &str = "ort_";
pub const OAUTH_SECRET: &str = "ocs_";

const HEX: usize = 64;
const ID: usize = 16;
const SECRET: usize = 40;

/// A well-formed credential, taken apart. `Debug` shows no more than the prefix.
#[derive(Clone, Copy)]
pub struct Parsed<'a> {
    pub family: Family,
    /// Everything before the hex digits, for example `nx_live_`.
    pub prefix: &'a str,
    /// 16 hex digits: public, the handle of the row.
    pub key_id: &'a str,
    /// 40 hex digits: the secret.
    pub secret: &'a str,
}

impl fmt::Debug for Parsed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[redacted]", self.prefix)
    }
}

/// Takes a credential apart; `None` for everything that is not exactly in the format.
///
/// The prefix is found from the right, because an environment's slug may itself look like one.
pub fn parse(text: &str) -> Option<Parsed<'_>> {
    let split = text.len().checked_sub(HEX)?;
    let (prefix, hex) = (text.get(..split)?, text.get(split..)?);
    if !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let family = family_of(prefix)?;
    let (body, crc) = (text.get(..split + ID + SECRET)?, hex.get(ID + SECRET..)?);
    if format!("{:08x}", crc32fast::hash(body.as_bytes())) != crc {
        return None;
    }
    Some(Parsed { family, prefix, key_id: hex.get(..ID)?, secret: hex.get(ID..ID + SECRET)? })
}

/// Whether a field of an answer is a credential, which is shown once and kept nowhere: a key in the one
/// format, or a secret that others sign with.
pub fn is_shown_once(field: &str, text: &str) -> bool {
    matches!(field, "secret" | "signing_secret") || parse(text).is_some()
}

fn family_of(prefix: &str) -> Option<Family> {
    match prefix {
        SERVICE_SECRET => Some(Family::ServiceSecret),
        SERVICE_PUBLIC => Some(Family::ServicePublic),
        WORKLOAD_SESSION => Some(Family::WorkloadSession),
        OAUTH_ACCESS => Some(Family::OauthAccess),
        OAUTH_REFRESH => Some(Family::OauthRefresh),
        OAUTH_SECRET => Some(Family::OauthSecret),
        _ => {
            let slug = prefix.strip_prefix("nx_")?.strip_suffix('_')?;
            let fits = (1..=16).contains(&slug.len())
                && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            fits.then_some(Family::Environment)
        }
    }
}

/// The prefix of an environment's keys.
pub fn environment_prefix(slug: &str) -> String {
    format!("nx_{slug}_")
}

/// Writes a credential from its parts: 8 random bytes for the id, 20 for the secret.
pub fn compose(prefix: &str, id: [u8; 8], secret: [u8; 20]) -> String {
    let mut text = prefix.to_owned();
    for byte in id.iter().chain(&secret) {
        text.push_str(&format!("{byte:02x}"));
    }
    let crc = crc32fast::hash(text.as_bytes());
    text.push_str(&format!("{crc:08x}"));
    text
}

/// What may be shown of a key after it was made: its prefix and four hex digits.
pub fn shown(prefix: &str, key_id: &str) -> String {
    format!("{prefix}{}", key_id.get(..4).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_composed_is_parsed(id: [u8; 8], secret: [u8; 20], slug in "[a-z0-9_]{1,16}") {
            let prefix = environment_prefix(&slug);
            let text = compose(&prefix, id, secret);
            let parsed = parse(&text).expect("well formed");
            prop_assert_eq!(parsed.family, Family::Environment);
            prop_assert_eq!(parsed.prefix, prefix);
            prop_assert_eq!(parsed.key_id.len() + parsed.secret.len(), 56);
        }

        #[test]
        fn one_changed_character_is_noticed(id: [u8; 8], secret: [u8; 20], at in 0usize..72, to in "[ -~]") {
            let text = compose(SERVICE_SECRET, id, secret);
            let mut typo = text.clone();
            typo.replace_range(at..=at, &to);
            prop_assert_eq!(parse(&typo).is_some(), typo == text);
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,100}") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn the_prefix_says_what_it_is() {
        let families = [
            (SERVICE_SECRET, Family::ServiceSecret),
            (SERVICE_PUBLIC, Family::ServicePublic),
            (WORKLOAD_SESSION, Family::WorkloadSession),
            (OAUTH_ACCESS, Family::OauthAccess),
            (OAUTH_REFRESH, Family::OauthRefresh),
            (OAUTH_SECRET, Family::OauthSecret),
            ("nx_oat_", Family::Environment),
        ];
        for (prefix, family) in families {
            let text = compose(prefix, [1; 8], [2; 20]);
            assert_eq!(parse(&text).map(|parsed| parsed.family), Some(family), "{prefix}");
        }
        assert!(parse(&compose("oat", [1; 8], [2; 20])).is_none());
    }

    #[test]
    fn half_a_key_is_no_key() {
        let text = compose(SERVICE_PUBLIC, [1; 8], [2; 20]);
        assert!(parse(&text).is_some());
        assert!(parse(text.get(..40).unwrap_or_default()).is_none());
        assert!(parse(&text.to_uppercase()).is_none());
        assert!(parse("").is_none());
        assert_eq!(format!("{:?}", parse(&text).expect("parsed")), "pk_live_[redacted]");
    }
}
