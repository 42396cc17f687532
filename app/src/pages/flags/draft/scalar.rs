//! How a value is typed into one line: a number is a number, `true` and `false` are what they say,
//! everything else is a text as it stands. Quotes make a text of what would be something else.

use crate::json;
use serde_json::Value;

/// What somebody means by a text in a field.
pub fn typed_value(text: &str) -> Value {
    let text = text.trim();
    match json::read::<Value>(text) {
        Some(value @ (Value::Bool(_) | Value::Number(_) | Value::String(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

/// Several of them, with commas between them.
pub fn typed_list(text: &str) -> Vec<Value> {
    parts(text).into_iter().filter(|part| !part.trim().is_empty()).map(typed_value).collect()
}

/// Cuts at the commas that are not in quotes.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            // A quote in the middle of a text is a part of it.
            '"' if quoted || text.get(from..at).is_some_and(|before| before.trim().is_empty()) => {
                quoted = !quoted
            }
            ',' if !quoted => {
                parts.extend(text.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(from..));
    parts
}

/// A value as it is typed.
pub(super) fn as_typed(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Array(values) => values.iter().map(part_as_typed).collect::<Vec<_>>().join(", "),
        Value::String(text) if !text.is_empty() && typed_value(text) == *value => text.clone(),
        other => other.to_string(),
    }
}

fn part_as_typed(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains([',', '"']) => value.to_string(),
        other => as_typed(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_line_means_what_a_person_would_expect() {
        let cases = [
            ("pro", json!("pro")),
            (" pro plan ", json!("pro plan")),
            ("5", json!(5)),
            ("\"5\"", json!("5")),
            ("-0.5", json!(-0.5)),
            ("true", json!(true)),
            ("True", json!("True")),
            ("null", json!("null")),
            ("01234", json!("01234")),
            ("[1]", json!("[1]")),
            ("\"open", json!("\"open")),
        ];
        for (text, value) in cases {
            assert_eq!(typed_value(text), value, "{text}");
        }
        assert_eq!(
            typed_list("pro, 5, \"a, b\", ,true"),
            [json!("pro"), json!(5), json!("a, b"), json!(true)]
        );
        assert_eq!(typed_list("say \"x, y"), [json!("say \"x"), json!("y")]);
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text: String, others in prop::collection::vec(".{0,8}", 0..4)) {
            let value = Value::String(text);
            prop_assert_eq!(typed_value(&as_typed(&value)), value);
            let list: Vec<Value> = others.into_iter().map(Value::String).collect();
            prop_assert_eq!(typed_list(&as_typed(&Value::Array(list.clone()))), list);
        }
    }
}
