//! What an ID token claims, and whether that is what was asked for. Pure: the signature was checked before,
//! and the time is handed in.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq;

/// Clocks may differ by this much, in seconds.
pub const LEEWAY: i64 = 60;
/// The longest name of a person at a provider (OpenID Connect Core, section 2).
const MAX_SUBJECT: usize = 255;

/// Who somebody is at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub subject: String,
    /// An address, folded, where the provider told one that can be one.
    pub email: Option<String>,
    /// Whether the provider says that it is this person's.
    pub email_verified: bool,
    /// A name for lists, where there is no address.
    pub shown: String,
    /// When they last proved who they are, in seconds.
    pub auth_time: Option<i64>,
    /// Whether they proved it by more than one factor (RFC 8176).
    pub second_factor: bool,
}

/// The claims of an ID token. Each that is checked is required, and has one type.
#[derive(Debug, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    pub exp: i64,
    pub iat: i64,
    pub nonce: String,
    #[serde(default)]
    pub azp: Option<String>,
    #[serde(default)]
    pub nbf: Option<i64>,
    #[serde(default)]
    pub auth_time: Option<i64>,
    #[serde(default)]
    pub amr: Vec<String>,
    #[serde(flatten)]
    pub person: Person,
}

/// What a provider tells of a person, in an ID token or when it is asked.
#[derive(Debug, Default, Clone, Deserialize)]
pub struct Person {
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    pub email_verified: bool,
    #[serde(default)]
    pub preferred_username: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Only the boolean counts: a text is what a provider does not vouch for.
fn truth<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(matches!(Value::deserialize(from)?, Value::Bool(true)))
}

/// What the token has to be for.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    /// Now, in seconds.
    pub now: i64,
}

/// Which claim does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("it is of another issuer")]
    Issuer,
    #[error("it is for another program")]
    Audience,
    #[error("its time is over, or has not come")]
    Time,
    #[error("it answers another request")]
    Nonce,
    #[error("it names nobody")]
    Subject,
}

impl Claims {
    /// OpenID Connect Core, section 3.1.3.7.
    pub fn check(&self, expected: &Expected<'_>) -> Result<(), Mismatch> {
        let Expected { issuer, client_id, nonce, now } = *expected;
        if self.iss != issuer {
            return Err(Mismatch::Issuer);
        }
        let (ours, others) = match &self.aud {
            Audience::One(one) => (one == client_id, false),
            Audience::Many(many) => (many.iter().any(|one| one == client_id), many.len() > 1),
        };
        let azp_fits = self.azp.as_deref().map_or(!others, |azp| azp == client_id);
        if !ours || !azp_fits {
            return Err(Mismatch::Audience);
        }
        let in_time = self.exp > now.saturating_sub(LEEWAY)
            && self.iat <= now.saturating_add(LEEWAY)
            && self.nbf.is_none_or(|nbf| nbf <= now.saturating_add(LEEWAY))
            && self.auth_time.is_none_or(|at| at <= now.saturating_add(LEEWAY));
        if !in_time {
            return Err(Mismatch::Time);
        }
        if !bool::from(self.nonce.as_bytes().ct_eq(nonce.as_bytes())) {
            return Err(Mismatch::Nonce);
        }
        if is_subject(&self.sub) { Ok(()) } else { Err(Mismatch::Subject) }
    }
}

/// Whether this can name somebody.
pub fn is_subject(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_SUBJECT && !text.chars().any(char::is_control)
}

impl Person {
    /// The address, folded, where it can be one.
    pub fn address(&self) -> Option<String> {
        nexus_domain::member::check_email(self.email.as_deref()?).ok()
    }

