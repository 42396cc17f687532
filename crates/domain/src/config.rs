//! Configs: typed values that programs read, and how they travel. What is stored is the text as it
//! was written, with its references; nothing here shows what they lead to.

use crate::entry::{DeletedEntry, EntryPatch, EntryVersion, redacted};
use crate::json::{self, JsonText};
use crate::role::words;
use crate::template::{self, MAX_REFERENCES, Piece, Reference};
use crate::{Code, Refusal, Timestamp};
use serde::{Deserialize, Serialize};

pub const MAX_STRING_BYTES: usize = 64 * 1024;
pub const MAX_JSON_BYTES: usize = 256 * 1024;
/// More digits than any number needs.
pub const MAX_NUMBER_BYTES: usize = 1024;

words! {
    /// What a config holds.
    ConfigType { String = "string", Number = "number", Boolean = "boolean", Json = "json", }
}

/// A config as a row of its list. The value is the stored one: references stand in it as they were
/// written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfigRow {
    pub key: String,
    #[serde(rename = "type")]
    pub kind: ConfigType,
    /// Absent while it needs a value, and where it is `unreadable`.
    pub value: Option<JsonText>,
    /// What is stored cannot be read, so that programs do not get it: another value or version replaces it.
    #[serde(default)]
    pub unreadable: bool,
    /// The ACTIVE version; 0 while it needs a value.
    pub version: i64,
    /// The umbrella that it comes from.
    pub inherited_from: Option<String>,
    /// The umbrella whose config of the same key it hides.
    pub overrides: Option<String>,
    pub needs_value: bool,
    /// The JSON Schema (2020-12) that every value of it fits; only on `json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<JsonText>,
    /// What its value names, each once: `secret:KEY`, `flag:KEY`, `config:KEY`.
    pub references: Vec<Reference>,
    /// Its resolved value holds a secret, so that only backend credentials get it.
    pub tainted: bool,
    pub note: String,
    pub tags: Vec<String>,
    /// Of the ACTIVE version.
    pub description: String,
    /// Bytes of the ACTIVE value.
    pub size: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub updated_by: String,
    /// Said once, when the key was made: another key differs from it only in case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Why it cannot be changed, only read and deleted: the tier does not reach that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<String>,
}

/// One version of a config, without its value.
pub type ConfigVersion = EntryVersion<ConfigType>;
/// A config that was deleted and can be restored until `final_at`.
pub type DeletedConfig = DeletedEntry<ConfigType>;

/// One version of a config with its stored value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfigVersionValue {
    pub key: String,
    pub version: i64,
    #[serde(rename = "type")]
    pub kind: ConfigType,
    pub value: JsonText,
    pub active: bool,
    pub inherited_from: Option<String>,
    pub references: Vec<Reference>,
    pub description: String,
    pub created_at: Timestamp,
    pub created_by: String,
}

/// A config on its way in. Without `type` it is what the value is: a string, a number, a boolean, or
/// JSON for an object or an array.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewConfig {
    pub key: String,
    #[serde(default)]
    pub value: Option<JsonText>,
    #[serde(default, rename = "type")]
    pub kind: Option<ConfigType>,
    #[serde(default)]
    pub description: Option<String>,
    /// A JSON Schema (2020-12) that every value has to fit; only on `json`.
    #[serde(default)]
    pub schema: Option<JsonText>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub tags: Option<Vec<String>>,
}

/// Another value of a config. Without `type` it stays what it is.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewConfigVersion {
    #[serde(default)]
    pub value: Option<JsonText>,
    #[serde(default, rename = "type")]
    pub kind: Option<ConfigType>,
    #[serde(default)]
    pub description: Option<String>,
    /// Another JSON Schema, for this value too; `null` takes it away.
    #[serde(default, deserialize_with = "json::given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<JsonText>))]
    pub schema: Option<Option<JsonText>>,
    #[serde(default)]
    pub expected_version: Option<i64>,
}

/// A change of what stands beside the value of a config.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfigPatch {
    /// A new key; the history stays.
    #[serde(default, deserialize_with = "json::needed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub key: Option<String>,
    #[serde(default, deserialize_with = "json::emptied", skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, deserialize_with = "json::emptied", skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// A JSON Schema that the present value fits and every later one has to; `null` takes it away.
    #[serde(default, deserialize_with = "json::given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<JsonText>))]
    pub schema: Option<Option<JsonText>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<i64>,
}

