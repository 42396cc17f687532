//! Claims of a rule and of a token, and how the one finds the other. A claim of a rule is named by its name, or,
//! where it lies inside of another one, by a JSON pointer (RFC 6901) such as `/kubernetes.io/serviceaccount/uid`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A value that a claim must have: of this type, and to the letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum ClaimValue {
    Text(String),
    Boolean(bool),
    Number(i64),
}

/// What a rule pins, by the name of the claim.
pub type RuleClaims = BTreeMap<String, ClaimValue>;

impl ClaimValue {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a token's claim is this: `"1"` is not `1`, and a list with it in is not it.
    pub fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(own), Value::String(other)) => own == other,
            (Self::Boolean(own), Value::Bool(other)) => own == other,
            (Self::Number(own), Value::Number(other)) => other.as_i64() == Some(*own),
            _ => false,
        }
    }

    /// A token's claim as a rule would pin it; none for lists, objects, nothing and fractions.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Bool(truth) => Some(Self::Boolean(*truth)),
            Value::Number(number) => number.as_i64().map(Self::Number),
            _ => None,
        }
    }
}

impl From<&str> for ClaimValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl std::fmt::Display for ClaimValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Boolean(truth) => write!(f, "{truth}"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// What a token claims, or what AWS said of a caller.
#[derive(Debug, Clone, Default)]
pub struct TokenClaims(pub Map<String, Value>);

impl TokenClaims {
    /// The claim of this name, or at the end of this pointer. Lists are not gone into.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let Some(pointer) = name.strip_prefix('/') else { return self.0.get(name) };
        let mut steps = pointer.split('/').map(unescaped);
        let first = self.0.get(steps.next()?.as_str())?;
        steps.try_fold(first, |at, step| at.as_object()?.get(step.as_str()))
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// A whole number; a fraction, a text or one in exponents is none.
    pub fn seconds(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }
}

/// A step of a pointer, `~1` for a slash and `~0` for a tilde.
pub(super) fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn token(value: Value) -> TokenClaims {
        TokenClaims(value.as_object().expect("an object").clone())
    }

    #[test]
    fn a_pointer_goes_into_objects_and_nowhere_else() {
        let token = token(json!({
            "sub": "a", "/odd": 1, "kubernetes.io": { "serviceaccount": { "uid": "u" }, "list": ["x"] },
            "https://sts.amazonaws.com/": { "aws_account": "1", "a~b": true },
        }));
        assert_eq!(token.text("sub"), Some("a"));
        assert_eq!(token.text("/kubernetes.io/serviceaccount/uid"), Some("u"));
        assert_eq!(token.text("/https:~1~1sts.amazonaws.com~1/aws_account"), Some("1"));
        assert_eq!(token.get("/https:~1~1sts.amazonaws.com~1/a~0b"), Some(&json!(true)));
        for name in
            ["/odd", "/kubernetes.io/list/0", "/sub/x", "/", "", "kubernetes.io/serviceaccount/uid", "//odd"]
        {
            assert_eq!(token.get(name), None, "{name}");
        }
    }

    #[test]
    fn a_value_is_of_one_type() {
        let values = [
            json!("1"),
            json!(1),
            json!(true),
            json!("true"),
            json!(1.0),
            json!(null),
            json!(["1"]),
            json!({}),
        ];
        for (own, same) in [
            (ClaimValue::from("1"), 0),
            (ClaimValue::Number(1), 1),
            (ClaimValue::Boolean(true), 2),
            (ClaimValue::from("true"), 3),
        ] {
            for (at, value) in values.iter().enumerate() {
                assert_eq!(own.is(value), at == same, "{own:?} {value}");
            }
        }
    }

    #[test]
    fn the_wire_keeps_the_type() {
        for value in [ClaimValue::from("1"), ClaimValue::Number(1), ClaimValue::Boolean(false)] {
            let back: ClaimValue = serde_json::from_value(json!(value)).expect("a value");
            assert_eq!(back, value);
        }
        for odd in [json!(1.5), json!(null), json!([]), json!({})] {
            assert!(serde_json::from_value::<ClaimValue>(odd).is_err());
        }
    }
}
