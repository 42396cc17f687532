//! JSON to the letter: a value that is kept as it was written, so that `1.50` stays `1.50` and no
//! long number is rounded, and the rules for what may be kept. Nothing that looks at a kept value calls
//! itself, so that no nesting is too deep for it.

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

/// A JSON value is nested at most this deep.
pub const MAX_JSON_DEPTH: usize = 64;

/// One JSON value, as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonText(String);

#[cfg(feature = "openapi")]
mod schema {
    use super::JsonText;
    use utoipa::openapi::schema::{ObjectBuilder, SchemaType};
    use utoipa::openapi::{RefOr, Schema};

    impl utoipa::ToSchema for JsonText {}
    impl utoipa::PartialSchema for JsonText {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(SchemaType::AnyValue)
                .description(Some("Any JSON value; numbers keep the digits that were written"))
                .into()
        }
    }
}

impl JsonText {
    /// The string value with this text.
    pub fn of_text(text: &str) -> Self {
        Self(quoted(text))
    }

    /// A text that was found to be one JSON value.
    pub(crate) const fn checked(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The rule of what may be kept that it breaks, in words: too deep, a key twice, …
    pub fn broken_rule(&self) -> Option<String> {
        broken_rule(&self.0)
    }
}

impl From<&RawValue> for JsonText {
    fn from(raw: &RawValue) -> Self {
        Self(raw.get().to_owned())
    }
}

/// A config may hold what somebody would rather not find in a log.
impl std::fmt::Debug for JsonText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JsonText({} bytes)", self.0.len())
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(String::from(Box::<str>::from(raw))))
    }
}

/// Reads a field of a change that takes no `null`: what it is about is never empty.
pub(crate) fn needed<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let given = Option::<T>::deserialize(deserializer)?;
    given.map(Some).ok_or_else(|| serde::de::Error::custom("this is never null"))
}

/// Reads a field of a change whose `null` empties it (RFC 7396).
pub(crate) fn emptied<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(|given| Some(given.unwrap_or_default()))
}

/// Reads a field of a change so that `null` (take it away) is not what is absent (leave it).
pub(crate) fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// What is said of an object with the same key twice: readers disagree about which one counts.
pub const KEY_TWICE: &str = "A key stands in one object twice";

/// Reads a JSON value whose objects have each key once. It is made as it is read, so that looking costs
/// no second pass; the parser bounds the depth.
pub fn unique<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Unique.deserialize(deserializer)
}

/// The same for an object.
pub(crate) fn unique_object<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Map<String, Value>, D::Error> {
    match unique(deserializer)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(D::Error::custom("an object is needed")),
    }
}

struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(Self)? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(Self)?;
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom(KEY_TWICE));
            }
        }
        Ok(Value::Object(object))
    }
}

/// A text as a JSON string, quotes included.
pub(crate) fn quoted(text: &str) -> String {
    // A string is always JSON.
    serde_json::to_string(text).unwrap_or_default()
}

/// The text of a JSON string; `None` where its escapes are no text (half a surrogate pair).
pub(crate) fn unquoted(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

/// How many bytes `text` takes inside of a JSON string.
pub(crate) fn escaped_len(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            0..0x20 => 6,
            _ => 1,
        })
        .sum()
}

/// Whether a JSON number is one that programs can hold: a finite double.
pub(crate) fn is_finite(number: &str) -> bool {
    number.parse::<f64>().is_ok_and(f64::is_finite)
}

