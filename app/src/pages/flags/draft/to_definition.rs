//! From the fields of a form to a definition. What cannot be read is told at its field, under the name
//! that the field has in the definition; whether the whole makes sense is the domain's to say.

use super::scalar::{typed_list, typed_value};
use super::{Draft, PartDraft, RuleDraft, ServeDraft, VariantDraft, WeightDraft};
use crate::json;
use nexus_domain::flag::{
    Condition, FlagDefinition, FlagState, FlagType, Operator, Percentage, Rule, Serve, Variant, Weighted,
};
use nexus_domain::{Code, Refusal};
use serde_json::Value;

/// Fields with what is wrong with them.
#[derive(Default)]
struct Problems(Vec<(String, String)>);

impl Problems {
    fn add(&mut self, field: impl Into<String>, rule: impl Into<String>) {
        self.0.push((field.into(), rule.into()));
    }

    fn refusal(self) -> Option<Refusal> {
        let (field, rule) = self.0.first()?;
        let refusal = Refusal::new(Code::InvalidRequest, format!("{field}: {rule}"));
        Some(self.0.into_iter().fold(refusal, |refusal, (field, rule)| refusal.with(&field, rule)))
    }
}

impl Draft {
    pub fn definition(&self) -> Result<FlagDefinition, Refusal> {
        let mut problems = Problems::default();
        let state = FlagState::parse(&self.state).unwrap_or_else(|| {
            problems.add("state", "One of the list");
            FlagState::Off
        });
        let [mut starts_at, mut ends_at] = self.moments();
        for (field, text, moment) in
            [("starts_at", &self.starts_at, starts_at), ("ends_at", &self.ends_at, ends_at)]
        {
            if moment.is_none() && !text.trim().is_empty() {
                problems.add(field, "A day and time, like 2026-11-25T10:00");
            }
        }
        if state == FlagState::On {
            (starts_at, ends_at) = (None, None);
        }
        let kind = FlagType::parse(&self.kind).unwrap_or(FlagType::Boolean);
        if kind != FlagType::Boolean && self.variants.is_empty() {
            problems.add("variants", format!("A flag of type {kind} needs at least one variant"));
        }
        let variants = self.variants.iter().enumerate();
        let variants = variants.map(|(at, it)| variant(it, kind, at, &mut problems)).collect();
        let mut named = |number: &str, field: &str, without: &str| {
            self.named(if number.is_empty() { without } else { number }).unwrap_or_else(|| {
                problems.add(field, "Choose one of the variants");
                String::new()
            })
        };
        let on_variant = named(&self.on_variant, "on_variant", "0");
        let off_variant =
            named(&self.off_variant, "off_variant", if self.variants.is_empty() { "1" } else { "0" });
        let rules = self.rules.iter().enumerate();
        let rules = rules.map(|(at, rule)| self.rule(rule, at, &mut problems)).collect();
        let rollout = (self.rollout.what != ServeDraft::NOTHING)
            .then(|| self.serve(&self.rollout, "rollout", &mut problems));
        // A rollout says to how many; an empty field means all.
        let rollout = rollout.map(|rollout| match rollout.percentage.is_none() && rollout.split.is_empty() {
            true => Serve { percentage: Some(Percentage::ALL), ..rollout },
            false => rollout,
        });
        match problems.refusal() {
            Some(refusal) => Err(refusal),
            None => Ok(FlagDefinition {
                state,
                starts_at,
                ends_at,
                variants,
                on_variant,
                off_variant,
                rules,
                rollout,
            }),
        }
    }

    fn rule(&self, rule: &RuleDraft, at: usize, problems: &mut Problems) -> Rule {
        let path = format!("rules[{at}]");
        Rule {
            id: rule.id.trim().to_owned(),
            description: rule.description.trim().to_owned(),
            when: when(rule, &path, problems),
            serve: self.serve(&rule.serve, &format!("{path}.serve"), problems),
        }
    }

    fn serve(&self, serve: &ServeDraft, path: &str, problems: &mut Problems) -> Serve {
        let percentage = serve.percentage.trim();
        let share = (!percentage.is_empty()).then(|| Percentage::parse(percentage));
        if share == Some(None) {
            problems.add(
                format!("{path}.percentage"),
                "A number from 0 to 100 with at most 3 decimals, like 12.5",
            );
        }
        let mut result = Serve { percentage: share.flatten(), ..Serve::default() };
        match serve.what.as_str() {
            "" => {}
            ServeDraft::SPLIT => result.split = self.split(&serve.split, path, problems),
            number => {
                result.variant = self.named(number);
                if result.variant.is_none() {
                    problems.add(format!("{path}.variant"), "Choose one of the variants");
                }
            }
        }
        result
    }

