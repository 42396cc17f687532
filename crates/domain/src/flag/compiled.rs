//! A definition that was checked and made ready: names resolved to variants, lists sorted, regular
//! expressions compiled. Made once per version, then evaluated as often as there are requests.

use super::bucket::Seed;
use super::condition::{Compiler, Node};
use super::definition::{OFF, ON};
use super::validate::{Problems, broken_name, check_schedule, check_size, check_variants};
use super::{
    BUCKETS, FlagDefinition, FlagType, MAX_RULE_DESCRIPTION_CHARS, MAX_RULES, MAX_VARIANTS, MAX_WEIGHT,
    Percentage, Schedule, Serve, Variant, Weighted,
};
use crate::{Refusal, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A flag, ready to be evaluated.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub(super) key: Box<str>,
    pub(super) seed: Seed,
    pub(super) flag_type: FlagType,
    pub(super) schedule: Schedule,
    pub(super) on: Arc<Variant>,
    pub(super) off: Arc<Variant>,
    pub(super) rules: Vec<CompiledRule>,
    pub(super) rollout: Option<Served>,
}

#[derive(Debug, Clone)]
pub(super) struct CompiledRule {
    pub id: Box<str>,
    pub description: Box<str>,
    pub when: Option<Node>,
    pub serve: Served,
}

/// `Serve`, with its names resolved.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub percentage: Option<Percentage>,
    pub choice: Choice,
}

#[derive(Debug, Clone)]
pub(super) enum Choice {
    One(Arc<Variant>),
    Split(Split),
}

/// Parts of a whole: each ends where the next one begins, and `last` has the rest.
#[derive(Debug, Clone)]
pub(super) struct Split {
    ends: Vec<(u64, Arc<Variant>)>,
    last: Arc<Variant>,
    total: u64,
}

impl Compiled {
    /// Checks everything and says all that is wrong at once. `key` is the flag's key: it decides
    /// the buckets, so a renamed flag deals its percentages anew.
    pub fn new(key: &str, definition: &FlagDefinition) -> Result<Self, Refusal> {
        let mut problems = Problems::default();
        check_schedule(definition, &mut problems);
        check_variants(&definition.variants, &mut problems);
        let variants = Variants::of(definition);
        let on = variants.named(&definition.on_variant, "on_variant", &mut problems);
        let off = variants.named(&definition.off_variant, "off_variant", &mut problems);
        check_implied(definition, &mut problems);
        let rules = compile_rules(definition, &variants, &mut problems);
        let rollout = definition.rollout.as_ref().and_then(|rollout| {
            if rollout.percentage.is_none() && rollout.split.is_empty() {
                problems.add("rollout.percentage", "A rollout needs a percentage, a split, or both");
            }
            variants.served(rollout, &definition.on_variant, "rollout", &mut problems)
        });
        // Only now is it known to be shallow enough for a recursive writer.
        if problems.is_empty() {
            check_size(serde_json::to_vec(definition).map_or(usize::MAX, |json| json.len()))?;
        }
        problems.finish()?;
        let (Some(on), Some(off)) = (on, off) else {
            return Err(Refusal::invalid("on_variant", "This variant does not exist"));
        };
        let (flag_type, schedule) = (definition.flag_type(), definition.schedule());
        Ok(Self { key: key.into(), seed: Seed::of(key), flag_type, schedule, on, off, rules, rollout })
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub const fn flag_type(&self) -> FlagType {
        self.flag_type
    }

    pub const fn schedule(&self) -> Schedule {
        self.schedule
    }

    /// The plain state: what a read without A/B gets.
    pub fn is_enabled(&self, now: Timestamp) -> bool {
        self.schedule.is_enabled(now)
    }

    /// The next moment at which the schedule changes something.
    pub fn next_moment(&self, now: Timestamp) -> Option<Timestamp> {
        self.schedule.next_moment(now)
    }

    /// The moments of the schedule.
    pub fn moments(&self) -> impl Iterator<Item = Timestamp> {
        self.schedule.moments()
    }

    /// How many moments of the schedule have passed, for the ETag.
    pub fn moments_passed(&self, now: Timestamp) -> u32 {
        self.schedule.moments_passed(now)
    }

    /// Whether it has rules or a rollout.
    pub fn has_targeting(&self) -> bool {
        !self.rules.is_empty() || self.rollout.is_some()
    }

    /// Whether somebody without a targeting key may get another answer than with one.
    pub fn needs_targeting_key(&self) -> bool {
        self.rules.iter().map(|rule| &rule.serve).chain(&self.rollout).any(Served::needs_targeting_key)
    }

    /// What the simple API answers: a boolean flag's value; for others, whether it is not the off
    /// variant.
    pub(super) fn counts_as_on(&self, variant: &Variant) -> bool {
        match variant.value {
            Value::Bool(value) => value,
            _ => variant.name != self.off.name,
        }
    }
}

impl Served {
    /// A variant for all needs no key; any dealing out does.
    pub const fn needs_targeting_key(&self) -> bool {
        self.percentage.is_some() || matches!(self.choice, Choice::Split(_))
    }
}

impl Choice {
    pub fn variant(&self, split_bucket: u32) -> &Variant {
        match self {
            Self::One(variant) => variant,
            Self::Split(split) => split.variant(split_bucket),
        }
    }
}

impl Split {
    /// `None` where all weights are zero.
    fn of(parts: Vec<(u32, Arc<Variant>)>) -> Option<Self> {
        let mut total = 0;
        let mut ends: Vec<(u64, Arc<Variant>)> = Vec::with_capacity(parts.len());
        for (weight, variant) in parts.into_iter().filter(|(weight, _)| *weight > 0) {
            total += u64::from(weight);
            ends.push((total, variant));
        }
        let (_, last) = ends.pop()?;
        Some(Self { ends, last, total })
    }

