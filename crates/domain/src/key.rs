//! The key of a secret, config or flag: `^[a-zA-Z]([a-zA-Z0-9_.:-]*[a-zA-Z0-9])?$`, at most 256
//! bytes, case-sensitive.

use crate::Refusal;
use serde::{Deserialize, Serialize};

/// A key that matches the pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::Type), sqlx(transparent))]
#[serde(try_from = "String", into = "String")]
pub struct EntryKey(String);

pub const MAX_KEY_BYTES: usize = 256;

/// What a key may look like, in the words of the form's hint.
pub const KEY_RULE: &str = "Letters, digits and . _ - : — starts with a letter, ends with a letter or digit";

impl EntryKey {
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        match broken_rule(text) {
            None => Ok(Self(text.to_owned())),
            Some(rule) => Err(Refusal::invalid("key", rule)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The rule that `text` breaks as a key, in words.
pub fn broken_rule(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return Some("A key is needed".into());
    };
    if bytes.len() > MAX_KEY_BYTES {
        return Some(format!("At most {MAX_KEY_BYTES} bytes; this has {}", bytes.len()));
    }
    let stray = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "_.:-".contains(*c)));
    if let Some(stray) = stray {
        return Some(format!("{} is not allowed. {KEY_RULE}", spelled(stray)));
    }
    if !first.is_ascii_alphabetic() {
        return Some("A key starts with a letter".into());
    }
    if !last.is_ascii_alphanumeric() {
        return Some("A key ends with a letter or a digit".into());
    }
    None
}

/// A character as a reader can see it: invisible and direction-changing ones by code point.
fn spelled(c: char) -> String {
    match c {
        ' ' => "A space".into(),
        c if c.is_ascii_graphic() => format!("“{c}”"),
        c => format!("The character U+{:04X}", u32::from(c)),
    }
}

impl TryFrom<String> for EntryKey {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        Self::parse(&text)
    }
}

impl From<EntryKey> for String {
    fn from(key: EntryKey) -> Self {
        key.0
    }
}

impl std::fmt::Display for EntryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_keys_people_use_are_accepted() {
        for key in ["a", "DATABASE_URL", "stripe.secret-key", "payments:webhook_secret", "k9"] {
            assert!(EntryKey::parse(key).is_ok(), "{key}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_a_reason() {
        let long = "a".repeat(257);
        for key in
            ["", "9a", "_a", "a_", "a.", "a b", "a\0", "a\n", "ключ", "🔑", "\u{202e}a", "a/b", "a{{", &long]
        {
            assert!(broken_rule(key).is_some(), "{key:?}");
        }
        assert!(EntryKey::parse(&"a".repeat(256)).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_judged_as_the_pattern_says(text in "\\PC{0,12}") {
            let pattern = {
                let inner = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
                let mut chars = text.chars();
                chars.next().is_some_and(|c| c.is_ascii_alphabetic())
                    && text.chars().all(inner)
                    && text.chars().last().is_some_and(|c| c.is_ascii_alphanumeric())
            };
            prop_assert_eq!(EntryKey::parse(&text).is_ok(), pattern);
        }
    }
}
