//! Conditions, made ready: a tree of groups and comparisons that answers for a context without
//! allocating and without ever failing. Types that do not compare do not match.

use super::context::{Attribute, Context};
use super::explain::Outcome;
use super::pattern::Pattern;
use super::validate::Problems;
use super::{
    Condition, MAX_ATTRIBUTE_BYTES, MAX_CONDITION_DEPTH, MAX_CONDITION_NODES, MAX_LIST_VALUES, MAX_PATTERNS,
    MAX_STRING_BYTES, Operator,
};
use serde_json::Value;
use std::cmp::Ordering;

#[derive(Debug, Clone)]
pub(super) enum Node {
    All(Vec<Self>),
    Any(Vec<Self>),
    Comparison(Comparison),
}

#[derive(Debug, Clone)]
pub(super) struct Comparison {
    pub attribute: Attribute,
    pub operator: Operator,
    pub test: Test,
}

/// What an operator asks, with the value that it asks about.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Equal { to: Scalar, negated: bool },
    OneOf { values: List, negated: bool },
    Order { to: Scalar, accepts: fn(Ordering) -> bool },
    Contains(Scalar),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
    Matches(Pattern),
    Exists(bool),
}

#[derive(Debug, Clone)]
pub(super) enum Scalar {
    Text(Box<str>),
    Number(f64),
    Boolean(bool),
}

/// Values of one type, sorted.
#[derive(Debug, Clone)]
pub(super) enum List {
    Texts(Vec<Box<str>>),
    Numbers(Vec<f64>),
    Booleans(Vec<bool>),
}

impl Node {
    pub fn matches(&self, context: &Context) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(context)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(context)),
            Self::Comparison(comparison) => {
                comparison.test.outcome(context.get(&comparison.attribute)) == Outcome::Matched
            }
        }
    }
}

impl Test {
    /// `actual` is what the context has, and never null.
    pub fn outcome(&self, actual: Option<&Value>) -> Outcome {
        let Some(actual) = actual else {
            return match self {
                Self::Exists(false) => Outcome::Matched,
                _ => Outcome::Missing,
            };
        };
        let compared = match self {
            Self::Equal { to, negated } => to.equals(actual).map(|equal| equal != *negated),
            Self::OneOf { values, negated } => values.contains(actual).map(|found| found != *negated),
            Self::Order { to, accepts } => to.order_of(actual).map(accepts),
            Self::Contains(wanted) => wanted.is_in(actual),
            Self::StartsWith(start) => actual.as_str().map(|text| text.starts_with(&**start)),
            Self::EndsWith(end) => actual.as_str().map(|text| text.ends_with(&**end)),
            Self::Exists(wanted) => Some(*wanted),
            Self::Matches(pattern) => match actual.as_str().map(|text| pattern.finds(text)) {
                Some(None) => return Outcome::NotEvaluated,
                found => found.flatten(),
            },
        };
        compared.map_or(Outcome::OtherType, Outcome::of)
    }
}

impl Scalar {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.as_str().into())),
            Value::Number(number) => number.as_f64().map(Self::Number),
            Value::Bool(boolean) => Some(Self::Boolean(*boolean)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// `None` where the types do not compare.
    fn equals(&self, actual: &Value) -> Option<bool> {
        match (self, actual) {
            (Self::Boolean(boolean), Value::Bool(actual)) => Some(boolean == actual),
            (Self::Boolean(_), _) => None,
            _ => self.order_of(actual).map(Ordering::is_eq),
        }
    }

    /// How the context's value stands to this one: numbers by size, texts by their bytes.
    fn order_of(&self, actual: &Value) -> Option<Ordering> {
        match (self, actual) {
            (Self::Text(text), Value::String(actual)) => Some(actual.as_str().cmp(text)),
            (Self::Number(number), Value::Number(actual)) => actual.as_f64()?.partial_cmp(number),
            _ => None,
        }
    }

    /// A part of a text, or an element of a list.
    fn is_in(&self, actual: &Value) -> Option<bool> {
        match (self, actual) {
            (Self::Text(part), Value::String(actual)) => Some(actual.contains(&**part)),
            (_, Value::Array(elements)) => {
                Some(elements.iter().any(|element| self.equals(element) == Some(true)))
            }
            _ => None,
        }
    }
}