    fn variant(&self, split_bucket: u32) -> &Variant {
        let position = u64::from(split_bucket) * self.total / u64::from(BUCKETS);
        self.ends.iter().find(|(end, _)| position < *end).map_or(&self.last, |(_, variant)| variant)
    }
}

/// A flag's variants by name, the implied ones of a boolean flag included.
struct Variants(BTreeMap<String, Arc<Variant>>);

impl Variants {
    fn of(definition: &FlagDefinition) -> Self {
        let implied = [(ON, true), (OFF, false)]
            .map(|(name, value)| Variant { name: name.to_owned(), value: Value::Bool(value) });
        let variants: &[Variant] =
            if definition.variants.is_empty() { &implied } else { &definition.variants };
        let named = |variant: &Variant| (variant.name.clone(), Arc::new(variant.clone()));
        Self(variants.iter().take(MAX_VARIANTS).map(named).collect())
    }

    fn named(&self, name: &str, field: &str, problems: &mut Problems) -> Option<Arc<Variant>> {
        let found = self.0.get(name).cloned();
        if found.is_none() {
            let known: Vec<&str> = self.0.keys().map(String::as_str).take(10).collect();
            let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
            problems.add(field, format!("There is no variant {shown}; there are: {}", known.join(", ")));
        }
        found
    }

    fn served(&self, serve: &Serve, on: &str, path: &str, problems: &mut Problems) -> Option<Served> {
        if serve.variant.is_some() && !serve.split.is_empty() {
            problems.add(format!("{path}.split"), "Serve one variant or a split, not both");
            return None;
        }
        let choice = if serve.split.is_empty() {
            let name = serve.variant.as_deref().unwrap_or(on);
            Choice::One(self.named(name, &format!("{path}.variant"), problems)?)
        } else {
            Choice::Split(self.split(&serve.split, &format!("{path}.split"), problems)?)
        };
        Some(Served { percentage: serve.percentage, choice })
    }

    fn split(&self, parts: &[Weighted], path: &str, problems: &mut Problems) -> Option<Split> {
        if parts.len() > MAX_VARIANTS {
            problems.add(path, format!("At most {MAX_VARIANTS} parts; these are {}", parts.len()));
            return None;
        }
        let mut seen = BTreeSet::new();
        let mut found = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            if !seen.insert(&part.variant) {
                problems.add(format!("{path}[{at}].variant"), "This variant has a part already");
            }
            if part.weight > MAX_WEIGHT {
                problems.add(format!("{path}[{at}].weight"), format!("A weight is 0 to {MAX_WEIGHT}"));
            }
            let variant = self.named(&part.variant, &format!("{path}[{at}].variant"), problems);
            found.extend(variant.map(|variant| (part.weight, variant)));
        }
        let complete = found.len() == parts.len();
        let split = Split::of(found);
        if split.is_none() && complete {
            problems.add(path, "At least one part of a split needs a weight above 0");
        }
        split
    }
}

/// A boolean flag without variants cannot be turned round: `enabled` and its value would disagree.
fn check_implied(definition: &FlagDefinition, problems: &mut Problems) {
    if !definition.variants.is_empty() {
        return;
    }
    for (field, name, implied) in
        [("on_variant", &definition.on_variant, ON), ("off_variant", &definition.off_variant, OFF)]
    {
        if name != implied {
            problems
                .add(field, format!("Without variants this is {implied}: leave it out, or define variants"));
        }
    }
}

fn compile_rules(
    definition: &FlagDefinition,
    variants: &Variants,
    problems: &mut Problems,
) -> Vec<CompiledRule> {
    let rules = &definition.rules;
    if rules.len() > MAX_RULES {
        problems.add("rules", format!("At most {MAX_RULES} rules; these are {}", rules.len()));
        return Vec::new();
    }
    let mut ids = BTreeSet::new();
    let mut compiled = Vec::with_capacity(rules.len());
    let mut compiler = Compiler::new(problems);
    for (at, rule) in rules.iter().enumerate() {
        let path = format!("rules[{at}]");
        if let Some(broken) = broken_name(&rule.id) {
            compiler.problems.add(format!("{path}.id"), broken);
        } else if !ids.insert(&rule.id) {
            compiler.problems.add(format!("{path}.id"), format!("There is another rule {}", rule.id));
        }
        if rule.description.chars().nth(MAX_RULE_DESCRIPTION_CHARS).is_some() {
            let broken = format!("At most {MAX_RULE_DESCRIPTION_CHARS} characters");
            compiler.problems.add(format!("{path}.description"), broken);
        }
        let when = rule.when.as_ref().map(|when| compiler.rule(when, &format!("{path}.when")));
        let serve =
            variants.served(&rule.serve, &definition.on_variant, &format!("{path}.serve"), compiler.problems);
        // A rule whose conditions are wrong must not become one for everybody; its problem is noted.
        if let (None | Some(Some(_)), Some(serve)) = (&when, serve) {
            let (id, description) = (rule.id.as_str().into(), rule.description.as_str().into());
            compiled.push(CompiledRule { id, description, when: when.flatten(), serve });
        }
    }
    compiled
}