impl From<EntryPatch> for ConfigPatch {
    fn from(patch: EntryPatch) -> Self {
        let EntryPatch { key, note, tags, expected_version } = patch;
        Self { key, note, tags, schema: None, expected_version }
    }
}

redacted!(NewConfig, NewConfigVersion, ConfigValue);

/// A value that fits its type: the text of a string, or JSON as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigValue {
    pub kind: ConfigType,
    text: String,
}

impl ConfigValue {
    /// Reads and checks a value; without a type it is what it looks like.
    pub fn read(kind: Option<ConfigType>, value: &JsonText) -> Result<Self, Refusal> {
        let looks = looks_like(value.as_str())?;
        let kind = kind.unwrap_or(looks);
        if kind != looks && kind != ConfigType::Json {
            let rule = format!("The type is {kind}, and this is a {looks}");
            return Err(Refusal::invalid("value", rule));
        }
        let text = match kind {
            ConfigType::String => json::unquoted(value.as_str())
                .ok_or_else(|| invalid("This is not text: half of a \\u pair is missing"))?,
            _ => value.as_str().to_owned(),
        };
        let value = Self { kind, text };
        value.check()?;
        Ok(value)
    }

    /// The string with this text.
    pub fn string(text: &str) -> Result<Self, Refusal> {
        Self::read(Some(ConfigType::String), &JsonText::of_text(text))
    }

    /// A text of the given type, as a person types it: a string without quotes, and JSON for the rest.
    pub fn typed(kind: ConfigType, text: &str) -> Result<Self, Refusal> {
        if kind == ConfigType::String {
            return Self::string(text);
        }
        match serde_json::from_str::<&serde_json::value::RawValue>(text.trim()) {
            Ok(raw) => Self::read(Some(kind), &JsonText::from(raw)),
            Err(_) => Err(invalid(format!("This is not a {kind}"))),
        }
    }

    /// A value out of the store, where only checked ones are.
    pub const fn stored(kind: ConfigType, text: String) -> Self {
        Self { kind, text }
    }

    fn check(&self) -> Result<(), Refusal> {
        let (limit, words) = match self.kind {
            ConfigType::Json => (MAX_JSON_BYTES, "A JSON value is at most 256 KiB"),
            ConfigType::Number => (MAX_NUMBER_BYTES, "A number has at most 1,024 digits"),
            ConfigType::String | ConfigType::Boolean => (MAX_STRING_BYTES, "A string is at most 64 KiB"),
        };
        if self.text.len() > limit {
            let message = format!("{words}; this has {} bytes", self.text.len());
            return Err(Refusal::new(Code::TooLarge, message.clone()).with("value", message));
        }
        match self.kind {
            ConfigType::Number if !json::is_finite(&self.text) => {
                return Err(invalid("This number is larger than any that programs can hold"));
            }
            ConfigType::Json => {
                if let Some(rule) = json::broken_rule(&self.text) {
                    return Err(invalid(rule));
                }
            }
            ConfigType::String if self.text.chars().any(is_stray) => {
                return Err(invalid("A string holds no control characters"));
            }
            _ => {}
        }
        self.references().map(|_| ())
    }

    /// The stored text: a string without quotes.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value as JSON.
    pub fn json(&self) -> JsonText {
        match self.kind {
            ConfigType::String => JsonText::of_text(&self.text),
            _ => JsonText::checked(self.text.clone()),
        }
    }

    /// Whether there is anything to replace in it. JSON may spell a brace as an escape.
    pub(crate) fn has_braces(&self) -> bool {
        match self.kind {
            ConfigType::Number | ConfigType::Boolean => false,
            ConfigType::String => self.text.contains("{{"),
            ConfigType::Json => self.text.contains("{{") || self.text.contains("\\u"),
        }
    }