    /// What to show for this person in lists.
    pub fn shown(&self, subject: &str) -> String {
        let names = [self.address(), self.preferred_username.clone(), self.name.clone()];
        let name = names.into_iter().flatten().find(|name| !name.trim().is_empty());
        name.unwrap_or_else(|| subject.to_owned()).chars().filter(|c| !c.is_control()).take(200).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_795_248_000;
    const EXPECTED: Expected<'static> =
        Expected { issuer: "https://login.test", client_id: "nexus", nonce: "n-1", now: NOW };

    fn token() -> Value {
        json!({ "iss": "https://login.test", "sub": "42", "aud": "nexus", "exp": NOW + 300, "iat": NOW, "nonce": "n-1" })
    }

    fn with(name: &str, value: Value) -> Result<Result<(), Mismatch>, serde_json::Error> {
        let mut claims = token();
        match value {
            Value::Null => claims.as_object_mut().expect("an object").remove(name),
            value => claims.as_object_mut().expect("an object").insert(name.to_owned(), value),
        };
        serde_json::from_value::<Claims>(claims).map(|claims| claims.check(&EXPECTED))
    }

    #[test]
    fn a_token_that_answers_the_request_is_taken() {
        assert_eq!(with("sub", json!("42")).expect("claims"), Ok(()));
        assert_eq!(with("aud", json!(["nexus"])).expect("claims"), Ok(()));
        assert_eq!(with("azp", json!("nexus")).expect("claims"), Ok(()));
        assert_eq!(with("exp", json!(NOW - 59)).expect("claims"), Ok(()));
        assert_eq!(with("iat", json!(NOW + 60)).expect("claims"), Ok(()));
        assert_eq!(with("nbf", json!(NOW + 60)).expect("claims"), Ok(()));
    }

    #[test]
    fn every_claim_that_does_not_fit_is_refused() {
        for (name, value, why) in [
            ("iss", json!("https://login.test/"), Mismatch::Issuer),
            ("iss", json!("https://evil.test"), Mismatch::Issuer),
            ("aud", json!("other"), Mismatch::Audience),
            ("aud", json!([]), Mismatch::Audience),
            ("aud", json!(["nexus", "other"]), Mismatch::Audience),
            ("azp", json!("other"), Mismatch::Audience),
            ("exp", json!(NOW - 60), Mismatch::Time),
            ("iat", json!(NOW + 61), Mismatch::Time),
            ("nbf", json!(NOW + 61), Mismatch::Time),
            ("auth_time", json!(NOW + 61), Mismatch::Time),
            ("nonce", json!("n-2"), Mismatch::Nonce),
            ("nonce", json!(""), Mismatch::Nonce),
            ("sub", json!(""), Mismatch::Subject),
            ("sub", json!("x".repeat(256)), Mismatch::Subject),
        ] {
            assert_eq!(with(name, value.clone()).expect("claims"), Err(why), "{name} {value}");
        }
    }

    #[test]
    fn every_claim_that_is_checked_is_required_and_has_one_type() {
        for name in ["iss", "sub", "aud", "exp", "iat", "nonce"] {
            assert!(with(name, Value::Null).is_err(), "{name} is missing");
        }
        for (name, value) in [
            ("iss", json!(["https://login.test"])),
            ("sub", json!(42)),
            ("aud", json!({ "nexus": true })),
            ("exp", json!("1795248300")),
            ("exp", json!(1e300)),
            ("iat", json!("now")),
            ("nonce", json!(1)),
            ("auth_time", json!("now")),
            ("azp", json!(["nexus"])),
        ] {
            assert!(with(name, value.clone()).is_err(), "{name} {value}");
        }
    }

    #[test]
    fn an_address_counts_as_verified_only_when_the_provider_says_true() {
        let person = |verified: Value| -> Person {
            serde_json::from_value(json!({ "email": "Ana@Acme.Test", "email_verified": verified }))
                .expect("a person")
        };
        assert!(person(json!(true)).email_verified);
        for no in [json!(false), json!("false"), json!("true"), json!(1), json!(null), json!({})] {
            assert!(!person(no.clone()).email_verified, "{no}");
        }
        assert_eq!(person(json!(true)).address().as_deref(), Some("ana@acme.test"));
        assert_eq!(Person { email: Some("nobody".into()), ..Person::default() }.address(), None);
    }
}
