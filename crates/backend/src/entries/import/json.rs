//! JSON texts: one flat object of keys and values.

use super::{Found, Given};
use crate::{Error, Result};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

pub(super) fn parse(text: &str) -> Result<Vec<Found>> {
    let pairs: Pairs = serde_json::from_str(text).map_err(|error| {
        Error::invalid(
            "text",
            format!("This is not a JSON object (line {}, column {})", error.line(), error.column()),
        )
    })?;
    Ok(pairs
        .0
        .into_iter()
        .map(|(key, value)| Found { line: None, key, value: Ok(Given::Json(value)) })
        .collect())
}

/// The text of a string, number or boolean. Numbers keep the digits that were written: 1.50 stays 1.50, and no long one is rounded.
pub(super) fn plain(value: &RawValue) -> std::result::Result<Zeroizing<String>, String> {
    let text = value.get();
    match text.bytes().next() {
        Some(b'"') => {
            serde_json::from_str(text).map(Zeroizing::new).map_err(|_| "This is not a string".into())
        }
        Some(b'n') => Err("null is not a value".into()),
        Some(b'[' | b'{') | None => Err("A value is a string, a number or a boolean".into()),
        Some(_) => Ok(Zeroizing::new(text.to_owned())),
    }
}

/// Every pair in order, the doubled ones too: a map would keep the last one silently.
struct Pairs(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_numbers_and_booleans_are_values_and_the_rest_is_not() {
        let found = parse(r#"{"a":"x","b":1.50,"c":true,"d":null,"e":[1],"a":"again"}"#).expect("an object");
        let keys: Vec<_> =
            found.into_iter().map(|f| (f.key, f.value.and_then(Given::plain).is_ok())).collect();
        let expected = [("a", true), ("b", true), ("c", true), ("d", false), ("e", false), ("a", true)];
        assert!(keys.iter().map(|(key, ok)| (key.as_str(), *ok)).eq(expected), "{keys:?}");
    }

    #[test]
    fn values_are_kept_as_they_were_written() {
        let found = parse(r#"{"a":1.50,"b":123456789012345678901234567890,"c":"\u0041\n","d":false,"e":-0}"#);
        let values: Vec<_> = found
            .expect("an object")
            .into_iter()
            .map(|f| f.value.and_then(Given::plain).expect("a value"))
            .collect();
        let expected = ["1.50", "123456789012345678901234567890", "A\n", "false", "-0"];
        assert!(values.iter().map(|v| v.as_str()).eq(expected));
    }

    #[test]
    fn broken_json_names_the_place() {
        let refusal = parse("{\"a\":\n oops}").err().expect("refused").refusal();
        assert!(refusal.field("text").is_some_and(|rule| rule.contains("line 2")), "{refusal}");
        assert!(parse("[]").is_err() && parse("{\"a\":1").is_err());
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
