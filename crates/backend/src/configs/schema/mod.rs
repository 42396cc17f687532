//! JSON Schema (2020-12) for configs: a schema is read once (`compile`), and values are checked against
//! it (`check`) in a bounded number of steps, whatever somebody wrote.
//!
//! No library does this here. The known ones count no steps: a few lines of `anyOf` and `$ref` keep them
//! busy for years, and they bring arithmetic of their own along. What is not understood
//! (`$dynamicRef`, `unevaluated…`, references to elsewhere) is refused and never left unchecked; nothing
//! is read over the network. `format` is a remark, as the specification has it.

mod check;
mod compile;
mod stored;

pub(crate) use stored::{copy, is_same, of_page, refuse_unfit, set};

use compile::{Id, Node};
use nexus_domain::Refusal;
use nexus_domain::json::JsonText;
use serde_json::Value;

/// A schema is at most this many bytes.
const MAX_SCHEMA_BYTES: usize = 64 * 1024;
/// So many places are named in a refusal.
const MAX_PLACES: usize = 20;

/// A schema that makes sense.
#[derive(Debug)]
pub(crate) struct Schema {
    nodes: Vec<Node>,
    root: Id,
}

impl Schema {
    /// Reads a schema; a refusal names the place in it.
    pub fn read(text: &JsonText) -> Result<Self, Refusal> {
        let refused = |rule: String| Refusal::invalid("schema", rule);
        if text.as_str().len() > MAX_SCHEMA_BYTES {
            return Err(refused("A JSON Schema is at most 64 KiB".into()));
        }
        if let Some(rule) = text.broken_rule() {
            return Err(refused(rule));
        }
        let schema: Value =
            serde_json::from_str(text.as_str()).map_err(|_| refused("This is not JSON".into()))?;
        compile::compile(&schema).map_err(refused)
    }

    /// Refuses a value that does not fit, naming at most 20 places in it. References stand in it as
    /// strings.
    pub fn check(&self, value: &str) -> Result<(), Refusal> {
        let value: Value =
            serde_json::from_str(value).map_err(|_| Refusal::invalid("value", "This is not JSON"))?;
        let places = check::places(self, &value);
        if places.is_empty() { Ok(()) } else { Err(Refusal::invalid("value", places.join("; "))) }
    }
}

/// A value as a text that is the same for equal values: keys in order, 1.0 as 1.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (key, field) in fields {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(field, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => {
                out.push_str(&format!("{float:.0}"));
            }
            _ => out.push_str(&number.to_string()),
        },
        simple => out.push_str(&simple.to_string()),
    }
}

#[cfg(test)]
mod tests;
