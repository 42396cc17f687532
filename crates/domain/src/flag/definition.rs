//! A flag as it is written, stored and sent: the payload of one version.
//!
//! These types hold whatever has the right form; `Compiled::new` says whether it makes sense.

use super::{FlagState, Percentage, Schedule};
use crate::role::words;
use crate::{Refusal, Timestamp, json};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The implied variants of a boolean flag.
pub(super) const ON: &str = "on";
pub(super) const OFF: &str = "off";

words! {
    /// What the variants of a flag hold.
    FlagType { Boolean = "boolean", String = "string", Number = "number", Json = "json", }
}

words! {
    /// How a condition compares an attribute with its value; `docs/flags.md` has the table.
    Operator {
        Eq = "eq", Ne = "ne", In = "in", NotIn = "not_in",
        Gt = "gt", Gte = "gte", Lt = "lt", Lte = "lte",
        Contains = "contains", StartsWith = "starts_with", EndsWith = "ends_with",
        /// A regular expression of linear time, found anywhere in the text unless anchored.
        Matches = "matches",
        Exists = "exists",
    }
}

/// A feature flag. Without variants it is boolean, with the variants `on` (true) and `off` (false).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FlagDefinition {
    pub state: FlagState,
    /// The first moment at which a scheduled flag is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// The first moment at which it is off again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// All of one type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// Served where the flag is on and nothing names another one.
    #[serde(default = "on")]
    pub on_variant: String,
    /// Served where the flag is off, and to those whom no rule and no rollout reaches.
    #[serde(default = "off")]
    pub off_variant: String,
    /// The first one that matches decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// For those whom no rule matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Serve>,
}

fn on() -> String {
    ON.to_owned()
}

fn off() -> String {
    OFF.to_owned()
}

/// One of the values that a flag can have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub name: String,
    /// A text, a number, true or false, or an object or list. Never null.
    #[serde(deserialize_with = "json::unique")]
    pub value: Value,
}

/// Whom to serve something of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Named in the reason of an evaluation; unique in the flag.
    pub id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Everybody, where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// Nobody after this rule is asked any more, whether inside its percentage or not.
    pub serve: Serve,
}

/// One comparison (`attribute`, `op`, `value`), or a group of conditions (`all` or `any`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Holds when each of these holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub all: Option<Vec<Condition>>,
    /// Holds when at least one of these holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub any: Option<Vec<Condition>>,
    /// A name in the context; `address.country` looks into an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<Operator>,
    /// A text, a number, true or false; for `in` and `not_in` a list of them.
    #[serde(default, skip_serializing_if = "Value::is_null", deserialize_with = "json::unique")]
    pub value: Value,
}

/// What is served, and to how many: one variant, or several by weight; `on_variant` where neither
/// is named. Those outside of the percentage get the off variant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Serve {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<Percentage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<Weighted>,
}

/// A variant's part of a split: its weight over the sum of all weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Weighted {
    pub variant: String,
    pub weight: u32,
}

impl FlagType {
    /// The type of a variant's value; null has none.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Self::Boolean),
            Value::Number(_) => Some(Self::Number),
            Value::String(_) => Some(Self::String),
            Value::Array(_) | Value::Object(_) => Some(Self::Json),
        }
    }
}

impl Default for FlagDefinition {
    fn default() -> Self {
        Self::boolean(FlagState::Off)
    }
}

impl FlagDefinition {
    /// A flag without variants, rules or rollout.
    pub fn boolean(state: FlagState) -> Self {
        Self {
            state,
            starts_at: None,
            ends_at: None,
            variants: Vec::new(),
            on_variant: on(),
            off_variant: off(),
            rules: Vec::new(),
            rollout: None,
        }
    }

    /// Reads and checks a definition as JSON text, of any length and depth.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        super::validate::check_size(text.len())?;
        let definition: Self = serde_json::from_str(text).map_err(|error| {
            let why: String = error.to_string().chars().take(300).collect();
            Refusal::invalid("definition", format!("This is not a flag's definition: {why}"))
        })?;
        definition.validate()?;
        Ok(definition)
    }

    /// What is wrong with it: the fields with the rules that they break.
    pub fn validate(&self) -> Result<(), Refusal> {
        super::Compiled::new("flag", self).map(drop)
    }

    pub const fn schedule(&self) -> Schedule {
        Schedule { state: self.state, starts_at: self.starts_at, ends_at: self.ends_at }
    }

    /// Whether it has rules or a rollout, for which a project needs A/B testing.
    pub fn has_targeting(&self) -> bool {
        !self.rules.is_empty() || self.rollout.is_some()
    }

    pub fn flag_type(&self) -> FlagType {
        self.variants.first().and_then(|variant| FlagType::of(&variant.value)).unwrap_or(FlagType::Boolean)
    }

    /// This flag after somebody pressed its switch. Off keeps the schedule for later; on is on now
    /// and stays so.
    #[must_use]
    pub fn switched(mut self, on: bool) -> Self {
        if on {
            (self.state, self.starts_at, self.ends_at) = (FlagState::On, None, None);
        } else {
            self.state = FlagState::Off;
        }
        self
    }
}

impl Condition {
    pub fn compare(attribute: impl Into<String>, op: Operator, value: impl Into<Value>) -> Self {
        Self { attribute: Some(attribute.into()), op: Some(op), value: value.into(), ..Self::default() }
    }

    pub fn all(parts: Vec<Self>) -> Self {
        Self { all: Some(parts), ..Self::default() }
    }

    pub fn any(parts: Vec<Self>) -> Self {
        Self { any: Some(parts), ..Self::default() }
    }
}

impl Serve {
    pub fn variant(name: impl Into<String>) -> Self {
        Self { variant: Some(name.into()), ..Self::default() }
    }

    pub fn percentage(percentage: Percentage) -> Self {
        Self { percentage: Some(percentage), ..Self::default() }
    }
}
