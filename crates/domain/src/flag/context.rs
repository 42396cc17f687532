//! Whom a flag is evaluated for: a targeting key and attributes, of bounded size.

use super::{MAX_CONTEXT_DEPTH, MAX_CONTEXT_NODES, MAX_CONTEXT_STRING_BYTES};
use crate::Refusal;
use serde_json::{Map, Value};

/// The field of a flat context, as OpenFeature sends it, that holds the targeting key.
const TARGETING_KEY: &str = "targetingKey";
/// What the targeting key is called in `POST /v1/evaluate`.
const USER_ID: &str = "user_id";

/// A targeting key and attributes within the bounds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context {
    /// A text that is not empty; a JSON value, so that conditions can compare it like any other.
    targeting_key: Option<Value>,
    attributes: Map<String, Value>,
}

impl Context {
    /// An empty targeting key is none: it would put all who have none into one bucket.
    pub fn new(targeting_key: Option<String>, attributes: Map<String, Value>) -> Result<Self, Refusal> {
        let targeting_key = targeting_key.filter(|key| !key.is_empty());
        if targeting_key.as_ref().is_some_and(|key| key.len() > MAX_CONTEXT_STRING_BYTES) {
            let rule = format!("At most {MAX_CONTEXT_STRING_BYTES} bytes");
            return Err(Refusal::invalid(TARGETING_KEY, rule));
        }
        let mut nodes = MAX_CONTEXT_NODES;
        for (name, value) in &attributes {
            check(value, MAX_CONTEXT_DEPTH, &mut nodes).map_err(|rule| {
                let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
                Refusal::invalid(&format!("attributes.{shown}"), rule)
            })?;
        }
        Ok(Self { targeting_key: targeting_key.map(Value::String), attributes })
    }

    /// A flat context, as in OpenFeature's protocol: `targetingKey` among the attributes.
    pub fn from_flat(mut attributes: Map<String, Value>) -> Result<Self, Refusal> {
        let targeting_key = match attributes.remove(TARGETING_KEY) {
            None | Some(Value::Null) => None,
            Some(Value::String(key)) => Some(key),
            Some(_) => return Err(Refusal::invalid(TARGETING_KEY, "The targeting key is a text")),
        };
        Self::new(targeting_key, attributes)
    }

    pub fn targeting_key(&self) -> Option<&str> {
        self.targeting_key.as_ref().and_then(Value::as_str)
    }

    pub const fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// What an attribute is here; null counts as missing.
    pub(super) fn get(&self, attribute: &Attribute) -> Option<&Value> {
        self.attributes
            .get(&*attribute.name)
            .or_else(|| self.inside(&attribute.path))
            .or_else(|| self.targeting_key.as_ref().filter(|_| attribute.is_targeting_key))
            .filter(|value| !value.is_null())
    }

    fn inside(&self, path: &[Box<str>]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.attributes.get(&**first)?, |value, name| value.get(&**name))
    }
}

/// Counts down `nodes` and `levels`; neither recursion nor work goes past them.
fn check(value: &Value, levels: usize, nodes: &mut usize) -> Result<(), String> {
    let too_deep = || format!("At most {MAX_CONTEXT_DEPTH} levels of objects and lists");
    let below = levels.checked_sub(1).ok_or_else(too_deep)?;
    let too_many = || format!("At most {MAX_CONTEXT_NODES} values in one context");
    *nodes = nodes.checked_sub(1).ok_or_else(too_many)?;
    match value {
        Value::String(text) if text.len() > MAX_CONTEXT_STRING_BYTES => {
            Err(format!("A text in a context has at most {MAX_CONTEXT_STRING_BYTES} bytes"))
        }
        Value::Array(elements) => elements.iter().try_for_each(|element| check(element, below, nodes)),
        Value::Object(fields) => fields.values().try_for_each(|field| check(field, below, nodes)),
        _ => Ok(()),
    }
}

/// The name of an attribute, ready to be looked up.
#[derive(Debug, Clone)]
pub(super) struct Attribute {
    name: Box<str>,
    /// Its parts, where it has dots; looked up when no attribute has the whole name.
    path: Vec<Box<str>>,
    is_targeting_key: bool,
}

impl Attribute {
    pub fn new(name: &str) -> Self {
        let path = if name.contains('.') { name.split('.').map(Into::into).collect() } else { Vec::new() };
        Self { name: name.into(), path, is_targeting_key: matches!(name, TARGETING_KEY | USER_ID) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn attributes(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn an_attribute_is_found_by_its_name_then_by_its_path() {
        let flat =
            json!({"address": {"country": "PT", "geo": {"lat": 1}}, "a.b": 1, "a": {"b": 2}, "n": null});
        let context = Context::from_flat(attributes(flat)).expect("a context");
        let get = |name| context.get(&Attribute::new(name)).cloned();
        assert_eq!(get("address.country"), Some(json!("PT")));
        assert_eq!(get("address.geo.lat"), Some(json!(1)));
        assert_eq!(get("a.b"), Some(json!(1)));
        for missing in ["n", "address.city", "address.country.x", "", ".", "..", "address.", "targetingKey"] {
            assert_eq!(get(missing), None, "{missing:?}");
        }
    }

    #[test]
    fn the_targeting_key_can_be_compared_under_both_of_its_names() {
        let context = Context::from_flat(attributes(json!({"targetingKey": "u1"}))).expect("a context");
        assert_eq!(context.targeting_key(), Some("u1"));
        for name in ["targetingKey", "user_id"] {
            assert_eq!(context.get(&Attribute::new(name)), Some(&json!("u1")));
        }
        let own =
            Context::from_flat(attributes(json!({"targetingKey": "u1", "user_id": 7}))).expect("a context");
        assert_eq!(own.get(&Attribute::new("user_id")), Some(&json!(7)));
    }

    #[test]
    fn an_empty_targeting_key_is_none_and_a_number_is_refused() {
        let empty = Context::from_flat(attributes(json!({"targetingKey": ""}))).expect("a context");
        assert_eq!(empty.targeting_key(), None);
        assert!(Context::from_flat(attributes(json!({"targetingKey": 7}))).is_err());
    }

    #[test]
    fn a_context_past_its_bounds_is_refused_and_says_where() {
        let mut deep = json!(1);
        for _ in 0..MAX_CONTEXT_DEPTH {
            deep = json!([deep]);
        }
        let long = "x".repeat(MAX_CONTEXT_STRING_BYTES + 1);
        for hostile in [deep, json!(long), json!(vec![0; MAX_CONTEXT_NODES])] {
            let refused =
                Context::from_flat(attributes(json!({"fine": 1, "odd": hostile}))).expect_err("too much");
            assert!(refused.field("attributes.odd").is_some(), "{refused}");
        }
        assert!(Context::new(Some(long), Map::new()).is_err());
    }
}