/// A JSON value in one way of writing: texts that mean the same and keep their digits become equal.
/// A number with an exponent gets a point and a sign (`1.0e+5`), without which readers of YAML 1.1 take it
/// for a string. What is no JSON stays as it is.
pub fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let len = match first {
            b'"' => end_of_string(rest.as_bytes(), 0),
            b'-' | b'0'..=b'9' => rest.bytes().take_while(is_in_number).count(),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        let (piece, behind) = rest.split_at_checked(len).unwrap_or((rest, ""));
        match first {
            b'"' => out.push_str(&unquoted(piece).map_or_else(|| piece.to_owned(), |text| quoted(&text))),
            b',' => out.push_str(", "),
            b':' => out.push_str(": "),
            b' ' | b'\n' | b'\r' | b'\t' => {}
            b'-' | b'0'..=b'9' => out.push_str(&normal_number(piece)),
            _ => out.push_str(piece),
        }
        rest = behind;
    }
    out
}

const fn is_in_number(byte: &u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E')
}

fn normal_number(number: &str) -> Cow<'_, str> {
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else { return number.into() };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    format!("{mantissa}{point}e{sign}{exponent}").into()
}

/// The rule that `text` breaks as a JSON value, in words.
pub(crate) fn broken_rule(text: &str) -> Option<String> {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return Some(format!("This is not JSON (line {}, column {})", error.line(), error.column()));
    }
    // The keys of every object that is open; arrays have an empty set, so that both close alike.
    let mut open: Vec<HashSet<String>> = Vec::new();
    for token in tokens(text) {
        let raw = text.get(token.at.clone()).unwrap_or_default();
        match token.kind {
            TokenKind::Open if open.len() >= MAX_JSON_DEPTH => {
                return Some(format!("JSON is nested at most {MAX_JSON_DEPTH} deep"));
            }
            TokenKind::Open => open.push(HashSet::new()),
            TokenKind::Close => {
                open.pop();
            }
            TokenKind::Number if !is_finite(raw) => {
                return Some("A number here is larger than any that programs can hold".into());
            }
            TokenKind::Number => {}
            TokenKind::Leaf | TokenKind::Key => match unquoted(raw) {
                None => return Some("A string here is not text: half of a \\u pair is missing".into()),
                Some(key) if token.kind == TokenKind::Key => {
                    if !open.last_mut().is_some_and(|keys| keys.insert(key)) {
                        return Some(KEY_TWICE.into());
                    }
                }
                Some(_) => {}
            },
        }
    }
    None
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    Open,
    Close,
    Number,
    /// A string that is a value.
    Leaf,
    /// A string that names a value.
    Key,
}

struct Token {
    kind: TokenKind,
    at: Range<usize>,
}

/// Where the strings that are values stand, quotes included.
pub(crate) fn leaves(json: &str) -> impl Iterator<Item = Range<usize>> {
    tokens(json).filter(|token| token.kind == TokenKind::Leaf).map(|token| token.at)
}

/// The tokens of a text that is JSON; `true`, `false`, `null` and punctuation are passed over.
fn tokens(json: &str) -> impl Iterator<Item = Token> {
    let bytes = json.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at;
            let kind = match bytes.get(start)? {
                b'{' | b'[' => TokenKind::Open,
                b'}' | b']' => TokenKind::Close,
                b'"' => {
                    at = end_of_string(bytes, start);
                    let behind = bytes.get(at..).unwrap_or_default();
                    let next = behind.iter().find(|byte| !byte.is_ascii_whitespace());
                    let kind = if next == Some(&b':') { TokenKind::Key } else { TokenKind::Leaf };
                    return Some(Token { kind, at: start..at });
                }
                b'-' | b'0'..=b'9' => {
                    at +=
                        bytes.get(start..).unwrap_or_default().iter().take_while(|b| is_in_number(b)).count();
                    return Some(Token { kind: TokenKind::Number, at: start..at });
                }
                _ => {
                    at += 1;
                    continue;
                }
            };
            at += 1;
            return Some(Token { kind, at: start..at });
        }
    })
}