    /// What it names, each once and in order.
    pub fn references(&self) -> Result<Vec<Reference>, Refusal> {
        let mut all: Vec<Reference> = Vec::new();
        self.each_leaf(|text| {
            let pieces = template::parse(text).map_err(invalid)?;
            all.extend(pieces.into_iter().filter_map(|piece| match piece {
                Piece::Reference(reference) => Some(reference),
                Piece::Text(_) => None,
            }));
            if all.len() > MAX_REFERENCES {
                return Err(invalid("A value holds at most 1,000 references"));
            }
            Ok(())
        })?;
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// Every text in it that may be a template.
    fn each_leaf(&self, mut look: impl FnMut(&str) -> Result<(), Refusal>) -> Result<(), Refusal> {
        match self.kind {
            ConfigType::Number | ConfigType::Boolean => Ok(()),
            ConfigType::String => look(&self.text),
            ConfigType::Json => json::leaves(&self.text)
                .filter_map(|at| json::unquoted(self.text.get(at)?))
                .try_for_each(|text| look(&text)),
        }
    }
}

fn invalid(rule: impl Into<String>) -> Refusal {
    Refusal::invalid("value", rule)
}

fn is_stray(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

/// The type that a JSON text has by itself.
fn looks_like(json: &str) -> Result<ConfigType, Refusal> {
    match json.bytes().next() {
        Some(b'"') => Ok(ConfigType::String),
        Some(b't' | b'f') => Ok(ConfigType::Boolean),
        Some(b'{' | b'[') => Ok(ConfigType::Json),
        Some(b'-' | b'0'..=b'9') => Ok(ConfigType::Number),
        _ => Err(invalid("null is not a value")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Option<ConfigType>, json: &str) -> Result<ConfigValue, Refusal> {
        ConfigValue::read(kind, &serde_json::from_str(json).expect("JSON"))
    }

    #[test]
    fn a_value_is_what_it_looks_like_and_json_may_be_anything() {
        let kinds =
            [("\"a\"", "string"), ("8080", "number"), ("true", "boolean"), ("[1]", "json"), ("{}", "json")];
        for (text, kind) in kinds {
            assert_eq!(read(None, text).expect("a value").kind.as_str(), kind);
            assert!(read(Some(ConfigType::Json), text).is_ok(), "{text}");
            for other in [ConfigType::String, ConfigType::Number, ConfigType::Boolean] {
                assert_eq!(read(Some(other), text).is_ok(), other.as_str() == kind, "{text} as {other}");
            }
        }
        assert!(read(None, "null").is_err());
    }

    #[test]
    fn numbers_are_kept_as_written_and_are_finite() {
        for text in ["1.50", "123456789012345678901234567890", "-0", "1e308", "1E-400"] {
            assert_eq!(read(None, text).expect("a number").json().as_str(), text);
        }
        for text in ["1e309", "-1e999"] {
            assert!(read(None, text).expect_err("refused").field("value").is_some());
        }
        assert!(read(None, &format!("0.{}", "1".repeat(2000))).is_err());
        assert!(ConfigValue::typed(ConfigType::Number, "NaN").is_err());
        assert_eq!(ConfigValue::typed(ConfigType::Number, " 7 ").expect("a number").text(), "7");
    }

    #[test]
    fn a_value_of_the_greatest_size_fits_and_one_byte_more_does_not() {
        let string = |size| ConfigValue::string(&"a".repeat(size));
        assert!(string(MAX_STRING_BYTES).is_ok() && ConfigValue::string("").is_ok());
        assert_eq!(string(MAX_STRING_BYTES + 1).expect_err("refused").code, Code::TooLarge);
        let array = |size: usize| read(None, &format!("[\"{}\"]", "a".repeat(size - 4)));
        assert!(array(MAX_JSON_BYTES).is_ok());
        assert_eq!(array(MAX_JSON_BYTES + 1).expect_err("refused").code, Code::TooLarge);
    }

    #[test]
    fn references_stand_in_strings_and_in_no_key_of_an_object() {
        let references = |json| {
            let found = read(None, json).expect("a value").references().expect("references");
            found.iter().map(Reference::to_string).collect::<Vec<_>>()
        };
        assert_eq!(references(r#""{{secret:B}} {{config:A}} {{secret:B}}""#), ["secret:B", "config:A"]);
        assert_eq!(references(r#"{"{{config:K}}": ["\u007b{flag:F}}", 1]}"#), ["flag:F"]);
        assert!(references("true").is_empty());
        assert!(read(None, r#"["{{nonsense}}"]"#).is_err());
        let many = serde_json::to_string(&vec!["{{config:A}}"; 1001]).expect("JSON");
        assert!(read(None, &many).is_err());
    }
}
