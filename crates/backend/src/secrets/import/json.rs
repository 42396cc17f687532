//! JSON texts: one flat object of keys and values.

use super::Found;
use crate::{Error, Result};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use zeroize::Zeroizing;

pub(super) fn parse(text: &str) -> Result<Vec<Found>> {
    let pairs: Pairs = serde_json::from_str(text).map_err(|error| {
        Error::invalid(
            "text",
            format!("This is not a JSON object (line {}, column {})", error.line(), error.column()),
        )
    })?;
    Ok(pairs.0.into_iter().map(|(key, value)| Found { line: None, key, value: plain(value) }).collect())
}

fn plain(value: Value) -> std::result::Result<Zeroizing<String>, String> {
    match value {
        Value::String(text) => Ok(Zeroizing::new(text)),
        Value::Number(number) => Ok(Zeroizing::new(number.to_string())),
        Value::Bool(truth) => Ok(Zeroizing::new(truth.to_string())),
        Value::Null => Err("null is not a value".into()),
        Value::Array(_) | Value::Object(_) => Err("A value is a string, a number or a boolean".into()),
    }
}

/// Every pair in order, the doubled ones too: a map would keep the last one silently.
struct Pairs(Vec<(String, Value)>);

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
        let keys: Vec<_> = found.iter().map(|f| (f.key.as_str(), f.value.is_ok())).collect();
        assert_eq!(keys, [("a", true), ("b", true), ("c", true), ("d", false), ("e", false), ("a", true)]);
    }

    #[test]
    fn broken_json_names_the_place() {
        let refusal = parse("{\"a\":\n oops}").err().expect("refused").refusal();
        assert!(refusal.field("text").is_some_and(|rule| rule.contains("line 2")), "{refusal}");
        assert!(parse("[]").is_err() && parse("{\"a\":1").is_err());
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