impl List {
    fn contains(&self, actual: &Value) -> Option<bool> {
        match (self, actual) {
            (Self::Texts(texts), Value::String(actual)) => {
                Some(texts.binary_search_by(|text| (**text).cmp(actual.as_str())).is_ok())
            }
            (Self::Numbers(numbers), Value::Number(actual)) => {
                // Adding zero makes -0 and 0 the same.
                let actual = actual.as_f64()? + 0.0;
                Some(numbers.binary_search_by(|number| number.total_cmp(&actual)).is_ok())
            }
            (Self::Booleans(booleans), Value::Bool(actual)) => Some(booleans.contains(actual)),
            _ => None,
        }
    }

    fn of(values: &[Value]) -> Option<Self> {
        match values.first()? {
            Value::String(_) => {
                let texts: Option<Vec<Box<str>>> =
                    values.iter().map(|value| value.as_str().map(Into::into)).collect();
                texts.map(|mut texts| {
                    texts.sort_unstable();
                    Self::Texts(texts)
                })
            }
            Value::Number(_) => {
                let numbers: Option<Vec<f64>> =
                    values.iter().map(|value| value.as_f64().map(|number| number + 0.0)).collect();
                numbers.map(|mut numbers| {
                    numbers.sort_unstable_by(f64::total_cmp);
                    Self::Numbers(numbers)
                })
            }
            Value::Bool(_) => values.iter().map(Value::as_bool).collect::<Option<_>>().map(Self::Booleans),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// Makes the conditions of one flag ready and notes what is wrong with them.
pub(super) struct Compiler<'p> {
    pub problems: &'p mut Problems,
    /// Regular expressions that the flag may still have.
    patterns_left: usize,
    nodes_left: usize,
}

impl<'p> Compiler<'p> {
    pub fn new(problems: &'p mut Problems) -> Self {
        Self { problems, patterns_left: MAX_PATTERNS, nodes_left: 0 }
    }

    /// `None` where something is wrong and noted.
    pub fn rule(&mut self, when: &Condition, path: &str) -> Option<Node> {
        self.nodes_left = MAX_CONDITION_NODES;
        self.node(when, path, MAX_CONDITION_DEPTH)
    }

    fn node(&mut self, condition: &Condition, path: &str, levels: usize) -> Option<Node> {
        let Some(below) = levels.checked_sub(1) else {
            self.problems.add(path, format!("Conditions nest at most {MAX_CONDITION_DEPTH} levels deep"));
            return None;
        };
        let Some(left) = self.nodes_left.checked_sub(1) else {
            let rule = format!("At most {MAX_CONDITION_NODES} comparisons and groups in one rule");
            self.problems.add(path, rule);
            return None;
        };
        self.nodes_left = left;
        match condition {
            Condition { all: Some(parts), any: None, attribute: None, op: None, value: Value::Null } => {
                self.group(parts, &format!("{path}.all"), below).map(Node::All)
            }
            Condition { all: None, any: Some(parts), attribute: None, op: None, value: Value::Null } => {
                self.group(parts, &format!("{path}.any"), below).map(Node::Any)
            }
            Condition { all: None, any: None, attribute: Some(attribute), op: Some(op), value } => {
                self.comparison(attribute, *op, value, path).map(Node::Comparison)
            }
            _ => {
                self.problems
                    .add(path, "A condition is all, or any, or attribute with op and value: one of them");
                None
            }
        }
    }

    fn group(&mut self, parts: &[Condition], path: &str, levels: usize) -> Option<Vec<Node>> {
        if parts.is_empty() {
            self.problems.add(path, "A group needs at least one condition");
            return None;
        }
        let mut nodes = Vec::with_capacity(parts.len().min(MAX_CONDITION_NODES));
        for (at, part) in parts.iter().enumerate() {
            nodes.extend(self.node(part, &format!("{path}[{at}]"), levels));
        }
        (nodes.len() == parts.len()).then_some(nodes)
    }

    fn comparison(
        &mut self,
        attribute: &str,
        operator: Operator,
        value: &Value,
        path: &str,
    ) -> Option<Comparison> {
        if attribute.is_empty() || attribute.len() > MAX_ATTRIBUTE_BYTES {
            let rule = format!("The name of an attribute has 1 to {MAX_ATTRIBUTE_BYTES} bytes");
            self.problems.add(format!("{path}.attribute"), rule);
            return None;
        }
        let test = self.test(operator, value);
        let test = self.problems.keep(&format!("{path}.value"), test)?;
        Some(Comparison { attribute: Attribute::new(attribute), operator, test })
    }

    fn test(&mut self, operator: Operator, value: &Value) -> Result<Test, String> {
        Ok(match operator {
            Operator::Eq | Operator::Ne => {
                Test::Equal { to: scalar(operator, value)?, negated: operator == Operator::Ne }
            }
            Operator::In | Operator::NotIn => {
                Test::OneOf { values: list(operator, value)?, negated: operator == Operator::NotIn }
            }
            Operator::Gt => Test::Order { to: ordered(operator, value)?, accepts: Ordering::is_gt },
            Operator::Gte => Test::Order { to: ordered(operator, value)?, accepts: Ordering::is_ge },
            Operator::Lt => Test::Order { to: ordered(operator, value)?, accepts: Ordering::is_lt },
            Operator::Lte => Test::Order { to: ordered(operator, value)?, accepts: Ordering::is_le },
            Operator::Contains => match scalar(operator, value)? {
                Scalar::Text(text) if text.is_empty() => return Err(not_empty(operator)),
                wanted => Test::Contains(wanted),
            },
            Operator::StartsWith => Test::StartsWith(part(operator, value)?),
            Operator::EndsWith => Test::EndsWith(part(operator, value)?),
            Operator::Matches => {
                let too_many =
                    || format!("At most {MAX_PATTERNS} regular expressions in one flag: join them with |");
                self.patterns_left = self.patterns_left.checked_sub(1).ok_or_else(too_many)?;
                let source =
                    value.as_str().ok_or_else(|| format!("{operator} needs a regular expression"))?;
                Test::Matches(Pattern::new(source)?)
            }
            Operator::Exists => match value {
                Value::Null => Test::Exists(true),
                Value::Bool(wanted) => Test::Exists(*wanted),
                _ => return Err(format!("{operator} takes true, false or nothing")),
            },
        })
    }
}

fn scalar(operator: Operator, value: &Value) -> Result<Scalar, String> {
    if value.as_str().is_some_and(|text| text.len() > MAX_STRING_BYTES) {
        return Err(format!("At most {MAX_STRING_BYTES} bytes"));
    }
    Scalar::of(value).ok_or_else(|| format!("{operator} needs a text, a number, true or false"))
}

fn ordered(operator: Operator, value: &Value) -> Result<Scalar, String> {
    match scalar(operator, value) {
        Ok(Scalar::Boolean(_)) => Err(format!("{operator} needs a number or a text")),
        Err(_) if !value.is_string() => Err(format!("{operator} needs a number or a text")),
        other => other,
    }
}

/// The text that others start or end with. An empty one would match everybody, which a form left
/// empty does not mean.
fn part(operator: Operator, value: &Value) -> Result<Box<str>, String> {
    match scalar(operator, value) {
        Ok(Scalar::Text(text)) if text.is_empty() => Err(not_empty(operator)),
        Ok(Scalar::Text(text)) => Ok(text),
        Err(rule) if value.is_string() => Err(rule),
        _ => Err(format!("{operator} needs a text")),
    }
}

fn not_empty(operator: Operator) -> String {
    format!("{operator} needs a text that is not empty; use exists for any value")
}

fn list(operator: Operator, value: &Value) -> Result<List, String> {
    let values = value.as_array().ok_or_else(|| format!("{operator} needs a list of values"))?;
    if values.is_empty() || values.len() > MAX_LIST_VALUES {
        return Err(format!("{operator} takes 1 to {MAX_LIST_VALUES} values; these are {}", values.len()));
    }
    if values.iter().any(|value| value.as_str().is_some_and(|text| text.len() > MAX_STRING_BYTES)) {
        return Err(format!("Each text in the list has at most {MAX_STRING_BYTES} bytes"));
    }
    List::of(values)
        .ok_or_else(|| "The values of a list are all texts, all numbers, or all true or false".to_owned())
}
