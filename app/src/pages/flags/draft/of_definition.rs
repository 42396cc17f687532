//! From a definition to the fields of its form.

use super::scalar::as_typed;
use super::{Draft, PartDraft, RuleDraft, ServeDraft, VariantDraft, WeightDraft};
use nexus_domain::Timestamp;
use nexus_domain::flag::{Condition, FlagDefinition, Rule, Serve};
use serde_json::Value;

impl Draft {
    pub fn of(definition: &FlagDefinition) -> Self {
        let mut draft = Self {
            state: definition.state.as_str().to_owned(),
            starts_at: definition.starts_at.map(minute).unwrap_or_default(),
            ends_at: definition.ends_at.map(minute).unwrap_or_default(),
            kind: definition.flag_type().as_str().to_owned(),
            variants: definition.variants.iter().map(variant).collect(),
            ..Self::default()
        };
        let names = draft.names();
        let number = |name: &str| names.iter().position(|it| it == name).unwrap_or(0).to_string();
        draft.on_variant = number(&definition.on_variant);
        draft.off_variant = number(&definition.off_variant);
        draft.rules = definition.rules.iter().map(|rule| self::rule(rule, &number)).collect();
        draft.rollout = match &definition.rollout {
            Some(rollout) => serve(rollout, &number),
            None => ServeDraft { what: ServeDraft::NOTHING.to_owned(), ..ServeDraft::default() },
        };
        draft
    }
}

/// As a field for date and time has it; with seconds where there are some.
fn minute(at: Timestamp) -> String {
    let text = at.rfc3339();
    let end = if text.get(16..19) == Some(":00") { 16 } else { 19 };
    text.get(..end).unwrap_or_default().to_owned()
}

fn variant(variant: &nexus_domain::flag::Variant) -> VariantDraft {
    let value = match &variant.value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    VariantDraft { name: variant.name.clone(), value }
}

fn rule(rule: &Rule, number: &impl Fn(&str) -> String) -> RuleDraft {
    let mut draft = RuleDraft {
        id: rule.id.clone(),
        description: rule.description.clone(),
        join: "all".to_owned(),
        serve: serve(&rule.serve, number),
        ..RuleDraft::default()
    };
    let Some(when) = &rule.when else { return draft };
    let (join, parts) = match when {
        Condition { all: Some(parts), .. } => ("all", parts.as_slice()),
        Condition { any: Some(parts), .. } => ("any", parts.as_slice()),
        single => ("all", std::slice::from_ref(single)),
    };
    let comparisons: Option<Vec<PartDraft>> = parts.iter().map(part).collect();
    match comparisons {
        Some(parts) if !parts.is_empty() => {
            (draft.join, draft.parts) = (join.to_owned(), parts);
        }
        _ => {
            draft.nested = serde_json::to_string(when).unwrap_or_default();
            draft.said = crate::pages::flags::words::condition(when);
        }
    }
    draft
}

fn part(condition: &Condition) -> Option<PartDraft> {
    let (attribute, op) = (condition.attribute.clone()?, condition.op?);
    Some(PartDraft { attribute, op: op.as_str().to_owned(), value: as_typed(&condition.value) })
}

fn serve(serve: &Serve, number: &impl Fn(&str) -> String) -> ServeDraft {
    let what = match (&serve.variant, serve.split.is_empty()) {
        (_, false) => ServeDraft::SPLIT.to_owned(),
        (Some(variant), true) => number(variant),
        (None, true) => String::new(),
    };
    let weight = |part: &nexus_domain::flag::Weighted| WeightDraft {
        variant: number(&part.variant),
        weight: part.weight.to_string(),
    };
    ServeDraft {
        what,
        percentage: serve.percentage.map(|it| it.to_string()).unwrap_or_default(),
        split: serve.split.iter().map(weight).collect(),
    }
}