/// Behind the closing quote of the string that begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            None => return bytes.len(),
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_programs_cannot_hold_is_refused() {
        for bad in [
            "",
            "{",
            "NaN",
            "[1e999]",
            "{\"a\":-1e400}",
            r#"{"a":1,"a":2}"#,
            r#"{"a":{"b":1,"\u0062":2}}"#,
            r#"["\ud800"]"#,
            "[1] 2",
            "'a'",
        ] {
            assert!(broken_rule(bad).is_some(), "{bad}");
        }
        for good in ["{}", "[1.50,1e308]", r#"[{"a":1},{"a":2}]"#, r#"{"a":"a","b":{"a":1}}"#, "1e-999"] {
            assert_eq!(broken_rule(good), None, "{good}");
        }
    }

    #[test]
    fn sixty_four_levels_are_fine_and_a_hundred_thousand_are_only_refused() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(broken_rule(&nested(MAX_JSON_DEPTH)), None);
        assert!(broken_rule(&nested(MAX_JSON_DEPTH + 1)).is_some());
        assert!(broken_rule(&nested(100_000)).is_some());
        assert!(broken_rule(&"{\"a\":".repeat(100_000)).is_some());
    }

    #[test]
    fn a_value_travels_as_it_was_written() {
        for text in ["1.50", "123456789012345678901234567890", r#"{"b": 1, "a":[ -0 ]}"#, r#""\u0041""#] {
            let value: JsonText = serde_json::from_str(text).expect("JSON");
            assert_eq!(serde_json::to_string(&value).expect("JSON"), text);
        }
    }

    #[test]
    fn a_value_is_read_as_it_is_and_no_key_twice() {
        #[derive(Deserialize)]
        struct Held(#[serde(deserialize_with = "unique")] Value);
        for text in [r#"{"a":{"b":[1,-2,1.5,"x",null,true]},"b":{}}"#, "7", "\"\\u0041\"", "1e300"] {
            let Held(read) = serde_json::from_str(text).expect("JSON");
            assert_eq!(read, serde_json::from_str::<Value>(text).expect("JSON"));
        }
        for twice in [r#"{"a":1,"a":2}"#, r#"[{"x":{"b":1,"\u0062":2}}]"#] {
            let error = serde_json::from_str::<Held>(twice).map(|_| ()).expect_err("refused").to_string();
            assert!(error.starts_with(KEY_TWICE), "{error}");
        }
        assert!(serde_json::from_str::<Held>(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn two_ways_to_write_a_value_are_one() {
        let written = "{ \"a\" :[1.50,\n\"\\u0041\\/\"], \"b\":{} }";
        assert_eq!(normal(written), r#"{"a": [1.50, "A/"], "b": {}}"#);
        assert_eq!(normal(&normal(written)), normal(written));
        let numbers = "[1e5, 1E-400, 12e03, -1.5e+7, 0.5, -0, 1.50]";
        assert_eq!(normal(numbers), "[1.0e+5, 1.0e-400, 12.0e+03, -1.5e+7, 0.5, -0, 1.50]");
        assert_eq!(normal(&normal(numbers)), normal(numbers));
    }

    proptest! {
        #[test]
        fn the_length_of_an_escaped_text_is_known_before(text: String) {
            prop_assert_eq!(escaped_len(&text) + 2, quoted(&text).len());
        }

        #[test]
        fn leaves_are_the_strings_that_are_values(words in proptest::collection::vec("[\"\\\\:,{\\[ a-c]{0,6}", 0..6)) {
            let pairs: Vec<String> =
                words.iter().enumerate().map(|(n, word)| format!("{} : [{}]", quoted(&format!("{n}{word}")), quoted(word))).collect();
            let json = format!("{{{}}}", pairs.join(" , "));
            prop_assert_eq!(broken_rule(&json), None);
            let found: Vec<String> = leaves(&json).filter_map(|at| unquoted(json.get(at)?)).collect();
            prop_assert_eq!(found, words);
        }

        #[test]
        fn nothing_panics(text in "[\\[\\]{}\",:\\\\0-9eE.+a-]{0,40}") {
            broken_rule(&text);
            leaves(&text).count();
        }
    }
}