    fn split(&self, parts: &[WeightDraft], path: &str, problems: &mut Problems) -> Vec<Weighted> {
        let mut split = Vec::new();
        for part in parts.iter().filter(|part| !part.weight.trim().is_empty()) {
            let at = split.len();
            let weight = part.weight.trim().parse();
            if weight.is_err() {
                problems.add(format!("{path}.split[{at}].weight"), "A weight is a whole number, like 3");
            }
            let Some(variant) = self.named(&part.variant) else { continue };
            split.push(Weighted { variant, weight: weight.unwrap_or(0) });
        }
        if split.is_empty() {
            problems.add(format!("{path}.split"), "Give at least one variant a weight");
        }
        split
    }
}

fn variant(variant: &VariantDraft, kind: FlagType, at: usize, problems: &mut Problems) -> Variant {
    let text = variant.value.as_str();
    let read = || json::read::<Value>(text.trim());
    let (value, rule) = match kind {
        FlagType::String => (Some(Value::String(text.to_owned())), ""),
        FlagType::Number => (read().filter(Value::is_number), "A number, like 8080 or 0.25"),
        FlagType::Boolean => (read().filter(Value::is_boolean), "true or false"),
        FlagType::Json => (
            read().filter(|it| it.is_object() || it.is_array()),
            "A JSON object or list; texts and numbers have types of their own",
        ),
    };
    if value.is_none() {
        problems.add(format!("variants[{at}].value"), rule);
    }
    Variant { name: variant.name.trim().to_owned(), value: value.unwrap_or_default() }
}

fn when(rule: &RuleDraft, path: &str, problems: &mut Problems) -> Option<Condition> {
    if !rule.nested.is_empty() {
        let nested = json::read(&rule.nested);
        if nested.is_none() {
            problems.add(format!("{path}.when"), "These conditions cannot be read; use the JSON view");
        }
        return nested;
    }
    let mut parts = Vec::with_capacity(rule.parts.len());
    for (at, part) in rule.parts.iter().enumerate() {
        parts.push(comparison(part, &rule.when_path(path, at), problems));
    }
    match (parts.len(), rule.join.as_str()) {
        (0, _) => None,
        (1, _) => parts.pop(),
        (_, "any") => Some(Condition::any(parts)),
        _ => Some(Condition::all(parts)),
    }
}

fn comparison(part: &PartDraft, path: &str, problems: &mut Problems) -> Condition {
    let op = Operator::parse(&part.op);
    if op.is_none() {
        problems.add(format!("{path}.op"), "One of the list");
    }
    let text = part.value.as_str();
    let value = match op {
        Some(Operator::In | Operator::NotIn) => Value::Array(typed_list(text)),
        Some(Operator::Exists) if text.trim().is_empty() => Value::Null,
        Some(Operator::Matches | Operator::StartsWith | Operator::EndsWith) => match typed_value(text) {
            Value::String(text) => Value::String(text),
            _ => Value::String(text.trim().to_owned()),
        },
        _ => typed_value(text),
    };
    Condition { attribute: Some(part.attribute.trim().to_owned()), op, value, ..Condition::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_told_at_its_field_all_at_once() {
        let mut draft = Draft {
            state: "scheduled".into(),
            starts_at: "soon".into(),
            kind: "number".into(),
            ..Draft::default()
        };
        draft.apply("variant.add");
        draft.apply("rule.add");
        draft.rollout.percentage = "101".into();
        if let Some(rule) = draft.rules.first_mut() {
            rule.serve = ServeDraft {
                what: ServeDraft::SPLIT.into(),
                percentage: "half".into(),
                ..ServeDraft::default()
            };
            for part in &mut rule.parts {
                part.op = "near".into();
            }
        }
        let refusal = draft.definition().expect_err("refused");
        for field in [
            "starts_at",
            "variants[0].value",
            "variants[1].value",
            "rules[0].when.op",
            "rules[0].serve.percentage",
            "rules[0].serve.split",
            "rollout.percentage",
        ] {
            assert!(refusal.field(field).is_some(), "{field}: {refusal:?}");
        }
    }

    #[test]
    fn a_flag_that_is_on_has_no_schedule_left() {
        let draft = Draft { state: "on".into(), ends_at: "2027-01-01T00:00".into(), ..Draft::default() };
        let draft =
            Draft { rollout: ServeDraft { what: "nothing".into(), ..ServeDraft::default() }, ..draft };
        assert_eq!(draft.definition().expect("fits"), FlagDefinition::boolean(FlagState::On));
    }
}
