//! A context as it is typed: a targeting key, and attributes as lines or as JSON.

use super::draft::typed_value;
use crate::json;
use nexus_domain::Refusal;
use serde_json::{Map, Value};

/// As OpenFeature sends it: the targeting key among the attributes.
pub fn typed(user: &str, attributes: &str) -> Result<Map<String, Value>, Refusal> {
    let mut context = self::attributes(attributes)?;
    let user = user.trim();
    if !user.is_empty() {
        context.insert("targetingKey".to_owned(), Value::String(user.to_owned()));
    }
    Ok(context)
}

fn attributes(text: &str) -> Result<Map<String, Value>, Refusal> {
    if text.trim_start().starts_with('{') {
        return json::read(text.trim())
            .ok_or_else(|| Refusal::invalid("attributes", "This is not a JSON object"));
    }
    let mut attributes = Map::new();
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let pair = line.split_once(['=', ':']).map(|(name, value)| (name.trim(), value.trim()));
        let Some((name, value)) = pair.filter(|(name, _)| !name.is_empty()) else {
            let rule = format!("Line {number} is no attribute; write a name, = and a value");
            return Err(Refusal::invalid("attributes", rule));
        };
        let value = match value.starts_with(['[', '{']) {
            true => json::read(value).unwrap_or_else(|| typed_value(value)),
            false => typed_value(value),
        };
        attributes.insert(name.to_owned(), value);
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn attributes_are_lines_or_json() {
        let context = typed(" u1 ", "plan = pro\nage: 18\nzip=\"01\"\n\ntags=[1]").expect("a context");
        let expected = json!({"plan": "pro", "age": 18, "zip": "01", "tags": [1], "targetingKey": "u1"});
        assert_eq!(Value::Object(context), expected);
        let context = typed("", r#"{"plan": {"name": "pro"}}"#).expect("a context");
        assert_eq!(Value::Object(context), json!({"plan": {"name": "pro"}}));
    }

    #[test]
    fn what_is_neither_says_where() {
        for broken in ["plan", "a=1\n=2", "{\"a\":}"] {
            assert!(typed("", broken).expect_err("refused").field("attributes").is_some(), "{broken}");
        }
    }
}
