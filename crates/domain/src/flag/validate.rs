//! Gathers what is wrong with a definition, so that a form can show every mistake at its field at
//! once. The rules themselves stand where the definition is made ready: `compiled`, `condition`.

use super::{
    FlagDefinition, FlagState, FlagType, MAX_DEFINITION_BYTES, MAX_NAME_BYTES, MAX_STRING_BYTES,
    MAX_VALUE_DEPTH, MAX_VARIANTS, Variant,
};
use crate::{Code, Refusal};
use serde_json::Value;
use std::collections::BTreeSet;

/// More than this helps nobody, and a hostile definition could have thousands.
const MAX_PROBLEMS: usize = 20;

/// Fields with the rules that they break, in the order in which they were found.
#[derive(Default)]
pub(super) struct Problems {
    found: Vec<(String, String)>,
}

impl Problems {
    /// The first problem of a field is the one that is told.
    pub fn add(&mut self, field: impl Into<String>, rule: impl Into<String>) {
        let field = field.into();
        if self.found.len() < MAX_PROBLEMS && self.found.iter().all(|(known, _)| *known != field) {
            self.found.push((field, rule.into()));
        }
    }

    /// Notes the problem, if the value is one.
    pub fn keep<T>(&mut self, field: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|rule| self.add(field, rule)).ok()
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub fn finish(self) -> Result<(), Refusal> {
        let Some((field, rule)) = self.found.first() else {
            return Ok(());
        };
        let others = match self.found.len() - 1 {
            0 => String::new(),
            1 => " (and 1 other mistake)".to_owned(),
            others => format!(" (and {others} other mistakes)"),
        };
        let refusal = Refusal::new(Code::InvalidRequest, format!("{field}: {rule}{others}"));
        Err(self.found.into_iter().fold(refusal, |refusal, (field, rule)| refusal.with(&field, rule)))
    }
}

pub(super) fn check_size(bytes: usize) -> Result<(), Refusal> {
    if bytes <= MAX_DEFINITION_BYTES {
        return Ok(());
    }
    let rule = format!(
        "A flag has at most {MAX_DEFINITION_BYTES} bytes as JSON; this has {bytes}. Shorten its lists, or \
         move long values into a config"
    );
    Err(Refusal::invalid("definition", rule))
}

/// The rule that `text` breaks as a variant's name or a rule's id.
pub(super) fn broken_name(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    if text.is_empty() {
        Some("A name is needed".to_owned())
    } else if text.len() > MAX_NAME_BYTES {
        Some(format!("At most {MAX_NAME_BYTES} bytes; this has {}", text.len()))
    } else if !text.chars().all(fits) {
        Some("Use letters, digits and . _ : - only".to_owned())
    } else {
        None
    }
}

/// Whether no value in it lies deeper than `levels` levels of lists and objects.
pub(super) fn is_within_depth(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return !(value.is_array() || value.is_object());
    };
    match value {
        Value::Array(elements) => elements.iter().all(|element| is_within_depth(element, below)),
        Value::Object(fields) => fields.values().all(|field| is_within_depth(field, below)),
        _ => true,
    }
}

/// Moments that would be ignored, missing, or in the wrong order.
pub(super) fn check_schedule(definition: &FlagDefinition, problems: &mut Problems) {
    let (start, end) = (definition.starts_at, definition.ends_at);
    match definition.state {
        FlagState::On => {
            for (field, moment) in [("starts_at", start), ("ends_at", end)] {
                if moment.is_some() {
                    problems.add(
                        field,
                        "A flag that is on has no schedule: set state to scheduled, or leave this out",
                    );
                }
            }
        }
        FlagState::Scheduled if start.is_none() && end.is_none() => {
            problems.add("starts_at", "A scheduled flag needs starts_at, ends_at, or both");
        }
        FlagState::Off | FlagState::Scheduled => {}
    }
    if let (Some(start), Some(end)) = (start, end)
        && start >= end
    {
        problems.add("ends_at", "The end has to be later than the start");
    }
}

pub(super) fn check_variants(variants: &[Variant], problems: &mut Problems) {
    if variants.len() > MAX_VARIANTS {
        problems.add("variants", format!("At most {MAX_VARIANTS} variants; these are {}", variants.len()));
        return;
    }
    let mut names = BTreeSet::new();
    let expected = variants.first().and_then(|variant| FlagType::of(&variant.value));
    for (at, variant) in variants.iter().enumerate() {
        if let Some(rule) = broken_name(&variant.name) {
            problems.add(format!("variants[{at}].name"), rule);
        } else if !names.insert(&variant.name) {
            problems
                .add(format!("variants[{at}].name"), format!("There is another variant {}", variant.name));
        }
        if let Some(rule) = broken_value(&variant.value, expected) {
            problems.add(format!("variants[{at}].value"), rule);
        }
    }
}

/// The rule that a variant's value breaks beside a first one of type `expected`.
fn broken_value(value: &Value, expected: Option<FlagType>) -> Option<String> {
    let Some(actual) = FlagType::of(value) else {
        return Some("A variant needs a value; null is none".to_owned());
    };
    if let Some(expected) = expected.filter(|expected| *expected != actual) {
        return Some(format!("All variants have one type: the first is {expected}, this is {actual}"));
    }
    if value.as_str().is_some_and(|text| text.len() > MAX_STRING_BYTES) {
        return Some(format!("At most {MAX_STRING_BYTES} bytes"));
    }
    let deep = !is_within_depth(value, MAX_VALUE_DEPTH);
    deep.then(|| format!("At most {MAX_VALUE_DEPTH} levels of objects and lists"))
}
