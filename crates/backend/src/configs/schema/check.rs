//! Checking a value against a schema, in a bounded number of steps and to a bounded depth: whoever
//! writes a schema that would take longer is told so.

use super::compile::{Bounds, Id, Rule, Type};
use super::{MAX_PLACES, Schema, canonical};
use serde_json::Value;
use std::collections::HashSet;

/// One step is one schema at one value, or a look at a few bytes of it.
const MAX_STEPS: usize = 400_000;
/// Schemas inside of schemas at once, by references and otherwise.
const MAX_NESTED: usize = 300;

/// The places where a value does not fit; none where it does.
pub(super) fn places(schema: &Schema, value: &Value) -> Vec<String> {
    let mut check = Check { schema, left: MAX_STEPS, nested: 0, given_up: false, told: Vec::new() };
    check.fits(schema.root, value, "", true);
    if check.given_up {
        return vec!["This value takes too many steps to be checked against its JSON Schema".to_owned()];
    }
    check.told
}

struct Check<'a> {
    schema: &'a Schema,
    left: usize,
    nested: usize,
    given_up: bool,
    told: Vec<String>,
}

impl Check<'_> {
    /// Counts steps; false when there are none left.
    fn pay(&mut self, steps: usize) -> bool {
        self.left = self.left.saturating_sub(steps);
        self.given_up |= self.left == 0;
        !self.given_up
    }

    /// Says at a place what is wrong there, where it is to be said.
    fn wrong(&mut self, place: &str, say: bool, rule: &str) -> bool {
        if say && self.told.len() < MAX_PLACES {
            let place = if place.is_empty() { "The whole value" } else { place };
            self.told.push(format!("{place} {rule}"));
        }
        false
    }

    /// Whether the value at the place keeps all rules. `say` is false inside of what may fail.
    fn fits(&mut self, id: Id, value: &Value, place: &str, say: bool) -> bool {
        if self.nested >= MAX_NESTED {
            self.given_up = true;
        }
        if !self.pay(1) {
            return false;
        }
        let schema = self.schema;
        self.nested += 1;
        let mut fits = true;
        for rule in schema.nodes.get(id).into_iter().flatten() {
            fits &= self.keeps(rule, value, place, say);
            // Without anybody to tell, the first broken rule is enough.
            if self.given_up || (!fits && !say) || self.told.len() >= MAX_PLACES {
                break;
            }
        }
        self.nested -= 1;
        fits && !self.given_up
    }

    fn keeps(&mut self, rule: &Rule, value: &Value, place: &str, say: bool) -> bool {
        match rule {
            Rule::All(all) => {
                let mut fits = true;
                for id in all {
                    fits &= self.fits(*id, value, place, say);
                }
                fits
            }
            Rule::Any(any) => {
                any.iter().any(|id| self.fits(*id, value, place, false))
                    || self.wrong(place, say, "fits none of what it may be (anyOf)")
            }
            Rule::One(one) => match one.iter().filter(|id| self.fits(**id, value, place, false)).count() {
                1 => true,
                0 => self.wrong(place, say, "fits none of what it may be (oneOf)"),
                _ => self.wrong(place, say, "fits more than one of what it may be (oneOf)"),
            },
            Rule::Not(not) => {
                !self.fits(*not, value, place, false) || self.wrong(place, say, "is what it may not be (not)")
            }
            Rule::If { condition, then, otherwise } => {
                let branch = if self.fits(*condition, value, place, false) { then } else { otherwise };
                branch.is_none_or(|id| self.fits(id, value, place, say))
            }
            Rule::Never => self.wrong(place, say, "may not be there"),
            Rule::Type(types) => {
                types.iter().any(|it| is(*it, value)) || self.wrong(place, say, &no_type(types))
            }
            Rule::OneOfValues(values) => {
                let mut text = String::new();
                canonical(value, &mut text);
                self.pay(text.len() / 16 + values.len());
                values.contains(&text) || self.wrong(place, say, "is none of the values that it may be")
            }
            _ => match value {
                Value::Number(number) => self.number(rule, number.as_f64().unwrap_or(0.0), place, say),
                Value::String(text) => self.string(rule, text, place, say),
                Value::Array(items) => self.array(rule, items, place, say),
                Value::Object(fields) => self.object(rule, fields, value, place, say),
                Value::Null | Value::Bool(_) => true,
            },
        }
    }

    fn number(&mut self, rule: &Rule, number: f64, place: &str, say: bool) -> bool {
        let said = match rule {
            Rule::Least(least) if number < *least => format!("is less than {least}"),
            Rule::Most(most) if number > *most => format!("is more than {most}"),
            Rule::Above(above) if number <= *above => format!("is not more than {above}"),
            Rule::Below(below) if number >= *below => format!("is not less than {below}"),
            Rule::MultipleOf(factor) if !is_multiple(number, *factor) => {
                format!("is no multiple of {factor}")
            }
            _ => return true,
        };
        self.wrong(place, say, &said)
    }

    fn string(&mut self, rule: &Rule, text: &str, place: &str, say: bool) -> bool {
        self.pay(text.len() / 16);
        match rule {
            Rule::Length(bounds) => self.within(*bounds, text.chars().count(), "characters", place, say),
            // Linear, and still the dearest of all looks at a text.
            Rule::Pattern(pattern) if self.pay(text.len() / 2) && !pattern.is_match(text) => {
                self.wrong(place, say, &format!("does not match {}", pattern.as_str()))
            }
            _ => true,
        }
    }

    fn within(&mut self, bounds: Bounds, count: usize, what: &str, place: &str, say: bool) -> bool {
        if count < bounds.least {
            return self.wrong(place, say, &format!("has fewer than {} {what}", bounds.least));
        }
        match bounds.most {
            Some(most) if count > most => self.wrong(place, say, &format!("has more than {most} {what}")),
            _ => true,
        }
    }

    fn array(&mut self, rule: &Rule, items: &[Value], place: &str, say: bool) -> bool {
        match rule {
            Rule::Items(bounds) => self.within(*bounds, items.len(), "elements", place, say),
            Rule::Unique => {
                let mut seen = HashSet::new();
                for item in items {
                    let mut text = String::new();
                    canonical(item, &mut text);
                    self.pay(1 + text.len() / 16);
                    if !seen.insert(text) {
                        return self.wrong(place, say, "has an element twice");
                    }
                }
                true
            }
            Rule::Elements { first, rest } => {
                let mut fits = true;
                for (n, item) in items.iter().enumerate() {
                    let Some(id) = first.get(n).or(rest.as_ref()) else { break };
                    fits &= self.fits(*id, item, &format!("{place}/{n}"), say);
                    if self.given_up || (!fits && !say) {
                        break;
                    }
                }
                fits
            }
            Rule::Contains { schema, at_least, at_most } => {
                let found = items.iter().filter(|item| self.fits(*schema, item, place, false)).count();
                let bounds = Bounds { least: *at_least, most: *at_most };
                self.within(bounds, found, "elements of the kind that it holds (contains)", place, say)
            }
            _ => true,
        }
    }

    fn object(
        &mut self,
        rule: &Rule,
        fields: &serde_json::Map<String, Value>,
        value: &Value,
        place: &str,
        say: bool,
    ) -> bool {
        match rule {
            Rule::Properties(bounds) => self.within(*bounds, fields.len(), "fields", place, say),
            Rule::Required(names) => self.has_all(names, fields, place, say),
            Rule::RequiredWith(lists) => {
                let mut wanted = lists.iter().filter(|(name, _)| fields.contains_key(name));
                wanted.all(|(_, names)| self.has_all(names, fields, place, say))
            }
            Rule::SchemaWith(schemas) => {
                let mut wanted = schemas.iter().filter(|(name, _)| fields.contains_key(name));
                wanted.all(|(_, id)| self.fits(*id, value, place, say))
            }
            Rule::Names(id) => fields.keys().all(|name| {
                self.fits(*id, &Value::from(name.as_str()), place, false)
                    || self.wrong(place, say, &format!("may not have a field {name}"))
            }),
            Rule::Fields { named, like, rest } => {
                let mut fits = true;
                for (name, field) in fields {
                    let below = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
                    let mut known = false;
                    if let Some(id) = named.get(name) {
                        known = true;
                        fits &= self.fits(*id, field, &below, say);
                    }
                    self.pay(like.len() * (1 + name.len() / 16));
                    for (_, id) in like.iter().filter(|(pattern, _)| pattern.is_match(name)) {
                        known = true;
                        fits &= self.fits(*id, field, &below, say);
                    }
                    if let Some(id) = rest.filter(|_| !known) {
                        fits &= self.fits(id, field, &below, say);
                    }
                    if self.given_up || (!fits && !say) {
                        break;
                    }
                }
                fits
            }
            _ => true,
        }
    }

    fn has_all(
        &mut self,
        names: &[String],
        fields: &serde_json::Map<String, Value>,
        place: &str,
        say: bool,
    ) -> bool {
        self.pay(names.len());
        let mut fits = true;
        for name in names.iter().filter(|name| !fields.contains_key(*name)) {
            fits = self.wrong(place, say, &format!("lacks {name}"));
        }
        fits
    }
}

/// Whether a float is a multiple, but for the last digits that a float cannot hold.
fn is_multiple(number: f64, factor: f64) -> bool {
    let times = number / factor;
    (times - times.round()).abs() <= f64::EPSILON * times.abs().max(1.0) * 4.0
}

fn is(kind: Type, value: &Value) -> bool {
    match (kind, value) {
        (Type::Null, Value::Null)
        | (Type::Boolean, Value::Bool(_))
        | (Type::Number, Value::Number(_))
        | (Type::String, Value::String(_))
        | (Type::Array, Value::Array(_))
        | (Type::Object, Value::Object(_)) => true,
        (Type::Integer, Value::Number(number)) => number.as_f64().is_some_and(|it| it.fract() == 0.0),
        _ => false,
    }
}

fn no_type(types: &[Type]) -> String {
    let word = |kind: &Type| match kind {
        Type::Null => "null",
        Type::Boolean => "true or false",
        Type::Integer => "a whole number",
        Type::Number => "a number",
        Type::String => "a string",
        Type::Array => "an array",
        Type::Object => "an object",
    };
    format!("is not {}", types.iter().map(word).collect::<Vec<_>>().join(" or "))
}
